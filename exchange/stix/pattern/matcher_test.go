package pattern_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entente/exchange/stix/pattern"
	"entente/statement"
)

func matcher(t testing.TB, limits pattern.Limits, patterns ...string) *pattern.Matcher {
	t.Helper()
	var rules []pattern.Rule
	for i, p := range patterns {
		rules = append(rules, pattern.Rule{ID: fmt.Sprint("r", i), Pattern: parse(t, p)})
	}
	m, refused := pattern.NewMatcher(rules, limits)
	for i, r := range refused {
		if r != nil {
			t.Fatalf("%s: %v", patterns[i], r)
		}
	}
	return m
}

// feed observes persons whose times are seconds after epoch; their keys are their positions.
func feed(m *pattern.Matcher, now int, people ...person) (hits []pattern.Hit) {
	for i, p := range people {
		o := p.observe(i)
		hits = m.Observe(&o, epoch.Add(time.Duration(now)*time.Second), hits)
	}
	return hits
}

func TestHitExplainsItself(t *testing.T) {
	m := matcher(t, pattern.Limits{}, `([p:name = 'a'] AND [p:age = 2]) WITHIN 10 SECONDS`, `[p:name = 'b'] START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'`)
	hits := feed(m, 100, person{"c", 2, 5}, person{"b", 0, 6}, person{"a", 0, 3}, person{"a", 2, 20})
	got := ""
	for _, h := range hits {
		got += fmt.Sprintf("%s %d-%d", h.Pattern, int(h.First.Sub(epoch).Seconds()), int(h.Last.Sub(epoch).Seconds()))
		for _, s := range h.Seen {
			got += fmt.Sprintf(" %s@%d%s", s.Key, int(s.Time.Sub(epoch).Seconds()), s.Expression)
		}
		got += "\n"
	}
	want := "r1 6-6 1@6[p:name = 'b']\nr0 3-5 2@3[p:name = 'a'] 0@5[p:age = 2]\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// A match uses its observations up: ten equal events are three matches of three, not eight.
func TestUsedUp(t *testing.T) {
	m := matcher(t, pattern.Limits{}, `[p:name = 'a'] REPEATS 3 TIMES WITHIN 60 SECONDS`)
	var people []person
	for i := range 10 {
		people = append(people, person{"a", 0, i})
	}
	if hits := feed(m, 100, people...); len(hits) != 3 || m.Stats().Kept != 1 {
		t.Errorf("%d hits, %+v", len(hits), m.Stats())
	}
}

func TestLateAheadUntimed(t *testing.T) {
	m := matcher(t, pattern.Limits{Lateness: 10 * time.Second}, `[p:name = 'a'] FOLLOWEDBY [p:name = 'b']`)
	if hits := feed(m, 100, person{"c", 0, 50}, person{"a", 0, 39}, person{"b", 0, 51}); len(hits) != 0 || m.Stats().Late != 1 {
		t.Errorf("%v %+v", hits, m.Stats())
	}
	if hits := feed(m, 100, person{"a", 0, 41}); len(hits) != 1 { // within the lateness
		t.Errorf("%v %+v", hits, m.Stats())
	}
	// What claims to be from the future neither waits nor ages what waits.
	if hits := feed(m, 100, person{"a", 0, 1_000_000}, person{"a", 0, 60}); len(hits) != 0 || m.Stats().Ahead != 1 || m.Stats().Late != 1 {
		t.Errorf("%v %+v", hits, m.Stats())
	}
	o := person{"b", 0, 0}.observe(9)
	o.First = time.Time{}
	if hits := m.Observe(&o, epoch, nil); len(hits) != 0 || m.Stats().Untimed != 1 {
		t.Errorf("%v %+v", hits, m.Stats())
	}
	alone := matcher(t, pattern.Limits{}, `[p:name = 'b']`, `[p:name = 'b'] WITHIN 5 SECONDS`, `[p:name = 'b'] OR [p:name = 'a'] WITHIN 5 SECONDS`)
	if hits := alone.Observe(&o, epoch, nil); len(hits) != 2 {
		t.Errorf("%v", hits)
	}
}

// Whatever comes, the state stays within its limits, and all that was dropped is counted.
func TestStateIsBounded(t *testing.T) {
	limits := pattern.Limits{Observations: 200, PerPattern: 90, Bytes: 30_000}
	m := matcher(t, limits, `[p:name = 'a'] AND [p:name = 'z']`, `[p:name = 'b'] AND [p:name = 'z'] WITHIN 3000 SECONDS`,
		`[p:name = 'c'] FOLLOWEDBY [p:name = 'z']`, `([p:name = 'a'] AND [p:name = 'y']) WITHIN 50 SECONDS`)
	for i := range 20_000 {
		o := person{string(rune('a' + i%3)), 0, i}.observe(i)
		m.Observe(&o, epoch.Add(time.Duration(i)*time.Second), nil)
		if s := m.Stats(); s.Kept > limits.Observations || s.Bytes > limits.Bytes {
			t.Fatalf("after %d: %+v", i, s)
		}
	}
	s := m.Stats()
	if s.Evicted == 0 || s.Kept == 0 || s.Evaluated != 20_000+6_667 {
		t.Errorf("%+v", s)
	}
	// What is left is the newest: the pattern still matches.
	o := person{"z", 0, 20_000}.observe(0)
	if hits := m.Observe(&o, epoch.Add(20_000*time.Second), nil); len(hits) != 3 {
		t.Errorf("%v", hits)
	}
}

func TestKeepEnds(t *testing.T) {
	m := matcher(t, pattern.Limits{Keep: time.Hour, Lateness: time.Second}, `[p:name = 'a'] AND [p:name = 'b']`, `([p:name = 'a'] AND [p:name = 'c']) WITHIN 60 SECONDS`)
	if hits := feed(m, 9999, person{"a", 0, 0}, person{"d", 0, 3700}, person{"d", 0, 3700}, person{"b", 0, 3700}, person{"c", 0, 3700}); len(hits) != 0 {
		t.Errorf("%v", hits)
	}
	if s := m.Stats(); s.Forgotten != 1 || s.Kept != 2 { // the second pattern itself says that it waits no longer
		t.Errorf("%+v", s)
	}
}

func TestInherit(t *testing.T) {
	half := `[p:name = 'a'] AND [p:name = 'b']`
	old := matcher(t, pattern.Limits{}, half, `[p:name = 'a'] AND [p:name = 'c']`)
	feed(old, 100, person{"a", 0, 1})
	m := matcher(t, pattern.Limits{}, half, `[p:name = 'a'] AND [p:name = 'd']`)
	m.Inherit(old)
	if s := m.Stats(); s.Kept != 1 || s.Observations != 1 {
		t.Errorf("%+v", s)
	}
	if hits := feed(m, 100, person{"b", 0, 2}, person{"d", 0, 3}); len(hits) != 1 || hits[0].Pattern != "r0" {
		t.Errorf("%v", hits)
	}
}

// A hard pattern costs each observation a bounded search, and says that it was cut.
func TestCutIsCounted(t *testing.T) {
	m := matcher(t, pattern.Limits{Steps: 500}, `([p:name = 'a'] AND [p:name IN ('a', 'b')] AND [p:name = 'a']) REPEATS 4 TIMES FOLLOWEDBY [p:name = 'a' AND p:age = 2]`)
	people := []person{{"a", 2, 0}}
	for i := range 40 {
		people = append(people, person{"a", 0, 1 + i})
	}
	if hits := feed(m, 100, people...); len(hits) != 0 || m.Stats().Cut == 0 {
		t.Errorf("%v %+v", hits, m.Stats())
	}
}

// A pattern that costs too much for what comes is given up, counted, and in the end stopped; the others go on.
func TestHeavyIsStopped(t *testing.T) {
	m := matcher(t, pattern.Limits{}, `[p:name MATCHES '(a?b?c?d?e?f?g?h?i?j?k?l?m?n?){20}never']`, `[p:age = 1]`, `[p:name LIKE '%`+strings.Repeat("a_", 400)+`b%' AND p:age < 2]`)
	long := person{strings.Repeat("a", 60_000), 1, 0}.observe(0)
	var hits []pattern.Hit
	for range 40 {
		hits = m.Observe(&long, epoch, hits)
	}
	s := m.Stats()
	if len(hits) != 40 || s.Heavy != 2*16 || s.Stopped != 2 {
		t.Errorf("%d hits, %+v", len(hits), s)
	}
	for i, r := range m.Report() {
		if r.Stopped != (i != 1) || r.Hits != map[bool]int64{true: 40}[i == 1] {
			t.Errorf("%+v", r)
		}
	}
	if found, complete := parse(t, `[p:name MATCHES '(a?b?c?d?e?f?g?h?i?j?k?l?m?n?){20}never']`).Match([]pattern.Observation{long}, 0); found != nil || complete {
		t.Errorf("%v %v", found, complete)
	}
	// On values of the usual length the same pattern is evaluated.
	short := person{"abcnever", 0, 0}.observe(1)
	fresh := matcher(t, pattern.Limits{}, `[p:name MATCHES '(a?b?c?d?e?f?g?h?i?j?k?l?m?n?){20}never']`)
	if hits := fresh.Observe(&short, epoch, nil); len(hits) != 1 {
		t.Errorf("%v", hits)
	}
}

func TestBroadIsRefused(t *testing.T) {
	m, refused := pattern.NewMatcher([]pattern.Rule{{"r", parse(t, `[p:name LIKE '%']`)}, {"s", parse(t, `[p:name = 'a']`)}}, pattern.Limits{})
	if refused[0] == nil || refused[0].Code != pattern.CodeBroad || refused[1] != nil {
		t.Errorf("%v", refused)
	}
	if hits := feed(m, 0, person{"a", 0, 0}); len(hits) != 1 || hits[0].Pattern != "s" {
		t.Errorf("%v", hits)
	}
	var _ *statement.Refusal = refused[0]
}

// BenchmarkObserve: many patterns with an equality each, of which an observation concerns none.
func BenchmarkObserve(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var patterns []string
			for i := range n {
				patterns = append(patterns, fmt.Sprintf(`[p:name = 'x%d' AND p:age > 1] FOLLOWEDBY [p:name = 'y%d']`, i, i))
			}
			m := matcher(b, pattern.Limits{}, patterns...)
			o := person{"a", 0, 0}.observe(0)
			b.ReportAllocs()
			for b.Loop() {
				m.Observe(&o, epoch, nil)
			}
		})
	}
}

// BenchmarkWork is what MaxWork units cost where a regular expression uses them up.
func BenchmarkWork(b *testing.B) {
	p := parse(b, `[p:name MATCHES '(a?b?c?d?e?f?g?h?i?j?k?l?m?n?){20}never']`)
	o := person{strings.Repeat("a", pattern.MaxWork/2000), 1, 0}.observe(0)
	for b.Loop() {
		if _, complete := p.Match([]pattern.Observation{o}, 0); !complete {
			b.Fatal("not evaluated")
		}
	}
}
