package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/console"
	"entente/statement"
)

// Draft implements console.Desk.
func (s accordScreens) Draft(ctx context.Context, by console.User, want console.DraftRequest) (string, error) {
	d, err := s.wanted(ctx, by, want)
	if err != nil {
		return "", err
	}
	p, err := s.n.Draft(ctx, d)
	return p.ID, err
}

// wanted is a draft that names only what the viewer may see.
func (s accordScreens) wanted(ctx context.Context, by console.User, want console.DraftRequest) (AccordDraft, error) {
	d := AccordDraft{Kind: want.Kind, Case: want.Case, Body: want.Body, Parts: want.Parts, By: by.Name}
	if want.Case != "" {
		if _, err := caseThere(caseScreens(s).Case(ctx, want.Case, time.Time{})); err != nil {
			return d, err
		}
	}
	for _, r := range want.Refs {
		ref, err := s.n.named(ctx, api.LeafName{Party: r.Party, Index: r.Index})
		if err != nil {
			return d, err
		}
		if !s.shows(ctx, ref) {
			return d, console.ErrNotFound
		}
		d.Refs = append(d.Refs, ref)
	}
	return d, nil
}

// caseThere refuses a case of which nothing was said.
func caseThere(r console.CaseRecord, err error) (console.CaseRecord, error) {
	if err == nil && len(r.Record.Case(r.ID)) == 0 {
		err = console.ErrNotFound
	}
	return r, err
}

// covers says whether the viewer may see a draft, or a statement that it is about.
func (s accordScreens) covers(ctx context.Context, p Pending) bool {
	if s.lens.Whole() {
		return true
	}
	return border.Marking(p.Act.Marking).Level() <= s.lens.Ceiling() && s.lens.Guest() == "" &&
		!slices.ContainsFunc(p.Act.Refs, func(r statement.Ref) bool { return !s.shows(ctx, r) })
}

// draft is one draft that the viewer may see.
func (s accordScreens) draft(ctx context.Context, id string) (Pending, error) {
	p, err := s.n.Pending(ctx, id)
	if refusedFor(err, statement.CodeRequest) || err == nil && !s.covers(ctx, p) {
		return p, console.ErrNotFound
	}
	return p, err
}

// Drafts implements console.Desk.
func (s accordScreens) Drafts(ctx context.Context) ([]console.DraftRow, error) {
	all, err := s.n.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.n.Accord(ctx)
	if err != nil {
		return nil, err
	}
	var out []console.DraftRow
	for _, p := range all {
		if s.covers(ctx, p) {
			out = append(out, s.draftRow(r, p))
		}
	}
	return out, nil
}

func (s accordScreens) draftRow(r *accord.Record, p Pending) console.DraftRow {
	row := console.DraftRow{
		ID: p.ID, Kind: string(p.Act.Kind), Case: p.Act.Case, Marking: p.Act.Marking, By: p.By, At: time.UnixMilli(p.At),
		Power: p.Power, Officers: p.Officers, Roles: p.Roles, Seen: (*console.RowSeen)(p.Seen),
	}
	for _, a := range p.Approvals {
		if !slices.Contains(row.Signed, a.Officer) {
			row.Signed = append(row.Signed, a.Officer)
		}
	}
	if len(p.Act.Refs) > 0 {
		row.On = s.ref(p.Act.Refs[0])
	}
	switch p.Act.Kind {
	case accord.KindProposal:
		if b, err := accord.ParseProposal(p.Act.Body); err == nil {
			row.For, row.Title = b.For, b.Title
		}
	case accord.KindPosition:
		b, err := accord.ParsePosition(p.Act.Body)
		if err != nil || len(p.Act.Refs) == 0 {
			return row
		}
		row.Stance, row.Part = b.Stance, b.Part
		if t, ok := accord.Body[accord.Proposal](r, p.Act.Refs[0]); ok {
			row.For, row.Title = t.For, t.Title
		}
	}
	return row
}

// Discard implements console.Desk.
func (s accordScreens) Discard(ctx context.Context, id string) error {
	if _, err := s.draft(ctx, id); err != nil {
		return err
	}
	return s.n.Discard(ctx, id)
}

// Sign implements console.Desk.
func (s accordScreens) Sign(ctx context.Context, id string, a statement.Approval) (*console.Ref, error) {
	if _, err := s.draft(ctx, id); err != nil {
		return nil, err
	}
	p, err := s.n.Approve(ctx, id, a)
	if err != nil || p.Said == nil {
		return nil, err
	}
	ref := s.ref(*p.Said)
	return &ref, nil
}

// Sheet implements console.Desk.
func (s accordScreens) Sheet(ctx context.Context, viewer console.User, id string) (console.Sheet, error) {
	p, err := s.draft(ctx, id)
	if err != nil {
		return console.Sheet{}, err
	}
	return s.sheet(ctx, viewer, p)
}

