package node

import (
	"cmp"
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/console"
	"entente/record"
	"entente/statement"
)

// Shared is exactly what a party has of what the own side said in a case, from
// the record alone: who was addressed, what was sealed, what was opened later, and
// which checkpoints it cosigned.
func (s caseScreens) Shared(ctx context.Context, c console.CaseRecord, party string) (console.Shared, error) {
	out := console.Shared{Party: party}
	them, ok := s.n.roster.Member(party)
	if !ok || them.ID == s.n.self.ID {
		return out, console.ErrNotFound
	}
	opened, err := s.opened(ctx, c, them.ID)
	if err != nil {
		return out, err
	}
	cover := s.n.coverageOf(s.n.self)
	for _, said := range slices.Backward(c.Record.Case(c.ID)) {
		if said.Ref.Origin != s.n.self.Origin || said.Act.Kind == accord.KindTimes {
			continue
		}
		row := console.SharedRow{
			Ref: accordScreens(s).ref(said.Ref), Kind: said.Act.Kind, Marking: said.Act.Marking, Claimed: time.UnixMilli(said.Claimed),
			Act: slices.Contains(said.Act.Recipients, party), Stored: cover.Mirror[them.Mirror.ID()] > said.Ref.Index,
		}
		if at, ok := c.CoveredBy(said.Ref, party); ok {
			row.Seen = time.Unix(at, 0)
		}
		for no := 1; no < len(said.Digests); no++ {
			row.Parts = append(row.Parts, s.part(said, no, row.Act, party, opened))
		}
		out.Rows = append(out.Rows, row)
	}
	objects, err := s.objectsShared(ctx, c, party)
	out.Rows = append(out.Rows, objects...)
	slices.SortFunc(out.Rows, func(a, b console.SharedRow) int { return cmp.Compare(b.Ref.Index, a.Ref.Index) })
	return out, err
}

// openedPart names a part of an own statement.
type openedPart struct {
	index uint64
	part  int
}

// part says whether the party can read one further part.
func (s caseScreens) part(said accord.Said, no int, act bool, party string, opened map[openedPart]statement.Ref) console.SharedPart {
	p := console.SharedPart{No: no, State: console.SightOpen}
	to := sealedFor(said.Act.Kind, said.Act.Body)
	switch by, later := opened[openedPart{said.Ref.Index, no}]; {
	case !act:
		p.State = console.SightNotItsOwn
	case to == nil || slices.Contains(to, party):
	case later:
		p.State, p.By = console.SightOpened, accordScreens(s).ref(by)
	default:
		p.State = console.SightClosed
	}
	return p
}

// opened are the parts of own statements of a case that were opened to a party
// later: by a release of the own side, or by the depositary.
func (s caseScreens) opened(ctx context.Context, c console.CaseRecord, party string) (map[openedPart]statement.Ref, error) {
	out := map[openedPart]statement.Ref{}
	releases, err := s.n.view.OfKind(ctx, s.n.self.Origin, record.KindRelease)
	if err != nil {
		return nil, err
	}
	for _, r := range releases {
		var b record.ReleaseBody
		if len(r.Refs) != 1 || r.Refs[0].Origin != s.n.self.Origin || !slices.Contains(r.Recipients, party) || statement.Decode(r.Body, statement.MaxAct, &b) != nil {
			continue
		}
		out[openedPart{r.Refs[0].Index, b.Part}] = statement.Ref{Origin: r.Origin, Index: r.Index, ID: r.ID}
	}
	for _, said := range c.Record.Case(c.ID) {
		b, ok := accord.Body[accord.Disclosure](c.Record, said.Ref)
		if !ok || len(said.Act.Refs) == 0 || said.Act.Refs[0].Origin != s.n.self.Origin || said.Party != party && !slices.Contains(said.Act.Recipients, party) {
			continue
		}
		at := openedPart{said.Act.Refs[0].Index, cmp.Or(b.Part, accord.ContentPart)}
		if _, earlier := out[at]; !earlier {
			out[at] = said.Ref
		}
	}
	return out, nil
}
