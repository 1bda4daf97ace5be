package node

import (
	"context"

	"entente/border"
	"entente/console"
	"entente/statement"
)

// lineScreens shows people the line and how each has acted.
type lineScreens struct{ screens }

// LineScreens implements console.Source.
func (on screens) LineScreens() console.Lines { return lineScreens{on} }

// Line is the record from which both are read.
func (s lineScreens) Line(ctx context.Context) (console.LineRecord, error) {
	r, err := s.n.Accord(ctx)
	out := console.LineRecord{Record: r, Self: s.n.self.ID}
	if err != nil || s.lens.Whole() {
		return out, err
	}
	out.Shows = func(ref statement.Ref) bool {
		said, ok := r.Said(ref)
		return !ok || border.Marking(said.Act.Marking).Level() <= s.lens.Ceiling() // proofs of forks are everybody's
	}
	return out, nil
}
