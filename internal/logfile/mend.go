package logfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

var _ record.Mender = (*Log)(nil)

// Span implements record.Mender: the leaves of one batch.
func (l *Log) Span(index uint64) (first, n uint64, err error) {
	_, at, err := l.where(index)
	if err != nil {
		return 0, 0, err
	}
	same := func(i uint64) bool {
		_, other, err := l.where(i)
		return err == nil && other == at
	}
	for first = index; first > 0 && same(first-1); first-- {
	}
	end := index + 1
	for ; same(end); end++ {
	}
	return first, end - first, nil
}

// Mend implements record.Mender. Everything is written over what lay there, in
// place, synced and read back; a batch whose header, table of parts or
// trailer is damaged stays as it is, with a *record.Damage.
func (l *Log) Mend(index uint64, leaf []byte, sealed [][]byte) error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if err := l.Err(); err != nil {
		return err
	}
	l.erasing.Lock()
	defer l.erasing.Unlock()
	if leaf != nil {
		if err := l.mendLeaf(index, leaf); err != nil {
			return err
		}
	}
	if sealed == nil {
		return nil
	}
	parts, err := l.partsOf(index)
	if err != nil {
		return err
	}
	if len(parts) != len(sealed) {
		return &record.Damage{Index: index, What: fmt.Sprintf("%d sealed parts where %d were stored", len(sealed), len(parts))}
	}
	for i, p := range parts {
		if sealed[i] == nil || p.absent {
			continue
		}
		if int64(len(sealed[i])) != p.length || sha256.Sum256(sealed[i]) != p.sum {
			return &record.Damage{Index: index, What: fmt.Sprintf("sealed part %d is another one than was stored", i)}
		}
		if gone, err := p.isErased(); err == nil && gone {
			continue
		}
		for _, w := range []patch{{p.dataAt, sealed[i]}, {p.stateAt, []byte(held)}} {
			if err := l.patch(index, w); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Log) mendLeaf(index uint64, leaf []byte) error {
	p, _, err := l.where(index)
	if err != nil {
		return err
	}
	if len(leaf) != p.length() {
		return &record.Damage{Index: index, What: fmt.Sprintf("a leaf of %d bytes where one of %d was stored", len(leaf), p.length())}
	}
	entry := append(binary.BigEndian.AppendUint16(nil, uint16(len(leaf))), leaf...)
	if err := l.patch(index, patch{p.offset() - 2, entry}); err != nil {
		return err
	}
	hash := tlog.RecordHash(leaf)
	if _, err := l.side.levels[0].WriteAt(hash[:], int64(index)*tlog.HashSize); err != nil {
		return l.refuseOrPoison("put a hash right", err)
	}
	return nil
}

// patch is bytes and their place in log.
type patch struct {
	at   int64
	with []byte
}

func (l *Log) patch(index uint64, p patch) error {
	if _, err := l.file.WriteAt(p.with, p.at); err != nil {
		return l.refuseOrPoison(fmt.Sprintf("mend leaf %d", index), err)
	}
	if err := l.file.Sync(); err != nil {
		return l.poison(fmt.Errorf("mend leaf %d: %w", index, err))
	}
	got := make([]byte, len(p.with))
	if _, err := l.file.ReadAt(got, p.at); err != nil {
		return fmt.Errorf("read back leaf %d: %w", index, err)
	}
	if !bytes.Equal(got, p.with) {
		return &record.Damage{Index: index, What: "what was put right does not stay"}
	}
	return nil
}
