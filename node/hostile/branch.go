package hostile

import (
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/peer"
	"entente/record"
)

// Branch is one version of a log, in memory. It takes any bytes as a leaf and
// any number of sealed parts, which need not fit. It is a peer.Log and a
// tlog.HashReader.
type Branch struct {
	origin string

	mu     sync.Mutex // guards what follows
	leaves [][]byte
	sealed [][][]byte
	hashes []tlog.Hash
	note   []byte
}

var _ peer.Log = (*Branch)(nil)

func newBranch(origin string) *Branch { return &Branch{origin: origin} }

// Add appends a leaf and returns its index.
func (b *Branch) Add(leaf []byte, sealed [][]byte) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.leaves)
	hs, err := tlog.StoredHashes(int64(n), leaf, hashes(b.hashes))
	if err != nil {
		return 0, fmt.Errorf("extend the branch: %w", err)
	}
	b.leaves, b.sealed, b.hashes = append(b.leaves, leaf), append(b.sealed, sealed), append(b.hashes, hs...)
	return uint64(n), nil
}

// Cut returns a copy of the first n leaves, without a note: the stem of another branch.
func (b *Branch) Cut(n uint64) *Branch {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := newBranch(b.origin)
	c.leaves = append(c.leaves, b.leaves[:n]...)
	c.sealed = append(c.sealed, b.sealed[:n]...)
	c.hashes = append(c.hashes, b.hashes[:tlog.StoredHashCount(int64(n))]...)
	return c
}

// Tree returns the branch's size and root.
func (b *Branch) Tree() (record.Tree, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.leaves) == 0 {
		return record.Tree{Root: record.EmptyRoot}, nil
	}
	root, err := tlog.TreeHash(int64(len(b.leaves)), hashes(b.hashes))
	return record.Tree{Size: uint64(len(b.leaves)), Root: root}, err
}

// Leaf returns the bytes of one leaf.
func (b *Branch) Leaf(i uint64) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.leaves[i]
}

// ReadHashes implements tlog.HashReader.
func (b *Branch) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return hashes(b.hashes).ReadHashes(indexes)
}

// hashes reads stored hashes of a branch whose lock is held.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d in this branch", x)
		}
		out[i] = h[x]
	}
	return out, nil
}

func (b *Branch) setNote(msg []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note = msg
}

// Size implements peer.Log.
func (b *Branch) Size() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(len(b.leaves))
}

// Checkpoint implements peer.Log: the note of the last Publish.
func (b *Branch) Checkpoint() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.note
}

// Tile implements peer.Log.
func (b *Branch) Tile(t tlog.Tile) ([]byte, error) { return tlog.ReadTileData(t, b) }

// Entries implements peer.Log.
func (b *Branch) Entries(bundle uint64, width int) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []byte
	for _, leaf := range b.leaves[bundle*peer.BundleWidth:][:width] {
		out = peer.AppendEntry(out, leaf)
	}
	return out, nil
}

// Sealed implements peer.Log.
func (b *Branch) Sealed(i uint64) ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sealed[i], nil
}

// Erasure implements peer.Log: a branch knows of none.
func (b *Branch) Erasure(uint64, int) (uint64, bool) { return 0, false }

// Altered is a log whose bytes change on their way out. Nil functions leave
// them alone.
type Altered struct {
	peer.Log
	Note    func(note []byte) []byte
	Hashes  func(t tlog.Tile, data []byte) []byte
	Leaves  func(bundle uint64, data []byte) []byte
	Parts   func(index uint64, parts [][]byte) [][]byte
	By      func(index uint64, part int) (by uint64, ok bool) // which statement erases a nil part
	Promise uint64                                            // added to the size
}

// Size implements peer.Log.
func (a Altered) Size() uint64 { return a.Log.Size() + a.Promise }

// Checkpoint implements peer.Log.
func (a Altered) Checkpoint() []byte {
	msg := a.Log.Checkpoint()
	if a.Note != nil && msg != nil {
		return a.Note(clone(msg))
	}
	return msg
}

// Tile implements peer.Log.
func (a Altered) Tile(t tlog.Tile) ([]byte, error) {
	data, err := a.Log.Tile(t)
	if a.Hashes != nil && err == nil {
		return a.Hashes(t, clone(data)), nil
	}
	return data, err
}

// Entries implements peer.Log.
func (a Altered) Entries(bundle uint64, width int) ([]byte, error) {
	data, err := a.Log.Entries(bundle, width)
	if a.Leaves != nil && err == nil {
		return a.Leaves(bundle, clone(data)), nil
	}
	return data, err
}

// Sealed implements peer.Log.
func (a Altered) Sealed(i uint64) ([][]byte, error) {
	parts, err := a.Log.Sealed(i)
	if a.Parts == nil || err != nil {
		return parts, err
	}
	var copies [][]byte
	for _, p := range parts {
		copies = append(copies, clone(p))
	}
	return a.Parts(i, copies), nil
}

// Erasure implements peer.Log.
func (a Altered) Erasure(index uint64, part int) (uint64, bool) {
	if a.By != nil {
		return a.By(index, part)
	}
	return a.Log.Erasure(index, part)
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }

// Flip turns one bit of the byte at i, counted from the end when negative.
func Flip(b []byte, i int) []byte {
	if i < 0 {
		i += len(b)
	}
	if i >= 0 && i < len(b) {
		b[i] ^= 1
	}
	return b
}
