package accord

import (
	"crypto/sha256"
	"slices"
	"testing"

	"entente/statement"
)

func exhibitOf(held string) Exhibit {
	e := samples()[KindExhibit].(Exhibit)
	e.Size, e.SHA256 = 3, sha256.Sum256([]byte("abc"))
	switch e.Held = held; held {
	case "withheld":
		e.Reason = "sources"
	case "observer-only":
		e.Observer = "observer"
	}
	return e
}

// charge begins a case in which north accuses south of three things, two of
// them on evidence.
func charge(t *testing.T, s *story) (told statement.Ref, exhibits []statement.Ref) {
	for _, held := range []string{"shared", "withheld", "observer-only"} {
		exhibits = append(exhibits, s.say("north", KindExhibit, exhibitOf(held)))
	}
	ids := func(n ...int) func(*Item) {
		return func(it *Item) {
			it.Who, it.What = "south", "scan"
			for _, i := range n {
				it.Exhibits = append(it.Exhibits, exhibits[i].ID.String())
			}
		}
	}
	a, part := account(t, claim(ids(0)), claim(ids(1)), claim(ids(0, 2)))
	a.Names = []string{"south", "somebody"}
	return s.tell("north", a, part), exhibits
}

func (s *story) notify(about statement.Ref, ask string, from, to string) statement.Ref {
	n := samples()[KindNotice].(Notice)
	n.Level, n.Ask, n.To = LevelPriority, ask, []string{to}
	return s.say(from, KindNotice, n, about)
}

func (s *story) accusation(t *testing.T) Accusation {
	t.Helper()
	a, ok := s.record().Accusation(s.last)
	if !ok {
		t.Fatal("no accusation")
	}
	return a
}

// TestAccusation goes from the charge to the finding, and shows at each step what
// state it has and whose step is next.
func TestAccusation(t *testing.T) {
	s := newStory(t)
	told, exhibits := charge(t, s)
	is := func(state string, owner ...string) Accusation {
		t.Helper()
		s.pass(minute)
		a := s.accusation(t)
		if a.State != state || !slices.Equal(a.Owner, owner) {
			t.Errorf("%s, owner %v; want %s, %v", a.State, a.Owner, state, owner)
		}
		return a
	}
	a := is(AccAlleged, "south")
	if !slices.Equal(a.Flags, []string{FlagNotNotified}) || !slices.Equal(a.Accused, []string{"south"}) {
		t.Errorf("flags %v, accused %v", a.Flags, a.Accused)
	}
	notice := s.notify(told, "explain", "north", "south")
	if a := is(AccAlleged, "south"); len(a.Flags) != 0 {
		t.Errorf("the digests came first, and the flags are %v", a.Flags)
	}
	s.pass(5 * 365 * day)
	is(AccAlleged, "south") // at any age
	s.say("south", KindPosition, stance(Ack), notice)
	is(AccAcked, "south")
	s.say("south", KindPosition, onItem(Deny, 3), told)
	a = is(AccAcked, "south")
	for i, want := range []string{AccAcked, AccAcked, "deny"} {
		if got := a.Items[i].States["south"]; got != want {
			t.Errorf("item %d: %s, want %s: a denial of one leaves the others as they were", i+1, got, want)
		}
	}
	s.say("south", KindPosition, onItem(Agree, 1), told)
	s.say("south", KindPosition, onItem(NoComment, 2), told)
	is(AccAnswered, "north", "south")
	s.notify(told, "inspect", "south", "north")
	a = is(AccWithheld, "north", "south")
	for reader, want := range map[string]int{"north": 0, "south": 2, "observer": 1} {
		if n, of := a.Unseen(reader); n != want || of != 3 {
			t.Errorf("%s cannot see what %d of %d rest on, want %d of 3", reader, n, of, want)
		}
	}
	s.say("observer", KindPosition, stance(Ack), exhibits[2])
	s.say("north", KindPosition, stance(Reveal), exhibits[1])
	for i := range s.w.Said {
		if s.w.Said[i].Ref == exhibits[1] {
			s.w.Said[i].Parts = map[int][]byte{1: []byte("abc")}
		}
	}
	a = is(AccObserverOnly, "north", "south")
	seen := slices.IndexFunc(a.Evidence, func(e Evidence) bool { return e.State == "observer-only" })
	if !slices.Equal(a.Evidence[seen].SeenBy, []string{"observer"}) {
		t.Errorf("the accused does not see that it was seen: %+v", a.Evidence[seen])
	}
	for i := range s.w.Said {
		if s.w.Said[i].Ref == exhibits[1] {
			s.w.Said[i].Parts = map[int][]byte{1: []byte("abd")}
		}
	}
	a = is(AccEvidenceAsked, "north")
	if !slices.ContainsFunc(a.Evidence, func(e Evidence) bool { return e.State == "mismatch" }) {
		t.Error("what was revealed is not what was committed to, and nobody says so")
	}
}

