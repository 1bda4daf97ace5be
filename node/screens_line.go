package node

import (
	"context"

	"entente/accord"
	"entente/api"
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
	return s.lay(ctx, by, accord.KindNotice, n, about)
}

// Acknowledge lays before them that a notice was seen.
func (s lineScreens) Acknowledge(ctx context.Context, by console.User, notice console.Ref) (string, error) {
	return s.lay(ctx, by, accord.KindPosition, accord.Position{Stance: accord.Ack, Capacity: "official"}, []console.Ref{notice})
}

func (s lineScreens) lay(ctx context.Context, by console.User, kind statement.Kind, body any, about []console.Ref) (string, error) {
	d := AccordDraft{Kind: kind, Body: body, By: by.Name}
	for _, r := range about {
		ref, err := s.n.named(ctx, api.LeafName{Party: r.Party, Index: r.Index})
		if err != nil {
			return "", err
		}
		if !accordScreens(s).shows(ctx, ref) {
			return "", console.ErrNotFound
		}
		d.Refs = append(d.Refs, ref)
	}
	p, err := s.n.Draft(ctx, d)
	return p.ID, err
}
