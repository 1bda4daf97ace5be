package audit

import (
	"errors"
	"fmt"
	"iter"
)

// maxTickets is how many cards the ticket sampler orders.
const maxTickets = 5_000_000

// Sequence are the labels of the cards that a seed draws for a contest, in
// order: with replacement without end, else until each card was drawn.
func (c Contest) Sequence(seed string, m *Manifest) (iter.Seq[string], error) {
	if err := CheckSeed(seed); err != nil {
		return nil, err
	}
	if m.Cards() != c.Cards {
		return nil, fmt.Errorf("the contest says %d cards, the manifest %d", c.Cards, m.Cards())
	}
	draws := Distinct(seed, m.Cards())
	switch {
	case c.Sampler == SamplerTickets:
		tickets, err := m.Tickets(seed, c.Replaces())
		if err != nil {
			return nil, err
		}
		draws = tickets
	case c.Replaces():
		draws = Draws(seed, m.Cards())
	}
	return func(yield func(string) bool) {
		for _, card := range draws {
			if b, at, _ := m.Card(card); !yield(b.Label(at)) {
				return
			}
		}
	}, nil
}

// Tickets are the cards of a manifest in the order of the tickets of their
// labels, with the number of the draw.
func (m *Manifest) Tickets(seed string, replace bool) (iter.Seq2[int64, int64], error) {
	if m.Cards() > maxTickets {
		return nil, fmt.Errorf("the ticket sampler orders at most %d cards", maxTickets)
	}
	ids, number := make([]string, 0, m.Cards()), make(map[string]int64, m.Cards())
	for _, b := range m.Batches {
		for at := int64(1); at <= b.Cards; at++ {
			ids = append(ids, b.Label(at))
			number[b.Label(at)] = int64(len(ids))
		}
	}
	tickets, err := Tickets(ids, seed, replace)
	if err != nil {
		return nil, err
	}
	return func(yield func(i, card int64) bool) {
		i := int64(0)
		for t := range tickets {
			if i++; !yield(i, number[t.ID]) {
				return
			}
		}
	}, nil
}

// maxDraws is how many draws with replacement are followed.
const maxDraws = 5_000_000

// Order gives the entries of a contest in the order of its draws, a card drawn
// again once more. The entries must be those of the first cards drawn: who may
// choose which to look at can choose what the sample says.
func (c Contest) Order(sequence iter.Seq[string], entries Entries) ([]Entry, error) {
	left := make(map[string]Entry, len(entries))
	for _, e := range entries {
		if e.Contest == c.Name {
			left[e.Ballot] = e
		}
	}
	known, n := len(left), 0
	taken := make(map[string]Entry, known)
	var out []Entry
	for label := range sequence {
		n++
		e, ok := left[label]
		if !ok {
			e, ok = taken[label]
		}
		if !ok || n > maxDraws {
			break
		}
		delete(left, label)
		taken[label] = e
		if out = append(out, e); len(taken) == known && !c.Replaces() {
			break
		}
	}
	if len(left) > 0 {
		first := ""
		for _, e := range entries { // in their order, so that every node names the same
			if _, is := left[e.Ballot]; is && e.Contest == c.Name {
				first = e.Ballot
				break
			}
		}
		return nil, fmt.Errorf("the ballot %s was entered, but is none of those drawn before draw %d, which has no entry: a sample cannot be chosen", first, n)
	}
	return out, nil
}

// Records are what the machine's records of all cards say of a contest's assertions.
type Records struct {
	contest   Contest
	assorters []Assorter
	tallies   []Tally
	votes     map[string]int64
	n         int64
}

// NewRecords begins with none.
func NewRecords(c Contest) (*Records, error) {
	assorters, err := c.Assorters()
	return &Records{contest: c, assorters: assorters, tallies: make([]Tally, len(assorters)), votes: make(map[string]int64)}, err
}

// Add takes the record of one card; a card without the contest has no vote.
func (r *Records) Add(v Vote) {
	r.n++
	for i, a := range r.assorters {
		r.tallies[i].add(a.Value(v), 1)
	}
	for _, c := range v {
		r.votes[c]++
	}
}

