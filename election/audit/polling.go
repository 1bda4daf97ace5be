package audit

import (
	"errors"
	"math"
	"math/big"
)

// Polling is a ballot-polling audit of one pair of candidates by BRAVO:
// Lindeman, Stark and Yates, BRAVO: Ballot-polling Risk-limiting Audits to
// Verify Outcomes (EVT/WOTE 2012). A contest has one for each winner and loser.
type Polling struct {
	Winner, Loser int64    // votes announced
	Cards         int64    // ballot cards, those without a vote for either included
	Limit         *big.Rat // the risk limit, in (0, 1)
}

func (p Polling) check() error {
	switch {
	case p.Winner <= p.Loser || p.Loser < 0:
		return errors.New("the winner has no more votes than the loser: count all of it")
	case p.Cards <= 0 || p.Cards > math.MaxInt32 || p.Winner > p.Cards-p.Loser:
		return errors.New("the number of cards is smaller than the votes, or beyond 2147483647")
	case p.Limit == nil || p.Limit.Sign() <= 0 || p.Limit.Cmp(big.NewRat(1, 1)) >= 0:
		return errors.New("the risk limit is not between 0 and 1")
	}
	return nil
}

// Risk is 1/T of the Wald test after so many sampled votes for winner and
// loser: the audit may stop where it is not above the limit. At most 1.
func (p Polling) Risk(winner, loser int64) (float64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if winner < 0 || loser < 0 || winner > math.MaxInt32 || loser > math.MaxInt32 {
		return 0, errors.New("a count of sampled votes is negative or beyond 2147483647")
	}
	if p.Loser == 0 && loser > 0 {
		return 1, nil
	}
	both := p.Winner + p.Loser
	t := power(quotient(2*p.Winner, both), winner)
	if loser > 0 {
		t.Mul(t, power(quotient(2*p.Loser, both), loser))
	}
	risk, _ := float().Quo(integer(1), t).Float64()
	return min(risk, 1), nil
}

// ASN is the average number of ballots that BRAVO looks at if the announced
// shares are true, by the paper's equation 5.
func (p Polling) ASN() (int64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	both := p.Winner + p.Loser
	zw := ln(quotient(2*p.Winner, both))
	drift := float().Mul(quotient(p.Winner, p.Cards), zw)
	if p.Loser > 0 {
		drift.Add(drift, float().Mul(quotient(p.Loser, p.Cards), ln(quotient(2*p.Loser, both))))
	}
	top := float().Quo(zw, integer(2))
	top.Sub(top, ln(rational(p.Limit)))
	return ceil(top.Quo(top, drift))
}

// steps are what a sampled vote for the winner and for the loser adds to ln T,
// and what must be reached.
func (p Polling) steps() (share, plus, minus, goal float64) {
	share = float64(p.Winner) / float64(p.Winner+p.Loser)
	limit, _ := p.Limit.Float64()
	return share, math.Log(2 * share), math.Log(2 - 2*share), -math.Log(limit)
}

// scaled adds the ballots that hold a vote for neither.
func (p Polling) scaled(n int) int64 {
	return int64(math.Ceil(float64(n) * float64(p.Cards) / float64(p.Winner+p.Loser)))
}

// largest round that sizes are computed for.
const largest = 1_000_000

var errLarge = errors.New("more than 1000000 votes would be looked at: count all of it")

// Round is the size of a first round that ends the audit with the chance q in
// [0.5, 1), if the announced shares are true: the root of the normal
// approximation, and from there the first size whose own binomial quantile
// passes. It plans and decides nothing, and is floating point.
func (p Polling) Round(q float64) (int64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if !(q >= 0.5 && q < 1) {
		return 0, errors.New("the chance of a round is not in [0.5, 1)")
	}
	share, plus, minus, goal := p.steps()
	if p.Loser == 0 {
		return p.scaled(int(math.Ceil(goal / plus))), nil
	}
	// share·n − z·√(n·share·(1−share)) = (goal − minus·n)/(plus − minus)
	z := math.Sqrt2 * math.Erfinv(2*q-1)
	a, b, c := share+minus/(plus-minus), -z*math.Sqrt(share*(1-share)), -goal/(plus-minus)
	root := (-b + math.Sqrt(b*b-4*a*c)) / (2 * a)
	for n := int(root * root); n <= largest; n++ {
		w := float64(quantile(n, share, 1-q))
		if w*plus+(float64(n)-w)*minus > goal {
			return p.scaled(n), nil
		}
	}
	return 0, errLarge
}

// quantile is the least k with P(X ≤ k) ≥ q of a binomial X, summed upwards from
// eight deviations below the mean, before which nothing counts.
func quantile(n int, share, q float64) int {
	mean, deviation := float64(n)*share, math.Sqrt(float64(n)*share*(1-share))
	k := max(0, int(mean-8*deviation))
	term := logChoose(n, k) + float64(k)*math.Log(share) + float64(n-k)*math.Log(1-share)
	mass := math.Exp(term)
	for sum := mass; sum < q && k < n; sum += mass {
		mass *= float64(n-k) / float64(k+1) * share / (1 - share)
		k++
	}
	return k
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// Quantile is the number of ballots after which BRAVO, looked at one by one,
// has stopped with the chance q if the announced shares are true: the exact
// distribution of the stopping time with replacement. It plans, and is floating point.
func (p Polling) Quantile(q float64) (int64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if !(q > 0 && q < 1) {
		return 0, errors.New("a chance is not between 0 and 1")
	}
	share, plus, minus, goal := p.steps()
	if p.Loser == 0 {
		return p.scaled(int(math.Ceil(goal / plus))), nil
	}
	// chances[w-low] is the chance of w votes for the winner and not to have stopped
	chances, low, stopped := []float64{1}, 0, 0.0
	for n := 1; n <= 50_000; n++ {
		next := make([]float64, len(chances)+1)
		for i, c := range chances {
			next[i] += c * (1 - share)
			next[i+1] += c * share
		}
		top := len(next)
		for ; top > 0 && float64(low+top-1)*plus+float64(n-low-top+1)*minus >= goal-1e-12; top-- {
			stopped += next[top-1]
		}
		if stopped >= q {
			return p.scaled(n), nil
		}
		bottom := 0
		for bottom < top && next[bottom] < 1e-18 {
			bottom++
		}
		chances, low = next[bottom:top], low+bottom
	}
	return 0, errLarge
}
