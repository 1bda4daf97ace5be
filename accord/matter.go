package accord

import (
	"cmp"
	"slices"

	"entente/statement"
)

// matters lists what in a case waits for somebody; parked topics stand last, and
// each list the oldest first.
func (r *Record) matters(said []Said) []OpenMatter {
	var list []OpenMatter
	closed := r.closedAsks(said)
	for _, s := range said {
		at, covered := r.Covered(s.Ref)
		if !covered || r.Label(s) != LabelNone {
			continue
		}
		switch b := r.said[r.find(s.Ref)].body.(type) {
		case *Notice:
			list = append(list, r.waiting(s, b, closed)...)
		case *Proposal:
			i, ok := r.Instrument(s.Ref)
			if ok && (i.State == StateTabled || i.State == StateCountered || i.State == StatePartly) {
				list = append(list, OpenMatter{Kind: MatterConsent, On: s.Ref, Owner: i.Missing, Since: at, Due: i.DecideBy})
			}
			for _, a := range i.Answers {
				if a.Again != 0 && a.Label == LabelNone { // not now: the day stays listed, whatever became of this text
					list = append(list, OpenMatter{Kind: MatterAgain, On: s.Ref, Owner: []string{a.Party}, Since: a.At, Due: a.Again})
				}
			}
			if v, ok := r.Action(s.Ref, r.now); ok && (v.State == ActionOpen || v.State == ActionOverdue || v.State == ActionDone || v.State == ActionFailed || v.State == ActionReopened) {
				list = append(list, OpenMatter{Kind: MatterAction, On: s.Ref, Owner: []string{v.Who}, Since: v.Since, Due: v.Due})
			}
		case *Account, *Assessment:
			if !sealedBody(b) {
				continue
			}
			if seal, _ := r.Reveal(s.Ref); seal.State == SealMayReveal || seal.State == SealNotOpened {
				m := OpenMatter{Kind: MatterReveal, On: s.Ref, Owner: []string{s.Party}, Since: at, Due: seal.RevealBy}
				if seal.State == SealNotOpened && seal.Depositary != "" { // who holds it opens it now
					m.Owner = []string{seal.Depositary}
				}
				list = append(list, m)
			}
		case *Position:
			if b.Stance == Park && !r.retracted(s.Ref) {
				list = append(list, OpenMatter{Kind: MatterParked, On: s.Act.Refs[0], Part: b.Part, Owner: []string{s.Party}, Since: at})
			}
		}
	}
	parked := func(m OpenMatter) int { return map[bool]int{m.Kind == MatterParked: 1}[true] }
	slices.SortStableFunc(list, func(a, b OpenMatter) int {
		return cmp.Or(cmp.Compare(parked(a), parked(b)), cmp.Compare(a.Since, b.Since), slices.Compare(a.On.ID[:], b.On.ID[:]))
	})
	return list
}

func sealedBody(body any) bool {
	switch b := body.(type) {
	case *Account:
		return b.Mode == "sealed"
	case *Assessment:
		return b.Mode == "sealed"
	}
	return false
}

// closedAsks are the requests for a meaning that wait for nothing: answered on
// the part itself, or beyond the quota. By notice and whom it asks.
func (r *Record) closedAsks(said []Said) map[statement.Ref]map[string]bool {
	closed := map[statement.Ref]map[string]bool{}
	looked := map[statement.Ref]bool{}
	for _, s := range said {
		n, ok := Body[Notice](r, s.Ref)
		if !ok || n.Ask != "explain" || len(s.Act.Refs) == 0 || looked[s.Act.Refs[0]] {
			continue
		}
		looked[s.Act.Refs[0]] = true
		for _, c := range r.Clarifications(s.Act.Refs[0]) {
			if closed[c.Notice] == nil {
				closed[c.Notice] = map[string]bool{}
			}
			closed[c.Notice][c.To] = !c.Open()
		}
	}
	return closed
}

// waiting is who has not answered a notice.
func (r *Record) waiting(s Said, n *Notice, closed map[statement.Ref]map[string]bool) (list []OpenMatter) {
	for _, to := range n.To {
		if to == s.Party || closed[s.Ref][to] {
			continue
		}
		c := r.call(r.find(s.Ref), n, to, r.now.Unix())
		if !c.Open() {
			continue
		}
		m := OpenMatter{Kind: MatterAnswer, On: s.Ref, Part: n.Part, Owner: []string{to}, Since: c.Delivered, Times: c.Asked}
		if n.Ask == "explain" && len(s.Act.Refs) > 0 {
			m.Kind, m.On = MatterMeaning, s.Act.Refs[0]
		}
		if _, due := c.NextDue(); due != 0 {
			m.Due = due
		}
		list = append(list, m)
	}
	return list
}
