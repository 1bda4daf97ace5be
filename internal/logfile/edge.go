package logfile

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	tileLevels = 8 // h00 … h56
)

// edge is the right edge of a tree: the root of each complete subtree that the
// binary digits of size name. It is all that is needed to add leaves.
type edge struct {
	size  uint64
	nodes [64]tlog.Hash // nodes[l] counts when bit l of size is set
}

// ReadHashes implements tlog.HashReader for exactly the nodes of the edge.
func (e *edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if e.size>>level&1 == 0 || uint64(n) != e.size>>level-1 {
			return nil, fmt.Errorf("node %d at level %d is not on the edge of a tree of %d", n, level, e.size)
		}
		out[i] = e.nodes[level]
	}
	return out, nil
}

// add appends one leaf hash and hands the completed nodes of tile levels to
// keep, which may be nil.
func (e *edge) add(h tlog.Hash, keep func(tileLevel int, h tlog.Hash)) error {
	hashes, err := tlog.StoredHashesForRecordHash(int64(e.size), h, e)
	if err != nil {
		return fmt.Errorf("add leaf %d: %w", e.size, err)
	}
	if keep != nil {
		for l := 0; l < len(hashes) && l/tileHeight < tileLevels; l += tileHeight {
			keep(l/tileHeight, hashes[l])
		}
	}
	e.nodes[len(hashes)-1] = hashes[len(hashes)-1]
	e.size++
	return nil
}

// tree returns size and root.
func (e *edge) tree() (record.Tree, error) {
	if e.size == 0 {
		return record.Tree{Root: record.EmptyRoot}, nil
	}
	root, err := tlog.TreeHash(int64(e.size), e)
	if err != nil {
		return record.Tree{}, fmt.Errorf("root of %d leaves: %w", e.size, err)
	}
	return record.Tree{Size: e.size, Root: root}, nil
}

// readEdge takes the edge of a tree of size leaves out of stored hashes.
func readEdge(size uint64, r tlog.HashReader) (edge, error) {
	e := edge{size: size}
	var levels []int
	var indexes []int64
	for rest := size; rest != 0; rest &= rest - 1 {
		l := bits.TrailingZeros64(rest)
		levels = append(levels, l)
		indexes = append(indexes, tlog.StoredHashIndex(l, int64(size>>l-1)))
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return edge{}, fmt.Errorf("read the right edge: %w", err)
	}
	for i, l := range levels {
		e.nodes[l] = hashes[i]
	}
	return e, nil
}