// Mean is that of an assertion over all cards; those without a record give a half.
func (r *Records) Mean(i int) float64 { return r.tallies[i].mean(r.contest.Cards) }

// Margin is the least lead in votes of a winner over a loser.
func (r *Records) Margin() int64 {
	least := r.contest.Cards
	for _, w := range r.contest.Winners {
		for _, l := range r.contest.Losers {
			least = min(least, r.votes[w]-r.votes[l])
		}
	}
	return least
}

// Check compares the records with what was announced. More of them than cards
// are refused: a sample of the cards would not see the others.
func (r *Records) Check() error {
	if r.n > r.contest.Cards {
		return fmt.Errorf("%d records of %d cards", r.n, r.contest.Cards)
	}
	if r.contest.Rule == RuleIRV {
		return nil
	}
	for _, name := range r.contest.choices() {
		if said, ok := r.contest.Votes[name]; ok && said != r.votes[name] {
			return fmt.Errorf("%d votes announced for %q, %d in the records", said, name, r.votes[name])
		}
	}
	return nil
}

// A Seen is a drawn card: what the machine recorded and what the paper shows.
type Seen struct {
	Record *Vote // nil: no record of this card
	Paper  *Vote // nil: the card cannot be found
}

// A Risk is what the cards seen say of one assertion.
type Risk struct {
	Assertion string  `json:"assertion"`
	Mean      float64 `json:"mean"` // by the announced votes, or the records; 0 where neither says
	Risk      float64 `json:"risk"` // at most 1
}

// An Outcome is what the cards seen say of a contest.
type Outcome struct {
	Contest string  `json:"contest"`
	Method  string  `json:"method"`
	Limit   string  `json:"limit"`
	Cards   int64   `json:"cards"`
	Seen    int     `json:"seen"`    // draws with an entry
	Differ  int     `json:"differ"`  // whose paper is not what the machine recorded
	Missing int     `json:"missing"` // cards that could not be found
	Risk    float64 `json:"risk"`    // the largest of all assertions
	Met     bool    `json:"met"`     // not above the limit: the audit may stop
	Risks   []Risk  `json:"risks"`
}

// Evaluate says how likely a wrong outcome would have shown so good a sample.
// records are needed where the method compares. A card that cannot be found
// counts for every loser: otherwise losing cards would help.
func (c Contest) Evaluate(seen []Seen, records *Records) (Outcome, error) {
	assorters, err := c.Assorters()
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Contest: c.Name, Method: c.Method, Limit: c.Limit, Cards: c.Cards, Seen: len(seen)}
	if c.Compares() {
		if records == nil {
			return out, errors.New("a comparison needs the machine's record of each card")
		}
		if err := records.Check(); err != nil {
			return out, err
		}
	}
	for _, s := range seen {
		if s.Paper == nil {
			out.Missing++
		}
	}
	switch c.Method {
	case MethodBRAVO:
		err = c.bravo(&out, seen)
	case MethodSuperSimple:
		err = c.superSimple(&out, seen, records, assorters)
	default:
		err = c.alpha(&out, seen, records, assorters)
	}
	for _, r := range out.Risks {
		out.Risk = max(out.Risk, r.Risk)
	}
	limit, _ := Parse(c.Limit) // checked above
	bound, _ := limit.Float64()
	out.Met = err == nil && len(out.Risks) > 0 && out.Risk <= bound
	return out, err
}

// bravo is the Wald test of each pair, as it stands after all cards seen.
func (c Contest) bravo(out *Outcome, seen []Seen) error {
	limit, err := Parse(c.Limit)
	if err != nil {
		return err
	}
	for _, w := range c.Winners {
		for _, l := range c.Losers {
			var won, lost int64
			for _, s := range seen {
				switch {
				case s.Paper == nil || s.Paper.has(l) && !s.Paper.has(w):
					lost++
				case s.Paper.has(w) && !s.Paper.has(l):
					won++
				}
			}
			p := Polling{Winner: c.Votes[w], Loser: c.Votes[l], Cards: c.Cards, Limit: limit}
			risk, err := p.Risk(won, lost)
			if err != nil {
				return fmt.Errorf("%s and %s: %w", w, l, err)
			}
			a := Plurality(w, l)
			mean, _ := c.announced(a)
			out.Risks = append(out.Risks, Risk{a.Name, mean, risk})
		}
	}
	return nil
}

