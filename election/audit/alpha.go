package audit

import (
	"errors"
	"math"
)

// Alpha tests, card by card, that the mean of an assorter is not above one half:
// Stark, ALPHA: Audit that Learns from Previously Hand-Audited Ballots
// (arXiv 2201.02707), with its shrink-and-truncate estimate of the mean. Each
// operation is rounded on its own, so that every processor gives the same bits.
type Alpha struct {
	upper, guess, weight, gap float64
	cards                     int64 // 0 where cards are drawn with replacement
	seen                      int64
	sum, t, best              float64
}

// Weight is what the guess counts for beside the cards seen, as in the paper's examples.
const Weight = 100

// NewAlpha starts a test of values in [0, upper] drawn from so many cards without
// replacement, or with it where cards is 0. guess is the mean that the
// announced result would give, in (1/2, upper).
func NewAlpha(upper, guess, weight float64, cards int64) (*Alpha, error) {
	if !(upper > 0.5) || !(guess > 0.5 && guess < upper) || !(weight > 0) || cards < 0 || math.IsInf(upper, 1) || math.IsInf(weight, 1) {
		return nil, errors.New("a test needs 1/2 < guess < upper and a weight above 0")
	}
	return &Alpha{upper: upper, guess: guess, weight: weight, gap: (guess - 0.5) / 2, cards: cards, t: 1, best: 1}, nil
}

// null is the mean of the cards left, were that of all one half.
func (a *Alpha) null() float64 {
	if a.cards == 0 {
		return 0.5
	}
	return (float64(float64(a.cards)*0.5) - a.sum) / float64(a.cards-a.seen)
}

// estimate is the mean that is bet on: the guess and what was seen, and always
// between the null and the upper bound.
func (a *Alpha) estimate(null float64) float64 {
	n := a.weight + float64(a.seen)
	e := (float64(a.weight*a.guess) + a.sum) / n
	e = max(e, null+float64(a.gap/math.Sqrt(n)))
	return min(e, float64(a.upper*(1-1e-12)))
}

// See takes the next card's value.
func (a *Alpha) See(x float64) error {
	if !(x >= 0 && x <= a.upper) {
		return errors.New("a value beyond its bounds")
	}
	if a.cards > 0 && a.seen == a.cards {
		return errors.New("more values than cards")
	}
	m := a.null()
	switch {
	case m < 0: // so much was seen that the mean is above one half, whatever is left
		a.t = math.Inf(1)
	case m >= a.upper: // nothing left can lift the mean above one half
		a.t = 0
	case m == 0:
		if x > 0 {
			a.t = math.Inf(1)
		}
	case a.t > 0 && !math.IsInf(a.t, 1):
		e := a.estimate(m)
		won := float64(float64(x/m) * float64((e-m)/(a.upper-m)))
		a.t = float64(a.t * float64(won+float64((a.upper-e)/(a.upper-m))))
	}
	a.best = max(a.best, a.t)
	a.sum += x
	a.seen++
	return nil
}

// Risk is the least the test has reached so far: the audit may stop where it is
// not above the limit. At most 1.
func (a *Alpha) Risk() float64 { return min(1/a.best, 1) }

// Seen is the number of cards so far.
func (a *Alpha) Seen() int64 { return a.seen }
