package audit

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Size is how many cards an audit will look at, if what was announced is right.
type Size struct {
	Half int64 `json:"half"` // enough in half of all samples
	Most int64 `json:"most"` // enough in nine of ten
}

const (
	trials   = 40
	maxSteps = 200_000 // cards of one trial
)

// Sizes plans: it decides nothing. A comparison's sizes are exact, for records
// without a mistake; a polling audit's come from trials over the announced
// votes, by draws of their own, so that every node plans the same.
func (c Contest) Sizes(records *Records) (Size, error) {
	assorters, err := c.Assorters()
	if err != nil {
		return Size{}, err
	}
	limit, err := Parse(c.Limit)
	if err != nil {
		return Size{}, err
	}
	if c.Compares() && records == nil {
		return Size{}, errors.New("a comparison needs the machine's record of each card")
	}
	var out Size
	switch c.Method {
	case MethodSuperSimple:
		k := Comparison{Cards: c.Cards, Margin: records.Margin(), Limit: limit, Gamma: Inflation()}
		n, err := k.Samples(Discrepancies{})
		return Size{n, n}, err
	case MethodBRAVO:
		for _, w := range c.Winners {
			for _, l := range c.Losers {
				p := Polling{Winner: c.Votes[w], Loser: c.Votes[l], Cards: c.Cards, Limit: limit}
				half, err := p.Quantile(0.5)
				if err != nil {
					return out, err
				}
				most, err := p.Quantile(0.9)
				if err != nil {
					return out, err
				}
				out = Size{max(out.Half, half), max(out.Most, most)}
			}
		}
		return out, nil
	}
	bound, _ := limit.Float64()
	for i, a := range assorters {
		s, err := c.size(a, records, i, bound)
		if err != nil {
			return out, fmt.Errorf("%s: %w", a.Name, err)
		}
		out = Size{max(out.Half, s.Half), max(out.Most, s.Most)}
	}
	return out, nil
}

// size is that of one assertion.
func (c Contest) size(a Assorter, records *Records, i int, limit float64) (Size, error) {
	if c.Compares() {
		n, err := c.steps(a, records, i, limit, func(int64) float64 { return math.NaN() })
		return Size{n, n}, err
	}
	var t Tally
	switch _, ok := c.announced(a); {
	case ok && c.Rule == RuleSupermajority:
		for _, name := range c.choices() {
			t.add(a.Value(Vote{name}), c.Votes[name])
		}
	case ok: // cards of both choices count for neither
		mean, _ := c.announced(a)
		lead := int64(math.Round(float64(float64(mean-0.5) * float64(2*c.Cards))))
		rest := (c.Cards - lead) / 2
		t.add(1, min(rest, c.most(a))+lead)
		t.add(0, min(rest, c.most(a)))
	case records != nil:
		t = records.tallies[i]
	default:
		return Size{}, errors.New("neither votes nor records say how it may end")
	}
	var all []int64
	for trial := range trials {
		n, err := c.steps(a, records, i, limit, t.drawn(fmt.Sprint("entente/audit/size/", trial), c.Cards))
		if err != nil {
			return Size{}, err
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return Size{all[trials/2], all[trials*9/10]}, nil
}

// most is the number of announced votes of the loser of a pair.
func (c Contest) most(a Assorter) int64 {
	for _, name := range c.choices() {
		if a.Value(Vote{name}) == 0 {
			return c.Votes[name]
		}
	}
	return 0
}

// steps is after how many cards a test is below the limit. next gives the
// cards' values by what is left; NaN is a card whose record agrees.
func (c Contest) steps(a Assorter, records *Records, i int, limit float64, next func(left int64) float64) (int64, error) {
	test, mean, _, err := c.test(a, records, i)
	if err != nil {
		return 0, err
	}
	agrees := 0.0
	if c.Compares() {
		o, err := a.Overstatement(mean)
		if err != nil {
			return 0, err
		}
		agrees = o.Upper() / 2
	}
	for test.Risk() > limit {
		if test.Seen() == c.Cards {
			return c.Cards, nil
		}
		if test.Seen() == maxSteps {
			return 0, fmt.Errorf("more than %d cards would be looked at: count all of it", maxSteps)
		}
		x := next(c.Cards - test.Seen())
		if math.IsNaN(x) {
			x = agrees
		}
		if err := test.See(x); err != nil {
			return 0, err
		}
	}
	return test.Seen(), nil
}

// drawn draws values without replacement by Colorado's sequence.
func (t Tally) drawn(seed string, cards int64) func(left int64) float64 {
	counts := slices.Clone(t.counts)
	return func(left int64) float64 {
		at := Draw(seed, cards-left+1, left)
		for i, n := range counts {
			if at <= n {
				counts[i]--
				return t.values[i]
			}
			at -= n
		}
		return 0.5
	}
}
