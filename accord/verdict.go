package accord

import (
	"slices"
)

// judge finds the gravest outcome that any item has towards any other party. An
// agreement never hides what else was said and not answered.
func judge(items []*ItemView, parties []string) Verdict {
	var found []Verdict
	speak := map[string]bool{}
	vague := len(items) > 0
	for _, v := range items {
		vague = vague && v.Item.Vague
		speak[v.Party] = speak[v.Party] || v.counts()
	}
	items = slices.DeleteFunc(slices.Clone(items), func(v *ItemView) bool { return !v.counts() })
	for _, v := range items {
		for _, q := range parties {
			if q == v.Party {
				continue
			}
			if f, ok := towards(v, q, items, speak); ok {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 && vague {
		return Verdict{Outcome: OutNotComparable, Why: WhyVague}
	}
	for _, o := range Outcomes() {
		if v, ok := joined(found, o); ok {
			return v
		}
	}
	return Verdict{Outcome: OutNotComparable, Why: WhyLabel}
}

// towards is the outcome of one item towards one other party: by that party's
// answer, else by its own items on the same thing, else by its silence. It is
// none where the party takes no part in what several others tell.
func towards(v *ItemView, q string, items []*ItemView, speak map[string]bool) (Verdict, bool) {
	a := v.standing(q)
	if a != nil && substantive(a.Stance) {
		return Verdict{Outcome: map[Stance]Outcome{Agree: OutAgreed, Differ: OutDiffer, Deny: OutContradict}[a.Stance], Why: WhyStance}, true
	}
	if speak[q] {
		return beside(v, q, items), true
	}
	asked := v.Asked[q]
	switch {
	case a != nil:
		return Verdict{Outcome: OutNoComment, Why: WhyStance, Parties: []string{q}, Asked: asked.Times}, true
	case asked.Times > 0:
		return Verdict{Outcome: OutNotAnswered, Parties: []string{q}, Asked: asked.Times, Since: asked.Since}, true
	case len(speak) > 1 && count(speak) > 1:
		return Verdict{}, false
	}
	only := Verdict{Outcome: OutOnly, Parties: []string{v.Party}}
	if v.About != "" {
		only.About = []string{v.About}
	}
	return only, true
}

func count(set map[string]bool) (n int) {
	for _, in := range set {
		if in {
			n++
		}
	}
	return n
}

// beside compares an item with the items of one other party: a contradiction
// with any of them stands, otherwise the one that fits best.
func beside(v *ItemView, q string, items []*ItemView) Verdict {
	best := Pair{OutNotComparable, WhyNoNumber}
	first := true
	for _, o := range items {
		if o.Party != q || !o.counts() {
			continue
		}
		p := CompareItems(v.Item, o.Item)
		if p.Outcome == OutContradict {
			return Verdict{Outcome: p.Outcome, Why: p.Why}
		}
		if first || fit(p.Outcome) < fit(best.Outcome) || p.Outcome == best.Outcome && p.Why < best.Why {
			best, first = p, false
		}
	}
	return Verdict{Outcome: best.Outcome, Why: best.Why}
}

func fit(o Outcome) int {
	return slices.Index([]Outcome{OutAgreed, OutDiffer, OutNotComparable}, o)
}

// joined joins the verdicts that have one outcome.
func joined(found []Verdict, o Outcome) (v Verdict, ok bool) {
	for _, f := range found {
		if f.Outcome != o {
			continue
		}
		if !ok {
			v, ok = f, true
			continue
		}
		v.Parties = append(slices.Clone(v.Parties), f.Parties...)
		v.Asked = max(v.Asked, f.Asked)
		v.About = append(slices.Clone(v.About), f.About...)
		if f.Why != "" && (v.Why == "" || f.Why < v.Why) {
			v.Why = f.Why
		}
		if f.Since != 0 && (v.Since == 0 || f.Since < v.Since) {
			v.Since = f.Since
		}
	}
	slices.Sort(v.Parties)
	slices.Sort(v.About)
	v.Parties, v.About = slices.Compact(v.Parties), slices.Compact(v.About)
	return v, ok
}
