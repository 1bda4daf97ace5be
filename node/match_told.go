package node

import (
	"context"
	"slices"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/match"
	voprf "entente/match/watchlist"
)

// matchLogged is what the logs say of a run, whoever asks.
func (n *Node) matchLogged(r *match.Standing) api.MatchRun {
	o := &r.Terms
	out := api.MatchRun{
		ID: r.Offer.ID.String(), From: r.From, To: o.To, Purpose: o.Purpose, Mode: o.Mode, Types: o.Types, Exclude: o.Exclude, State: r.State(), Offered: r.Offered,
		Items: map[string]int{r.From: o.Side.Items}, Observer: o.Observer, Own: n.self.ID == r.From || n.self.ID == o.To, Count: -1,
		Epoch: o.Epoch, Step: o.Step, Aged: o.Aged.Seconds, Audit: o.Audit.Items, Sees: o.Audit.Sees, Consented: r.Consented,
		Sides: []api.MatchSide{{Party: r.From, Items: o.Side.Items, Stocks: len(o.Side.Stocks), Left: o.Side.Left, After: o.Side.Left}, {Party: o.To}},
	}
	if c, err := border.MatchClassOf(n.matchClasses(), o.Types); err == nil {
		out.Class = c.Name
	}
	if r.Void != "" {
		out.Void = append(out.Void, api.MatchVoid{Party: r.From, Index: r.Offer.Index, Why: r.Void})
	}
	for _, v := range r.Voided {
		out.Void = append(out.Void, api.MatchVoid{Party: v.Party, Index: v.Ref.Index, Why: v.Why})
	}
	if r.Terms.Release != "" {
		out.Release = "waits"
	}
	if w := r.Release; w != nil {
		out.Release, out.Withheld = string(w.Code), w.Parties
		if w.Released {
			out.Release = "released"
		}
	}
	if m := r.Proposed; m != nil {
		for i := range out.Sides {
			s := m.Sides[m.Side(out.Sides[i].Party)]
			out.Items[s.Party] = s.Items
			out.Sides[i] = api.MatchSide{Party: s.Party, Items: s.Items, Stocks: len(s.Stocks), Left: s.Left, After: s.After}
		}
	}
	if r.Consent != nil && r.Agreed == nil {
		out.Expires = r.Consented + o.Step*1000
	}
	if r.Agreed != nil {
		out.SID = sidOf(r.Agreed)
		for side := range r.Steps {
			if c := match.ClosingOf(r.Steps[side][match.KindClosing].Raw); c != nil {
				out.Count = c.Count
			}
		}
	}
	n.matchTrail(&out, r)
	return out
}

// matchTrail names the statements in which a run stands. What an abort says is its
// author's word.
func (n *Node) matchTrail(out *api.MatchRun, r *match.Standing) {
	out.Trail = []api.MatchMark{}
	for _, m := range r.Trail() {
		one := api.MatchMark{What: m.What, Party: m.Party, Index: m.Ref.Index, Time: m.Time}
		if m.Abort != nil {
			one.Code = string(m.Abort.Code)
			if m.Abort.Fault >= 0 {
				one.Blames = r.Agreed.Manifest.Sides[m.Abort.Fault].Party
			}
			if out.State == match.StateAborted && out.Code == "" {
				out.Code = one.Code
			}
		}
		out.Trail = append(out.Trail, one)
		if out.State.Over() {
			out.Ended = max(out.Ended, m.Time)
		}
	}
}

// MatchBudgets implements api.Node.
func (c control) MatchBudgets(ctx context.Context) ([]api.MatchBudget, error) {
	return c.n.matchBudgets(ctx)
}

func (n *Node) matchBudgets(ctx context.Context) ([]api.MatchBudget, error) {
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := n.matchLists(ctx)
	if err != nil {
		return nil, err
	}
	epoch, out := n.roster.Charter.Epoch, []api.MatchBudget{}
	for _, m := range n.roster.Others(n.self.ID) {
		if m.Role != charter.RoleParty || n.self.Role != charter.RoleParty {
			continue
		}
		for _, c := range n.matchClasses() {
			b := api.MatchBudget{Party: m.ID, Class: c.Name, Types: slices.Sorted(slices.Values(c.Types)), Epoch: epoch, Most: c.Guesses}
			b.Left = n.guessesLeft(runs, n.askedOf(lists, m.ID, (*voprf.Standing).Taken), c, m.ID)
			b.Ours, b.Said = match.Granted(runs, m.ID, n.self.ID, epoch, func(o *match.Offer) bool { return c.Holds(o.Types) })
			out = append(out, b)
		}
	}
	return out, nil
}

// seesMatches says whether the viewer may see runs: their acts are TLP:AMBER.
func (on screens) seesMatches() bool {
	return border.Amber.Level() <= on.lens.Ceiling() && on.lens.Guest() == ""
}
