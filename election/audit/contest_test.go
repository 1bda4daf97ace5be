package audit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func plain(method string) Contest {
	return Contest{Name: "Mayor", Rule: RulePlurality, Method: method, Winners: []string{"Ann"}, Losers: []string{"Bo", "Cy"}, Votes: map[string]int64{"Ann": 500, "Bo": 300, "Cy": 100}, Cards: 1000, Limit: "0.05"}
}

func TestContestRefused(t *testing.T) {
	for says, spoil := range map[string]func(*Contest){
		"without a name":                func(c *Contest) { c.Name = "" },
		"not between 0 and 1":           func(c *Contest) { c.Limit = "1" },
		"no decimal":                    func(c *Contest) { c.Limit = "5%" },
		"number of cards":               func(c *Contest) { c.Cards = 1 << 40 },
		"one winner and one loser":      func(c *Contest) { c.Losers = nil },
		"stands twice":                  func(c *Contest) { c.Losers = []string{"Bo", "Ann"} },
		"neither won nor lost":          func(c *Contest) { c.Votes = map[string]int64{"Ed": 1} },
		"-1 votes":                      func(c *Contest) { c.Votes = map[string]int64{"Ann": -1} },
		"no rule":                       func(c *Contest) { c.Rule = "borda" },
		"no method":                     func(c *Contest) { c.Method = "minerva" },
		"no sampler":                    func(c *Contest) { c.Sampler = "dice" },
		"BRAVO rests":                   func(c *Contest) { c.Method, c.Votes = MethodBRAVO, nil },
		"has one winner":                func(c *Contest) { c.Rule, c.Winners = RuleSupermajority, []string{"Ann", "Ed"} },
		"assertions belong":             func(c *Contest) { c.Rule = RuleIRV },
		"is for plurality and approval": func(c *Contest) { c.Rule, c.Method = RuleSupermajority, MethodSuperSimple },
	} {
		c := plain(MethodPolling)
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want one that says %q", err, says)
		}
	}
	c := plain(MethodPolling)
	c.Rule, c.Share = RuleSupermajority, "2/3"
	if _, err := c.Assorters(); err == nil {
		t.Error("2/3 is no decimal, and a share")
	}
}

