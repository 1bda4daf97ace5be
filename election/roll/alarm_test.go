package roll

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kinds of some alarms, as "kind measure group".
func told(d Day) (out []string) {
	for _, a := range d.Alarms {
		out = append(out, fmt.Sprintf("%s/%s/%s/%s:%d", a.Kind, a.Precinct, a.Measure, a.Group, a.Count))
	}
	return out
}

func has(d Day, kind, measure string) bool {
	return slices.ContainsFunc(d.Alarms, func(a Alarm) bool { return a.Kind == kind && a.Measure == measure })
}

// month lets days pass, each judged by those before.
func month(s *Synth, history []Day, days int) []Day {
	for range days {
		history = append(history, s.Day().Judge(office, Watch{}, history))
	}
	return history
}

// TestGate: in counties that learn for four weeks and are watched for one month,
// honest days raise no more than one alarm a month, and 200 edited addresses of one
// precinct are found on their day, every time. ENTENTE_ROLL_MILLION=1 takes counties of a
// million voters, ENTENTE_ROLL_SEEDS=N so many of them.
func TestGate(t *testing.T) {
	voters, precincts, seeds := 50_000, 16, 3
	if os.Getenv("ENTENTE_ROLL_MILLION") != "" {
		voters, precincts, seeds = 1_000_000, 300, 12
	}
	if n, err := strconv.Atoi(os.Getenv("ENTENTE_ROLL_SEEDS")); err == nil {
		seeds = n
	}
	alarms, changes, days := 0, 0, 0
	for seed := range uint64(seeds) {
		s := county(t, 1000+seed, voters, precincts)
		history := month(s, nil, 28)
		history = month(s, history, 30)
		for _, d := range history[28:] {
			if alarms += len(d.Alarms); len(d.Alarms) > 0 {
				t.Logf("seed %d, %s: %q", seed, d.Day, told(d))
			}
			changes += d.Total(Added) + d.Total(Removed) + d.Total(Changed)
			days++
		}
		for _, p := range []int{0, precincts / 2, precincts - 1} {
			attacked := copyOf(s) // the same county, had it been attacked on this day
			d := attacked.Day(func(s *Synth) { s.EditAddresses(p, 200) }).Judge(office, Watch{}, history)
			if !slices.ContainsFunc(d.Alarms, func(a Alarm) bool {
				return a.Kind == Burst && a.Measure == only+Address && a.Precinct == fmt.Sprintf("P%04d", p)
			}) {
				t.Errorf("seed %d: 200 edits in precinct %d raised only %q", seed, p, told(d))
			}
		}
	}
	churn := float64(changes) / float64(days) / float64(voters)
	t.Logf("%d voters, %d county-months: %d false alarms, churn %.2f %% a day", voters, seeds, alarms, 100*churn)
	if alarms > seeds || churn < 0.001 || churn > 0.003 {
		t.Errorf("%d false alarms in %d county-months, churn %.4f", alarms, seeds, churn)
	}
}

// TestAlarms plants one thing each into an ordinary day, and expects its alarm.
func TestAlarms(t *testing.T) {
	s := county(t, 5, 40_000, 10)
	history := month(s, nil, 21)
	pick := func(s *Synth, n int, f func(person) bool) (out []int32) {
		for i, p := range s.voters {
			if len(out) < n && !p.gone && f(p) {
				out = append(out, int32(i))
			}
		}
		return out
	}
	anybody := func(person) bool { return true }
	watch := Watch{Canaries: []string{s.voter(77)}, Election: firstDay.AddDate(0, 2, 0), Allowed: []string{"RD", "RM", "RC"}}
	for name, c := range map[string]struct {
		plant         func(*Synth)
		kind, measure string
	}{
		"nothing": {func(*Synth) {}, "", ""},
		"removed without a reason": {func(s *Synth) {
			for _, i := range pick(s, 12, anybody) {
				s.change(i, func(p *person) { p.gone = true })
			}
		}, Burst, noReason},
		"mass": {func(s *Synth) {
			for i := range s.precincts {
				s.EditAddresses(i, 25)
			}
		}, Mass, only + Address},
		"one party made inactive": {func(s *Synth) {
			for _, i := range pick(s, 60, func(p person) bool { return parties[p.party] == "LIB" && !p.inactive }) {
				s.change(i, func(p *person) { p.inactive, p.why = true, 1 })
			}
		}, Concentration, Changed},
		"one surname": {func(s *Synth) {
			for _, i := range pick(s, 24, func(p person) bool { return p.surname == 40 }) {
				s.change(i, func(p *person) { p.phone++ })
			}
		}, OneName, ""},
		"one letter box": {func(s *Synth) {
			for _, i := range pick(s, 12, anybody) {
				s.change(i, func(p *person) { p.mail = 4711 })
			}
		}, SharedPlace, ""},
		"ids in a row": {func(s *Synth) {
			for i := int32(900); i < 912; i++ {
				s.change(i, func(p *person) { p.phone++ })
			}
		}, RunOfIDs, ""},
		"a canary": {func(s *Synth) { s.change(s.index[77], func(p *person) { p.phone++ }) }, Canary, Changed},
		"removed before an election": {func(s *Synth) {
			for _, i := range pick(s, 14, anybody) {
				s.change(i, func(p *person) { p.why = 1 })
				s.leaving = append([]int32{i}, s.leaving...)
			}
		}, Burst, changedOne + Reason},
	} {
		one := copyOf(s)
		d := one.Day(c.plant).Judge(office, watch, history)
		switch {
		case c.kind == "" && len(d.Alarms) > 0:
			t.Errorf("%s: %q", name, told(d))
		case c.kind != "" && !has(d, c.kind, c.measure):
			t.Errorf("%s: no alarm %s %s among %q", name, c.kind, c.measure, told(d))
		}
		if name == "removed before an election" {
			if d := one.Day().Judge(office, watch, append(slices.Clone(history), d)); !has(d, QuietPeriod, Removed) {
				t.Errorf("%s: %q", name, told(d))
			}
		}
	}
}

