package logfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"entente/internal/disk"
)

// part is one sealed part within its batch.
type part struct {
	leaf   uint32 // within the batch
	absent bool   // was not given to us: this node is no recipient
	sum    [sha256.Size]byte
	state  []byte
	data   []byte
	at     int64 // of data, within the ciphertexts
	number int   // within the batch
}

// isErased reports whether erasing has at least begun. One byte of the eight
// says it; a byte that is neither mark is a flipped bit and does no harm.
func (p part) isErased() (bool, error) {
	if bytes.IndexByte(p.state, erased[0]) >= 0 {
		return true, nil
	}
	if bytes.Count(p.state, []byte(held[:1])) > stateSize/2 {
		return false, nil
	}
	return false, fmt.Errorf("state of sealed part %d: %w", p.number, errBatch)
}

// check compares a held part with its checksum.
func (p part) check() error {
	gone, err := p.isErased()
	if err != nil || gone || p.absent {
		return err
	}
	if sha256.Sum256(p.data) != p.sum {
		return fmt.Errorf("sealed part %d: %w", p.number, errBatch)
	}
	return nil
}

// eachPart calls f with each sealed part in order.
func (b batch) eachPart(f func(part) error) error {
	at := int64(0)
	for i := range int(b.parts) {
		p, length := parsePart(b.table, b.states, i)
		if p.leaf >= b.leaves || at+length > int64(len(b.sealed)) {
			return errBatch
		}
		p.at, p.data = at, b.sealed[at:at+length:at+length]
		at += length
		if err := f(p); err != nil {
			return err
		}
	}
	if at != int64(len(b.sealed)) {
		return errBatch
	}
	return nil
}

// parsePart reads entry i of the parts and states sections.
func parsePart(table, states []byte, i int) (p part, length int64) {
	entry := table[i*partSize:]
	p = part{number: i, leaf: binary.BigEndian.Uint32(entry), state: states[i*stateSize:][:stateSize]}
	copy(p.sum[:], entry[8:partSize])
	size := binary.BigEndian.Uint32(entry[4:])
	if p.absent = size == notHeld; p.absent {
		return p, 0
	}
	return p, int64(size)
}

// unfinished reports whether an erased part still shows ciphertext, because
// the power went in the middle.
func (p part) unfinished() bool {
	gone, err := p.isErased()
	return err == nil && gone && (string(p.state) != erased || !disk.AllZero(p.data))
}
