package node

import (
	"fmt"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/stix"
)

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
