package match

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// Set is what a side brings to a run: distinct canonical values. It is read in
// ranges, several times, and must not change meanwhile, so that a large one
// may lie on disk. Read may be called from several goroutines at once.
type Set interface {
	Len() int
	// Read fills out with the items from..from+len(out).
	Read(from int, out []observable.Value) error
}

// Items is a Set in memory.
type Items []observable.Value

// Len returns the number of items.
func (s Items) Len() int { return len(s) }

// Read copies items.
func (s Items) Read(from int, out []observable.Value) error {
	if from < 0 || from+len(out) > len(s) {
		return fmt.Errorf("items %d to %d of %d", from, from+len(out), len(s))
	}
	copy(out, s[from:])
	return nil
}

// Shelf is a commitment to a whole set that a party puts into its log from
// time to time, so that it can show later since when it holds an item. Its
// leaves are salted and sorted: they tell nothing of the items and their order.
type Shelf struct {
	leaves []tree.Digest
	tree   *tree.Tree
}

// NewShelf commits to a set under the party's seed, which must stay secret and
// the same.
func NewShelf(ctx context.Context, set Set, seed [32]byte) (*Shelf, error) {
	s := &Shelf{leaves: make([]tree.Digest, set.Len())}
	err := eachItem(ctx, set, func(i int, v observable.Value) { s.leaves[i] = leafOf(saltOf(seed, v), v) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(s.leaves, func(a, b tree.Digest) int { return bytes.Compare(a[:], b[:]) })
	s.tree = tree.New(s.leaves)
	return s, nil
}

// Root is what goes into the log.
func (s *Shelf) Root() statement.Digest { return s.tree.Root() }

// Len is the number of items, which goes into the log beside the root.
func (s *Shelf) Len() int { return s.tree.Size() }

// find returns where a leaf stands.
func (s *Shelf) find(leaf tree.Digest) (int, bool) {
	return slices.BinarySearchFunc(s.leaves, leaf, func(a, b tree.Digest) int { return bytes.Compare(a[:], b[:]) })
}

// eachItem reads a set once, with all processors, and calls f for every item;
// calls for different items run at the same time.
func eachItem(ctx context.Context, set Set, f func(i int, v observable.Value)) error {
	const step = 1 << 14
	buf := make([]observable.Value, step)
	for from := 0; from < set.Len(); from += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := buf[:min(step, set.Len()-from)]
		if err := set.Read(from, part); err != nil {
			return fmt.Errorf("read items: %w", err)
		}
		group.Each(len(part), func(a, b int) {
			for i := a; i < b; i++ {
				f(from+i, part[i])
			}
		})
	}
	return nil
}
