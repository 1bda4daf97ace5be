package record

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// Source is where a log is read from: its owner, a relay, a static export or
// a stick. It is not believed; everything it returns is checked.
type Source interface {
	// Checkpoint returns the newest note that the source has.
	Checkpoint(ctx context.Context, origin string) ([]byte, error)
	// Tile returns the hashes of one tile of height 8.
	Tile(ctx context.Context, origin string, t tlog.Tile) ([]byte, error)
	// Entries returns the leaves of one bundle of 256, or its first width.
	Entries(ctx context.Context, origin string, bundle uint64, width int) ([][]byte, error)
	// Sealed returns the sealed parts of up to n leaves from index from on,
	// at least one leaf's. A nil part is erased, or so the source says.
	Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error)
	// Erasure returns the index of the statement that erases a part which
	// Sealed gave as nil.
	Erasure(ctx context.Context, origin string, index uint64, part int) (by uint64, err error)
}

// Erases reads the erasure in a log that stands at index by: a proven leaf of
// the owner and its sealed act. False if it is none, or cannot be read.
type Erases func(by uint64, leaf, act []byte) (of statement.Ref, part int, ok bool)

// ErrInconsistent says that a validly signed checkpoint does not extend the
// tree held here. Contradict makes the evidence, if there is any: a source
// that serves wrong tiles alone accuses nobody.
var ErrInconsistent = errors.New("the checkpoint does not extend the tree held here")

const (
	bundleWidth = 256
	chunkLeaves = 16 * bundleWidth
	chunkBytes  = 16 << 20 // of leaves, and of sealed parts; one answer may exceed it
)

// Pull brings a replica up to note, a checkpoint whose signatures the caller
// has verified, in durable chunks: a broken line resumes where it stopped. It
// refuses leaves of the wrong size only; what they say is not its business. A
// sealed part must be the one that its leaf commits to. It may be absent if the
// owner erased it by a later statement under the same note, which erases
// reads, and for no other reason, whoever says so.
func Pull(ctx context.Context, src Source, to Storage, note []byte, erases Erases) error {
	c, err := Peek(note)
	if err != nil {
		return err
	}
	p := giving{src, c, erases}
	for {
		have, _ := to.Head()
		if have.Size >= c.Size {
			return checkHeld(to, c)
		}
		if err := p.chunk(ctx, to, have, note); err != nil {
			return err
		}
	}
}

// giving is what a source gives of one signed tree.
type giving struct {
	src    Source
	c      Checkpoint
	erases Erases
}

// checkHeld demands that the tree held here had c's root at c's size: a
// mirror must not cosign another tree of a size that it has.
func checkHeld(to Storage, c Checkpoint) error {
	root := EmptyRoot
	if c.Size > 0 {
		var err error
		if root, err = tlog.TreeHash(int64(c.Size), to); err != nil {
			return fmt.Errorf("read own tree: %w", err)
		}
	}
	if root != c.Root {
		return ErrInconsistent
	}
	return nil
}

func (g giving) chunk(ctx context.Context, to Storage, have Tree, note []byte) error {
	end := min(g.c.Size, (have.Size/bundleWidth)*bundleWidth+chunkLeaves)
	leaves, err := fetchLeaves(ctx, g.src, g.c, have.Size, end)
	if err != nil {
		return err
	}
	if err := checkLeaves(ctx, g.src, to, have, g.c, leaves); err != nil {
		return err
	}
	sealed, err := g.sealed(ctx, have.Size, leaves)
	if err != nil {
		return err
	}
	return to.AppendVerified(ctx, leaves[:len(sealed)], sealed, note)
}

// fetchLeaves returns the leaves from index from up to end, or fewer once they
// are more than chunkBytes.
func fetchLeaves(ctx context.Context, src Source, c Checkpoint, from, end uint64) ([][]byte, error) {
	var leaves [][]byte
	size := 0
	for next := from; next < end && size < chunkBytes; {
		bundle := next / bundleWidth
		width := int(min(bundleWidth, c.Size-bundle*bundleWidth))
		got, err := src.Entries(ctx, c.Origin, bundle, width)
		if err != nil {
			return nil, fmt.Errorf("fetch bundle %d: %w", bundle, err)
		}
		if len(got) != width {
			return nil, statement.Refuse(statement.CodeProof, "bundle %d has %d leaves, want %d", bundle, len(got), width)
		}
		skip := next - bundle*bundleWidth
		for _, leaf := range got[skip:] {
			if len(leaf) > statement.MaxEnvelope {
				return nil, statement.Refuse(statement.CodeSize, "a leaf of %d bytes", len(leaf))
			}
			leaves = append(leaves, leaf)
			size += len(leaf)
		}
		next = bundle*bundleWidth + uint64(width)
	}
	return leaves[:min(uint64(len(leaves)), end-from)], nil
}

