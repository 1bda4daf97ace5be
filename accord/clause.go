package accord

import (
	"slices"
)

// clauses says of each clause where it stands. A suspension works at once, for as
// long as it says, and is one party's own.
func (r *Record) clauses(a *act, now int64) {
	suspensions := map[int][]Suspension{} // 0: of the whole
	for _, q := range a.exits {
		r.suspend(a, q, suspensions)
	}
	a.Suspensions = suspensions[0]
	for _, c := range a.p.Clauses {
		s := ClauseState{No: c.No, Checkable: c.Observe.Checkable(), Until: known(c.Until.seconds())}
		s.Suspensions = append(slices.Clone(suspensions[0]), suspensions[c.No]...)
		if a.complete {
			s.From = known(max(a.Effective, c.From.seconds()))
		}
		s.State = r.clauseWord(a, c, &s, now)
		if s.State == ClauseSuspended {
			s.MayMirror = mayMirror(a.Needs, s.Suspensions, now)
		}
		a.Clauses = append(a.Clauses, s)
	}
}

func (r *Record) suspend(a *act, q int32, suspensions map[int][]Suspension) {
	e, b := &r.said[q], bodyOf[Position](r, q)
	if e.at == never || b.Stance != Suspend && b.Stance != Resume {
		return
	}
	no := 0
	if b.Part != "" {
		_, no, _ = SplitPart(b.Part)
	}
	if b.Stance == Suspend {
		suspensions[no] = append(suspensions[no], Suspension{Party: e.party, Ref: e.Ref, From: max(e.at, b.Effective.seconds()), Until: known(b.Until.seconds()), Whole: no == 0})
		return
	}
	for n, list := range suspensions {
		for i := range list {
			if (no == 0 || n == no) && list[i].Party == e.party && list[i].Ended == 0 {
				list[i].Ended = e.at
			}
		}
	}
}

func (r *Record) clauseWord(a *act, c Clause, s *ClauseState, now int64) ClauseWord {
	holds := func(x Suspension) bool { return x.holds(now) }
	agreed := a.State == StateAgreed || a.State == StateInForce
	switch {
	case !c.Scope.Defined():
		return ClauseNoScope
	case a.State == StateEnded:
		return ClauseEnded
	case !agreed:
		return ClauseNone
	case s.Until != 0 && s.Until <= now:
		return ClauseExpired
	case slices.ContainsFunc(s.Suspensions, holds):
		return ClauseSuspended
	case a.State == StateInForce && (s.From <= now || c.From.seconds() <= a.Effective):
		return ClauseInForce
	case a.Confirmed == 0 && c.Provisional && max(a.done.high, c.From.seconds()) <= now:
		s.From = max(a.done.high, c.From.seconds())
		return ClauseProvisional
	}
	return ClauseWaits
}

// mayMirror are the parties that can answer a suspension with one of their own.
func mayMirror(needs []string, all []Suspension, now int64) []string {
	var out []string
	for _, id := range needs {
		if !slices.ContainsFunc(all, func(s Suspension) bool { return s.Party == id && s.holds(now) }) {
			out = append(out, id)
		}
	}
	return out
}
