package audit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestAssortersAssert: the mean of an assorter is above one half exactly when
// what it asserts is true of the votes, counted by hand.
func TestAssortersAssert(t *testing.T) {
	choices := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		votes := make([]Vote, rapid.IntRange(1, 40).Draw(t, "n"))
		for i := range votes {
			votes[i] = rapid.Permutation(choices).Draw(t, "vote")[:rapid.IntRange(0, 4).Draw(t, "marks")]
		}
		above := func(a Assorter) bool {
			m, err := a.Mean(votes, len(votes)+7) // seven cards without the contest
			if err != nil {
				t.Fatal(err)
			}
			return m > 0.5+1e-12
		}
		for name, c := range map[string]struct {
			a    Assorter
			want bool
		}{
			"plurality":     {Plurality("a", "b"), tally(votes, has("a")) > tally(votes, has("b"))},
			"supermajority": {must(Supermajority("a", 0.6))(t), 10*tally(votes, func(v Vote) bool { return len(v) == 1 && v[0] == "a" }) > 6*tally(votes, func(v Vote) bool { return len(v) == 1 })},
			"NEB":           {NotEliminatedBefore("a", "b"), tally(votes, func(v Vote) bool { return v.rank("a") == 0 }) > tally(votes, func(v Vote) bool { return before(v, "b", "a") })},
			"NEN":           {must(NotEliminatedNext("a", "c", []string{"a", "c", "d"}))(t), tally(votes, top("a", "c", "d")) > tally(votes, top("c", "a", "d"))},
		} {
			if got := above(c.a); got != c.want {
				t.Errorf("%s: mean above one half is %v, the count says %v", name, got, c.want)
			}
		}
	})
}

func tally(votes []Vote, f func(Vote) bool) (n int) {
	for _, v := range votes {
		if f(v) {
			n++
		}
	}
	return n
}

func has(c string) func(Vote) bool { return func(v Vote) bool { return v.has(c) } }

func before(v Vote, a, b string) bool {
	return slices.Contains(v, a) && (!slices.Contains(v, b) || slices.Index(v, a) < slices.Index(v, b))
}

// top says whether c is the first of a card where c and the others are left.
func top(c string, others ...string) func(Vote) bool {
	return func(v Vote) bool {
		return slices.Contains(v, c) && !slices.ContainsFunc(others, func(o string) bool { return before(v, o, c) })
	}
}

func must(a Assorter, err error) func(interface{ Fatal(...any) }) Assorter {
	return func(t interface{ Fatal(...any) }) Assorter {
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// TestOverstatementAssorts: the mean of the comparison is above one half exactly
// when that of the paper is, whatever the records say.
func TestOverstatementAssorts(t *testing.T) {
	a := Plurality("a", "b")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		paper, record := make([]Vote, n), make([]Vote, n)
		for i := range n {
			paper[i] = Vote(rapid.SampledFrom([][]string{{"a"}, {"b"}, {}, {"c"}}).Draw(t, "paper"))
			record[i] = Vote(rapid.SampledFrom([][]string{{"a"}, {"b"}, {}}).Draw(t, "record"))
		}
		said, _ := a.Mean(record, n)
		seen, _ := a.Mean(paper, n)
		c, err := a.Overstatement(said)
		if err != nil {
			if said > 0.5 {
				t.Fatal(err)
			}
			return
		}
		sum := 0.0
		for i := range n {
			x := c.Value(&record[i], &paper[i])
			if x < 0 || x > c.Upper()+1e-12 {
				t.Fatalf("a value of %g beyond %g", x, c.Upper())
			}
			sum += x
		}
		if got, want := sum/float64(n) > 0.5+1e-9, seen > 0.5; got != want {
			t.Errorf("comparison above one half: %v; paper: %v", got, want)
		}
	})
}

func TestCardNotFound(t *testing.T) {
	a := Plurality("a", "b")
	c, err := a.Overstatement(0.6)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Value(&Vote{"a"}, nil); got != 0 {
		t.Errorf("a card for the winner that is not found is worth %g", got)
	}
	if lost, right := c.Value(nil, &Vote{"b"}), c.Value(&Vote{"b"}, &Vote{"b"}); lost >= right {
		t.Errorf("a record that is missing is worth %g, more than one that agrees, %g", lost, right)
	}
}

// TestAlphaIsBravo: with values of nothing and one, a fixed share and
// replacement, the test is BRAVO's, card by card.
func TestAlphaIsBravo(t *testing.T) {
	p := Polling{600, 400, 1000, rat(t, "0.1")}
	a, err := NewAlpha(1, 0.6, 1e15, 0)
	if err != nil {
		t.Fatal(err)
	}
	var w, l int64
	best := 1.0
	chance := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		x := 0.0
		if chance.Float64() < 0.6 {
			x = 1
			w++
		} else {
			l++
		}
		if err := a.See(x); err != nil {
			t.Fatal(err)
		}
		risk, _ := p.Risk(w, l)
		best = min(best, risk)
		if math.Abs(a.Risk()/best-1) > 1e-6 {
			t.Fatalf("after %d to %d: %g, BRAVO says %g", w, l, a.Risk(), best)
		}
	}
}

// TestAlphaSees: a true outcome is confirmed, and a full count always is.
func TestAlphaSees(t *testing.T) {
	const cards = 1000
	values := make([]float64, cards)
	for i := range values {
		if i%10 < 6 {
			values[i] = 1
		}
	}
	rand.New(rand.NewPCG(7, 8)).Shuffle(cards, func(i, j int) { values[i], values[j] = values[j], values[i] })
	a, err := NewAlpha(1, 0.6, Weight, cards)
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	for i, x := range values {
		if err := a.See(x); err != nil {
			t.Fatal(err)
		}
		if stopped == 0 && a.Risk() <= 0.05 {
			stopped = i + 1
		}
	}
	if stopped == 0 || stopped > 500 || a.Risk() != 0 {
		t.Errorf("stopped after %d of %d; all seen: risk %g", stopped, cards, a.Risk())
	}
	if err := a.See(1); err == nil {
		t.Error("a card beyond the last was seen")
	}
}

func TestAlphaRefused(t *testing.T) {
	for _, x := range [][4]float64{{0.5, 0.6, 1, 0}, {1, 0.5, 1, 0}, {1, 1, 1, 0}, {1, 0.6, 0, 0}, {math.NaN(), 0.6, 1, 0}, {1, math.NaN(), 1, 0}, {math.Inf(1), 0.6, 1, 0}, {1, 0.6, 1, -1}} {
		if _, err := NewAlpha(x[0], x[1], x[2], int64(x[3])); err == nil {
			t.Errorf("%v starts a test", x)
		}
	}
	a, _ := NewAlpha(1, 0.6, 1, 0)
	for _, x := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if a.See(x) == nil {
			t.Errorf("%g was seen", x)
		}
	}
}