// checkLeaves proves leaves against the signed root: the last chunk by
// recomputing the root, an earlier one through tiles that are themselves
// checked against the root, together with the leaves held before it.
func checkLeaves(ctx context.Context, src Source, to Storage, have Tree, c Checkpoint, leaves [][]byte) error {
	hashes := make([]tlog.Hash, len(leaves))
	for i, leaf := range leaves {
		hashes[i] = tlog.RecordHash(leaf)
	}
	if have.Size+uint64(len(leaves)) == c.Size {
		root, err := Extend(to, have.Size, hashes)
		if err != nil {
			return err
		}
		if root == c.Root {
			return nil
		}
		if have.Size == 0 {
			return statement.Refuse(statement.CodeProof, "leaves do not hash to the signed root")
		}
		if err := checkExtends(ctx, src, to, have, c); err != nil {
			return err
		}
		return statement.Refuse(statement.CodeProof, "leaves do not hash to the signed root")
	}
	if have.Size > 0 {
		if err := checkExtends(ctx, src, to, have, c); err != nil {
			return err
		}
	}
	r := tlog.TileHashReader(tlog.Tree{N: int64(c.Size), Hash: c.Root}, tiles{ctx, src, c.Origin})
	indexes := make([]int64, len(leaves))
	for i := range leaves {
		indexes[i] = tlog.StoredHashIndex(0, int64(have.Size)+int64(i))
	}
	want, err := r.ReadHashes(indexes)
	if err != nil {
		return fmt.Errorf("read tiles: %w", err)
	}
	for i := range want {
		if want[i] != hashes[i] {
			return statement.Refuse(statement.CodeProof, "leaf %d does not match its tile", have.Size+uint64(i))
		}
	}
	return nil
}

// checkExtends proves through tiles that c extends the tree held here.
func checkExtends(ctx context.Context, src Source, to Storage, have Tree, c Checkpoint) error {
	r := tlog.TileHashReader(tlog.Tree{N: int64(c.Size), Hash: c.Root}, tiles{ctx, src, c.Origin})
	proof, err := tlog.ProveTree(int64(c.Size), int64(have.Size), r)
	if err != nil {
		return fmt.Errorf("read tiles: %w", err)
	}
	if tlog.CheckTree(proof, int64(c.Size), c.Root, int64(have.Size), have.Root) != nil {
		return ErrInconsistent
	}
	return nil
}

// Extend returns the root after adding leaf hashes to the first n leaves of r.
func Extend(r tlog.HashReader, n uint64, leaves []tlog.Hash) (tlog.Hash, error) {
	var fresh []tlog.Hash
	base := tlog.StoredHashCount(int64(n))
	read := overlay{r, base, &fresh}
	for i, h := range leaves {
		stored, err := tlog.StoredHashesForRecordHash(int64(n)+int64(i), h, read)
		if err != nil {
			return tlog.Hash{}, fmt.Errorf("extend the tree: %w", err)
		}
		fresh = append(fresh, stored...)
	}
	if n+uint64(len(leaves)) == 0 {
		return EmptyRoot, nil
	}
	return tlog.TreeHash(int64(n)+int64(len(leaves)), read)
}

// overlay reads stored hashes below base from r and later ones from fresh.
type overlay struct {
	r     tlog.HashReader
	base  int64
	fresh *[]tlog.Hash
}

func (o overlay) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var below []int64
	var at []int
	for i, x := range indexes {
		if x >= o.base {
			out[i] = (*o.fresh)[x-o.base]
			continue
		}
		below, at = append(below, x), append(at, i)
	}
	if len(below) == 0 {
		return out, nil
	}
	got, err := o.r.ReadHashes(below)
	if err != nil {
		return nil, err
	}
	for i, h := range got {
		out[at[i]] = h
	}
	return out, nil
}

// tiles makes a Source a tlog.TileReader for one call.
type tiles struct {
	ctx    context.Context
	src    Source
	origin string
}

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(want))
	for i, tile := range want {
		data, err := t.src.Tile(t.ctx, t.origin, tile)
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, statement.Refuse(statement.CodeProof, "a tile of %d bytes", len(data))
		}
		out[i] = data
	}
	return out, nil
}
