package audit

import (
	"math/rand/v2"
	"testing"
)

// audits is how many wrong outcomes each method is shown.
const audits = 10_000

// wrong is an outcome that is wrong by as little as can be: a tie. stops says
// whether an audit of one order of its cards stops early.
type wrong struct {
	name  string
	limit string
	cards int
	stops func(t testing.TB, chance *rand.Rand) bool
}

// TestRiskLimit: of 10,000 audits of a wrong outcome by each method no more stop
// early than the risk limit allows, whoever looks after each card and stops when
// it suits.
func TestRiskLimit(t *testing.T) {
	for _, w := range []wrong{
		{"bravo", "0.1", 1000, bravoStops},
		{"super-simple", "0.1", 300, superSimpleStops},
		{"polling, plurality", "0.1", 300, alphaStops(Contest{Name: "c", Rule: RulePlurality, Method: MethodPolling, Winners: []string{"a"}, Losers: []string{"b"}, Votes: map[string]int64{"a": 150, "b": 100}, Cards: 300, Limit: "0.1"},
			Vote{"a"}, 120, Vote{"b"}, 120)},
		{"polling, approval", "0.05", 300, alphaStops(Contest{Name: "c", Rule: RuleApproval, Method: MethodPolling, Winners: []string{"a"}, Losers: []string{"b"}, Votes: map[string]int64{"a": 200, "b": 140}, Cards: 300, Limit: "0.05"},
			Vote{"a", "b"}, 60, Vote{"a"}, 100, Vote{"b"}, 100)},
		{"polling, supermajority", "0.1", 300, alphaStops(Contest{Name: "c", Rule: RuleSupermajority, Share: "0.6", Method: MethodPolling, Winners: []string{"a"}, Losers: []string{"b"}, Votes: map[string]int64{"a": 200, "b": 80}, Cards: 300, Limit: "0.1"},
			Vote{"a"}, 150, Vote{"b"}, 100)},
		{"polling, IRV", "0.1", 300, alphaStops(Contest{Name: "c", Rule: RuleIRV, Method: MethodPolling, Winners: []string{"a"}, Losers: []string{"b"}, Assertions: []Assertion{{Kind: NEN, Winner: "a", Loser: "b", Remaining: []string{"a", "b"}}}, Cards: 300, Limit: "0.1"},
			Vote{"x", "a", "b"}, 140, Vote{"b", "a"}, 140)},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			missed, chance := 0, rand.New(rand.NewPCG(20261103, 7))
			for range audits {
				if w.stops(t, chance) {
					missed++
				}
			}
			limit, _ := rat(t, w.limit).Float64()
			if float64(missed) > limit*audits {
				t.Errorf("%d of %d audits missed a wrong outcome at a limit of %s", missed, audits, w.limit)
			}
			if missed < 10 {
				t.Errorf("only %d of %d stopped: nothing is tested", missed, audits)
			}
			t.Logf("missed %d of %d at a limit of %s", missed, audits, w.limit)
		})
	}
}

// bravoStops draws with replacement from as many votes for either.
func bravoStops(t testing.TB, chance *rand.Rand) bool {
	p := Polling{600, 400, 1000, rat(t, "0.1")}
	_, plus, minus, goal := p.steps()
	for at, n := 0.0, 0; n < 1000; n++ {
		if at += minus; chance.Uint64()&1 == 0 {
			at += plus - minus
		}
		if at >= goal {
			return true
		}
	}
	return false
}

// superSimpleStops: the records show a margin of 30 of 300 cards, and 15 of them
// show the winner where the paper shows the loser.
func superSimpleStops(t testing.TB, chance *rand.Rand) bool {
	for over, n := 0, 1; n <= 200; n++ {
		if chance.IntN(300) < 15 {
			over++
		}
		if over < len(superSimpleLimits) && n >= superSimpleLimits[over] {
			return true
		}
	}
	return false
}

// superSimpleLimits are after how many cards the method itself stops, by the
// number of overstatements by two.
var superSimpleLimits = func() (out []int) {
	limit, _ := Parse("0.1")
	c := Comparison{Cards: 300, Margin: 30, Limit: limit, Gamma: Inflation()}
	for over := int64(0); ; over++ {
		n, err := c.Samples(Discrepancies{OverTwo: over})
		if err != nil || n > 200 {
			return out
		}
		out = append(out, int(n))
	}
}()

