package accord

import (
	"os"
	"testing"
	"time"

	"entente/statement"
)

// TestFlood: one party says one thing again and again on one text. Sixteen times as
// much takes some sixteen times as long, not 256 times.
func TestFlood(t *testing.T) {
	if os.Getenv("ENTENTE_MODEL") != "deep" {
		t.Skip("measures time: with ENTENTE_MODEL=deep")
	}
	for name, say := range map[string]func(s *story, p statement.Ref, n int){
		"takes back": func(s *story, p statement.Ref, _ int) { s.say("north", KindPosition, stance(Retract), p) },
		"leaves and returns": func(s *story, p statement.Ref, n int) {
			b := stance(RevokeWithdrawal)
			if n%2 == 0 {
				b = stance(Withdraw)
				b.Effective = At(time.Unix(start, 0))
			}
			s.say("north", KindPosition, b, p)
		},
		"stops and resumes": func(s *story, p statement.Ref, n int) {
			s.say("north", KindPosition, stance([]Stance{Suspend, Resume}[n%2]), p)
		},
		"lists officers":           func(s *story, _ statement.Ref, _ int) { s.say("north", KindOfficers, staff("north")) },
		"lists them without power": func(s *story, _ statement.Ref, _ int) { s.sayBy(nil, "north", KindOfficers, staff("north")) },
		"replaces": func(s *story, p statement.Ref, _ int) {
			text := s.clause()
			text.Supersedes = true
			s.say("north", KindProposal, text, p)
		},
		"cosigns": func(s *story, _ statement.Ref, n int) {
			s.now += int64(n % 2)
			s.cosign("south", "north")
		},
	} {
		flood := func(n int) World {
			s := newStory(t)
			p := s.inForce(s.clause())
			for i := range n {
				say(s, p, i)
			}
			s.pass(minute)
			return s.world()
		}
		few, many := fastest(flood(3000)), fastest(flood(48_000))
		ratio := float64(many) / float64(few)
		t.Logf("%s: sixteen times as much takes %.1f times as long (%v, %v)", name, ratio, few, many)
		if ratio > 100 {
			t.Errorf("%s: that is more than in proportion", name)
		}
	}
}

// fastest is the best of some runs of the fold.
func fastest(w World) time.Duration {
	best := time.Hour
	for range 3 {
		from := time.Now()
		NewRecord(w)
		best = min(best, time.Since(from))
	}
	return best
}
