package main

import (
	"os"
	"path/filepath"
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

// TestBenchRules: a folder whose rules refer to each other is judged by as it is.
func TestBenchRules(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a_count.yml": "title: c\ncorrelation: {type: event_count, rules: [one], timespan: 1m, condition: {gte: 2}}\n",
		"one.yml":     "title: one\nname: one\nlogsource: {category: webserver}\ndetection: {s: {cs-method: TRACE}, condition: s}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if set, loaded, err := benchRules(dir); err != nil || loaded != 2 || !set.Silent(1) {
		t.Errorf("%d rules loaded, %v", loaded, err)
	}
}
