package accord

import (
	"maps"
	"slices"
)

// clauses says of each clause where it stands. A suspension works at once, for as
// long as it says, and is one party's own.
func (r *Record) clauses(a *act, now int64) {
	var halts halts
	for _, q := range a.exits {
		halts.add(&r.said[q], bodyOf[Position](r, q))
	}
	a.Suspensions = halts.of(0)
	for _, c := range a.p.Clauses {
		s := ClauseState{No: c.No, Checkable: c.Observe.Checkable(), Until: known(c.Until.seconds())}
		s.Suspensions = append(halts.of(0), halts.of(c.No)...)
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

// halts are the newest suspensions, by clause (0: the whole) and party.
type halts map[int]map[string]Suspension

func (h halts) of(no int) []Suspension {
	var out []Suspension
	for _, id := range slices.Sorted(maps.Keys(h[no])) {
		out = append(out, h[no][id])
	}
	return out
}

// add takes in a suspension or its end, which others have seen.
func (h *halts) add(e *entry, b *Position) {
	if e.at == never || b.Stance != Suspend && b.Stance != Resume {
		return
	}
	no := 0
	if b.Part != "" {
		_, no, _ = SplitPart(b.Part)
	}
	if b.Stance == Resume {
		for n, byParty := range *h {
			if s, ok := byParty[e.party]; ok && s.Ended == 0 && (no == 0 || n == no) {
				s.Ended = e.at
				byParty[e.party] = s
			}
		}
		return
	}
	s := Suspension{Party: e.party, Ref: e.Ref, From: max(e.at, b.Effective.seconds()), Until: known(b.Until.seconds()), Whole: no == 0}
	if *h == nil {
		*h = halts{}
	}
	if (*h)[no] == nil {
		(*h)[no] = map[string]Suspension{}
	}
	if old, ok := (*h)[no][e.party]; ok && old.holds(e.at) {
		s.From = old.From // said again while it holds: one suspension
	}
	(*h)[no][e.party] = s
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
