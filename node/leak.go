package node

import (
	"context"
	"slices"

	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/indicator"
)

// maxTraced is how many releases a leaked text is held against, the newest ones.
const maxTraced = 500

// Leak names the recipients whose copies of marked releases a leaked text
// comes from, with the proof for each release.
func (c control) Leak(ctx context.Context, leak []byte) (api.LeakResult, error) {
	n := c.n
	out := api.LeakResult{Releases: []api.Leaked{}}
	ledgers, said, err := n.canaries.all(ctx)
	if err != nil {
		return out, err
	}
	for _, s := range said[max(len(said)-maxTraced, 0):] {
		out.Looked++
		issued, err := n.issued(ctx, s, ledgers[s.Index])
		if err != nil {
			return out, err
		}
		t, err := border.Trace(leak, ledgers[s.Index], issued.copies())
		if err != nil {
			return out, err
		}
		if len(t.Named) == 0 && len(t.OneOf) == 0 && len(t.Decoys) == 0 {
			continue
		}
		one := api.Leaked{Canary: statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, Time: s.Time, Case: s.Case, Tracing: t}
		var body border.CanaryBody
		if err := statement.Decode(s.Body, statement.MaxAct, &body); err != nil {
			return out, err
		}
		one.Name = body.Name
		if one.Proof, err = n.leakProof(ctx, leak, s, t, issued); err != nil {
			return out, err
		}
		out.Releases = append(out.Releases, one)
	}
	return out, nil
}

// Exposure says what a party was shown, and the most that it can have learnt.
func (c control) Exposure(ctx context.Context, party string) (border.Exposure, error) {
	return c.n.Exposure(ctx, party)
}

// Givers returns the record of every party.
func (c control) Givers(ctx context.Context) ([]border.GiverRecord, error) { return c.n.Givers(ctx) }

// issued is a release as it stands in the record: the statements of each copy.
type issued map[string][]sheet

type sheet struct {
	index uint64
	items []indicator.Item
}

// issued finds the statements of a release: of its case, each to one recipient.
func (n *Node) issued(ctx context.Context, canary sqlite.Statement, l border.Ledger) (issued, error) {
	all, err := n.view.OfCase(ctx, n.self.Origin, canary.Case, indicator.KindList)
	if err != nil {
		return nil, err
	}
	out := make(issued)
	for _, s := range all {
		if s.Index < canary.Index || len(s.Recipients) != 1 {
			continue
		}
		text, err := n.ingress.text(n.log, s.Index, listPart)
		if err != nil {
			return nil, err
		}
		list, err := indicator.ParseList(text)
		if err != nil {
			continue // erased since
		}
		to := s.Recipients[0]
		out[to] = append(out[to], sheet{s.Index, list.Items})
	}
	for _, c := range l.Copies {
		if len(out[c.To]) != len(c.Sheets) {
			delete(out, c.To) // in part: compared by its decoys alone
		}
	}
	return out, nil
}

// copies returns the copies for the tracing.
func (i issued) copies() []border.Copy {
	var all []border.Copy
	for to, sheets := range i {
		c := border.Copy{To: to}
		for _, s := range sheets {
			for _, it := range s.items {
				c.Lines = append(c.Lines, border.Line(it))
			}
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b border.Copy) int { return slices.Compare([]string{a.To}, []string{b.To}) })
	return all
}

// leakProof writes the proof against those whom the tracing names; nil if it
// names nobody.
func (n *Node) leakProof(ctx context.Context, leak []byte, canary sqlite.Statement, t border.Tracing, sheets issued) ([]byte, error) {
	if len(t.Named) == 0 {
		return nil, nil
	}
	bundle := func(index uint64) ([]byte, error) {
		b, err := n.bundle(ctx, n.self, n.log, index)
		if err != nil {
			return nil, err
		}
		return b.Marshal()
	}
	p := LeakProof{Format: leakFormat, Leak: leak, Copies: [][]byte{}}
	var err error
	if p.Release, err = bundle(canary.Index); err != nil {
		return nil, err
	}
	for _, named := range t.Named {
		for _, s := range sheets[named.Party] {
			b, err := bundle(s.index)
			if err != nil {
				return nil, err
			}
			p.Copies = append(p.Copies, b)
		}
	}
	return p.marshal()
}

// canariesSeen lists the own decoys that own logs met, with the newest line.
func (on screens) canariesSeen(ctx context.Context) ([]api.Alert, error) {
	n := on.n
	out := []api.Alert{}
	groups, _, err := on.seen.Groups(ctx, true, manyGroups, 0)
	if err != nil {
		return out, err
	}
	w := n.lists.get()
	for _, g := range groups {
		i, ok := w.byKey[g.Key]
		if !ok || w.entries[i].canary == "" {
			continue
		}
		a := alertOf(alertID(g.Key), n.indicatorView(w.entries[i]), uint64(g.Count))
		a.First, a.Last, a.Reasons = g.First, g.Last, []string{border.HeldCanary + ": " + w.entries[i].canary}
		hits, err := on.seen.Hits(ctx, g.Key, 1)
		if err != nil {
			return out, err
		}
		for _, h := range hits {
			a.Hits = append(a.Hits, hitOf(h))
		}
		out = append(out, a)
	}
	return out, nil
}
