package node

import (
	"context"
	"slices"
	"strings"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// Givers returns the record of every party, the own one included, by party id.
func (n *Node) Givers(ctx context.Context) ([]border.GiverRecord, error) {
	byParty := make(map[string]*border.GiverRecord)
	byOrigin := make(map[string]*border.GiverRecord)
	var out []*border.GiverRecord
	for _, m := range n.roster.Members {
		g := &border.GiverRecord{Giver: m.ID, Own: m.ID == n.self.ID}
		byParty[m.ID], byOrigin[m.Origin], out = g, g, append(out, g)
	}
	met, err := n.metItems(ctx)
	if err != nil {
		return nil, err
	}
	rejected, err := n.rejected(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := n.seenItems(ctx)
	if err != nil {
		return nil, err
	}
	lists := make(map[statement.Ref]bool)
	for _, e := range n.lists.get().entries {
		g := byParty[e.giver]
		if g == nil || e.canary != "" || e.list == (statement.Ref{}) {
			continue // a decoy, or a rule of the configuration
		}
		if !lists[e.list] {
			lists[e.list] = true
			g.Lists++
		}
		add(g, e, met[e.key], rejected[e.key], seen[e.key])
	}
	incidents, err := n.seen.GiverRecords(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range incidents {
		if g := byOrigin[r.Giver]; g != nil {
			g.Incidents, g.Confirmed, g.False, g.Open = r.Incidents, r.Confirmed, r.False, r.Open
		}
	}
	all := make([]border.GiverRecord, 0, len(out))
	for _, m := range n.roster.Members {
		g := byParty[m.ID]
		if err := n.tookBack(ctx, m, g); err != nil {
			return nil, err
		}
		g.Judge()
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b border.GiverRecord) int { return strings.Compare(a.Giver, b.Giver) })
	return all, nil
}

// add enters one item.
func add(g *border.GiverRecord, e entry, met, rejected, seen bool) {
	g.Items++
	for _, c := range []struct {
		n  *int
		is bool
	}{
		{&g.Quarantined, e.verdict.Hold},
		{&g.Held, e.held()},
		{&g.Accepted, e.verdict.Hold && !e.held()},
		{&g.Rejected, rejected},
		{&g.Alerting, met && !e.held()},
		{&g.Sighted, seen},
	} {
		if c.is {
			*c.n++
		}
	}
}

// metItems are the items that own logs met.
func (n *Node) metItems(ctx context.Context) (map[sqlite.Key]bool, error) {
	met := make(map[sqlite.Key]bool)
	groups, _, err := n.seen.Groups(ctx, false, manyGroups, 0)
	for _, g := range groups {
		met[g.Key] = true
	}
	return met, err
}

// rejected are the items of which the last decision takes an acceptance back.
func (n *Node) rejected(ctx context.Context) (map[sqlite.Key]bool, error) {
	decisions, err := n.view.Decisions(ctx, n.self.Origin)
	out := make(map[sqlite.Key]bool)
	for _, d := range decisions {
		for item := d.From; item <= d.To; item++ {
			k := sqlite.Key{Origin: d.Origin, Index: d.Index, Item: item}
			delete(out, k)
			if d.Stance == border.StanceReject {
				out[k] = true
			}
		}
	}
	return out, err
}

// seenItems are the items that another party than their giver says to have seen.
func (n *Node) seenItems(ctx context.Context) (map[sqlite.Key]bool, error) {
	seen, err := n.view.Seen(ctx)
	out := make(map[sqlite.Key]bool)
	for _, s := range seen {
		if m, ok := n.roster.ByOrigin(s.Key.Origin); ok && m.ID != s.Party {
			out[s.Key] = true
		}
	}
	return out, err
}

// tookBack counts what a party retracted.
func (n *Node) tookBack(ctx context.Context, m record.Member, g *border.GiverRecord) error {
	all, err := n.view.OfKind(ctx, m.Origin, border.KindRetraction)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.State != sqlite.StateOpen || len(s.Refs) != 1 {
			continue
		}
		b, err := border.ParseRetraction(s.Body)
		if err != nil {
			return err
		}
		g.Retractions++
		for _, r := range b.Ranges {
			g.Retracted += r.To - r.From + 1
		}
		if len(b.Ranges) == 0 {
			of, err := n.view.Statement(ctx, m.Origin, s.Refs[0].Index)
			if err != nil {
				return err
			}
			g.Retracted += itemsSaid(of)
		}
	}
	return nil
}

// itemsSaid is how many items or objects a statement says to hold.
func itemsSaid(s sqlite.Statement) int {
	switch s.Kind {
	case indicator.KindList:
		if b, err := indicator.ParseListBody(s.Body); err == nil {
			return b.Count
		}
	case stix.KindObjects:
		if b, err := stix.ParseObjectsBody(s.Body); err == nil {
			return b.Count
		}
	}
	return 0
}
