package accord

import (
	"cmp"
	"slices"
)

// leave reads the exits: each runs its notice and can be revoked until then. The
// silence of the others changes nothing.
func (r *Record) leave(a *act, now int64) {
	notice := a.rules.ClauseNotice
	if a.For == ForGroup {
		notice = a.rules.ExitNotice
	}
	if a.For == ForAmend {
		return // rules are left by leaving what they rule
	}
	last := map[string]int{} // each party's newest, from 1
	for _, q := range a.exits {
		e, b := &r.said[q], bodyOf[Position](r, q)
		if e.at == never || b.Part != "" {
			continue // nobody has seen it
		}
		open := last[e.party] - 1
		if open >= 0 && a.Withdrawals[open].Revoked.Origin != "" {
			open = -1
		}
		switch {
		case b.Stance == Withdraw && open < 0:
			effect := max(e.at+notice, b.Effective.seconds())
			a.Withdrawals = append(a.Withdrawals, Withdrawal{Party: e.party, Ref: e.Ref, Said: e.at, Effect: effect})
			last[e.party] = len(a.Withdrawals)
		case b.Stance == RevokeWithdrawal && open >= 0 && e.at < a.Withdrawals[open].Effect:
			a.Withdrawals[open].Revoked = e.Ref
		}
	}
	for i := range a.Withdrawals {
		w := &a.Withdrawals[i]
		w.Done = w.Revoked.Origin == "" && w.Effect <= now
	}
}

// exitEnd is when withdrawals leave an instrument with fewer than two nodes.
func exitEnd(a *act) *ending {
	var open []Withdrawal
	for _, w := range a.Withdrawals {
		if w.Revoked.Origin == "" {
			open = append(open, w)
		}
	}
	slices.SortFunc(open, func(x, y Withdrawal) int {
		return cmp.Or(cmp.Compare(x.Effect, y.Effect), cmp.Compare(x.Party, y.Party))
	})
	left := len(a.Needs)
	for i, w := range open {
		if left--; left >= 2 {
			continue
		}
		var by []string
		for _, v := range open {
			if v.Effect <= w.Effect {
				by = append(by, v.Party)
			}
		}
		return &ending{at: open[i].Effect, why: ReasonWithdrawal, by: by}
	}
	return nil
}