// population makes papers as the votes of a contest say, the rest blank, shuffled.
func population(c Contest, chance *rand.Rand) []Vote {
	var out []Vote
	for _, name := range c.choices() {
		for range c.Votes[name] {
			out = append(out, Vote{name})
		}
	}
	for int64(len(out)) < c.Cards {
		out = append(out, Vote{})
	}
	chance.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestEvaluate: by every method a right outcome is confirmed after some of the
// cards, and one card that is not found makes it harder, never easier.
func TestEvaluate(t *testing.T) {
	for _, method := range []string{MethodBRAVO, MethodPolling, MethodSuperSimple, MethodComparison} {
		c := plain(method)
		paper := population(c, rand.New(rand.NewPCG(1, 2)))
		records, err := NewRecords(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range paper {
			records.Add(v)
		}
		risk := func(n int, lost bool) Outcome {
			var seen []Seen
			for i := range n {
				s := Seen{Record: &paper[i], Paper: &paper[i]}
				if lost && i == 0 {
					s.Paper = nil
				}
				seen = append(seen, s)
			}
			o, err := c.Evaluate(seen, records)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		size, err := c.Sizes(records)
		if err != nil {
			t.Fatal(err)
		}
		none, some, all := risk(0, false), risk(int(size.Most), false), risk(int(size.Most), true)
		if none.Met || none.Risk != 1 || some.Risk >= 0.3 || all.Risk <= some.Risk || all.Missing != 1 {
			t.Errorf("%s, sizes %+v: none %+v, some %+v, one lost %+v", method, size, none, some, all)
		}
		if c.Compares() && (!some.Met || method == MethodComparison && risk(int(size.Most)-1, false).Met || some.Differ != 0 || all.Differ != 1) {
			t.Errorf("%s: the size %d is not exact: %+v", method, size.Most, some)
		}
	}
}

// TestSuperSimpleOutcome: the risk of a contest is that of its counts.
func TestSuperSimpleOutcome(t *testing.T) {
	c := plain(MethodSuperSimple)
	records, _ := NewRecords(c)
	for _, v := range population(c, rand.New(rand.NewPCG(1, 2))) {
		records.Add(v)
	}
	a, b, blank := Vote{"Ann"}, Vote{"Bo"}, Vote{}
	seen := []Seen{{&a, &a}, {&a, &b}, {&a, &blank}, {&blank, &a}, {&b, &a}, {nil, &a}, {&b, nil}, {&b, &b}}
	o, err := c.Evaluate(seen, records)
	if err != nil {
		t.Fatal(err)
	}
	// b to a understates the pair Ann and Cy by one only; a missing paper of a record for Bo overstates Ann over Cy by one
	want, err := Comparison{Cards: 1000, Margin: 200, Limit: rat(t, "0.05"), Gamma: Inflation()}.Risk(8, Discrepancies{OverTwo: 1, OverOne: 2, UnderOne: 3})
	if err != nil || o.Risk != want || o.Differ != 6 || o.Missing != 1 {
		t.Errorf("%+v, %v; want a risk of %g", o, err, want)
	}
}

// TestEvaluateRefused: records that do not show the outcome, or are too many.
func TestEvaluateRefused(t *testing.T) {
	c := plain(MethodComparison)
	c.Votes = nil
	if _, err := c.Evaluate(nil, nil); err == nil {
		t.Error("a comparison without records")
	}
	tie, _ := NewRecords(c)
	for range 500 {
		tie.Add(Vote{"Ann"})
		tie.Add(Vote{"Bo"})
	}
	if _, err := c.Evaluate(nil, tie); err == nil || !strings.Contains(err.Error(), "do not show") {
		t.Errorf("a tie: %v", err)
	}
	tie.Add(Vote{})
	if _, err := c.Evaluate(nil, tie); err == nil || !strings.Contains(err.Error(), "1001 records of 1000 cards") {
		t.Errorf("too many: %v", err)
	}
	c.Votes = map[string]int64{"Ann": 501, "Bo": 300, "Cy": 100}
	other, _ := NewRecords(c)
	other.Add(Vote{"Ann"})
	if _, err := c.Evaluate(nil, other); err == nil || !strings.Contains(err.Error(), "501 votes announced") {
		t.Errorf("other votes: %v", err)
	}
}

// TestOrder: entries are taken in the order of draws, and are those drawn first.
func TestOrder(t *testing.T) {
	m := readManifest(t, "Tabulator,Batch,Cards\n1,1,40\n1,2,60\n")
	for _, method := range []string{MethodBRAVO, MethodPolling} {
		for _, sampler := range []string{SamplerColorado, SamplerTickets} {
			c := plain(method)
			c.Cards, c.Sampler, c.Votes = 100, sampler, map[string]int64{"Ann": 50, "Bo": 30, "Cy": 10}
			sequence, err := c.Sequence("20261103", m)
			if err != nil {
				t.Fatal(err)
			}
			var labels []string
			for l := range sequence {
				if labels = append(labels, l); len(labels) == 60 {
					break
				}
			}
			entries := func(labels []string) (out Entries) {
				seen := map[string]bool{}
				for _, l := range labels {
					if !seen[l] {
						seen[l] = true
						out = append(out, Entry{l, "Mayor", StateBlank, nil})
					}
				}
				return out
			}
			got, err := c.Order(sequence, entries(labels[:30]))
			if err != nil || len(got) < 30 {
				t.Fatalf("%s, %s: %d, %v", method, sampler, len(got), err)
			}
			for i, e := range got[:30] {
				if e.Ballot != labels[i] {
					t.Errorf("%s, %s: draw %d is %s, want %s", method, sampler, i+1, e.Ballot, labels[i])
				}
			}
			left := entries(append(append([]string{}, labels[:3]...), labels[4:30]...))
			if c.Replaces() {
				left = entries(labels[4:30])
			}
			if _, err := c.Order(sequence, left); err == nil || !strings.Contains(err.Error(), "a sample cannot be chosen") {
				t.Errorf("%s, %s: a card was left out: %v", method, sampler, err)
			}
		}
	}
	c := plain(MethodPolling)
	if _, err := c.Sequence("1", m); err == nil || !strings.Contains(err.Error(), "the contest says 1000 cards, the manifest 100") {
		t.Error(err)
	}
}

const raireAudits = `{"seed":1,"audits":[{"contest":"Mayor","winner":"15","eliminated":["18","16"],"assertions":[
 {"winner":"15","loser":"18","already_eliminated":"","assertion_type":"WINNER_ONLY","explanation":"x"},
 {"winner":"15","loser":"16","already_eliminated":["18"],"assertion_type":"IRV_ELIMINATION","explanation":"y"}]}]}`

const raireSolution = `{"metadata":{"candidates":["Ann","Bo","Cy"]},"solution":{"Ok":{"assertions":[
 {"assertion":{"type":"NEB","winner":0,"loser":2},"margin":5},{"assertion":{"type":"NEN","winner":0,"loser":1,"continuing":[0,1]},"margin":9}]}}}`

func TestReadAssertions(t *testing.T) {
	want := []Assertion{{Kind: NEB, Winner: "Ann", Loser: "Cy"}, {NEN, "Ann", "Bo", []string{"Ann", "Bo"}}}
	all := []string{"Ann", "Bo", "Cy"}
	got, err := ReadAssertions([]byte(raireAudits), "Mayor", all, map[string]string{"15": "Ann", "16": "Bo", "18": "Cy"})
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	got, err = ReadAssertions([]byte(raireSolution), "Mayor", all, nil)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	for text, says := range map[string]string{
		`{`:               "byte",
		`{}`:              "no assertions",
		raireAudits:       `the candidate "15" neither won nor lost`,
		`{"solution":{}}`: "found no assertions",
		strings.Replace(raireSolution, `"loser":2`, `"loser":3`, 1):                                 "candidate number 3 of 3",
		strings.Replace(raireSolution, `"NEB"`, `"ABC"`, 1):                                         "NEB or NEN",
		`{"audits":[{"contest":"A"},{"contest":"B"}]}`:                                              `no audit of the contest "Mayor"`,
		`{"audits":[{"assertions":[{"assertion_type":"X"}]}]}`:                                      "no assertion_type",
		`{"audits":[{"assertions":[{"assertion_type":"IRV_ELIMINATION","already_eliminated":5}]}]}`: "is no list",
	} {
		if _, err := ReadAssertions([]byte(text), "Mayor", all, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want one that says %q", text, err, says)
		}
	}
}

// TestImplies: assertions from which the outcome does not follow are refused,
// however true.
func TestImplies(t *testing.T) {
	all := []string{"a", "b", "c"}
	enough := []Assertion{{Kind: NEB, Winner: "a", Loser: "c"}, {NEN, "a", "b", []string{"a", "b"}}}
	if err := implies("a", all, enough); err != nil {
		t.Error(err)
	}
	for i := range enough {
		short := append(append([]Assertion{}, enough[:i]...), enough[i+1:]...)
		if err := implies("a", all, short); err == nil || !strings.Contains(err.Error(), "do not show that \"a\" won") {
			t.Errorf("without %+v: %v", enough[i], err)
		}
	}
}

// TestImpliesWinner: whenever assertions are true of ballots and imply a winner,
// the instant runoff of these ballots has that winner.
func TestImpliesWinner(t *testing.T) {
	all := []string{"a", "b", "c", "d"}
	var pool []Assertion
	for _, w := range all {
		for _, l := range all {
			if w == l {
				continue
			}
			pool = append(pool, Assertion{Kind: NEB, Winner: w, Loser: l})
			for mask := range 1 << len(all) {
				var left []string
				for i, c := range all {
					if mask>>i&1 == 1 {
						left = append(left, c)
					}
				}
				if strings.Contains(strings.Join(left, ""), w) && strings.Contains(strings.Join(left, ""), l) {
					pool = append(pool, Assertion{NEN, w, l, left})
				}
			}
		}
	}
	chance, implied := rand.New(rand.NewPCG(3, 1)), 0
	for range 300 {
		var votes []Vote
		for range 30 {
			order := chance.Perm(len(all))
			var v Vote
			for _, i := range order[:1+chance.IntN(len(all))] {
				v = append(v, all[i])
			}
			votes = append(votes, v)
		}
		var holding []Assertion
		for _, a := range pool {
			assorter, err := a.assorter()
			if err != nil {
				t.Fatal(err)
			}
			if m, _ := assorter.Mean(votes, len(votes)); m > 0.5 && chance.IntN(3) > 0 {
				holding = append(holding, a)
			}
		}
		for _, w := range all {
			if implies(w, all, holding) == nil {
				if implied++; !strings.Contains(w, runoff(votes, all)) { // a tie gives nothing
					t.Fatalf("%v: the assertions imply %s, the runoff gives %s", votes, w, runoff(votes, all))
				}
			}
		}
	}
	if implied < 50 {
		t.Errorf("only %d of 300 implied anything", implied)
	}
}

// runoff counts an instant runoff; "" where a tie decides.
func runoff(votes []Vote, all []string) string {
	left := append([]string{}, all...)
	for len(left) > 1 {
		least, at, tie := len(votes)+1, 0, false
		for i, c := range left {
			n := tally(votes, top(c, left...))
			switch {
			case n < least:
				least, at, tie = n, i, false
			case n == least:
				tie = true
			}
		}
		if tie {
			return ""
		}
		left = append(left[:at], left[at+1:]...)
	}
	return left[0]
}

func FuzzAssertions(f *testing.F) {
	f.Add([]byte(raireAudits))
	f.Add([]byte(raireSolution))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadAssertions(data, "Mayor", []string{"Ann", "Bo", "Cy"}, nil)
		if err != nil {
			return
		}
		c := Contest{Name: "Mayor", Rule: RuleIRV, Method: MethodPolling, Winners: []string{"Ann"}, Losers: []string{"Bo", "Cy"}, Cards: 10, Limit: "0.05", Assertions: got}
		if all, err := c.Assorters(); err == nil && len(all) != len(got) {
			t.Fatal(fmt.Sprint(len(all), " assorters of ", len(got), " assertions"))
		}
	})
}
