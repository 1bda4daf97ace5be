package audit

import (
	"errors"
	"math"
	"math/big"
)

// Inflation is the error inflation factor γ of Colorado's audits and of
// Lindeman and Stark, A Gentle Introduction to Risk-limiting Audits (2012).
func Inflation() *big.Rat { return big.NewRat(103905, 100000) }

// Comparison is a ballot-level comparison audit of one contest by the
// super-simple method: Stark, Super-simple simultaneous single-ballot
// risk-limiting audits (EVT/WOTE 2010), equations 8 and 10.
type Comparison struct {
	Cards  int64    // ballot cards from which the sample is drawn
	Margin int64    // votes between the last winner and the first loser
	Limit  *big.Rat // the risk limit, in (0, 1)
	Gamma  *big.Rat // the error inflation factor, above 1; see Inflation
}

// Discrepancies counts sampled cards whose paper differs from the machine's
// record: overstatements of the margin by two votes or one, and understatements.
type Discrepancies struct {
	OverTwo, OverOne, UnderOne, UnderTwo int64
}

// Sum is the number of cards with a discrepancy.
func (d Discrepancies) Sum() int64 { return d.OverTwo + d.OverOne + d.UnderOne + d.UnderTwo }

func (d Discrepancies) check() error {
	for _, n := range []int64{d.OverTwo, d.OverOne, d.UnderOne, d.UnderTwo} {
		if n < 0 || n > math.MaxInt32 {
			return errors.New("a count of discrepancies is negative or beyond 2147483647")
		}
	}
	return nil
}

func (c Comparison) check() error {
	switch one := big.NewRat(1, 1); {
	case c.Cards <= 0 || c.Cards > math.MaxInt32:
		return errors.New("the number of cards is not between 1 and 2147483647")
	case c.Margin <= 0:
		return errors.New("a contest without a margin cannot be audited: count all of it")
	case c.Margin > c.Cards:
		return errors.New("the margin is larger than the number of cards")
	case c.Limit == nil || c.Limit.Sign() <= 0 || c.Limit.Cmp(one) >= 0:
		return errors.New("the risk limit is not between 0 and 1")
	case c.Gamma == nil || c.Gamma.Cmp(one) <= 0 || c.Gamma.Cmp(big.NewRat(100, 1)) > 0:
		return errors.New("the error inflation factor is not above 1")
	}
	return nil
}

// factors are what one card with an overstatement of two, of one, an
// understatement of one and of two does to the risk: 1 minus or plus 1/γ or 1/2γ.
func (c Comparison) factors() [4]*big.Float {
	one, g := integer(1), rational(c.Gamma)
	whole := float().Quo(one, g)
	half := float().Quo(whole, integer(2))
	return [4]*big.Float{float().Sub(one, whole), float().Sub(one, half), float().Add(one, half), float().Add(one, whole)}
}

func (d Discrepancies) counts() [4]int64 {
	return [4]int64{d.OverTwo, d.OverOne, d.UnderOne, d.UnderTwo}
}

// Samples is the number of cards after which the audit stops if no further
// discrepancy is found: ⌈−2γ/μ·(ln α + Σ nᵢ·ln fᵢ)⌉ with the diluted margin μ =
// Margin/Cards, and never less than the discrepancies themselves.
func (c Comparison) Samples(d Discrepancies) (int64, error) {
	if err := errors.Join(c.check(), d.check()); err != nil {
		return 0, err
	}
	sum := ln(rational(c.Limit))
	for i, f := range c.factors() {
		if n := d.counts()[i]; n > 0 {
			sum.Add(sum, float().Mul(integer(n), ln(f)))
		}
	}
	size := float().Quo(float().Mul(integer(-2), rational(c.Gamma)), quotient(c.Margin, c.Cards))
	n, err := ceil(size.Mul(size, sum))
	return max(n, d.Sum()), err
}

// Risk is the Kaplan-Markov bound on the chance that a wrong outcome would
// have shown so few discrepancies in n cards drawn with replacement: at most 1.
func (c Comparison) Risk(n int64, d Discrepancies) (float64, error) {
	if err := errors.Join(c.check(), d.check()); err != nil {
		return 0, err
	}
	if n < 0 || n > math.MaxInt32 || d.Sum() > n {
		return 0, errors.New("the sample is smaller than its discrepancies, or beyond 2147483647 cards")
	}
	u := float().Quo(float().Mul(integer(2), rational(c.Gamma)), quotient(c.Margin, c.Cards))
	p := power(float().Sub(integer(1), float().Quo(integer(1), u)), n)
	for i, f := range c.factors() {
		if k := d.counts()[i]; k > 0 {
			p.Quo(p, power(f, k))
		}
	}
	risk, _ := p.Float64()
	return min(risk, 1), nil
}
