package accord

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPowerRemembered: what is remembered of who signed under which lists is what
// holding the statement against each of the lists comes to.
func TestPowerRemembered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, append(append(slices.Clone(planSteps), smoothSteps...), "officers", "officers")).tell(t, [3]string{"north", "south", "observer"})
		r := s.record()
		for p := range r.said {
			e, rules := &r.said[p], r.rulesFor(int32(p))
			if e.party == "" || r.powerName(e) == "" {
				continue
			}
			need := r.power(rules, r.powerName(e))
			ruling, all := r.listsAt(e.party, e.Ref.Index)
			if ruling != nil {
				all = append(all, ruling)
			}
			misses := func(l *Officers) bool { return !need.met(l, e.Said) }
			every, some := ruling != nil && !slices.ContainsFunc(all, misses), slices.ContainsFunc(all, func(l *Officers) bool { return !misses(l) })
			if r.hasPower(int32(p), rules) != every || r.mayHavePower(int32(p), rules) != some {
				rt.Fatalf("number %d of %s: power %v, may have %v; want %v, %v", e.Ref.Index, e.party, r.hasPower(int32(p), rules), r.mayHavePower(int32(p), rules), every, some)
			}
		}
	})
}

// TestWaitingListsOnce: what officers' signatures come to under hundreds of lists that
// wait is reckoned once, however many statements bear them.
func TestWaitingListsOnce(t *testing.T) {
	s := newStory(t)
	for i := range 100 {
		l := staff("south")
		l.Officers[0].Name = fmt.Sprint(i)
		s.say("south", KindOfficers, l)
	}
	p := s.say("north", KindProposal, s.clause())
	for i := range 300 {
		b := stance(Discuss)
		b.Text = Texts{"en": fmt.Sprint(i)}
		s.say("south", KindPosition, b, p)
	}
	r := s.record()
	for p := range r.said {
		if l := r.label(int32(p)); l != LabelNone {
			t.Fatalf("number %d is %q", p, l)
		}
	}
	reckoned, waiting := 0, 0
	for _, set := range r.sets["south"].sets {
		if set != nil {
			reckoned, waiting = reckoned+len(set.met), max(waiting, len(set.all))
		}
	}
	if waiting < 100 || reckoned == 0 || reckoned > 3 {
		t.Errorf("300 statements under %d lists were reckoned %d times", waiting, reckoned)
	}
}
