package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/console"
)

// caseScreens shows people cases and days.
type caseScreens struct{ screens }

// Cases implements console.Source.
func (on screens) Cases() console.Cases { return caseScreens{on} }

// showsCase says whether the viewer may see all that was said in a case: its
// state follows from all of it, and one of a part of it would be another's.
func (s caseScreens) showsCase(r *accord.Record, id string) bool {
	return s.lens.Whole() || !slices.ContainsFunc(r.Case(id), func(said accord.Said) bool {
		return border.Marking(said.Act.Marking).Level() > s.lens.Ceiling()
	})
}

// CaseList is every case that the viewer may see.
func (s caseScreens) CaseList(ctx context.Context) (console.CaseList, error) {
	r, list, err := s.n.accord.summaries(ctx, s.n)
	if err != nil {
		return console.CaseList{}, err
	}
	out := console.CaseList{Self: s.n.self.ID, Now: r.Now(), Cases: list}
	if !s.lens.Whole() {
		out.Cases = slices.DeleteFunc(slices.Clone(list), func(c accord.CaseSummary) bool { return !s.showsCase(r, c.Case) })
	}
	return out, nil
}

// Case is the record in which a case stands, now or as of an instant.
func (s caseScreens) Case(ctx context.Context, id string, at time.Time) (console.CaseRecord, error) {
	now, err := s.n.Case(ctx, id)
	out := console.CaseRecord{Record: now, ID: id, Self: s.n.self.ID}
	if err != nil {
		return out, err
	}
	if !s.showsCase(now, id) {
		return out, console.ErrNotFound
	}
	if at.IsZero() {
		return out, nil
	}
	out.Record = now.Next(now.World().AsOf(at))
	return out, nil
}
