package node

import (
	"cmp"
	"context"
	"slices"

	"entente/console"
	"entente/internal/sqlite"
)

func (on screens) heldBack(ctx context.Context, list *watchlist, q console.WatchQuery) ([]console.HeldBack, int, error) {
	n := on.n
	groups, _, err := on.seen.Groups(ctx, true, manyGroups, 0)
	if err != nil {
		return nil, 0, err
	}
	would := make(map[sqlite.Key]uint64, len(groups))
	for _, g := range groups {
		would[g.Key] = uint64(g.Count)
	}
	var all []console.HeldBack
	for _, e := range list.entries {
		if !e.held() || !on.sees(e) || q.Giver != "" && q.Giver != e.giver || !has(q.Text, e.item.Value, e.name) {
			continue
		}
		h := console.HeldBack{ID: alertID(e.key), Indicator: n.indicatorView(e), WouldMatch: would[e.key], Received: milli(e.given)}
		for _, r := range e.verdict.Reasons {
			h.Reasons = append(h.Reasons, console.Reason{Code: r.Code, Detail: r.Detail})
		}
		if q.Reason != "" && !slices.ContainsFunc(h.Reasons, func(r console.Reason) bool { return r.Code == q.Reason }) {
			continue
		}
		all = append(all, h)
	}
	// What would have matched first: that is what a person should look at.
	slices.SortStableFunc(all, func(a, b console.HeldBack) int { return cmp.Compare(b.WouldMatch, a.WouldMatch) })
	out, total := page(all, q.Offset, q.Limit)
	return out, total, nil
}
