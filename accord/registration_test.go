package accord

import (
	"slices"
	"testing"

	"entente/statement"
)

// TestRegistration: of what is in force each consent that counts, also when its party has
// said more since; what was said since stands beside it, and what is not in force is
// not registered.
func TestRegistration(t *testing.T) {
	s := newStory(t)
	text := s.clause()
	part, digest, err := MarshalPaper(Paper{Text: text.Title, Clauses: []ClauseTexts{{No: 1, Text: text.Title}}})
	if err != nil {
		t.Fatal(err)
	}
	text.Paper = digest
	tabled := s.say("north", KindProposal, text)
	s.pass(minute)
	if _, err := s.record().Registration(tabled); err == nil {
		t.Error("a text that nobody consented to is registered")
	}
	p := s.inForce(text)
	for i := range s.w.Said {
		if s.w.Said[i].Ref == p {
			s.w.Said[i].Parts = map[int][]byte{1: part}
		}
	}
	suspend := s.say("south", KindPosition, stance(Suspend), p)
	s.pass(minute)
	g, err := s.record().Registration(p)
	if err != nil {
		t.Fatal(err)
	}
	i := s.state(p)
	if len(g.Parties) != len(text.Needs) || len(i.Consents) != len(text.Needs) || g.InForce != instant(i.Effective) || g.Agreed == "" {
		t.Errorf("%+v", g)
	}
	for _, party := range g.Parties {
		if !slices.Contains(i.Consents, party.Consent) || len(party.Officers) < 2 || party.Seen == "" {
			t.Errorf("%+v", party)
		}
	}
	if len(g.Said) != 1 || g.Said[0].Ref != suspend || g.Said[0].What != string(Suspend) {
		t.Errorf("said since: %+v", g.Said)
	}
	if all := g.Statements(); len(all) != 4 || !slices.Contains(all, suspend) || slices.Contains(all, statement.Ref{}) {
		t.Errorf("rests on %v", all)
	}
	files, err := g.Files()
	if err != nil || len(files) != 1+len(text.Authentic) {
		t.Errorf("%d files, %v", len(files), err)
	}
}
