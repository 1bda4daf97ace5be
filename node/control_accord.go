package node

import (
	"context"
	"slices"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/statement"
)

// AccordDraft keeps what somebody wants to say for officers to sign.
func (c control) AccordDraft(ctx context.Context, r api.AccordDraftRequest) (api.Pending, error) {
	want := AccordDraft{Kind: r.Kind, Case: r.Case, Marking: border.Marking(r.Marking), Body: r.Body, Parts: r.Parts, By: r.By}
	if r.Marking != "" {
		m, err := border.ParseMarking(r.Marking)
		if err != nil {
			return api.Pending{}, err
		}
		want.Marking = m
	}
	for _, name := range r.Refs {
		ref, err := c.n.named(ctx, name)
		if err != nil {
			return api.Pending{}, err
		}
		want.Refs = append(want.Refs, ref)
	}
	p, err := c.n.Draft(ctx, want)
	return pendingOf(p), err
}

// named finds the statement that people call PARTY/N.
func (n *Node) named(ctx context.Context, name api.LeafName) (statement.Ref, error) {
	party := name.Party
	if party == "" {
		party = n.self.ID
	}
	m, ok := n.roster.Member(party)
	if !ok {
		return statement.Ref{}, statement.Refuse(statement.CodeRequest, "no party %.60q", party)
	}
	s, err := n.view.Statement(ctx, m.Origin, name.Index)
	if err != nil {
		return statement.Ref{}, statement.Refuse(statement.CodeRequest, "no statement %d of %s here", name.Index, party)
	}
	return statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, nil
}

func pendingOf(p Pending) api.Pending {
	out := api.Pending{
		ID: p.ID, Kind: p.Act.Kind, Case: p.Act.Case, Refs: p.Act.Refs, Marking: p.Act.Marking, Body: p.Act.Body, By: p.By, At: p.At,
		Approvals: p.Approvals, Power: p.Power, Officers: p.Officers, Roles: p.Roles, May: p.May, Said: p.Said,
	}
	if len(p.ID) >= typed {
		out.Type = p.ID[:typed]
	}
	return out
}

// typed is how much of the digest a signer types.
const typed = 12

// AccordDrafts lists what waits for officers.
func (c control) AccordDrafts(ctx context.Context) ([]api.Pending, error) {
	list, err := c.n.Drafts(ctx)
	out := []api.Pending{}
	for _, p := range list {
		out = append(out, pendingOf(p))
	}
	return out, err
}

// AccordDiscard drops a draft.
func (c control) AccordDiscard(ctx context.Context, id string) error {
	full, err := c.n.draftID(ctx, id)
	if err != nil {
		return err
	}
	return c.n.Discard(ctx, full)
}

// AccordApprove adds a signature.
func (c control) AccordApprove(ctx context.Context, r api.ApproveRequest) (api.Pending, error) {
	p, err := c.n.Approve(ctx, r.ID, r.Approval)
	return pendingOf(p), err
}

// AccordSheet is what a signer should see.
func (c control) AccordSheet(ctx context.Context, id string) (api.Sheet, error) {
	full, err := c.n.draftID(ctx, id)
	if err != nil {
		return api.Sheet{}, err
	}
	return c.n.Sheet(ctx, full)
}

// draftID finds a draft by the beginning of its id, as people type it.
func (n *Node) draftID(ctx context.Context, short string) (string, error) {
	list, err := n.watch.Drafts(ctx, "")
	if err != nil {
		return "", err
	}
	var found []string
	for _, d := range list {
		if len(short) >= 4 && len(short) <= len(d.ID) && d.ID[:len(short)] == short {
			found = append(found, d.ID)
		}
	}
	if len(found) != 1 {
		return "", statement.Refuse(statement.CodeRequest, "no one draft %.80q; entente draft list shows them", short)
	}
	return found[0], nil
}

// AccordView is a view of the record as this node reads it.
func (c control) AccordView(ctx context.Context, q api.AccordQuery) (api.AccordView, error) {
	w, err := worldOf(ctx, c.n.view, c.n.roster, "", c.n.opt.Now())
	if err != nil {
		return api.AccordView{}, err
	}
	return ViewAccord(w, q)
}

