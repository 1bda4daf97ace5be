package main

import (
	"strings"
	"testing"
)

// TestBenchSigma: every rule that the bench makes is loaded, its events are of the datasets that the rules are for, and
// the measurement says one figure.
func TestBenchSigma(t *testing.T) {
	set, loaded, err := benchRules("")
	if err != nil || loaded != 300 || set.Len() != 300 {
		t.Fatalf("%d rules loaded, %v", loaded, err)
	}
	events, raw, err := benchEvents(80)
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	for i := range events {
		m.Match(&events[i], raw[i], nil)
	}
	if s := m.Stats(); s.Events != 80 || s.Judged == 0 {
		t.Errorf("%+v", s)
	}
	var got []figure
	if err := benchSigma(t.Context(), 1, "", func(f figure) { got = append(got, f) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Name != "sigma" || got[0].Unit != "events/s" || got[0].Value <= 0 || got[0].Ratio == nil {
		t.Errorf("%+v", got)
	}
	if _, _, err := benchRules(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no rule") {
		t.Error(err)
	}
}
