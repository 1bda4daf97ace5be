package node

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"entente/accord"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// ReadWorld reads from a view what states of the accord are computed from: of one
// case, with what decides who may speak in it, or with an empty caseID of all.
func ReadWorld(ctx context.Context, view *sqlite.View, r record.Roster, caseID string, now time.Time) (accord.World, error) {
	w := accord.World{Charter: r.Charter, Now: now}
	var err error
	if w.Sizes, err = view.Cursors(ctx); err != nil {
		return w, err
	}
	if w.Forks, err = view.Forks(ctx); err != nil {
		return w, err
	}
	b := builder{view: view, roster: r, world: &w, place: make(map[sqlite.Leaf]int), cases: make(map[string]bool)}
	if caseID == "" {
		err = b.take(ctx, "")
	} else {
		err = b.takeCase(ctx, caseID)
	}
	if err != nil {
		return w, err
	}
	return w, b.moments(ctx, caseID)
}

// builder fills a world.
type builder struct {
	view   *sqlite.View
	roster record.Roster
	world  *accord.World
	place  map[sqlite.Leaf]int // in world.Said
	cases  map[string]bool
}

// takeCase takes a case, and the cases in which rules were amended; and every
// officers list.
func (b *builder) takeCase(ctx context.Context, id string) error {
	cases := []string{id}
	err := b.view.AccordSaid(ctx, sqlite.AccordFilter{Kind: accord.KindProposal}, func(s accord.Said) error {
		var body struct {
			For accord.ProposalKind `json:"for"`
		}
		err := json.Unmarshal(s.Act.Body, &body)
		if body.For == accord.ForAmend && !slices.Contains(cases, s.Act.Case) {
			cases = append(cases, s.Act.Case)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range cases {
		if err := b.take(ctx, id); err != nil {
			return err
		}
	}
	lists := make(map[string]bool)
	err = b.view.AccordSaid(ctx, sqlite.AccordFilter{Kind: accord.KindOfficers}, func(s accord.Said) error {
		lists[s.Act.Case] = true
		return nil
	})
	if err != nil {
		return err
	}
	for id := range lists { // with what contests them, which stands in their cases
		if err := b.take(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// take adds the statements of one case, or of all, with their parts.
func (b *builder) take(ctx context.Context, caseID string) error {
	if b.cases[caseID] {
		return nil
	}
	b.cases[caseID] = true
	err := b.view.AccordSaid(ctx, sqlite.AccordFilter{Case: caseID}, func(s accord.Said) error {
		b.place[sqlite.Leaf{Origin: s.Ref.Origin, Index: s.Ref.Index}] = len(b.world.Said)
		b.world.Said = append(b.world.Said, s)
		return nil
	})
	if err != nil {
		return err
	}
	return b.view.AccordParts(ctx, caseID, func(p sqlite.AccordPart) error {
		i, ok := b.place[p.Leaf]
		if !ok {
			return nil
		}
		s := &b.world.Said[i]
		if p.Part >= len(s.Digests) || s.Digests[p.Part] != p.Digest || !b.mayShow(*s, p) {
			return nil
		}
		if s.Parts == nil {
			s.Parts = make(map[int][]byte)
		}
		s.Parts[p.Part] = p.Text
		return nil
	})
}

// mayShow says that a part may be read as whoever shows it opens it: the author
// itself, or the depositary that the author has named.
func (b *builder) mayShow(s accord.Said, p sqlite.AccordPart) bool {
	if p.By == s.Ref.Origin {
		return true
	}
	by, ok := b.roster.ByOrigin(p.By)
	return ok && p.Part == accord.ContentPart && depositary(s.Act) == by.ID
}

// depositary is who holds what an author has sealed, empty if nobody does.
func depositary(a statement.Act) string {
	if a.Kind != accord.KindAccount && a.Kind != accord.KindAssessment {
		return ""
	}
	var body struct {
		Depositary string `json:"depositary"`
	}
	if json.Unmarshal(a.Body, &body) != nil {
		return ""
	}
	return body.Depositary
}

// moments adds the times of the logs that are spoken of; of a case those that
// cover something of it.
func (b *builder) moments(ctx context.Context, caseID string) error {
	first := make(map[string]uint64)
	for _, s := range b.world.Said {
		if i, ok := first[s.Ref.Origin]; !ok || s.Ref.Index < i {
			first[s.Ref.Origin] = s.Ref.Index
		}
	}
	for _, m := range b.roster.Members {
		from, spoken := first[m.Origin]
		if caseID == "" {
			from = 0
		} else if !spoken {
			continue
		}
		err := b.view.Moments(ctx, m.Origin, from, func(one accord.Moment) error {
			b.world.Moments = append(b.world.Moments, one)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