// alphaStops plays an audit by ALPHA of cards of which so many say so.
func alphaStops(c Contest, of ...any) func(testing.TB, *rand.Rand) bool {
	var cards []Vote
	for i := 0; i < len(of); i += 2 {
		for range of[i+1].(int) {
			cards = append(cards, of[i].(Vote))
		}
	}
	for int64(len(cards)) < c.Cards {
		cards = append(cards, Vote{})
	}
	var play func(testing.TB, *rand.Rand) bool
	return func(t testing.TB, chance *rand.Rand) bool {
		if play == nil {
			play = early(t, c, cards, nil)
		}
		return play(t, chance)
	}
}

// early plays the audit of a contest, and says whether it stops before the last
// quarter of its cards.
func early(t testing.TB, c Contest, paper, record []Vote) func(testing.TB, *rand.Rand) bool {
	assorters, err := c.Assorters()
	if err != nil {
		t.Fatal(err)
	}
	records, err := NewRecords(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range record {
		records.Add(v)
	}
	_, _, x, err := c.test(assorters[0], records, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []float64 // of each card, in the order of cards
	for i := range paper {
		s := Seen{Paper: &paper[i]}
		if record != nil {
			s.Record = &record[i]
		}
		values = append(values, x(s))
	}
	limit, _ := rat(t, c.Limit).Float64()
	return func(t testing.TB, chance *rand.Rand) bool {
		test, _, _, err := c.test(assorters[0], records, 0)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 * len(values) / 4 {
			i := n + chance.IntN(len(values)-n)
			values[n], values[i] = values[i], values[n]
			if err := test.See(values[n]); err != nil {
				t.Fatal(err)
			}
			if test.Risk() <= limit {
				return true
			}
		}
		return false
	}
}

// TestRiskLimitComparison: the same of comparisons by ALPHA, for three ways in
// which records hide a tie.
func TestRiskLimitComparison(t *testing.T) {
	const n = 300
	plain := Contest{Name: "c", Rule: RulePlurality, Method: MethodComparison, Winners: []string{"a"}, Losers: []string{"b"}, Cards: n, Limit: "0.1"}
	super := Contest{Name: "c", Rule: RuleSupermajority, Share: "0.6", Method: MethodComparison, Winners: []string{"a"}, Losers: []string{"b"}, Cards: n, Limit: "0.1"}
	for name, c := range map[string]struct {
		contest Contest
		paper   func(i int) Vote
		record  func(i int) Vote
	}{
		"votes turned": {plain, func(i int) Vote { return pick(i < 150, "a", "b") }, func(i int) Vote { return pick(i < 154, "a", "b") }},
		"votes made of blanks": {plain, func(i int) Vote { return pick3(i, 140, 280) }, func(i int) Vote {
			if i >= 280 && i < 290 {
				return Vote{"a"}
			}
			return pick3(i, 140, 280)
		}},
		"a share": {super, func(i int) Vote { return pick(i < 180, "a", "b") }, func(i int) Vote { return pick(i < 186, "a", "b") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var paper, record []Vote
			for i := range n {
				paper, record = append(paper, c.paper(i)), append(record, c.record(i))
			}
			missed, chance, play := 0, rand.New(rand.NewPCG(20261103, 8)), early(t, c.contest, paper, record)
			for range audits {
				if play(t, chance) {
					missed++
				}
			}
			if missed > audits/10 {
				t.Errorf("%d of %d audits missed a wrong outcome at a limit of 10 %%", missed, audits)
			}
			if missed < 10 {
				t.Errorf("only %d of %d stopped: nothing is tested", missed, audits)
			}
			t.Logf("missed %d of %d", missed, audits)
		})
	}
}

func pick(first bool, a, b string) Vote {
	if first {
		return Vote{a}
	}
	return Vote{b}
}

func pick3(i, a, b int) Vote {
	if i >= b {
		return Vote{}
	}
	return pick(i < a, "a", "b")
}
