package accord

import (
	"fmt"
	"slices"
	"testing"
	"time"

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

// TestWaitingListsCost: hundreds of lists that wait cost a statement no more than one
// that rules: without the sets it was ten times as much.
func TestWaitingListsCost(t *testing.T) {
	cost := func(lists int) time.Duration {
		s := newStory(t)
		for i := range lists {
			l := staff("south")
			l.Officers[0].Name = fmt.Sprint(i)
			s.say("south", KindOfficers, l)
		}
		p := s.say("north", KindProposal, s.clause())
		for i := range 2000 {
			b := stance(Discuss)
			b.Text = Texts{"en": fmt.Sprint(i)}
			s.say("south", KindPosition, b, p)
		}
		w := s.world()
		known := NewRecord(w) // reading bodies is not what is measured
		best := time.Hour
		for range 5 {
			began := time.Now()
			r := known.Next(w)
			for p := range r.said {
				r.label(int32(p))
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	if none, many := cost(0), cost(450); many > 5*none {
		t.Errorf("with 450 lists that wait it takes %v, without %v", many, none)
	}
}