// copyOf is the same county, to let another day pass in it.
func copyOf(s *Synth) *Synth {
	c := *s
	c.voters, c.precincts, c.leaving = slices.Clone(s.voters), make([][]int32, len(s.precincts)), slices.Clone(s.leaving)
	for i := range c.precincts {
		c.precincts[i] = slices.Clone(s.precincts[i])
	}
	c.crowd = s.crowd.clone()
	return &c
}

// TestSlowLetterBox: who comes two a day is found within the month; those who were
// removed and come back at once are too.
func TestSlowLetterBox(t *testing.T) {
	s := county(t, 6, 20_000, 5)
	var history []Day
	for n := range 6 {
		history = append(history, s.Day(func(s *Synth) {
			for i := range int32(2) {
				s.change(int32(100*n)+i, func(p *person) { p.mail = 815 })
			}
		}).Judge(office, Watch{}, history))
		if got := has(history[n], SharedPlace, ""); got != (n >= 4) {
			t.Errorf("day %d: %v, %q", n+1, got, told(history[n]))
		}
	}
	gone := s.voters[500:506]
	names := slices.Clone(gone)
	c := s.Day()
	for _, p := range names {
		v := s.values(p)
		c.Changes = append(c.Changes, Change{Kind: Removed, Voter: s.voter(p.number), Old: v})
	}
	history = append(history, c.Judge(office, Watch{}, history))
	c = s.Day()
	for _, p := range names {
		c.Changes = append(c.Changes, Change{Kind: Added, Voter: s.voter(p.number), New: s.values(p)})
	}
	if d := c.Judge(office, Watch{}, history); !has(d, Returned, Added) {
		t.Errorf("six came back: %q", told(d))
	}
}

// TestDayIsKept: a day judged by days that were written down and read again is the same.
func TestDayIsKept(t *testing.T) {
	s := county(t, 8, 5000, 3)
	history := month(s, nil, 9)
	data, err := json.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	var again []Day
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	c := s.Day(func(s *Synth) { s.EditAddresses(1, 100) })
	a, b := c.Judge(office, Watch{}, history), c.Judge(office, Watch{}, again)
	x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)
	if x != y || len(a.Alarms) == 0 {
		t.Errorf("%s\n%s", x, y)
	}
	for _, p := range s.voters[:300] {
		v := s.values(p)
		for _, secret := range []string{fmt.Sprintf("%09d", p.number), v[s.columns.field(Address)][:9], " " + v[s.columns.field(Surname)]} {
			if strings.Contains(string(data), secret) {
				t.Fatalf("%q stands in what is kept", secret)
			}
		}
	}
}

func TestTail(t *testing.T) {
	for _, c := range []struct {
		n       int
		mean, k float64
		want    float64
	}{
		// Of a negative binomial with k = 1, geometric, the tail is (mean/(1+mean))^n.
		{10, 1, 1, math.Pow(0.5, 10)},
		{200, 5, 1, math.Pow(5.0/6, 200)},
		{3, 3, 1, 1},
		{0, 3, 1, 1},
		// With much k, of Poisson's distribution: 1 - exp(-2)(1+2+2+4/3).
		{4, 2, 1e7, 1 - math.Exp(-2)*(1+2+2+4.0/3)},
	} {
		if got := tail(c.n, c.mean, c.k); math.Abs(got-c.want) > 1e-3*c.want {
			t.Errorf("tail(%d, %g, %g) = %g, want %g", c.n, c.mean, c.k, got, c.want)
		}
	}
	if d := weekday("2026-11-03"); d != int(time.Tuesday) {
		t.Errorf("election day is day %d", d)
	}
}
