package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"

	"entente/api"
	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/misphttp"
	"entente/statement"
)

// Events takes events of MISP in as drafts, or says them to other parties, each
// with its exact bytes. One that is refused affects no other.
func (c control) Events(ctx context.Context, r api.EventsRequest) (api.EventsResult, error) {
	n := c.n
	out := api.EventsResult{Events: []api.Event{}, Refs: []statement.Ref{}, To: []string{}}
	raws, err := misp.Events(r.Data)
	if len(r.Data) == 0 && len(r.IDs) > 0 && r.Share {
		raws, err = nil, nil
	}
	if err != nil {
		return out, err
	}
	source := r.Source
	if len(r.Data) > 0 {
		source = listSource(r.Source, sha256.Sum256(r.Data))
	}
	if !r.Share {
		added, err := n.AddObjects(ctx, AddObjects{
			Account: cmp.Or(r.Account, n.self.ID), Lens: n.lens, Media: stix.MediaMISP, Name: convert.OneLine(r.Name), Source: source, Marking: r.Marking, Objects: raws,
		})
		for _, a := range added {
			out.Events = append(out.Events, api.Event{UUID: a.ID, Known: a.Known, Refused: a.Refused})
		}
		return out, err
	}
	said, err := n.ShareObjects(ctx, ShareObjects{
		Lens:  n.lens,
		Media: stix.MediaMISP, Objects: raws, IDs: r.IDs, Name: cmp.Or(convert.OneLine(r.Name), "events"), Source: source, Marking: r.Marking, To: r.To, Officer: r.Officer,
	})
	for _, a := range said.Objects {
		out.Events = append(out.Events, api.Event{UUID: a.ID, Refused: a.Refused})
	}
	for _, id := range r.IDs {
		if !slices.ContainsFunc(out.Events, func(e api.Event) bool { return e.UUID == id }) {
			out.Events = append(out.Events, api.Event{UUID: id, Refused: statement.Refuse(statement.CodeRequest, "the own side has no such event")})
		}
	}
	out.Refs, out.Marking, out.To, out.Case = append(out.Refs, said.Refs...), said.Marking, append(out.To, said.To...), said.Case
	return out, err
}

// Feed calls visit for every event that a feed under a clearance may hold. What
// is for everybody is published; less open events are for tools that only look.
func (c control) Feed(ctx context.Context, q api.FeedQuery, visit func(api.FeedEvent) error) error {
	clearance, err := border.ParseMarking(q.Clearance)
	if err != nil {
		return err
	}
	use := border.UsePassive
	if clearance == border.Clear {
		use = border.UsePublish
	}
	if _, known := c.n.roster.Member(q.Party); q.Party != "" && (!known || q.Party == c.n.self.ID) {
		return statement.Refuse(statement.CodeRecipient, "%.40q is no other party of the charter", q.Party)
	}
	lens, err := border.See(border.Viewer{Account: "feed", Clearance: clearance, Scopes: []string{scopeExport}, Guest: q.Party}, scopeExport, use)
	if err != nil {
		return err
	}
	rule, tool := border.RuleOwn, "misp feed"
	if use == border.UsePublish {
		rule = border.RulePublic
	}
	if q.Party != "" {
		tool += " for " + q.Party
	}
	run, sums := newRun(use, rule, tool, ""), make(map[statement.Digest]bool)
	err = c.n.feedEvents(ctx, lens, func(e misphttp.Event, label border.Label, raw []byte) error {
		sum := statement.Digest(sha256.Sum256(raw))
		sums[sum] = true
		run.add(e.UUID, sum, label)
		return nil
	})
	if err == nil {
		err = c.n.toTools(ctx, run)
	}
	if err != nil {
		return err
	}
	return c.n.feedEvents(ctx, lens, func(_ misphttp.Event, label border.Label, raw []byte) error {
		if !sums[sha256.Sum256(raw)] {
			return nil // it came since the receipt was written: the next run takes it
		}
		return visit(api.FeedEvent{Raw: raw, Open: label.TLP == border.Clear})
	})
}

// feedEvents visits what of the node's events a lens lets into a feed.
func (n *Node) feedEvents(ctx context.Context, lens border.Lens, visit func(e misphttp.Event, l border.Label, raw []byte) error) error {
	store := &mispStore{n: n}
	return store.Each(ctx, misphttp.Who{Name: "feed", Party: n.self.ID, Handle: lens}, func(e misphttp.Event) (bool, error) {
		label, may := mayPublish(lens, e)
		if !may {
			return true, nil
		}
		raw, err := misphttp.Plain(e)
		if err != nil {
			return true, nil // it cannot be read: it harms no other
		}
		return true, visit(e, label, raw)
	})
}

// mayPublish holds an event's own tags against a lens: without a marking, or
// with tags that contradict each other, it goes nowhere.
func mayPublish(lens border.Lens, e misphttp.Event) (border.Label, bool) {
	read, err := misp.ParseEvent(e.Raw)
	if err != nil {
		return border.Label{}, false
	}
	marks, err := read.Marks()
	if err != nil || marks.Err() != nil {
		return border.Label{}, false
	}
	own := lens.Guest() == "" && slices.Contains(lens.PAPs(), border.PAPGreen)
	if !own && (marks.Closed != "" || len(marks.Groups) > 0) {
		return border.Label{}, false // for whom it is, others cannot tell
	}
	label := border.Label{TLP: border.Marking(e.Marking)}
	for _, t := range slices.Concat(marks.TLP, marks.PAP) {
		one, err := border.ParseLabel(t)
		if err != nil {
			return label, false
		}
		if one.TLP == "" {
			one.TLP = border.Clear
		}
		label = label.Join(one)
	}
	return label, label.Marked() && label.TLP.Level() <= lens.Ceiling() && slices.Contains(lens.PAPs(), label.PAP)
}
