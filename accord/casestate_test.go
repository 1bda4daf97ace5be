package accord

import (
	"errors"
	"slices"
	"testing"

	"entente/statement"
)

func (s *story) is(t *testing.T, kind CaseKind, state string, owner ...string) CaseState {
	t.Helper()
	c := s.record().CaseState(s.last)
	if c.Kind != kind || c.State != state || !slices.Equal(c.Owner, owner) {
		t.Errorf("%s, %s, owner %v; want %s, %s, %v", c.Kind, c.State, c.Owner, kind, state, owner)
	}
	return c
}

// signed tables a text, signs it and waits.
func (s *story) signed(kind ProposalKind, change func(*Proposal)) statement.Ref {
	s.t.Helper()
	p := s.clause()
	p.For, p.Clauses, p.CoolingOff = kind, []Clause{}, day
	if change != nil {
		change(&p)
	}
	ref := s.say("north", KindProposal, p)
	s.say("north", KindPosition, stance(Consent), ref)
	s.say("south", KindPosition, stance(Consent), ref)
	s.pass(minute)
	s.pass(day + minute)
	s.pass(minute)
	return ref
}

// TestIncident goes from the first account to the joint text.
func TestIncident(t *testing.T) {
	s := newStory(t)
	s.last = "000000000000000000000000000000aa"
	s.is(t, CaseEmpty, CaseNothing)
	seal := func(a Account, part []byte) (Account, []byte) {
		a.Mode, a.Depositary, a.CommitBy, a.RevealBy = "sealed", "observer", s.in(day), s.in(3*day)
		return a, part
	}
	a, part := seal(account(t, claim(nil)))
	north := s.tell("north", a, part)
	s.is(t, CaseEmpty, CaseNothing) // nobody has seen it
	s.pass(minute)
	if c := s.is(t, CaseIncident, IncOpened, "south"); c.Due != a.CommitBy.Time().Unix() || c.Overdue {
		t.Errorf("due %d", c.Due)
	}
	b, other := seal(account(t, claim(nil)))
	south := s.tell("south", b, other)
	s.pass(minute)
	c := s.is(t, CaseIncident, IncCommitted, "north", "south")
	if len(c.Open) != 2 || c.Open[0].Kind != MatterReveal {
		t.Errorf("open: %+v", c.Open)
	}
	s.say("north", KindPosition, stance(Reveal), north)
	s.pass(minute)
	s.is(t, CaseIncident, IncRevealed, "south")
	s.say("south", KindPosition, stance(Reveal), south)
	s.pass(minute)
	s.is(t, CaseIncident, IncCompared, "north", "south")
	p := s.clause()
	p.For, p.Clauses, p.CoolingOff = ForReport, []Clause{}, day
	s.say("south", KindProposal, p)
	s.pass(minute)
	s.is(t, CaseIncident, IncTabled, "north", "south")
	s.pass(31 * day)
	s.is(t, CaseIncident, IncNoText)
	s.signed(ForReport, nil)
	s.is(t, CaseIncident, IncSigned)
	s.signed(ForClose, nil)
	s.is(t, CaseIncident, CaseClosed)
}

// TestOneAccount: at the deadline one account stands alone, and the case says
// who has told nothing.
func TestOneAccount(t *testing.T) {
	s := newStory(t)
	s.last = "000000000000000000000000000000aa"
	a, part := account(t, claim(nil))
	a.Mode, a.CommitBy, a.RevealBy = "sealed", s.in(day), s.in(3*day)
	north := s.tell("north", a, part)
	s.pass(2 * day)
	s.say("north", KindPosition, stance(Reveal), north)
	s.pass(minute)
	s.is(t, CaseIncident, IncRevealed, "south")
	n, _ := s.record().Incident(s.last)
	if !slices.Equal(n.Alone, []string{"north"}) || !slices.Equal(n.Missing, []string{"south"}) {
		t.Errorf("%+v", n)
	}
	s.pass(60 * day)
	s.is(t, CaseIncident, IncRevealed, "south") // one account is not two
}

