package match

import (
	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// Shown is what stands at one place of a list, with its salt.
type Shown struct {
	Item observable.Value
	Salt [32]byte
}

// Disclose returns a function that shows the item at each place of the list of
// a run that has closed: what an auditor gets, with Proof, on a dispute. It
// needs the same set and seed as the run had.
func (p *SelfProof) Disclose(set Set, seed [32]byte) func(i int) (Shown, error) {
	return func(i int) (Shown, error) {
		at := int(p.Order[i])
		if at >= set.Len() {
			v := dummy(p.Dummies, at)
			return Shown{v, saltOf(p.Dummies, v)}, nil
		}
		var one [1]observable.Value
		if err := set.Read(at, one[:]); err != nil {
			return Shown{}, err
		}
		return Shown{one[0], saltOf(seed, one[0])}, nil
	}
}

// CheckDisclosure checks, for the auditor, everything that a side had in a run:
// that the shown items are those committed to, and that each of them was
// locked with the committed key, so that no hit was hidden. The verifier has
// read the run's transcript. The error is a *statement.Refusal with E_DIGEST or
// E_PROOF, or show's.
func (v *Verifier) CheckDisclosure(side int, proof group.Proof, show func(i int) (Shown, error)) error {
	b := v.board
	h := &b.sides[side]
	if h.commit == nil || !h.lists[ListOwn].complete() {
		return statement.Refuse(statement.CodeState, "the transcript has no list of this side")
	}
	p := &SelfProof{Proof: proof}
	if h.closing != nil && h.closing.Self != p.digest() {
		return statement.Refuse(statement.CodeDigest, "not the proof whose digest is in the closing")
	}
	n := h.commit.Items
	leaves, w := make([]tree.Digest, n), b.selfWeights(side)
	base, err := sumItems(b.agreed.SID, &w, n, func(i int) (observable.Value, error) {
		s, err := show(i)
		leaves[i] = leafOf(s.Salt, s.Item)
		return s.Item, err
	})
	if err != nil {
		return err
	}
	if tree.New(leaves).Root() != h.commit.Root {
		return statement.Refuse(statement.CodeDigest, "the shown items are not those that were committed to")
	}
	image, err := b.sumOwn(side, &w)
	if err != nil {
		return err
	}
	return group.CheckEqual(&h.key, b.equalContext(side, "self"), &base, &image, proof)
}
