package correlation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/watch"
	"entente/watch/sigma/correlation"
)

var start = time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)

// hit reads "A@12 user=x size=5": rule A, B, C ... at second 12.
func hit(s string, offset int64) correlation.Hit {
	parts := strings.Fields(s)
	name, at, _ := strings.Cut(parts[0], "@")
	var seconds int
	fmt.Sscan(at, &seconds)
	h := correlation.Hit{Rule: int(name[0] - 'A'), Time: start.Add(time.Duration(seconds) * time.Second), Place: watch.Place{Source: "log", Offset: offset}, Fields: map[string]string{}}
	for _, p := range parts[1:] {
		k, v, _ := strings.Cut(p, "=")
		h.Fields[k] = v
	}
	return h
}

func hits(lines string) (out []correlation.Hit) {
	for i, s := range strings.Split(lines, ",") {
		out = append(out, hit(strings.TrimSpace(s), int64(i)))
	}
	return out
}

// show writes alerts as "rule@second amount group".
func show(alerts []correlation.Alert) string {
	var out []string
	for _, a := range alerts {
		s := fmt.Sprintf("%d@%d %g/%d", a.Rule, int(a.Time.Sub(start).Seconds()), a.Amount, a.Count)
		if len(a.Group) > 0 {
			s += " " + strings.Join(a.Group, "+")
		}
		if len(a.Values) > 0 {
			s += " " + strings.Join(a.Values, "|")
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func members(names string) (out []correlation.Member) {
	for _, r := range names {
		out = append(out, correlation.Member{Rule: int(r - 'A'), Group: []string{"user"}, Values: []string{"v"}})
	}
	return out
}

func rule(kind correlation.Kind, of string, seconds int, bounds ...any) correlation.Rule {
	r := correlation.Rule{Number: 100, Kind: kind, Members: members(of), Group: []string{"user"}, Timespan: time.Duration(seconds) * time.Second, Percentile: -1}
	for i := 0; i < len(bounds); i += 2 {
		r.Bounds = append(r.Bounds, correlation.Bound{Op: bounds[i].(string), Value: float64(bounds[i+1].(int))})
	}
	return r
}

func run(e *correlation.Engine, in []correlation.Hit) (out []correlation.Alert) {
	for _, h := range in {
		out = append(out, e.Add(h)...)
	}
	return append(out, e.Flush()...)
}

func TestKinds(t *testing.T) {
	percentile := rule(correlation.ValuePercentile, "A", 60, "gt", 90)
	percentile.Percentile = 50
	for _, c := range []struct {
		name string
		rule correlation.Rule
		in   string
		want string
	}{
		{"count", rule(correlation.EventCount, "A", 10, "gte", 3), "A@0 user=x, A@5 user=x, A@10 user=x", "100@10 3/3 x"},
		{"count, too far apart", rule(correlation.EventCount, "A", 10, "gte", 3), "A@0 user=x, A@5 user=x, A@11 user=x", ""},
		{"count across a boundary", rule(correlation.EventCount, "A", 10, "gt", 2), "A@0 user=x, A@8 user=x, A@12 user=x, A@16 user=x", "100@16 3/3 x"},
		{"count begins anew", rule(correlation.EventCount, "A", 100, "gte", 2), "A@0 user=x, A@1 user=x, A@2 user=x, A@3 user=x, A@4 user=x", "100@1 2/2 x, 100@3 2/2 x"},
		{"count by user", rule(correlation.EventCount, "AB", 10, "gte", 2), "A@0 user=x, A@1 user=y, B@2 user=X, A@3 user=z", "100@2 2/2 x"},
		{"count, ungrouped", rule(correlation.EventCount, "A", 10, "gte", 1), "A@0 v=x", ""},
		{"count, at most", rule(correlation.EventCount, "A", 10, "lte", 2), "A@0 user=x, A@5 user=x, A@20 user=x, A@21 user=x, A@22 user=x", "100@10 2/2 x"},
		{"count, exactly", rule(correlation.EventCount, "A", 10, "eq", 1), "A@0 user=x, A@10 user=x, A@11 user=x", "100@21 1/1 x"},
		{"count, not", rule(correlation.EventCount, "A", 10, "neq", 1), "A@0 user=x, A@20 user=x, A@21 user=x", "100@30 2/2 x"},
		{"count, from to", rule(correlation.EventCount, "A", 10, "gt", 1, "lt", 3), "A@0 user=x, A@1 user=x, A@20 user=x, A@21 user=x, A@22 user=x", "100@10 2/2 x"},
		{"values", rule(correlation.ValueCount, "A", 10, "gte", 2), "A@0 user=x v=a, A@1 user=x v=A, A@2 user=x v=b", "100@2 2/3 x a|b"},
		{"values, forgotten", rule(correlation.ValueCount, "A", 10, "gte", 2), "A@0 user=x v=a, A@11 user=x v=b", ""},
		{"values, none", rule(correlation.ValueCount, "A", 10, "gte", 1), "A@0 user=x", ""},
		{"all", rule(correlation.Temporal, "ABC", 10, "gte", 3), "C@0 user=x, A@4 user=x, A@5 user=x, B@10 user=x", "100@10 3/3 x"},
		{"all, late", rule(correlation.Temporal, "ABC", 10, "gte", 3), "C@0 user=x, A@4 user=x, B@11 user=x", ""},
		{"all, a newer one", rule(correlation.Temporal, "AB", 10, "gte", 2), "A@0 user=x, A@9 user=x, B@15 user=x", "100@15 2/2 x"},
		{"two of three", rule(correlation.Temporal, "ABC", 10, "gte", 2), "C@0 user=x, A@4 user=x, B@5 user=x", "100@4 2/2 x"},
		{"only one", rule(correlation.Temporal, "AB", 10, "eq", 1), "A@0 user=x, A@1 user=x, A@20 user=y, B@21 user=y", "100@10 1/2 x"},
		{"order", rule(correlation.TemporalOrdered, "ABC", 10, "gte", 3), "A@0 user=x, B@1 user=x, A@2 user=x, C@3 user=x", "100@3 3/4 x"},
		{"order, not", rule(correlation.TemporalOrdered, "AB", 10, "gte", 2), "B@0 user=x, A@1 user=x", ""},
		{"order, at once", rule(correlation.TemporalOrdered, "AB", 10, "gte", 2), "B@1 user=x, A@1 user=x", "100@1 2/2 x"},
		{"order, far", rule(correlation.TemporalOrdered, "AB", 10, "gte", 2), "A@0 user=x, B@11 user=x, A@12 user=x, A@13 user=x, B@20 user=x", "100@20 2/3 x"},
		{"sum", rule(correlation.ValueSum, "A", 10, "gt", 10), "A@0 user=x v=6, A@1 user=x v=junk, A@2 user=x v=4.5", "100@2 10.5/2 x"},
		{"average", rule(correlation.ValueAvg, "A", 10, "gt", 5), "A@0 user=x v=10, A@1 user=x v=2, A@20 user=x v=10, A@21 user=x v=0", "100@10 6/2 x"},
		{"median", percentile, "A@0 user=x v=1, A@1 user=x v=95, A@2 user=x v=99", "100@60 95/3 x"},
		{"rare", rule(correlation.ValuePercentile, "A", 60, "lte", 30), "A@0 user=x v=a, A@1 user=x v=a, A@2 user=x v=B, A@3 user=x v=a", "100@60 25/4 x b"},
	} {
		if got := show(run(correlation.New([]correlation.Rule{c.rule}, correlation.Config{}), hits(c.in))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func chain() []correlation.Rule {
	many := rule(correlation.EventCount, "A", 10, "gte", 3)
	then := rule(correlation.TemporalOrdered, "", 10, "gte", 2)
	then.Number, then.Members = 101, []correlation.Member{{Rule: 100, Group: []string{"user"}}, {Rule: 1, Group: []string{"user"}}}
	return []correlation.Rule{many, then}
}

func TestChained(t *testing.T) {
	for in, want := range map[string]string{
		"A@0 user=x, A@1 user=x, A@2 user=x, B@8 user=x":                                     "100@2 3/3 x, 101@8 2/2 x",
		"A@0 user=x, A@1 user=x, A@2 user=x, B@2 user=x":                                     "100@2 3/3 x, 101@2 2/2 x",
		"A@0 user=x, A@1 user=x, B@2 user=x":                                                 "",
		"A@0 user=x, A@1 user=x, A@2 user=x, B@8 user=y":                                     "100@2 3/3 x",
		"A@0 user=x, A@1 user=x, A@2 user=x, B@13 user=x":                                    "100@2 3/3 x",
		"B@0 user=x, A@0 user=x, A@1 user=x, A@2 user=x, A@3 user=x, A@4 user=x, A@5 user=x": "100@2 3/3 x, 100@5 3/3 x",
	} {
		if got := show(run(correlation.New(chain(), correlation.Config{}), hits(in))); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestAnyOrder: in whatever order hits arrive within the lateness, doubled or not, the alerts are the same; so are the
// moments at which they become certain, which no later hit may change.
func TestAnyOrder(t *testing.T) {
	kinds := []correlation.Rule{
		rule(correlation.EventCount, "AB", 7, "gte", 3), rule(correlation.EventCount, "A", 9, "lt", 2), rule(correlation.ValueCount, "ABC", 12, "gte", 3),
		rule(correlation.Temporal, "ABC", 9, "gte", 3), rule(correlation.TemporalOrdered, "ABC", 9, "gte", 3), rule(correlation.ValueSum, "C", 9, "gte", 9),
		rule(correlation.ValueAvg, "C", 9, "lt", 3), rule(correlation.ValuePercentile, "AB", 15, "lte", 20),
	}
	for i := range kinds {
		kinds[i].Number = 100 + i
	}
	above := rule(correlation.TemporalOrdered, "", 30, "gte", 2)
	above.Number, above.Members = 200, []correlation.Member{{Rule: 101, Group: []string{"user"}}, {Rule: 100, Group: []string{"user"}}}
	kinds = append(kinds, above)
	rapid.Check(t, func(t *rapid.T) {
		lateness := time.Duration(rapid.IntRange(0, 20).Draw(t, "lateness")) * time.Second
		n := rapid.IntRange(1, 80).Draw(t, "hits")
		var in []correlation.Hit
		for i := range n {
			in = append(in, hit(fmt.Sprintf("%c@%d user=%s v=%d", 'A'+rapid.IntRange(0, 2).Draw(t, "rule"), rapid.IntRange(0, 60).Draw(t, "second"),
				rapid.SampledFrom([]string{"x", "X", "y"}).Draw(t, "user"), rapid.IntRange(0, 5).Draw(t, "v")), int64(i)))
		}
		slices.SortStableFunc(in, func(a, b correlation.Hit) int { return a.Time.Compare(b.Time) })
		want := run(correlation.New(kinds, correlation.Config{Lateness: lateness}), in)

		// Arrival is time plus a delay within the lateness.
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		type arrival struct {
			at  time.Time
			hit correlation.Hit
		}
		var late []arrival
		for _, h := range in {
			for range 1 + rng.IntN(2) {
				late = append(late, arrival{h.Time.Add(time.Duration(rng.Int64N(int64(lateness) + 1))), h})
			}
		}
		slices.SortStableFunc(late, func(a, b arrival) int { return a.at.Compare(b.at) })
		e := correlation.New(kinds, correlation.Config{Lateness: lateness})
		var got []correlation.Alert
		for _, a := range late {
			got = append(got, e.Add(a.hit)...)
			if rng.IntN(4) == 0 { // a clock that is as slow as the slowest hit
				got = append(got, e.Advance(a.at.Add(-lateness-1))...)
			}
		}
		got = append(got, e.Flush()...)
		if diff := cmp.Diff(show(want), show(got)); diff != "" {
			t.Fatal(diff)
		}
		for i := range got {
			if diff := cmp.Diff(want[i].Events, got[i].Events); diff != "" {
				t.Fatal(diff)
			}
		}
		if s := e.Stats(); s.Evicted+s.Hurried != 0 || s.Late+s.Duplicates != int64(len(late)-n) {
			t.Fatalf("%+v of %d hits, %d sent", s, n, len(late))
		}
	})
}

// TestCountNaive holds the count against a loop over all hits.
func TestCountNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span, least := rapid.IntRange(1, 20).Draw(t, "span"), rapid.IntRange(1, 5).Draw(t, "least")
		var in []correlation.Hit
		for i := range rapid.IntRange(1, 60).Draw(t, "hits") {
			in = append(in, hit(fmt.Sprintf("A@%d user=%s", rapid.IntRange(0, 60).Draw(t, "second"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "user")), int64(i)))
		}
		slices.SortStableFunc(in, func(a, b correlation.Hit) int { return a.Time.Compare(b.Time) })
		used := make(map[int64]bool)
		var want []string
		for _, h := range in {
			var window []int64
			for _, o := range in {
				earlier := o.Time.Before(h.Time) || o.Time.Equal(h.Time) && o.Place.Offset <= h.Place.Offset
				if earlier && h.Time.Sub(o.Time) <= time.Duration(span)*time.Second && o.Fields["user"] == h.Fields["user"] && !used[o.Place.Offset] {
					window = append(window, o.Place.Offset)
				}
			}
			if len(window) >= least {
				want = append(want, fmt.Sprintf("100@%d %d/%d %s", int(h.Time.Sub(start).Seconds()), len(window), len(window), h.Fields["user"]))
				for _, o := range window {
					used[o] = true
				}
			}
		}
		got := show(run(correlation.New([]correlation.Rule{rule(correlation.EventCount, "A", span, "gte", least)}, correlation.Config{Lateness: time.Second}), in))
		if diff := cmp.Diff(strings.Join(want, ", "), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestBounds(t *testing.T) {
	r := []correlation.Rule{rule(correlation.EventCount, "A", 3600, "gte", 1000)}
	e := correlation.New(r, correlation.Config{MaxGroups: 10, MaxEntries: 50, MaxPerOne: 20})
	for i := range 1000 {
		e.Add(hit(fmt.Sprintf("A@%d user=u%d", i, i%30), int64(i)))
	}
	e.Advance(start.Add(999 * time.Second))
	if s := e.Stats(); s.Groups > 10 || s.Evicted != 1000-10 {
		t.Errorf("many groups: %+v", s)
	}
	e = correlation.New(r, correlation.Config{MaxPerOne: 20})
	for i := range 100 {
		e.Add(hit(fmt.Sprintf("A@%d user=u", i), int64(i)))
	}
	e.Advance(start.Add(99 * time.Second))
	if s := e.Stats(); s.Evicted != 80 {
		t.Errorf("one group: %+v", s)
	}
	e = correlation.New(r, correlation.Config{MaxPending: 5, Lateness: time.Hour})
	for i := range 100 {
		e.Add(hit(fmt.Sprintf("A@%d user=u", i), int64(i)))
	}
	if e.Add(hit("A@2 user=u", 2)); e.Stats().Hurried != 95 || e.Stats().Late != 1 {
		t.Errorf("many that wait: %+v", e.Stats())
	}
}

func TestLate(t *testing.T) {
	e := correlation.New([]correlation.Rule{rule(correlation.EventCount, "A", 100, "gte", 2)}, correlation.Config{Lateness: 10 * time.Second})
	got := show(slices.Concat(e.Add(hit("A@20 user=x", 0)), e.Add(hit("A@9 user=x", 1)), e.Add(hit("A@10 user=x", 2)), e.Add(hit("A@31 user=y", 3)), e.Flush()))
	if got != "100@20 2/2 x" || e.Stats().Late != 1 {
		t.Errorf("%q, %+v", got, e.Stats())
	}
}
