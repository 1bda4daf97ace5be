package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// Scrub implements record.Storage. It reads whole batches and whole tiles:
// checksums, sealed parts, and every leaf hash up to the signed root, so that
// a leaf whose stored hash was changed with it is found as well. A wrong leaf
// hash beside right leaves is put right; an erasure that the power interrupted
// is finished. A round that begins at 0 reads the medium, not memory.
func (l *Log) Scrub(ctx context.Context, from, n uint64) (next uint64, err error) {
	size, err := l.size()
	if err != nil || from >= size {
		return 0, err
	}
	if n == 0 {
		return from, nil
	}
	if from == 0 {
		if err := l.file.Forget(); err != nil {
			return 0, err
		}
	}
	tree, _ := l.Head()
	end := min(from+min(n, tree.Size), tree.Size)
	s := newScrubber(l, tree)
	for tile := from / tileWidth; tile*tileWidth < end && err == nil; tile++ {
		if err = ctx.Err(); err == nil {
			err = s.tile(tile)
		}
	}
	if err := errors.Join(err, s.finish()); err != nil {
		return from, err
	}
	if end == tree.Size {
		return 0, nil
	}
	return end, nil
}

// tileSource lets tlog.TileHashReader authenticate our tiles. With fresh set,
// the last, partial tile of leaf hashes is made anew from the leaves, so that
// a wrong hash there does not spoil every proof.
type tileSource struct {
	l     *Log
	fresh *scrubber
}

func (t tileSource) Height() int { return tileHeight }

