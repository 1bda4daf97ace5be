package record

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// Mender is a storage whose damaged bytes can be put right in place.
type Mender interface {
	Storage
	// Span returns the leaves that are stored in one piece with a leaf: a
	// *Damage may name the first of them.
	Span(index uint64) (first, n uint64, err error)
	// Mend writes a leaf, if not nil, and each sealed part that is not nil over
	// the damaged ones. The caller has verified them. A *Damage says that
	// they do not fit what is stored around them.
	Mend(index uint64, leaf []byte, sealed [][]byte) error
}

// Heal puts right what is damaged around a leaf of a replica with what src
// gives, and returns how many leaves it wrote anew. The source is not
// believed: a leaf must hash to the tree that is held here, and a ciphertext
// must be the one that its leaf commits to, or be erased by the owner.
func Heal(ctx context.Context, src Source, to Mender, origin string, index uint64, erases Erases) (healed int, err error) {
	tree, _ := to.Head()
	if index >= tree.Size {
		return 0, nil
	}
	first, n, err := to.Span(index)
	if err != nil {
		return 0, err
	}
	// Leaves that were changed with their hashes are named by the tile alone.
	from := min(first, index/bundleWidth*bundleWidth)
	end := min(max(first+n, (index/bundleWidth+1)*bundleWidth), tree.Size)
	g := giving{src, Checkpoint{Origin: origin, Tree: tree}, erases}
	for ; from < end; from = (from/bundleWidth + 1) * bundleWidth {
		width := min((from/bundleWidth+1)*bundleWidth, end) - from
		want, err := g.hashes(ctx, from, width)
		if err != nil {
			return healed, err
		}
		for i := range width {
			wrote, err := g.heal(ctx, to, from+i, want[i])
			if wrote {
				healed++
			}
			if err != nil {
				return healed, err
			}
		}
	}
	return healed, nil
}

// heal puts one leaf right, and its sealed parts.
func (g giving) heal(ctx context.Context, to Mender, index uint64, want tlog.Hash) (wrote bool, err error) {
	leaf, err := to.Leaf(index)
	if err != nil && !damaged(err) {
		return false, err
	}
	var anew []byte
	if err != nil || tlog.RecordHash(leaf) != want {
		if leaf, err = g.leaf(ctx, index); err != nil {
			return false, err
		}
		if anew = leaf; anew == nil {
			anew = []byte{}
		}
		if err := to.Mend(index, anew, nil); err != nil {
			return false, err
		}
	}
	_, err = to.Sealed(index)
	if err == nil || !damaged(err) {
		return anew != nil, err
	}
	got, err := g.src.Sealed(ctx, g.c.Origin, index, 1)
	if err != nil {
		return anew != nil, fmt.Errorf("fetch parts of leaf %d: %w", index, err)
	}
	if len(got) != 1 {
		return anew != nil, statement.Refuse(statement.CodePart, "parts of %d leaves, asked for one", len(got))
	}
	if err := g.check(ctx, index, leaf, got[0]); err != nil {
		return anew != nil, err
	}
	if err := to.Mend(index, nil, got[0]); err != nil {
		return anew != nil, err
	}
	for i, p := range got[0] {
		if p == nil { // its owner has erased it
			if err := to.Erase(index, i); err != nil {
				return true, err
			}
		}
	}
	return true, nil
}

func damaged(err error) bool {
	var d *Damage
	return errors.As(err, &d)
}
