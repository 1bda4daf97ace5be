package accord

import (
	"testing"
	"time"

	"entente/statement"
)

// TestPositionBeforeProof: what proves that a log contradicts itself disputes no
// position of the time before anybody had the proof.
func TestPositionBeforeProof(t *testing.T) {
	s := newStory(t)
	p := s.inForce(s.clause())
	before := time.Unix(s.now, 0)
	s.w.Forks = []Fork{{Origin: originOf("south"), Proof: statement.Ref{Origin: originOf("north"), Index: s.heads["north"]}}}
	s.heads["north"]++
	s.pass(hour)
	s.want(p, StateDisputed, ReasonSplit, "south")
	if then, _ := s.record().PositionAt(p, before); then.State != StateInForce {
		t.Errorf("before the proof it was %s (%s)", then.State, then.Reason)
	}
}

// TestAsOfAgrees: the world as of a time gives every text the state that the
// whole record says it had then.
func TestAsOfAgrees(t *testing.T) {
	s := newStory(t)
	p := s.clause()
	p.CoolingOff = day
	ref := s.say("north", KindProposal, p)
	s.say("north", KindPosition, stance(Consent), ref)
	s.pass(hour)
	s.say("south", KindPosition, stance(Consent), ref)
	s.pass(hour)
	s.pass(day)
	s.pass(hour)
	s.say("south", KindPosition, Position{Stance: Suspend, Part: "clause/1", Capacity: "official"}, ref)
	s.pass(hour)
	w, r := s.world(), s.record()
	states := map[State]bool{}
	for at := start - hour; at < s.now+hour; at += 17 * minute {
		when := time.Unix(at, 0).UTC()
		want, ok := r.PositionAt(ref, when)
		got, ok2 := NewRecord(w.AsOf(when)).Instrument(ref)
		if ok != ok2 || got.State != want.State || got.Reason != want.Reason {
			t.Errorf("%s: %s (%s), the whole record says %s (%s)", when, got.State, got.Reason, want.State, want.Reason)
		}
		states[got.State] = true
	}
	if !states[StateTabled] && !states[StatePartly] || !states[StateAgreed] || !states[StateInForce] {
		t.Errorf("only %v were met", states)
	}
}
