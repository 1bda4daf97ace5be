package trie

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type one ID

func (o one) Place() ID  { return ID(o) }
func (o one) Leaf() Hash { return sha256.Sum256(o[:]) }

func sorted(all []one) []one {
	slices.SortFunc(all, func(a, b one) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(all)
}

// TestPath: each entry's path leads to the root, that of a place where nobody is
// leads there from what it ends at, and no path leads to the root of another set.
func TestPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.Custom(func(t *rapid.T) one { // ids that often share their first bits
			var id one
			id[0], id[1], id[15] = byte(rapid.IntRange(0, 3).Draw(t, "first")), byte(rapid.IntRange(0, 3).Draw(t, "second")), byte(rapid.IntRange(0, 255).Draw(t, "last"))
			return id
		})
		all := sorted(rapid.SliceOfN(few, 0, 40).Draw(t, "all"))
		root := Root(all, 0)
		id := few.Draw(t, "id")
		path, end := Path(all, ID(id))
		var stands Hash
		if len(end) == 1 {
			stands = end[0].Leaf()
		}
		if Fold(ID(id), stands, path) != root {
			t.Fatal("the path leads elsewhere")
		}
		if there := slices.Contains(all, id); there != (len(end) == 1 && end[0] == id) {
			t.Fatalf("there: %v, the path ends at %v", there, end)
		}
		if i := slices.Index(all, id); i >= 0 {
			if less := slices.Delete(slices.Clone(all), i, i+1); Root(less, 0) == root {
				t.Fatal("one less, the same root")
			}
		}
	})
}
