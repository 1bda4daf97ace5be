package logfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// Head implements record.Storage. On a mirror that is behind, the note is of
// a larger tree.
func (l *Log) Head() (record.Tree, []byte) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tree, l.note
}

// where returns a leaf's place and its batch.
func (l *Log) where(index uint64) (place, int64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.failure != nil {
		return 0, 0, l.failure
	}
	if index >= l.leaves.n {
		return 0, 0, fmt.Errorf("leaf %d of %d: %w", index, l.leaves.n, ErrBeyond)
	}
	p, batch := l.leaves.at(index)
	return p, batch, nil
}

// size returns the size of the durable tree.
func (l *Log) size() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tree.Size, l.failure
}

// Leaf implements record.Storage. The bytes are hashed again on the way: a
// difference is a *record.Damage.
func (l *Log) Leaf(index uint64) ([]byte, error) {
	p, _, err := l.where(index)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 2+p.length()) // with its length, which others read too
	if _, err := l.file.ReadAt(b, p.offset()-2); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read leaf %d: %w", index, err)
	}
	if int(binary.BigEndian.Uint16(b)) != p.length() {
		return nil, &record.Damage{Index: index, What: "its length"}
	}
	b = b[2:]
	hash, err := l.side.hashes(0, int64(index), 1)
	if err != nil {
		return nil, fmt.Errorf("read leaf %d: %w", index, err)
	}
	if tlog.RecordHash(b) != tlog.Hash(hash) {
		return nil, &record.Damage{Index: index, What: "leaf and hash differ"}
	}
	return b, nil
}

// ReadHashes implements tlog.HashReader over the durable tree.
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	size, err := l.size()
	if err != nil {
		return nil, err
	}
	count := tlog.StoredHashCount(int64(size))
	for _, i := range indexes {
		if i < 0 || i >= count {
			return nil, fmt.Errorf("hash %d of %d: %w", i, count, ErrBeyond)
		}
	}
	return l.side.ReadHashes(indexes)
}

// Tile returns a tile of hashes by C2SP tlog-tiles: height 8, W hashes of 32
// bytes each, partial ones at any width that the durable tree has.
func (l *Log) Tile(t tlog.Tile) ([]byte, error) {
	size, err := l.size()
	if err != nil {
		return nil, err
	}
	if t.H != tileHeight || t.L < 0 || t.L >= tileLevels || t.N < 0 || t.N > 1<<48 || t.W < 1 || t.W > tileWidth ||
		uint64(t.N)*tileWidth+uint64(t.W) > size>>(t.L*tileHeight) {
		return nil, fmt.Errorf("%s: %w", t.Path(), ErrBeyond)
	}
	return l.side.hashes(t.L, t.N*tileWidth, t.W)
}

// Bundle returns leaves n*256 to n*256+width by C2SP tlog-tiles: each uint16
// big-endian length and bytes. Every leaf is hashed again on the way.
func (l *Log) Bundle(n uint64, width int) ([]byte, error) {
	size, err := l.size()
	if err != nil {
		return nil, err
	}
	if n > 1<<48 || width < 1 || width > tileWidth || n*tileWidth+uint64(width) > size {
		return nil, fmt.Errorf("entries %d.p/%d: %w", n, width, ErrBeyond)
	}
	first := n * tileWidth
	hashes, err := l.side.hashes(0, int64(first), width)
	if err != nil {
		return nil, err
	}
	out, err := l.entries(first, width)
	if err != nil {
		return nil, err
	}
	index := first
	whole := batch{header: header{leaves: uint32(width)}, entries: out}
	err = whole.eachLeaf(func(_ int, leaf []byte) error {
		at := (index - first) * tlog.HashSize
		if tlog.RecordHash(leaf) != tlog.Hash(hashes[at:at+tlog.HashSize]) {
			return errBatch
		}
		index++
		return nil
	})
	if err != nil {
		return nil, &record.Damage{Index: index, What: "leaf and hash differ"}
	}
	return out, nil
}

