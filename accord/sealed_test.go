package accord

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

// several is an account of so many different items, sealed to the observer.
func (s *story) several(n int) (Account, []byte) {
	var items []Item
	for i := range n {
		items = append(items, claim(func(it *Item) { it.What = fmt.Sprintf("scan/%d", i) }))
	}
	a, part := account(s.t, items...)
	a.Mode, a.Depositary, a.CommitBy, a.RevealBy = "sealed", "observer", s.in(day), s.in(2*day)
	return a, part
}

// TestDummyAccount: one line against four is no story of one's own: it lets nobody
// read the other's before its time. What is added later counts when it is there.
func TestDummyAccount(t *testing.T) {
	s := newStory(t)
	a, part := s.several(4)
	north := s.tell("north", a, part)
	s.pass(minute)
	dummy, line := s.several(1)
	south := s.tell("south", dummy, line)
	s.pass(minute)
	state := func(ref statement.Ref) Seal {
		t.Helper()
		seal, _ := s.record().Reveal(ref)
		return seal
	}
	if got := state(north); got.State != SealClosed || !slices.Equal(got.Missing, []string{"south"}) {
		t.Errorf("after one item of four: %s, missing %v", got.State, got.Missing)
	}
	if err := s.record().MayReveal("north", north); err == nil {
		t.Error("four items may be shown for one")
	}
	if got := state(south); got.State != SealMayReveal { // south waits for no more than it owes itself
		t.Errorf("the one item: %s", got.State)
	}
	more, second := s.several(1)
	more.Event.Title = Texts{"en": "More of it"}
	s.tell("south", more, second)
	s.pass(minute)
	if got := state(north); got.State != SealMayReveal {
		t.Errorf("after two items of four: %s, missing %v", got.State, got.Missing)
	}
}

// TestToldAfter: who let its time pass and tells when the other's lies open tells
// after it, and the comparison says so; not of the other, nor of who tells before.
func TestToldAfter(t *testing.T) {
	s := newStory(t)
	a, part := s.several(4)
	north := s.tell("north", a, part)
	s.pass(minute)
	dummy, line := s.several(1)
	s.tell("south", dummy, line)
	s.pass(day)
	s.say("north", KindPosition, stance(Reveal), north)
	s.pass(minute)
	late, items := s.several(3)
	late.Mode, late.Depositary, late.CommitBy, late.RevealBy = "open", "", "", ""
	s.tell("south", late, items)
	s.pass(minute)
	c := s.record().Compare(s.last)
	if len(c.Accounts) != 3 || len(c.Accounts[0].After)+len(c.Accounts[1].After) > 0 || !slices.Equal(c.Accounts[2].After, []string{"north"}) {
		t.Errorf("%+v", c.Accounts)
	}
	text := CompareText(Lexicon{Lang: "en", Text: func(key string) string { return key + " {party}" }}, []Comparison{c})
	if strings.Count(text, "accord.compare.after north") != 1 {
		t.Error(text)
	}
}

// TestWrongDisclosure: a depositary that shows another text has opened nothing: it
// still has to, its second try counts, and so does the author's own.
func TestWrongDisclosure(t *testing.T) {
	s := newStory(t)
	a, part := s.several(1)
	north := s.tell("north", a, part)
	s.pass(3 * day)
	wrong := s.sayBy(nil, "observer", KindDisclosure, Disclosure{Part: 1, Reason: "deadline"}, north)
	for i := range s.w.Said {
		if s.w.Said[i].Ref == north {
			s.w.Said[i].Wrong = []Leaf{{wrong.Origin, wrong.Index}}
		}
	}
	s.pass(minute)
	seal, _ := s.record().Reveal(north)
	if seal.State != SealNotOpened || !slices.Equal(seal.Wrong, []statement.Ref{wrong}) {
		t.Errorf("%+v", seal)
	}
	if err := s.record().MayDisclose("observer", north); err != nil {
		t.Error(err)
	}
	if err := s.record().MayReveal("north", north); err != nil {
		t.Error(err)
	}
	s.sayBy(nil, "observer", KindDisclosure, Disclosure{Part: 1, Reason: "deadline"}, north)
	s.pass(minute)
	if seal, _ := s.record().Reveal(north); seal.State != SealDisclosed || len(seal.Wrong) != 1 {
		t.Errorf("%+v", seal)
	}
}
