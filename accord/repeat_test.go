package accord

import (
	"testing"

	"entente/statement"
)

// TestRepeated: what officers signed once is said once. Their signatures on it say
// nothing a second time, when one of them alone puts the same act up again.
func TestRepeated(t *testing.T) {
	s := newStory(t)
	p := s.inForce(s.clause())
	stops := func() bool { i, _ := s.record().Instrument(p); return i.Clauses[0].State == ClauseSuspended }
	label := func(ref statement.Ref) Label {
		said, _ := s.record().Said(ref)
		return s.record().Label(said)
	}
	short := s.sayBy([]string{"delegate"}, "north", KindPosition, stance(Suspend), p)
	s.say("north", KindPosition, stance(Suspend), p)
	s.pass(hour)
	if label(short) != LabelNoPower || !stops() {
		t.Fatalf("%q, stopped %v: what one officer put up before is no copy of what two signed", label(short), stops())
	}
	s.say("north", KindPosition, stance(Resume), p)
	s.pass(hour)
	again := s.say("north", KindPosition, stance(Suspend), p)
	s.pass(hour)
	if label(again) != LabelRepeated || stops() {
		t.Errorf("the same act once more: %q, stopped %v", label(again), stops())
	}
	b := stance(Suspend)
	b.Text = Texts{"en": "once more"}
	s.say("north", KindPosition, b, p)
	s.pass(hour)
	if !stops() {
		t.Error("in other words it does not stop")
	}
	other := s.say("south", KindPosition, stance(Suspend), p)
	s.pass(hour)
	if label(other) != LabelNone {
		t.Errorf("the same of another party: %q", label(other))
	}
}

// TestRepeatedList: an officer who was struck off does not come back by the list
// that named it.
func TestRepeatedList(t *testing.T) {
	s := newStory(t)
	changed := staff("south")
	changed.Officers[4].Roles = []string{RoleArchivist}
	old := s.say("south", KindOfficers, changed)
	s.pass(day + minute)
	s.pass(minute)
	without := staff("south")
	without.Officers = without.Officers[:4]
	s.say("south", KindOfficers, without)
	s.pass(day + minute)
	s.pass(minute)
	s.say("south", KindOfficers, changed)
	s.pass(day + minute)
	s.pass(minute)
	r := s.record()
	lists := r.OfficersLists("south")
	if got := lists[3]; got.Label != LabelRepeated || got.Rules {
		t.Errorf("%+v", got)
	}
	if now, ok := r.Officers("south", s.heads["south"]); !ok || len(now.Officers) != 4 {
		t.Errorf("%d officers rule", len(now.Officers))
	}
	if lists[1].Ref != old || lists[1].Label != LabelNone {
		t.Errorf("%+v", lists[1])
	}
}
