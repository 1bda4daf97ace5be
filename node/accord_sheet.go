package node

import (
	"context"
	"slices"

	"entente/accord"
	"entente/api"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/statement"
)

// Sheet is everything that a signer should see before signing a draft.
func (n *Node) Sheet(ctx context.Context, id string) (api.Sheet, error) {
	p, err := n.Pending(ctx, id)
	if err != nil {
		return api.Sheet{}, err
	}
	return n.sheet(ctx, p)
}

func (n *Node) sheet(ctx context.Context, p Pending) (api.Sheet, error) {
	out := api.Sheet{Pending: pendingOf(p), Act: p.Raw, Facts: []api.SheetFact{}, Texts: []api.SheetText{}, Effects: []api.Effect{}}
	r, err := n.Accord(ctx)
	if err != nil {
		return out, err
	}
	switch p.Act.Kind {
	case accord.KindProposal:
		err = proposalSheet(r, p, &out)
	case accord.KindPosition:
		err = positionSheet(r, p, &out)
	case match.OfferKind, match.ConsentKind:
		err = runSheet(n.self.ID, p, &out)
	case voprf.OpenKind:
		err = listSheet(p, &out)
	default:
		err = sheetOf(p, &out)
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
	proposalFacts(b, out)
	if b.Rules != nil {
		ruleFacts(accord.RuleChanges(r.Rules(r.Now()), *b.Rules), out)
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
	positionFacts(b, out)
	on, _ := r.Said(p.Act.Refs[0])
	if n, ok := accord.Body[accord.Notice](r, on.Ref); ok {
		texts(out, "title", n.Subject, nil, false)
		texts(out, "stands-on", n.Text, nil, false)
	} else if on.Act.Kind != accord.KindProposal {
		texts(out, "title", r.Headline(on.Ref), nil, false)
		texts(out, "stands-on", itemText(r, on, b.Part), nil, false)
	}
	if on.Act.Kind == accord.KindProposal {
		t, err := accord.ParseProposal(on.Act.Body)
		if err != nil {
			return err
		}
		changes, _, _ := r.Amends(on.Ref)
		ruleFacts(changes, out)
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

// itemText is what a numbered item of an account says, if it can be read here.
func itemText(r *accord.Record, on accord.Said, part string) accord.Texts {
	a, ok := accord.Body[accord.Account](r, on.Ref)
	name, no, err := accord.SplitPart(part)
	if !ok || err != nil || name != "item" {
		return nil
	}
	items, err := accord.ParseItems(a, on.Parts[accord.ContentPart])
	if err != nil || no > len(items) {
		return nil // sealed, or not for this node
	}
	return items[no-1].Item.Text
}