// superSimple is the Kaplan-Markov bound over the overstatement of each card, the
// largest of all pairs.
func (c Contest) superSimple(out *Outcome, seen []Seen, records *Records, assorters []Assorter) error {
	limit, err := Parse(c.Limit)
	if err != nil {
		return err
	}
	var d Discrepancies
	for _, s := range seen {
		most := -2
		for _, a := range assorters {
			most = max(most, int(2*(value(a, s.Record, 0.5)-value(a, s.Paper, 0))))
		}
		switch most {
		case 2:
			d.OverTwo++
		case 1:
			d.OverOne++
		case -1:
			d.UnderOne++
		case -2:
			d.UnderTwo++
		}
	}
	out.Differ = int(d.Sum())
	k := Comparison{Cards: c.Cards, Margin: records.Margin(), Limit: limit, Gamma: Inflation()}
	risk, err := k.Risk(int64(len(seen)), d)
	if err != nil {
		return err
	}
	out.Risks = []Risk{{"every winner has more votes than every loser", 0.5 + float64(k.Margin)/float64(2*c.Cards), risk}}
	return nil
}

func value(a Assorter, v *Vote, none float64) float64 {
	if v == nil {
		return none
	}
	return a.Value(*v)
}

// alpha tests each assertion, card by card.
func (c Contest) alpha(out *Outcome, seen []Seen, records *Records, assorters []Assorter) error {
	for i, a := range assorters {
		test, mean, x, err := c.test(a, records, i)
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		for _, s := range seen {
			if err := test.See(x(s)); err != nil {
				return fmt.Errorf("%s: %w", a.Name, err)
			}
		}
		out.Risks = append(out.Risks, Risk{a.Name, mean, test.Risk()})
	}
	if c.Compares() {
		for _, s := range seen {
			for _, a := range assorters {
				if value(a, s.Record, 0.5) != value(a, s.Paper, 0) {
					out.Differ++
					break
				}
			}
		}
	}
	return nil
}

const (
	// fixed is the weight of a guess that the cards seen do not move.
	fixed = 1e12
	// guessed is the mean that is bet on where nothing is announced.
	guessed = 0.55
	// mistakes is the share of cards whose record overstates the margin by
	// two votes that the bet of a comparison allows for.
	mistakes = 0.001
)

// test is the test of one assertion: what each card gives, and the mean that is expected.
func (c Contest) test(a Assorter, records *Records, i int) (test *Alpha, mean float64, x func(Seen) float64, err error) {
	if c.Compares() {
		mean = records.Mean(i)
		o, err := a.Overstatement(mean)
		if err != nil {
			return nil, mean, nil, err
		}
		test, err := NewAlpha(o.Upper(), o.bet(), fixed, c.Cards)
		return test, mean, func(s Seen) float64 { return o.Value(s.Record, s.Paper) }, err
	}
	mean, ok := c.announced(a)
	guess := mean
	if !ok {
		guess = min(guessed, (0.5+a.Upper)/2)
	}
	if ok && !(mean > 0.5) {
		return nil, mean, nil, errors.New("the announced votes do not show it: count all of it")
	}
	guess = min(guess, float64(a.Upper*(1-1e-9))) // a unanimous contest
	test, err = NewAlpha(a.Upper, guess, Weight, c.Cards)
	return test, mean, func(s Seen) float64 { return value(a, s.Paper, 0) }, err
}

// bet is the mean to bet on that makes the test of a comparison end soonest if
// mistakes of the records overstate by two and the others none: where the
// logarithm of 1 + λ(x − 1/2) grows fastest, λ = 2(1−p) − p/(u/2 − 1/2), and the
// mean that belongs to it is 1/2 + λ(u − 1/2)/2. Kept within its bounds.
func (c Comparer) bet() float64 {
	u := c.Upper()
	gain := float64(u/2) - 0.5
	lambda := float64(2*(1-mistakes)) - float64(mistakes/gain)
	e := 0.5 + float64(float64(lambda*float64(u-0.5))/2)
	return min(max(e, 0.5+float64(gain/2)), float64(u*(1-1e-9)))
}
