package node

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/console"
)

// TestNamesKept: what the first versions wrote into watch.db is read, shown, and
// written the same.
func TestNamesKept(t *testing.T) {
	t.Parallel()
	const old = `{"since":1700000000000,` +
		`"names":{"v0te.example":{"name":"v0te.example","protected":"vote.example","kind":"same","count":3,"first":{"source":"dns","line":7,"field":"dns.question.name","at":1700000000001},"last":1700000000009}},` +
		`"left":2,` +
		`"touched":{"x@clerk.example":{"folder":"clerk","recipient":"vendor","value":"x@clerk.example","count":1,"first":{"source":"mail","line":9,"field":"smtp.rcpt_to","at":1700000000002},"last":1700000000002}}}`
	var kept keptNames
	if err := json.Unmarshal([]byte(old), &kept); err != nil {
		t.Fatal(err)
	}
	if got := string(must(json.Marshal(kept))(t)); got != old {
		t.Errorf("written as\n%s, was\n%s", got, old)
	}
	name := console.SeenName{
		Name: "v0te.example", Protected: "vote.example", Kind: "same", Count: 3, Last: 1700000000009, Mark: console.NameBenign, By: "anna",
		First: console.SeenAt{Source: "dns", Line: 7, Field: "dns.question.name", At: 1700000000001},
	}
	if d := cmp.Diff(name, kept.Names["v0te.example"].screen(nameMark{State: console.NameBenign, By: "anna"})); d != "" {
		t.Error(d)
	}
	touch := console.SeenTouch{
		Folder: "clerk", Recipient: "vendor", Value: "x@clerk.example", Count: 1, Last: 1700000000002,
		First: console.SeenAt{Source: "mail", Line: 9, Field: "smtp.rcpt_to", At: 1700000000002},
	}
	if d := cmp.Diff(touch, kept.Touched["x@clerk.example"].screen()); d != "" {
		t.Error(d)
	}
}

// TestSightings: the first is the earliest, in whatever order lines come.
func TestSightings(t *testing.T) {
	t.Parallel()
	var s sightings
	for _, at := range []int64{5, 3, 9} {
		s.add(seenLine{Line: at, At: at})
	}
	if want := (sightings{Count: 3, First: seenLine{Line: 3, At: 3}, Last: 9}); s != want {
		t.Errorf("%+v", s)
	}
}
