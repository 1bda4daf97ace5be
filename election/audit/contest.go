package audit

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// The rules by which a contest is won.
const (
	RulePlurality     = "plurality"     // each winner has more votes than each loser; several seats too
	RuleApproval      = "approval"      // the same arithmetic, any number of choices
	RuleSupermajority = "supermajority" // the one winner has more than a share of the valid votes
	RuleIRV           = "irv"           // instant runoff, by assertions that are given
)

// The methods by which a contest is audited.
const (
	MethodBRAVO       = "bravo"        // polling, cards drawn with replacement
	MethodPolling     = "polling"      // ALPHA over assorters, cards drawn without replacement
	MethodSuperSimple = "super-simple" // comparison by Kaplan-Markov, with replacement
	MethodComparison  = "comparison"   // ALPHA over overstatements, without replacement
)

// The samplers, see Draw and Tickets.
const (
	SamplerColorado = "colorado"
	SamplerTickets  = "tickets"
)

// A Contest is what an audit of one contest rests on. It is fixed, and sealed,
// before the seed is known.
type Contest struct {
	Name    string           `json:"contest"`
	Rule    string           `json:"rule"`
	Method  string           `json:"method"`
	Winners []string         `json:"winners"`
	Losers  []string         `json:"losers"`
	Share   string           `json:"share,omitempty"`   // of a supermajority, as a decimal such as 0.6
	Votes   map[string]int64 `json:"votes,omitempty"`   // announced; polling rests on them
	Cards   int64            `json:"cards"`             // from which the sample is drawn
	Limit   string           `json:"limit"`             // the risk limit, a decimal such as 0.05
	Sampler string           `json:"sampler,omitempty"` // SamplerColorado where it is empty

	Assertions []Assertion `json:"assertions,omitempty"` // of an IRV contest, see ReadAssertions
}

// RiskLimit is the limit as a number; 1 for one that is none.
func (c Contest) RiskLimit() float64 {
	r, err := Parse(c.Limit)
	if err != nil {
		return 1
	}
	limit, _ := r.Float64()
	return limit
}

// Compares says whether the method needs the machine's record of each card.
func (c Contest) Compares() bool {
	return c.Method == MethodSuperSimple || c.Method == MethodComparison
}

// Replaces says whether cards are drawn with replacement.
func (c Contest) Replaces() bool { return c.Method == MethodBRAVO || c.Method == MethodSuperSimple }

const maxChoices = 1024

// Check refuses a contest that cannot be audited as it stands.
func (c Contest) Check() error {
	limit, err := Parse(c.Limit)
	switch {
	case c.Name == "" || len(c.Name) > maxField:
		return errors.New("a contest without a name")
	case err != nil:
		return fmt.Errorf("limit: %w", err)
	case limit.Sign() <= 0 || limit.Cmp(big.NewRat(1, 1)) >= 0:
		return errors.New("the risk limit is not between 0 and 1")
	case c.Cards < 1 || c.Cards > math.MaxInt32:
		return errors.New("the number of cards is not between 1 and 2147483647")
	case len(c.Winners) == 0 || len(c.Losers) == 0 || len(c.Winners)+len(c.Losers) > maxChoices:
		return fmt.Errorf("at least one winner and one loser, at most %d choices", maxChoices)
	case (c.Rule == RuleSupermajority || c.Rule == RuleIRV) && len(c.Winners) != 1:
		return fmt.Errorf("the rule %s has one winner", c.Rule)
	case (c.Rule == RuleIRV) != (len(c.Assertions) > 0):
		return errors.New("assertions belong to an IRV contest, and it needs some")
	}
	switch c.Rule {
	case RulePlurality, RuleApproval:
	case RuleSupermajority, RuleIRV:
		if c.Replaces() {
			return fmt.Errorf("the method %s is for plurality and approval: use polling or comparison", c.Method)
		}
	default:
		return fmt.Errorf("no rule %.40q: plurality, approval, supermajority or irv", c.Rule)
	}
	switch c.Method {
	case MethodBRAVO, MethodPolling, MethodSuperSimple, MethodComparison:
	default:
		return fmt.Errorf("no method %.40q: bravo, polling, super-simple or comparison", c.Method)
	}
	if c.Sampler != "" && c.Sampler != SamplerColorado && c.Sampler != SamplerTickets {
		return fmt.Errorf("no sampler %.40q: colorado or tickets", c.Sampler)
	}
	return c.checkChoices()
}

