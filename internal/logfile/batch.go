package logfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// A batch, all numbers big endian:
//
//	header      64 bytes, see header
//	entries     each leaf: uint16 length, bytes (a C2SP tlog-tiles entry bundle)
//	parts       each sealed part: uint32 leaf within the batch, uint32 length
//	            (all ones = not held here), SHA-256 of the ciphertext
//	states      each part: eight times 'h' (held) or 'e' (erased)
//	ciphertexts one after the other
//	trailer     uint64 tree size, root, note, SHA-256, end mark
//
// The trailer's SHA-256 covers log id, header, parts, size, root and note. The
// root covers the entries. States and ciphertexts may change by Erase; a
// part's own SHA-256 covers its ciphertext, the leaf commits to its plaintext.
const (
	batchMagic  = "\xe7batch\x01\n"
	endMark     = "\xe7ends\x01\n\n"
	headerSize  = 64
	partSize    = 40
	stateSize   = 8
	trailerSize = 8 + tlog.HashSize + sha256.Size + len(endMark) // without the note

	maxLeaf   = 1<<16 - 1
	maxParts  = 256      // for one leaf
	maxLeaves = 1 << 16  // in one batch
	maxBytes  = 64 << 20 // entries, parts and ciphertexts of one batch
	notHeld   = 1<<32 - 1
)

const (
	held   = "hhhhhhhh"
	erased = "eeeeeeee"
)

// header begins a batch.
type header struct {
	offset                       int64  // of the batch in log
	first                        uint64 // index of its first leaf
	derived                      uint64 // leaves whose index and hashes were durable when it was written
	leaves                       uint32
	parts                        uint32
	entryLen, sealedLen, noteLen uint32 // bytes
	flags                        uint32 // flagMirrored
}

// flagMirrored marks a batch whose note somebody else signed.
const flagMirrored = 1

func (h header) length() int64 {
	return headerSize + int64(h.entryLen) + int64(h.parts)*(partSize+stateSize) + int64(h.sealedLen) + int64(trailerSize) + int64(h.noteLen)
}

func (h header) append(b []byte, id []byte) []byte {
	start := len(b)
	b = append(b, batchMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.offset))
	b = binary.BigEndian.AppendUint64(b, h.first)
	b = binary.BigEndian.AppendUint64(b, h.derived)
	for _, v := range []uint32{h.leaves, h.parts, h.entryLen, h.sealedLen, h.noteLen, h.flags} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(b, headerSum(id, b[start:])...)
}

// headerSum is keyed by the log's random id, so that no leaf can hold
// something that passes for a header.
func headerSum(id, b []byte) []byte {
	h := sha256.New()
	h.Write(id)
	h.Write(b[:headerSize-8])
	return h.Sum(nil)[:8]
}

// parseHeader reads a header at offset; false if there is none that is whole.
func parseHeader(id, b []byte, offset int64) (header, bool) {
	if len(b) < headerSize || string(b[:8]) != batchMagic || !bytes.Equal(headerSum(id, b), b[headerSize-8:headerSize]) {
		return header{}, false
	}
	u32 := func(i int) uint32 { return binary.BigEndian.Uint32(b[i:]) }
	h := header{
		offset: int64(binary.BigEndian.Uint64(b[8:])), first: binary.BigEndian.Uint64(b[16:]), derived: binary.BigEndian.Uint64(b[24:]),
		leaves: u32(32), parts: u32(36), entryLen: u32(40), sealedLen: u32(44), noteLen: u32(48), flags: u32(52),
	}
	ok := h.offset == offset && h.derived <= h.first && h.leaves <= maxLeaves && h.noteLen <= record.MaxNote &&
		int64(h.entryLen)+int64(h.parts)*partSize+int64(h.sealedLen) <= maxBytes
	return h, ok
}

// batch is a parsed batch over the bytes that hold it.
type batch struct {
	header
	entries, table, states, sealed []byte
	tree                           record.Tree
	note                           []byte
	sum                            []byte
	raw                            []byte
}

var errBatch = errors.New("bytes differ from what was written")

// split cuts raw, header included, into the sections of h.
func split(h header, raw []byte) (batch, error) {
	if int64(len(raw)) != h.length() || !bytes.HasSuffix(raw, []byte(endMark)) {
		return batch{}, errBatch
	}
	b := batch{header: h, raw: raw}
	rest := raw[headerSize:]
	cut := func(n int) []byte {
		out := rest[:n:n]
		rest = rest[n:]
		return out
	}
	b.entries = cut(int(h.entryLen))
	b.table = cut(int(h.parts) * partSize)
	b.states = cut(int(h.parts) * stateSize)
	b.sealed = cut(int(h.sealedLen))
	b.trailer(rest)
	return b, nil
}

// trailer takes tree, note and checksum from the bytes of the trailer.
func (b *batch) trailer(t []byte) {
	b.tree.Size = binary.BigEndian.Uint64(t)
	b.tree.Root = tlog.Hash(t[8 : 8+tlog.HashSize])
	t = t[8+tlog.HashSize:]
	b.note, b.sum = t[:b.noteLen:b.noteLen], t[b.noteLen:][:sha256.Size]
}

// checksum is what the trailer must hold.
func (b batch) checksum(id []byte) []byte {
	h := sha256.New()
	h.Write(id)
	h.Write(b.raw[:headerSize])
	h.Write(b.table)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], b.tree.Size)
	h.Write(size[:])
	h.Write(b.tree.Root[:])
	h.Write(b.note)
	return h.Sum(nil)
}

// eachLeaf calls f with each leaf and its offset within the batch.
func (b batch) eachLeaf(f func(at int, leaf []byte) error) error {
	at, n := headerSize, uint32(0)
	for rest := b.entries; len(rest) > 0; n++ {
		if len(rest) < 2 {
			return errBatch
		}
		size := int(binary.BigEndian.Uint16(rest))
		if len(rest) < 2+size {
			return errBatch
		}
		if err := f(at+2, rest[2:2+size]); err != nil {
			return err
		}
		at, rest = at+2+size, rest[2+size:]
	}
	if n != b.leaves {
		return errBatch
	}
	return nil
}

// verify recomputes everything that the batch claims: its checksum, the sealed
// parts, and that its leaves lead from the tree e to its tree. It moves e on.
func (b batch) verify(id []byte, e *edge, keep func(tileLevel int, h tlog.Hash)) error {
	if !bytes.Equal(b.checksum(id), b.sum) {
		return fmt.Errorf("checksum of the batch: %w", errBatch)
	}
	if err := b.eachPart(func(p part) error { return p.check() }); err != nil {
		return err
	}
	if err := b.eachLeaf(func(_ int, leaf []byte) error { return e.add(tlog.RecordHash(leaf), keep) }); err != nil {
		return err
	}
	if tree, err := e.tree(); err != nil || tree != b.tree {
		return fmt.Errorf("leaves do not lead to the stored tree: %w", errBatch)
	}
	return nil
}