func (s accordScreens) sheet(ctx context.Context, viewer console.User, p Pending) (console.Sheet, error) {
	plain, err := s.n.sheet(ctx, p)
	if err != nil {
		return console.Sheet{}, err
	}
	r, err := s.n.Case(ctx, p.Act.Case)
	if err != nil {
		return console.Sheet{}, err
	}
	demand, _ := r.DemandFor(s.n.nextSaid(p.Act, p.Raw, p.Approvals, nil))
	out := console.Sheet{
		DraftRow: s.draftRow(r, p), Now: s.n.opt.Now(), Act: p.Raw, Texts: wordingsOf(plain.Texts), Ruled: demand.Ruled,
		May: slices.Contains(p.May, viewer.Name),
	}
	for _, f := range plain.Facts {
		if p.Act.Kind != accord.KindOfficers { // listed by itself, beside the list before
			out.Facts = append(out.Facts, console.SheetFact{Name: f.Name, Words: f.Words, Values: f.Values})
		}
	}
	for _, e := range plain.Effects {
		out.Effects = append(out.Effects, console.SheetEffect{Name: e.Name, At: e.At, Seconds: e.Seconds})
	}
	fresh := unproven(p.Act, demand, p.Approvals)
	out.Signers = mayAll(p, demand, fresh)
	if out.May {
		out.Keys = passkeys(demand, fresh, viewer.Name)
	}
	if p.Act.Kind == accord.KindOfficers {
		out.Listed = s.listed(r, p)
	}
	return out, nil
}

// wordingsOf sets the languages of each part side by side.
func wordingsOf(all []api.SheetText) []console.SheetText {
	var out []console.SheetText
	for _, t := range all {
		one := console.Tongue{Lang: t.Lang, Text: t.Text}
		if t.Changes != nil {
			one.Changes = []accord.Change{}
		}
		for _, line := range t.Changes {
			one.Changes = append(one.Changes, accord.Change{Op: line[:1], Line: line[1:]})
		}
		if n := len(out); n == 0 || out[n-1].Part != t.Part {
			out = append(out, console.SheetText{Part: t.Part})
		}
		out[len(out)-1].Tongues = append(out[len(out)-1].Tongues, one)
	}
	return out
}

// mayAll are the officers of the list that rules, and those who have a new
// passkey to show.
func mayAll(p Pending, demand accord.Demand, fresh []accord.Officer) []console.SheetSigner {
	var out []console.SheetSigner
	for _, o := range demand.Ruling.Officers {
		out = append(out, console.SheetSigner{ID: o.ID, Name: o.Name, Roles: o.Roles})
	}
	for _, o := range fresh {
		i := slices.IndexFunc(out, func(x console.SheetSigner) bool { return x.ID == o.ID })
		if i < 0 {
			out, i = append(out, console.SheetSigner{ID: o.ID, Name: o.Name, Roles: o.Roles}), len(out)
		}
		out[i].Proves = true
	}
	for i := range out {
		out[i].Signed = !out[i].Proves && slices.ContainsFunc(p.Approvals, func(a statement.Approval) bool { return a.Officer == out[i].ID })
	}
	return out
}

// passkeys are those of one officer with which a draft may be signed: new ones
// first, since they have to be shown.
func passkeys(demand accord.Demand, fresh []accord.Officer, officer string) []console.SheetKey {
	var out []console.SheetKey
	for _, o := range slices.Concat(fresh, demand.Ruling.Officers) {
		for _, k := range o.Keys {
			one := console.SheetKey{Credential: k.Credential, Key: k.Key}
			if o.ID == officer && k.Credential != "" && !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
		if o.ID == officer && len(out) > 0 {
			break
		}
	}
	return out
}

// listed are the officers of a drafted list beside those of the newest list that
// counts.
func (s accordScreens) listed(r *accord.Record, p Pending) []console.SheetOfficer {
	body, err := accord.ParseOfficers(p.Act.Body)
	if err != nil {
		return nil
	}
	before, _ := s.newest(r)
	var out []console.SheetOfficer
	for _, o := range body.Officers {
		one := console.SheetOfficer{Officer: o, Change: "new"}
		for _, b := range before.Officers {
			if b.ID == o.ID {
				one.Change = "changed"
				if b.Name == o.Name && slices.Equal(b.Roles, o.Roles) && slices.Equal(b.Keys, o.Keys) {
					one.Change = ""
				}
			}
		}
		out = append(out, one)
	}
	for _, b := range before.Officers {
		if !slices.ContainsFunc(body.Officers, func(o accord.Officer) bool { return o.ID == b.ID }) {
			out = append(out, console.SheetOfficer{Officer: b, Change: "gone"})
		}
	}
	return out
}

// newest is the own party's newest list of officers that counts.
func (s accordScreens) newest(r *accord.Record) (accord.Officers, bool) {
	for _, l := range slices.Backward(r.OfficersLists(s.n.self.ID)) {
		if l.Label == accord.LabelNone {
			return l.Body, true
		}
	}
	return accord.Officers{}, false
}
