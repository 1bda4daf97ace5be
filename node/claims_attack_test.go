package node

import (
	"fmt"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/stix"
)

// lensOfLow is that of an account which may see TLP:GREEN at most.
func lensOfLow() border.Lens {
	l, err := border.See(border.Viewer{Account: "low", Clearance: border.Green, Scopes: []string{"taxii:read"}}, "taxii:read", "")
	if err != nil {
		panic(err)
	}
	return l
}

// TestClaimTightensNobody: another party's stricter body for an id does not hide
// the owner's from those who may see that; one without the owner's marking is
// bound by it.
func TestClaimTightensNobody(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	u.sayMarked(north, south, border.Green, thing("malware", 1, v1, ""), thing("malware", 2, v1, ""))
	u.settle()
	u.sayMarked(south, north, border.Red, thing("malware", 1, v1, `,"description":"mine is red"`), thing("malware", 2, v1, ""))
	u.settle()
	sees := func(scope string) (got []string) {
		t.Helper()
		rows, _, err := u.node(north).Objects(t.Context(), ObjectQuery{Scope: scope, Lens: lensOfLow(), Limit: 10})
		u.ok(err)
		for _, r := range rows {
			got = append(got, r.ID)
		}
		return got
	}
	if got := sees(ScopeOwn); len(got) != 2 {
		t.Errorf("an account that may see TLP:GREEN sees of the own objects %v", got)
	}
	if got := sees(south); len(got) != 0 {
		t.Errorf("and of south's %v", got)
	}
	u.sayMarked(north, south, border.Red, thing("malware", 3, v1, ""))
	u.settle()
	u.sayMarked(south, north, border.Green, thing("malware", 3, v1, ""), thing("malware", 3, v1, `,"description":"stripped"`), thing("malware", 4, v1, ""))
	u.settle()
	if got := sees(south); len(got) != 1 || got[0] != name("malware", 4) {
		t.Errorf("a marking is stripped by saying it again: %v", got)
	}
}

// TestFloodedClosure: many bodies for an id push none out of what the border
// asks: the strictest counts however many there are.
func TestFloodedClosure(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	u.sayMarked(south, north, border.Red, thing("malware", 1, v1, ""))
	var flood [][]byte
	for i := range 1001 {
		flood = append(flood, thing("malware", 1, "9999-01-01T00:00:00.000Z", fmt.Sprintf(`,"description":"%d"`, i)))
	}
	u.sayMarked(south, north, border.Green, flood...)
	u.settle()
	note := thing("note", 5, v1, `,"content":"c","object_refs":["`+name("malware", 1)+`"]`)
	became, as, err := u.leave(north, ShareObjects{To: []string{south}, Marking: "TLP:GREEN", Objects: [][]byte{note}})
	if err == nil {
		t.Errorf("a note on something red leaves as %s: %v", as, became)
	}
	// The own body is still found among those that others said.
	mine := thing("malware", 2, v1, "")
	must(u.node(north).AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Marking: "TLP:GREEN", Objects: [][]byte{mine}}))(t)
	for i := range flood {
		flood[i] = []byte(strings.Replace(string(flood[i]), name("malware", 1), name("malware", 2), 1))
	}
	u.sayMarked(south, north, border.Green, flood...)
	u.settle()
	newAPIRig(t, u.node(north), border.Red, "").ask(200, "POST", "retractions", `{"id":"`+name("malware", 2)+`","media":"","versions":[],"reason":"mine"}`)
}
