package match

import (
	"bytes"
	"slices"

	"entente/observable"
)

// BegunBefore says which of two runs that were begun a budget counts first: in one
// log the order of the log, across logs the times that their authors claim. Whoever
// claims an early time gains nothing by it: a side counts besides what it has begun
// to play.
func (s *Standing) BegunBefore(o *Standing) bool {
	switch {
	case s.Begun == nil || o.Begun == nil:
		return false
	case s.Begun.Origin == o.Begun.Origin:
		return s.Begun.Index < o.Begun.Index
	case s.BegunAt != o.BegunAt:
		return s.BegunAt < o.BegunAt
	}
	return bytes.Compare(s.Offer.ID[:], o.Offer.ID[:]) < 0
}

// Showed reports whether a party has committed to its list in a run: before that
// nothing of the list was shown, and no guess was answered.
func (s *Standing) Showed(party string) bool {
	side := -1
	if s.Agreed != nil {
		side = s.Agreed.Manifest.Side(party)
	}
	return side >= 0 && s.has(side, KindCommit)
}

// Overdraws reports whether the party that offered a run brings more to the other by
// it than the other granted it in its consent, with the runs that it began after that
// consent and before this run. Both logs show it, by the times that both claim: consents
// that were collected are no budget each. Of a run that was not begun it says what
// beginning it now would be.
func Overdraws(runs []*Standing, s *Standing) bool {
	if s.Proposed == nil {
		return false
	}
	m := s.Proposed
	offering := m.Side(s.From)
	spent := m.Sides[offering].Items
	for _, r := range runs {
		if r.Agreed == nil || r.Offer == s.Offer || r.From != s.From || r.Terms.To != s.Terms.To || r.BegunAt <= s.Consented || s.Begun != nil && !r.BegunBefore(s) {
			continue
		}
		o := &r.Agreed.Manifest
		if o.Epoch == m.Epoch && slices.ContainsFunc(o.Types, func(t observable.Type) bool { return slices.Contains(m.Types, t) }) {
			spent += o.Sides[o.Side(s.From)].Items
		}
	}
	return spent > m.Sides[1-offering].Left
}
