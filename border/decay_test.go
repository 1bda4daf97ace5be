package border

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/observable"
)

func TestScore(t *testing.T) {
	d := DefaultDecay()
	address, hash := detect(t, "198.51.100.77"), detect(t, "9e107d9d372bb6826bd81d3542a419d6")
	ago := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	for _, c := range []struct {
		what string
		c    Candidate
		want float64
	}{
		{"new", Candidate{Value: address, Observed: now}, 100},
		{"one half-life", Candidate{Value: address, Observed: ago(45)}, 50},
		{"two half-lives", Candidate{Value: address, Observed: ago(90)}, 25},
		{"told again since", Candidate{Value: address, Observed: ago(900), Told: ago(45)}, 50},
		{"told in the future", Candidate{Value: address, Observed: ago(900), Told: now.AddDate(9, 0, 0)}, 100},
		{"sighted since, which also makes it last", Candidate{Value: address, Observed: ago(900), Sighted: 1, LastSighted: ago(90)}, 50},
		{"sighted by many", Candidate{Value: address, Observed: ago(45 * 4), Sighted: 50}, 50},
		{"a hash", Candidate{Value: hash, Observed: ago(1825)}, 50},
		{"never dated", Candidate{Value: address}, 100},
		{"a rule", Candidate{Value: address, Observed: ago(900), Rule: true}, 100},
	} {
		if got := d.Score(c.c, now); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s: %.2f, want %.2f", c.what, got, c.want)
		}
	}
}

// TestDecayed: an indicator is held from the instant at which its score
// reaches the threshold, and Ended says so.
func TestDecayed(t *testing.T) {
	g := NewGate(nil, nil)
	c := Candidate{Value: detect(t, "evil.example"), Observed: now}
	end := now.AddDate(0, 0, 240)
	for at, held := range map[time.Time]bool{end.Add(-time.Second): false, end: true, end.AddDate(9, 0, 0): true} {
		v := g.Judge(c, at)
		if v.Hold != held || held != slices.ContainsFunc(v.Reasons, func(r Reason) bool { return r.Code == HeldDecayed }) || held != v.Ended.Equal(end) {
			t.Errorf("%s: %+v", at, v)
		}
	}
	c.Until = now.AddDate(0, 0, 30)
	if v := g.Judge(c, end); !v.Ended.Equal(c.Until) {
		t.Errorf("ended %s, want %s", v.Ended, c.Until)
	}
	if v := g.WithDecay(Decay{}).Judge(Candidate{Value: c.Value, Observed: now}, end.AddDate(99, 0, 0)); v.Hold || v.Score != 100 {
		t.Errorf("without decay: %+v", v)
	}
}

// TestScoreOnlyFalls: later never scores higher, a sighting never lower.
func TestScoreOnlyFalls(t *testing.T) {
	d := DefaultDecay()
	rapid.Check(t, func(t *rapid.T) {
		types := observable.Types()
		day := rapid.IntRange(-4000, 4000)
		at := func(name string) time.Time { return now.AddDate(0, 0, day.Draw(t, name)) }
		c := Candidate{Value: observable.Value{Type: rapid.SampledFrom(types).Draw(t, "type")}, Observed: at("observed"), Told: at("told"), Sighted: rapid.IntRange(0, 9).Draw(t, "sighted"), LastSighted: at("last")}
		a, b := now, now.AddDate(0, 0, rapid.IntRange(0, 9999).Draw(t, "later"))
		if c.Told.After(a) || c.LastSighted.After(a) {
			a = b // a clock that runs ahead counts as now
		}
		if d.Score(c, b) > d.Score(c, a) {
			t.Fatalf("%f, later %f", d.Score(c, a), d.Score(c, b))
		}
		more := c
		more.Sighted++
		if d.Score(more, b) < d.Score(c, b) {
			t.Fatalf("%f, seen by one more %f", d.Score(c, b), d.Score(more, b))
		}
	})
}

func TestDecayCheck(t *testing.T) {
	if err := DefaultDecay().Check(); err != nil {
		t.Error(err)
	}
	for _, d := range []Decay{
		{Threshold: -1},
		{Threshold: 100},
		{Threshold: math.NaN()},
		{HalfLife: map[observable.Type]time.Duration{"ip": time.Hour}},
		{HalfLife: map[observable.Type]time.Duration{observable.IPv4: 0}},
	} {
		if d.Check() == nil {
			t.Errorf("%+v passes", d)
		}
	}
}