// TestEvidenceWithoutContent: what is said to be shared and has no part that holds
// it is not there for anybody; a part that this node may not read yet is.
func TestEvidenceWithoutContent(t *testing.T) {
	for digests, want := range map[int]string{1: "missing", 2: "shown"} {
		s := newStory(t)
		_, exhibits := charge(t, s)
		for i := range s.w.Said {
			if s.w.Said[i].Ref == exhibits[0] {
				s.w.Said[i].Digests, s.w.Said[i].Parts = make([]statement.Digest, digests), nil
			}
		}
		s.pass(minute)
		for _, e := range s.accusation(t).Evidence {
			if e.Ref == exhibits[0] && e.State != want {
				t.Errorf("an exhibit of %d parts is %s, want %s", digests, e.State, want)
			}
		}
	}
}

func TestLateEvidence(t *testing.T) {
	s := newStory(t)
	a, part := account(t, claim(func(it *Item) { it.Who = "south" }))
	a.Names = []string{"south"}
	first := s.tell("north", a, part)
	s.notify(first, "explain", "north", "south")
	s.pass(minute)
	late := s.say("north", KindExhibit, exhibitOf("shared"))
	b, more := account(t, claim(func(it *Item) { it.Who, it.Exhibits = "south", []string{late.ID.String()} }))
	b.Names = []string{"south"}
	s.tell("north", b, more, first)
	s.pass(minute)
	if got := s.accusation(t); !slices.Equal(got.Flags, []string{FlagLateEvidence}) || !got.Evidence[0].Late {
		t.Errorf("flags %v", got.Flags)
	}
}

// finding lets those who are needed sign a finding, and waits until it is in
// force.
func (s *story) finding(result string, needs ...string) statement.Ref {
	p := s.clause()
	p.For, p.Clauses, p.Needs, p.CoolingOff = ForFinding, []Clause{}, needs, day
	p.Finding = &Finding{Result: result, Views: []View{}}
	ref := s.say(needs[0], KindProposal, p)
	for _, id := range needs {
		s.say(id, KindPosition, stance(Consent), ref)
	}
	s.pass(minute)
	s.pass(day + minute)
	s.pass(minute)
	return ref
}