// Sheet is everything that a signer should see before signing a draft.
func (n *Node) Sheet(ctx context.Context, id string) (api.Sheet, error) {
	p, err := n.Pending(ctx, id)
	if err != nil {
		return api.Sheet{}, err
	}
	out := api.Sheet{Pending: pendingOf(p), Act: p.Raw, Texts: []api.SheetText{}, Effects: []api.Effect{}}
	r, err := n.Accord(ctx)
	if err != nil {
		return out, err
	}
	switch p.Act.Kind {
	case accord.KindProposal:
		err = proposalSheet(r, p, &out)
	case accord.KindPosition:
		err = positionSheet(r, p, &out)
	default:
		out.Effects = append(out.Effects, api.Effect{Name: api.EffectFinal})
		if len(p.Parts) > 0 && p.Act.Kind != accord.KindExhibit {
			out.Texts = append(out.Texts, api.SheetText{Part: "content", Text: string(p.Parts[0])})
		}
	}
	return out, err
}

func proposalSheet(r *accord.Record, p Pending, out *api.Sheet) error {
	b, err := accord.ParseProposal(p.Act.Body)
	if err != nil {
		return err
	}
	paper, err := accord.OpenPaper(b, p.Parts[0])
	if err != nil {
		return err
	}
	var before accord.Paper
	if len(p.Act.Refs) > 0 && b.Supersedes {
		if old, ok := r.Said(p.Act.Refs[0]); ok {
			before, _ = accord.ParsePaper(old.Parts[accord.ContentPart]) // an earlier text that cannot be read is no text to compare with
		}
	}
	texts(out, "title", b.Title, nil, false)
	texts(out, "text", paper.Text, before.Text, b.Supersedes)
	for _, c := range paper.Clauses {
		var was accord.Texts
		if c.No <= len(before.Clauses) {
			was = before.Clauses[c.No-1].Text
		}
		texts(out, accord.PartName("clause", c.No), c.Text, was, b.Supersedes)
	}
	out.Effects = append(out.Effects, api.Effect{Name: api.EffectDecideBy, At: b.DecideBy.Time().Unix()}, api.Effect{Name: api.EffectCoolingOff, Seconds: b.CoolingOff})
	if b.Effective != "" {
		out.Effects = append(out.Effects, api.Effect{Name: api.EffectFrom, At: b.Effective.Time().Unix()})
	}
	return nil
}

func texts(out *api.Sheet, part string, now, before accord.Texts, compare bool) {
	for _, lang := range now.Languages() {
		t := api.SheetText{Part: part, Lang: lang, Text: now[lang]}
		if compare {
			t.Changes = []string{}
			for _, c := range accord.Changes(before[lang], now[lang]) {
				t.Changes = append(t.Changes, c.Op+c.Line)
			}
		}
		out.Texts = append(out.Texts, t)
	}
}

func positionSheet(r *accord.Record, p Pending, out *api.Sheet) error {
	b, err := accord.ParsePosition(p.Act.Body)
	if err != nil || len(p.Act.Refs) == 0 {
		return err
	}
	on, _ := r.Said(p.Act.Refs[0])
	if on.Act.Kind == accord.KindProposal {
		t, err := accord.ParseProposal(on.Act.Body)
		if err != nil {
			return err
		}
		if paper, err := accord.ParsePaper(on.Parts[accord.ContentPart]); err == nil {
			texts(out, "title", t.Title, nil, false)
			texts(out, "stands-on", paper.Text, nil, false)
			for _, c := range paper.Clauses {
				texts(out, accord.PartName("clause", c.No), c.Text, nil, false)
			}
		}
	}
	texts(out, "words", b.Text, nil, false)
	texts(out, "reservation", b.Reservation, nil, false)
	out.Effects = append(out.Effects, positionEffects(r, p.Act.Refs[0], b)...)
	return nil
}

// positionEffects says until when a position can be undone, and from when it works.
func positionEffects(r *accord.Record, on statement.Ref, b accord.Position) []api.Effect {
	var out []api.Effect
	i, ok := r.Instrument(on)
	if ok && slices.Contains([]accord.Stance{accord.Consent, accord.Revoke, accord.Refuse}, b.Stance) {
		out = append(out, api.Effect{Name: api.EffectDecideBy, At: i.DecideBy}, api.Effect{Name: api.EffectCoolingOff, Seconds: i.CoolingOff})
		if i.Undo != 0 {
			out = append(out, api.Effect{Name: api.EffectUndo, At: i.Undo})
		}
	}
	if b.Effective != "" {
		out = append(out, api.Effect{Name: api.EffectNotice, At: b.Effective.Time().Unix()})
	}
	if b.Until != "" {
		out = append(out, api.Effect{Name: api.EffectEnds, At: b.Until.Time().Unix()})
	}
	if len(out) == 0 {
		out = append(out, api.Effect{Name: api.EffectFinal})
	}
	return out
}