// entries reads leaves as they lie in log, runs of neighbours at once.
func (l *Log) entries(first uint64, width int) ([]byte, error) {
	var out []byte
	for i := 0; i < width; {
		p, _, err := l.where(first + uint64(i))
		if err != nil {
			return nil, err
		}
		from, to := p.offset()-2, p.offset()+int64(p.length())
		for i++; i < width; i++ {
			p, _, err := l.where(first + uint64(i))
			if err != nil {
				return nil, err
			}
			if p.offset()-2 != to {
				break
			}
			to = p.offset() + int64(p.length())
		}
		at := len(out)
		out = append(out, make([]byte, to-from)...)
		if _, err := l.file.ReadAt(out[at:], from); err != nil {
			return nil, fmt.Errorf("read leaves from %d on: %w", first, err)
		}
	}
	return out, nil
}

// Sealed implements record.Storage. Each part is hashed again on the way; nil
// also stands for one that this node was never given.
func (l *Log) Sealed(index uint64) ([][]byte, error) {
	parts, err := l.partsOf(index)
	if err != nil {
		return nil, err
	}
	l.erasing.RLock()
	defer l.erasing.RUnlock()
	out := make([][]byte, len(parts))
	for i, p := range parts {
		if p.absent {
			continue
		}
		if _, err := l.file.ReadAt(p.state, p.stateAt); err != nil {
			return nil, fmt.Errorf("read part %d of leaf %d: %w", i, index, err)
		}
		gone, err := p.isErased()
		if err == nil && !gone {
			p.data = make([]byte, p.length)
			if _, err := l.file.ReadAt(p.data, p.dataAt); err != nil && p.length > 0 {
				return nil, fmt.Errorf("read part %d of leaf %d: %w", i, index, err)
			}
			err = p.check()
			out[i] = p.data
		}
		if err != nil {
			return nil, &record.Damage{Index: index, What: err.Error()}
		}
	}
	return out, nil
}

// located is a part with its places in the log file.
type located struct {
	part
	length          int64
	stateAt, dataAt int64
}

// partsOf finds the sealed parts of a leaf, which never move.
func (l *Log) partsOf(index uint64) ([]located, error) {
	_, at, err := l.where(index)
	if err != nil {
		return nil, err
	}
	var head [headerSize]byte
	if _, err := l.file.ReadAt(head[:], at); err != nil {
		return nil, fmt.Errorf("read the batch of leaf %d: %w", index, err)
	}
	h, ok := parseHeader(l.id, head[:], at)
	if !ok || index < h.first || index >= h.first+uint64(h.leaves) {
		return nil, &record.Damage{Index: index, What: "header of its batch"}
	}
	tableAt := at + headerSize + int64(h.entryLen)
	both := make([]byte, int(h.parts)*(partSize+stateSize))
	trailer := make([]byte, trailerSize+int(h.noteLen))
	if _, err := l.file.ReadAt(both, tableAt); err != nil {
		return nil, fmt.Errorf("read the batch of leaf %d: %w", index, err)
	}
	if _, err := l.file.ReadAt(trailer, at+h.length()-int64(len(trailer))); err != nil {
		return nil, fmt.Errorf("read the batch of leaf %d: %w", index, err)
	}
	check := batch{header: h, raw: head[:], table: both[:h.parts*partSize]}
	if check.trailer(trailer); !bytes.Equal(check.checksum(l.id), check.sum) {
		return nil, &record.Damage{Index: index, What: "checksum of its batch"}
	}
	table, states := both[:h.parts*partSize], both[h.parts*partSize:]
	statesAt := tableAt + int64(len(table))
	var out []located
	for i, dataAt := 0, statesAt+int64(len(states)); i < int(h.parts); i++ {
		p, length := parsePart(table, states, i)
		if dataAt+length > at+h.length() {
			return nil, &record.Damage{Index: index, What: "lengths of its sealed parts"}
		}
		if uint64(p.leaf) == index-h.first {
			out = append(out, located{p, length, statesAt + int64(i)*stateSize, dataAt})
		}
		dataAt += length
	}
	return out, nil
}
