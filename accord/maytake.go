package accord

import "slices"

// MayTake lists the stances that a party may take on a text as it stands at an
// instant, in the order of menus. It offers; what counts is judged when it is
// read. A suspension or its end may also stand on one clause.
func (i Instrument) MayTake(party string, now int64) []Stance {
	needed := slices.Contains(i.Needs, party)
	switch i.State {
	case StateTabled, StateCountered, StatePartly:
		return i.beforeAgreed(party, needed)
	case StateAgreed:
		if !needed {
			return []Stance{Discuss}
		}
		if i.Confirmed != 0 {
			return i.whileBound(party, now)
		}
		if now < i.Undo {
			return []Stance{Revoke, Discuss}
		}
		return []Stance{Discuss}
	case StateInForce:
		if needed {
			return i.whileBound(party, now)
		}
		return []Stance{Discuss}
	case StateDisputed, StateEnded, StateRefused, StateLapsed, StateRevoked, StateWithdrawn:
	}
	return nil
}

// beforeAgreed: a consent that counts is firm until the text is decided.
func (i Instrument) beforeAgreed(party string, needed bool) []Stance {
	out := []Stance{Discuss}
	if needed && slices.Contains(i.Missing, party) {
		out = []Stance{Consent, Refuse, Undecided, Discuss, NotNow}
	}
	if i.Author == party {
		out = append(out, Retract)
	}
	return out
}

// whileBound: each way back has its own word. Rules are left by leaving what they
// rule.
func (i Instrument) whileBound(party string, now int64) []Stance {
	if i.For == ForAmend {
		return []Stance{Discuss}
	}
	holds := func(list []Suspension) bool {
		return slices.ContainsFunc(list, func(s Suspension) bool { return s.Party == party && s.holds(now) })
	}
	out := []Stance{Suspend}
	if holds(i.Suspensions) {
		out = nil
	}
	if holds(i.Suspensions) || slices.ContainsFunc(i.Clauses, func(c ClauseState) bool { return holds(c.Suspensions) }) {
		out = append(out, Resume)
	}
	leaving := slices.ContainsFunc(i.Withdrawals, func(w Withdrawal) bool {
		return w.Party == party && w.Revoked.Origin == "" && !w.Done && now < w.Effect
	})
	if leaving {
		return append(out, RevokeWithdrawal, Discuss)
	}
	return append(out, Withdraw, Discuss)
}
