package node

import (
	"context"

	"entente/accord"
	"entente/border"
	"entente/console"
	"entente/statement"
)

// lineScreens shows people the line and how each has acted.
type lineScreens struct{ screens }

// Lines implements console.Source.
func (on screens) Lines() console.Lines { return lineScreens{on} }

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

// Notify lays a notice before the officers.
func (s lineScreens) Notify(ctx context.Context, by console.User, n accord.Notice, about []console.Ref) (string, error) {
	return s.Accord().Draft(ctx, by, console.DraftRequest{Kind: accord.KindNotice, Refs: about, Body: n})
}

// Acknowledge lays before them that a notice was seen.
func (s lineScreens) Acknowledge(ctx context.Context, by console.User, notice console.Ref) (string, error) {
	seen := accord.Position{Stance: accord.Ack, Capacity: "official"}
	return s.Accord().Draft(ctx, by, console.DraftRequest{Kind: accord.KindPosition, Refs: []console.Ref{notice}, Body: seen})
}
