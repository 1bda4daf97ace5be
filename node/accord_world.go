package node

import (
	"context"
	"encoding/json"
	"time"

	"entente/accord"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// ReadWorld reads from a view what states of the accord are computed from.
func ReadWorld(ctx context.Context, view *sqlite.View, r record.Roster, now time.Time) (accord.World, error) {
	w := accord.World{Charter: r.Charter, Now: now}
	var err error
	if w.Sizes, err = view.Cursors(ctx); err != nil {
		return w, err
	}
	if w.Forks, err = view.Forks(ctx); err != nil {
		return w, err
	}
	b := builder{view: view, roster: r, world: &w, place: make(map[sqlite.Leaf]int)}
	if err := view.AccordSaid(ctx, sqlite.AccordFilter{}, b.takeOne); err != nil {
		return w, err
	}
	if err := view.AccordParts(ctx, b.takePart); err != nil {
		return w, err
	}
	return w, b.moments(ctx)
}

// builder fills a world.
type builder struct {
	view   *sqlite.View
	roster record.Roster
	world  *accord.World
	place  map[sqlite.Leaf]int // in world.Said
}

func (b *builder) takeOne(s accord.Said) error {
	b.place[sqlite.Leaf{Origin: s.Ref.Origin, Index: s.Ref.Index}] = len(b.world.Said)
	b.world.Said = append(b.world.Said, s)
	return nil
}

func (b *builder) takePart(p sqlite.AccordPart) error {
	i, ok := b.place[p.Leaf]
	if !ok {
		return nil
	}
	s := &b.world.Said[i]
	if p.Part >= len(s.Digests) || !b.mayShow(*s, p) {
		return nil
	}
	if s.Digests[p.Part] != p.Digest { // rows come in the order of the leaves that show them
		s.Wrong = append(s.Wrong, accord.Leaf{Origin: p.By, Index: p.ByLeaf})
		return nil
	}
	if s.Parts == nil {
		s.Parts = make(map[int][]byte)
	}
	s.Parts[p.Part] = p.Text
	return nil
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

// moments adds the times of every log.
func (b *builder) moments(ctx context.Context) error {
	for _, m := range b.roster.Members {
		err := b.view.Moments(ctx, m.Origin, func(one accord.Moment) error {
			b.world.Moments = append(b.world.Moments, one)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
