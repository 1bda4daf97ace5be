package accord_test

import (
	"testing"

	"entente/accord"
)

// A list names a case by the first words that anybody has for it, and counts
// what waits for each party.
func TestCaseSummary(t *testing.T) {
	w, id := hamburg(t)
	r := accord.NewRecord(w)
	s, ok := r.CaseSummary(id)
	if !ok || s.Title["en"] != "The meeting in Hamburg" || s.Speaker != "us" || s.Statements != len(r.Case(id)) {
		t.Errorf("%v %+v", ok, s)
	}
	waits := map[string]int{}
	for _, m := range r.CaseState(id).Open {
		if m.Kind != accord.MatterParked {
			waits[m.Owner[0]]++
		}
	}
	if len(waits) == 0 || len(s.Waits) != len(waits) || s.Waits["us"] != waits["us"] {
		t.Errorf("waits for %v, want %v", s.Waits, waits)
	}
	last := r.Case(id)[len(r.Case(id))-1]
	if at, _ := r.Covered(last.Ref); s.Last != at {
		t.Errorf("last at %d, want %d", s.Last, at)
	}
	if _, ok := r.CaseSummary("none"); ok {
		t.Error("a case that nobody spoke of is listed")
	}
}