// TestFinding: a finding against south needs north and an observer, or both
// parties; a split one is in force as such, and a new exhibit reopens it.
func TestFinding(t *testing.T) {
	for _, c := range []struct {
		name, result string
		needs        []string
		word         string
		short        bool
	}{
		{"both", "breach", []string{"north", "south"}, FindingJoint, false},
		{"both, split", "split", []string{"north", "south"}, FindingSplit, false},
		{"accuser and observer", "breach", []string{"north", "observer"}, FindingObserver, false},
		{"accused and observer", "not-a-breach", []string{"observer", "south"}, FindingNone, true},
		{"both, nothing", "none", []string{"north", "south"}, FindingNone, false},
	} {
		s := newStory(t)
		charge(t, s)
		s.pass(minute)
		s.finding(c.result, c.needs...)
		a := s.accusation(t)
		if len(a.Findings) != 1 || a.Finding.Word != c.word || a.Findings[0].Short != c.short || a.Findings[0].State != StateInForce {
			t.Errorf("%s: %+v, want %s", c.name, a.Findings, c.word)
		}
		if want := map[bool]string{true: AccFound, false: AccAlleged}[c.word != FindingNone]; a.State != want {
			t.Errorf("%s: %s, want %s", c.name, a.State, want)
		}
		if c.word != FindingSplit {
			continue
		}
		s.say("observer", KindExhibit, exhibitOf("shared"))
		s.pass(minute)
		if a := s.accusation(t); a.State != AccFound {
			t.Errorf("an observer's exhibit reopened a split finding: %s", a.State)
		}
		s.say("south", KindExhibit, exhibitOf("shared"))
		s.pass(minute)
		if a := s.accusation(t); a.State != AccReopened {
			t.Errorf("%s, want %s", a.State, AccReopened)
		}
	}
}

// TestAccusationBlocksNothing: every instrument is as it would be without it.
func TestAccusationBlocksNothing(t *testing.T) {
	with := func(accuse bool) State {
		s := newStory(t)
		if accuse {
			charge(t, s)
			s.pass(minute)
		}
		p := s.clause()
		p.CoolingOff = day
		ref := s.say("north", KindProposal, p)
		s.say("north", KindPosition, stance(Consent), ref)
		s.say("south", KindPosition, stance(Consent), ref)
		s.pass(minute)
		s.pass(day + minute)
		s.pass(minute)
		i, _ := s.record().Instrument(ref)
		return i.State
	}
	if a, b := with(false), with(true); a != b || a != StateInForce {
		t.Errorf("%s without, %s with an accusation", a, b)
	}
}

// TestClarifications: an unanswered request stands beside the part with its age,
// the answer stands beside the text, and more than the quota asks nothing.
func TestClarifications(t *testing.T) {
	s := newStory(t)
	p := s.clause()
	ref := s.say("north", KindProposal, p)
	n := samples()[KindNotice].(Notice)
	n.Level, n.Ask, n.Part, n.To = LevelRoutine, "explain", "clause/1", []string{"north"}
	var asks []statement.Ref
	for range 4 {
		asks = append(asks, s.say("south", KindNotice, n, ref))
		s.pass(hour)
	}
	list := s.record().Clarifications(ref)
	for i, c := range list {
		if c.Times != i+1 || c.Over != (i == 3) || c.Open() == c.Over {
			t.Errorf("request %d: %+v", i+1, c)
		}
	}
	if err := s.record().MayAsk("south", "north", ref, "clause/1"); err == nil {
		t.Error("a fourth open request is not refused")
	}
	if err := s.record().MayAsk("south", "north", ref, ""); err != nil {
		t.Error(err)
	}
	if err := s.record().MayAsk("south", "north", ref, "clause/9"); err == nil {
		t.Error("a request on a clause that is not there is not refused")
	}
	if got := s.record().CaseClarifications(s.record().said[s.record().find(ref)].Act.Case); !slices.EqualFunc(got, list, func(a, b Clarification) bool { return a.Notice == b.Notice }) {
		t.Errorf("of the case: %+v", got)
	}
	e := stance(Explain)
	e.Text = Texts{"en": "Counties only."}
	s.say("south", KindPosition, e, asks[0]) // not whom it asks
	answer := s.say("north", KindPosition, e, asks[0])
	s.pass(minute)
	list = s.record().Clarifications(ref)
	if a := list[0].Answers; len(a) != 1 || a[0].Ref != answer || a[0].Text["en"] != "Counties only." {
		t.Errorf("%+v", a)
	}
	if err := s.record().MayAsk("south", "north", ref, "clause/1"); err != nil {
		t.Error(err)
	}
	e.Part = "clause/1" // on the part: all that is open
	s.say("north", KindPosition, e, ref)
	s.pass(minute)
	for i, c := range s.record().Clarifications(ref) {
		if c.Open() {
			t.Errorf("request %d is still open", i+1)
		}
	}
}
