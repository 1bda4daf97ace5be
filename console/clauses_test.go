package console

import (
	"strings"
	"testing"
)

// A clause shows what was seen of it: counts with a star where somebody was kept
// from looking, rows that do not count with the reason, claims and offers.
func TestClauseSeen(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	page := body(get(r.c, testHost, "/accord/south/31", r.enter("analyst")))
	for _, want := range []string{"412<abbr", "The observer was kept from looking", "not counted: before it took effect", "undetermined", "not explained", "claimed again", "north may answer with a suspension of its own", `href="/line/north/41"`, "1 account of it cannot be read", "Not observable here:", "the query cannot be run", "gate-sensor", `href="/drafts/` + digest("draft-row")} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if other := body(get(r.c, testHost, "/accord/north/12", r.enter("analyst"))); strings.Contains(other, "clause-seen") {
		t.Error("a text of which nothing was seen has a table")
	}
}