func (t tileSource) ReadTiles(tiles []tlog.Tile) (out [][]byte, err error) {
	out = make([][]byte, len(tiles))
	for i, tile := range tiles {
		if t.fresh != nil && tile.L == 0 && tile.W < tileWidth {
			out[i], err = t.fresh.rehash(uint64(tile.N)*tileWidth, tile.W)
		} else {
			out[i], err = t.l.Tile(tile)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t tileSource) SaveTiles([]tlog.Tile, [][]byte) {}

// scrubber works through one stretch of one tree.
type scrubber struct {
	l    *Log
	tree record.Tree
	r    tlog.HashReader // hashes that lead to the root

	batch  header // read last
	hashes []byte // of its leaves, read anew
	raw    []byte

	unfinished [][2]uint64 // leaf and part that were being erased when the power went

	group uint64 // of roots: 256 tiles, from 1
	roots []tlog.Hash
}

func newScrubber(l *Log, tree record.Tree) *scrubber {
	s := &scrubber{l: l, tree: tree}
	root := tlog.Tree{N: int64(tree.Size), Hash: tree.Root}
	s.r = tlog.TileHashReader(root, tileSource{l: l})
	if _, err := s.r.ReadHashes([]int64{tlog.StoredHashIndex(0, root.N-1)}); err != nil {
		s.r = tlog.TileHashReader(root, tileSource{l: l, fresh: s})
	}
	return s
}

// rehash reads leaves anew and returns their hashes.
func (s *scrubber) rehash(first uint64, width int) ([]byte, error) {
	want := width * tlog.HashSize
	got := make([]byte, 0, want)
	for i := first; len(got) < want; i = first + uint64(len(got)/tlog.HashSize) {
		if err := s.read(i); err != nil {
			return nil, err
		}
		from := (i - s.batch.first) * tlog.HashSize
		got = append(got, s.hashes[from:min(uint64(len(s.hashes)), from+uint64(want-len(got)))]...)
	}
	return got, nil
}

// tile scrubs the leaves of one tile.
func (s *scrubber) tile(n uint64) error {
	first := n * tileWidth
	width := int(min(s.tree.Size-first, tileWidth))
	got, err := s.rehash(first, width)
	if err != nil {
		return err
	}
	stored, err := s.l.side.hashes(0, int64(first), width)
	if err != nil {
		return err
	}
	ok, err := s.authentic(n, width, got)
	if err != nil {
		// The files of inner nodes are at fault, unless the log is.
		if err := s.rederive(); err != nil {
			return err
		}
		ok, err = s.authentic(n, width, got)
	}
	if ok && bytes.Equal(got, stored) {
		return nil
	}
	if ok { // the leaves are right, so the hash file is what changed
		return s.heal(first, got)
	}
	for i := range width {
		at := i * tlog.HashSize
		if !bytes.Equal(got[at:at+tlog.HashSize], stored[at:at+tlog.HashSize]) {
			return &record.Damage{Index: first + uint64(i), What: "leaf and hash differ"}
		}
	}
	if err != nil {
		return err
	}
	return &record.Damage{Index: first, What: fmt.Sprintf("leaves %d to %d do not lead to the signed root", first, first+uint64(width)-1)}
}

// authentic reports whether leaf hashes of a tile lead to the root.
func (s *scrubber) authentic(n uint64, width int, got []byte) (bool, error) {
	if width == tileWidth {
		if err := s.loadRoots(n / tileWidth); err != nil {
			return false, err
		}
		return tileRoot(got) == s.roots[n%tileWidth], nil
	}
	// The last, partial tile: its leaves stand in place of the stored ones.
	var e edge
	if n > 0 {
		var err error
		if e, err = readEdge(n*tileWidth, s.r); err != nil {
			return false, err
		}
	}
	for ; len(got) > 0; got = got[tlog.HashSize:] {
		if err := e.add(tlog.Hash(got[:tlog.HashSize]), nil); err != nil {
			return false, err
		}
	}
	tree, err := e.tree()
	return err == nil && tree == s.tree, err
}

// tileRoot is the node above a full tile.
func tileRoot(tile []byte) tlog.Hash {
	var nodes [tileWidth]tlog.Hash
	for i := range nodes {
		nodes[i] = tlog.Hash(tile[i*tlog.HashSize:][:tlog.HashSize])
	}
	for n := tileWidth / 2; n > 0; n /= 2 {
		for i := range n {
			nodes[i] = tlog.NodeHash(nodes[2*i], nodes[2*i+1])
		}
	}
	return nodes[0]
}

// loadRoots reads the authenticated roots of a group of 256 tiles.
func (s *scrubber) loadRoots(group uint64) error {
	if s.group == group+1 {
		return nil
	}
	var indexes []int64
	for i := group * tileWidth; i < min((group+1)*tileWidth, s.tree.Size/tileWidth); i++ {
		indexes = append(indexes, tlog.StoredHashIndex(tileHeight, int64(i)))
	}
	roots, err := s.r.ReadHashes(indexes)
	if err != nil {
		return err
	}
	s.roots, s.group = roots, group+1
	return nil
}

// rederive writes all hash files anew from the leaves, if those lead to the
// signed root; else the damage is in the leaves. Appends wait for it.
func (s *scrubber) rederive() error {
	s.l.turn <- struct{}{}
	defer func() { <-s.l.turn }()
	if err := s.l.Err(); err != nil {
		return err
	}
	damage := record.Damage{What: "the leaves from here on do not lead to the signed root"}
	tree, err := s.derive(func(add *additions) error {
		stored, err := s.l.side.hashes(0, int64(add.first), len(add.levels[0])/tlog.HashSize)
		if damage.Index == 0 && (err != nil || !bytes.Equal(stored, add.levels[0])) {
			damage.Index = add.first
		}
		return nil
	})
	if err != nil {
		return err
	}
	if tree != s.tree {
		return &damage
	}
	s.group = 0
	_, err = s.derive(func(add *additions) error {
		if err := s.l.side.writeHashes(add); err != nil {
			return s.l.refuseOrPoison("write hashes anew", err)
		}
		return nil
	})
	return err
}

// derive computes all hashes from the leaves, a tile at a time.
func (s *scrubber) derive(use func(*additions) error) (record.Tree, error) {
	var e edge
	var add additions
	for e.size < s.tree.Size {
		add.reset(e.size)
		hashes, err := s.rehash(e.size, int(min(s.tree.Size-e.size, tileWidth)))
		if err != nil {
			return record.Tree{}, err
		}
		for ; len(hashes) > 0; hashes = hashes[tlog.HashSize:] {
			if err := e.add(tlog.Hash(hashes[:tlog.HashSize]), add.keep); err != nil {
				return record.Tree{}, err
			}
		}
		if err := use(&add); err != nil {
			return record.Tree{}, err
		}
	}
	return e.tree()
}

// heal writes right leaf hashes over wrong ones.
func (s *scrubber) heal(first uint64, hashes []byte) error {
	s.l.turn <- struct{}{}
	defer func() { <-s.l.turn }()
	if err := s.l.Err(); err != nil {
		return err
	}
	if _, err := s.l.side.levels[0].WriteAt(hashes, int64(first)*tlog.HashSize); err != nil {
		return s.l.refuseOrPoison("put a hash right", err)
	}
	return nil
}

// read loads and checks the batch of a leaf.
func (s *scrubber) read(index uint64) error {
	_, at, err := s.l.where(index)
	if err != nil {
		return err
	}
	if s.hashes != nil && s.batch.offset == at {
		return nil
	}
	b, err := s.load(index, at)
	if err != nil {
		return err
	}
	err = b.eachPart(func(p part) error {
		if p.unfinished() {
			s.unfinished = append(s.unfinished, [2]uint64{b.first + uint64(p.leaf), b.numberOf(p)})
		}
		return p.check()
	})
	if err == nil && !bytes.Equal(b.checksum(s.l.id), b.sum) {
		err = errBatch
	}
	s.hashes = make([]byte, 0, int(b.leaves)*tlog.HashSize)
	if err == nil {
		err = b.eachLeaf(func(at int, leaf []byte) error {
			h := tlog.RecordHash(leaf)
			s.hashes = append(s.hashes, h[:]...)
			return nil
		})
	}
	if err != nil {
		s.hashes = nil
		return &record.Damage{Index: b.first, What: err.Error()}
	}
	s.batch = b.header
	return nil
}

// finish ends the erasures that a power cut interrupted.
func (s *scrubber) finish() error {
	for _, u := range s.unfinished {
		if err := s.l.Erase(u[0], int(u[1])); err != nil {
			return err
		}
	}
	return nil
}

// load reads the bytes of a batch, while no part of it is being erased.
func (s *scrubber) load(index uint64, at int64) (batch, error) {
	s.l.erasing.RLock()
	defer s.l.erasing.RUnlock()
	var head [headerSize]byte
	if _, err := s.l.file.ReadAt(head[:], at); err != nil && !errors.Is(err, io.EOF) {
		return batch{}, fmt.Errorf("read the batch of leaf %d: %w", index, err)
	}
	h, ok := parseHeader(s.l.id, head[:], at)
	if !ok || index < h.first || index >= h.first+uint64(h.leaves) {
		return batch{}, &record.Damage{Index: index, What: "header of its batch"}
	}
	if int64(cap(s.raw)) < h.length() {
		s.raw = make([]byte, h.length())
	}
	s.raw = s.raw[:h.length()]
	if _, err := s.l.file.ReadAt(s.raw, at); err != nil {
		return batch{}, fmt.Errorf("read the batch of leaf %d: %w", index, err)
	}
	b, err := split(h, s.raw)
	if err != nil {
		return batch{}, &record.Damage{Index: h.first, What: err.Error()}
	}
	return b, nil
}

// numberOf counts a part within its leaf.
func (b batch) numberOf(p part) uint64 {
	n := uint64(0)
	for i := range p.number {
		if q, _ := parsePart(b.table, b.states, i); q.leaf == p.leaf {
			n++
		}
	}
	return n
}