func (c Contest) checkChoices() error {
	seen := make(map[string]bool)
	for _, name := range c.choices() {
		if name == "" || seen[name] {
			return fmt.Errorf("the choice %q is empty or stands twice", name)
		}
		seen[name] = true
	}
	total := int64(0)
	for name, n := range c.Votes {
		switch total += n; {
		case !seen[name]:
			return fmt.Errorf("votes of %q, who neither won nor lost", name)
		case n < 0 || n > c.Cards:
			return fmt.Errorf("%d votes of %q on %d cards", n, name, c.Cards)
		}
	}
	if c.Method == MethodBRAVO && len(c.Votes) != len(seen) {
		return errors.New("BRAVO rests on the announced votes of each choice")
	}
	return nil
}

func (c Contest) choices() []string { return slices.Concat(c.Winners, c.Losers) }

// Assorters are what must all be true for the announced outcome to be right.
func (c Contest) Assorters() ([]Assorter, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var out []Assorter
	switch c.Rule {
	case RuleSupermajority:
		share, err := Parse(c.Share)
		if err != nil {
			return nil, fmt.Errorf("share: %w", err)
		}
		f, _ := share.Float64()
		a, err := Supermajority(c.Winners[0], f)
		return append(out, a), err
	case RuleIRV:
		if err := implies(c.Winners[0], c.choices(), c.Assertions); err != nil {
			return nil, err
		}
		for _, a := range c.Assertions {
			assorter, err := a.assorter()
			if err != nil {
				return nil, err
			}
			out = append(out, assorter)
		}
		return out, nil
	}
	for _, w := range c.Winners {
		for _, l := range c.Losers {
			out = append(out, Plurality(w, l))
		}
	}
	return out, nil
}

// announced is the mean of an assorter by the announced votes: for a card with
// one of them what it gives, and a half for the others. ok is false where they do not say.
func (c Contest) announced(a Assorter) (mean float64, ok bool) {
	if len(c.Votes) != len(c.Winners)+len(c.Losers) || c.Rule == RuleIRV {
		return 0, false
	}
	var t Tally
	for _, name := range c.choices() {
		t.add(a.Value(Vote{name}), c.Votes[name])
	}
	if c.Rule == RuleSupermajority {
		return t.mean(c.Cards), true
	}
	return t.excess(c.Cards), true // a card may hold several choices, and those of both give a half
}

// A Tally counts how many cards give which value: sums of it do not depend on
// the order of cards. An assorter has three values.
type Tally struct {
	values []float64
	counts []int64
}

func (t *Tally) add(x float64, n int64) {
	i := slices.Index(t.values, x)
	if i < 0 {
		i = len(t.values)
		t.values, t.counts = append(t.values, x), append(t.counts, 0)
	}
	t.counts[i] += n
}

// mean is over so many cards, those not counted giving a half.
func (t *Tally) mean(cards int64) float64 { return t.sum(cards) / float64(cards) }

func (t *Tally) sum(cards int64) float64 {
	order := make([]int, len(t.values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmpFloat(t.values[a], t.values[b]) })
	counted, sum := int64(0), 0.0
	for _, i := range order {
		counted += t.counts[i]
		sum += float64(t.values[i] * float64(t.counts[i]))
	}
	return sum + float64(float64(cards-counted)*0.5)
}

// excess is a half and what the values lie above and below it, over all cards.
func (t *Tally) excess(cards int64) float64 {
	up := int64(0)
	for i, x := range t.values {
		switch {
		case x > 0.5:
			up += t.counts[i]
		case x < 0.5:
			up -= t.counts[i]
		}
	}
	return 0.5 + float64(up)/float64(2*cards)
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