// TestCloseNeedsATest: a case closes when every corrective action of it has
// passed its test, not before; what comes back reopens it and names the action.
func TestCloseNeedsATest(t *testing.T) {
	s := newStory(t)
	s.last = "000000000000000000000000000000aa"
	ref := s.signed(ForAction, func(p *Proposal) {
		p.Action = &Action{Who: "south", Due: s.in(5 * day), WatchUntil: s.in(60 * day), Test: Texts{"en": "Scan again."}, Queries: []Query{}}
	})
	s.is(t, CaseAction, ActionOpen, "south")
	s.signed(ForClose, nil)
	c := s.is(t, CaseAction, ActionOpen, "south")
	if !errors.Is(c.Refused, &statement.Refusal{Code: statement.CodeState}) {
		t.Errorf("closing without a test: %v", c.Refused)
	}
	s.say("south", KindPosition, stance(Done), ref)
	s.pass(minute)
	test := exhibitOf("shared")
	test.Kind, test.Passed = "test-result", "failed"
	s.say("north", KindExhibit, test, ref)
	s.pass(minute)
	s.is(t, CaseAction, ActionFailed, "south")
	test.Passed = "passed"
	s.say("north", KindExhibit, test, ref)
	s.pass(minute)
	if c := s.is(t, CaseAction, CaseClosed); c.Refused != nil {
		t.Errorf("%v", c.Refused)
	}
	again := At(s.world().Now)
	a, part := account(t, claim(func(it *Item) { it.From = again }))
	s.tell("north", a, part, ref)
	s.pass(minute)
	if c := s.is(t, CaseAction, CaseReopened, "south"); c.Failed != ref {
		t.Errorf("failed: %v", c.Failed)
	}
}

// TestParked: parking is not closing: the topic stays listed with its age.
func TestParked(t *testing.T) {
	s := newStory(t)
	s.last = "000000000000000000000000000000aa"
	n := samples()[KindNotice].(Notice)
	n.Level, n.Ask = LevelRoutine, "consult"
	ref := s.say("north", KindNotice, n)
	s.pass(minute)
	if c := s.is(t, CaseLine, CallDelivered, "south"); len(c.Open) != 1 || c.Open[0].Kind != MatterAnswer {
		t.Errorf("%+v", c.Open)
	}
	s.say("south", KindPosition, stance(Park), ref)
	s.pass(minute)
	parked := s.now
	s.pass(400 * day)
	c := s.is(t, CaseLine, CaseParked)
	last := c.Open[len(c.Open)-1]
	if len(c.Open) != 2 || last.Kind != MatterParked || last.Since != parked {
		t.Errorf("%+v", c.Open)
	}
}

// TestAccusationStaysOpen: a five-year-old matter is on the list; closing it
// without a finding is a state of its own.
func TestAccusationStaysOpen(t *testing.T) {
	s := newStory(t)
	s.last = "000000000000000000000000000000aa"
	charge(t, s)
	s.pass(minute)
	s.pass(5 * 365 * day)
	s.is(t, CaseAccusation, AccAlleged, "south")
	s.signed(ForClose, nil)
	s.is(t, CaseAccusation, AccClosedNone)
}

// TestAskAgain: not now is a stance with a date, and the date stays listed.
func TestAskAgain(t *testing.T) {
	s := newStory(t)
	s.last = "000000000000000000000000000000aa"
	ref := s.say("north", KindProposal, s.clause())
	p := stance(NotNow)
	p.Until = s.in(90 * day)
	s.say("south", KindPosition, p, ref)
	s.pass(minute)
	s.pass(91 * day)
	c := s.is(t, CaseInstrument, string(StateLapsed))
	i := slices.IndexFunc(c.Open, func(m OpenMatter) bool { return m.Kind == MatterAgain })
	if i < 0 || c.Open[i].Due != p.Until.Time().Unix() || c.Open[i].Due > s.now || !slices.Equal(c.Open[i].Owner, []string{"south"}) {
		t.Errorf("%+v", c.Open)
	}
}
