package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/console"
	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
)

// AddIndicators implements console.Cases: what somebody of the own side writes down
// in a case becomes a draft of the own party alone, filed under the case. Nothing
// of it goes to anybody but by the composer, through the border.
func (s caseScreens) AddIndicators(ctx context.Context, by console.User, id string, q console.QuickAdd) (uint64, error) {
	if _, err := caseThere(s.Case(ctx, id, time.Time{})); err != nil {
		return 0, err
	}
	marking, err := border.ParseMarking(q.Marking)
	if err != nil {
		return 0, err
	}
	if marking.Level() > s.lens.Ceiling() {
		return 0, statement.Refuse(statement.CodeClearance, "%s is beyond what this user may see", marking)
	}
	add := AddObjects{Lens: s.lens, CaseID: id, Media: stix.MediaSTIX, Name: "indicators", Source: by.Name, Basis: q.Basis, Marking: string(marking)}
	for _, raw := range q.Values {
		v, err := observable.Detect(raw)
		if err != nil {
			return 0, err
		}
		o, err := stix.RenderNew(stix.NewIndicator{
			ID: "indicator--" + newUUID(), Type: string(v.Type), Value: v.Canonical, Note: q.Note, Marking: string(marking), At: s.n.opt.Now(),
		})
		if err != nil {
			return 0, err
		}
		add.Objects = append(add.Objects, o.Raw)
	}
	added, err := s.n.AddObjects(ctx, add)
	if err != nil {
		return 0, err
	}
	for _, one := range added {
		if one.Refused != nil {
			return 0, one.Refused
		}
	}
	return added[0].Ref.Index, nil
}

// caseOfDrafts is the case under which all of some drafts are filed, if it is one
// in which the parties speak: what is shared of it then stands in it.
func (s borderScreens) caseOfDrafts(ctx context.Context, drafts []uint64) (string, error) {
	id := ""
	for _, index := range drafts {
		said, err := s.n.view.Row(ctx, s.lens, s.n.self.Origin, index)
		if err != nil || id != "" && said.Case != id {
			return "", nil // the share itself says that there is no such draft
		}
		id = said.Case
	}
	if id == "" {
		return "", nil
	}
	r, err := s.n.Case(ctx, id)
	if err != nil || len(r.Case(id)) == 0 {
		return "", err
	}
	return id, nil
}

// objectsShared are the objects of a case that went to a party: they are filed
// under it, and no part of its state.
func (s caseScreens) objectsShared(ctx context.Context, c console.CaseRecord, party string) ([]console.SharedRow, error) {
	all, err := s.n.view.OfCase(ctx, s.n.self.Origin, c.ID, stix.KindObjects)
	if err != nil {
		return nil, err
	}
	them, _ := s.n.roster.Member(party)
	cover := s.n.coverageOf(s.n.self)
	var out []console.SharedRow
	var moments []accord.Moment
	for _, said := range all {
		if !slices.Contains(said.Recipients, party) || border.Marking(said.Marking).Level() > s.lens.Ceiling() {
			continue
		}
		ref := statement.Ref{Origin: said.Origin, Index: said.Index, ID: said.ID}
		row := console.SharedRow{
			Ref: accordScreens(s).ref(ref), Kind: said.Kind, Marking: said.Marking, Claimed: time.UnixMilli(said.Time), Act: true,
			Stored: cover.Mirror[them.Mirror.ID()] > said.Index, Parts: []console.SharedPart{{No: accord.ContentPart, State: console.SightOpen}},
		}
		if moments == nil { // of the first of them, and so of all
			if moments, err = s.cosigned(ctx, party, said.Index); err != nil {
				return nil, err
			}
		}
		for _, m := range moments {
			if at := time.Unix(m.At, 0); m.Size > said.Index && (row.Seen.IsZero() || at.Before(row.Seen)) {
				row.Seen = at
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// cosigned are the moments at which a party cosigned checkpoints of the own log that
// hold more than some leaves.
func (s caseScreens) cosigned(ctx context.Context, party string, size uint64) (list []accord.Moment, err error) {
	err = s.n.view.Moments(ctx, s.n.self.Origin, func(m accord.Moment) error {
		if m.By == party && m.Size > size && m.Sound() {
			list = append(list, m)
		}
		return nil
	})
	return list, err
}

// Reveal implements console.Cases.
func (s caseScreens) Reveal(ctx context.Context, by console.User, id string, index uint64) error {
	r, err := s.Case(ctx, id, time.Time{})
	if err != nil {
		return err
	}
	for said := range r.All() {
		if said.Ref.Origin != s.n.self.Origin || said.Ref.Index != index || said.Act.Case != id {
			continue
		}
		if _, sealed := r.Reveal(said.Ref); !sealed {
			return console.ErrNotFound
		}
		_, err := s.n.Control().Open(ctx, api.PartRequest{Index: index, Part: accord.ContentPart, Officer: by.Name, To: s.n.present(), Marking: said.Act.Marking, Reason: "opened by its author"})
		return err
	}
	return console.ErrNotFound
}
