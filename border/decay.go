package border

import (
	"math"
	"time"

	"entente/observable"
	"entente/statement"
)

// Decay says how long an indicator stays worth watching after somebody last
// stood by it. The formula, the same for every giver:
//
//	score = 100 * 2^(-age / (half-life * (1 + min(sighted, 3))))
//
// age counts from the latest of: when it was observed, when its giver last
// told it (never later than now), and when it was last sighted. half-life is
// that of its type; sighted is how many parties have seen it in their own logs.
// An indicator below Threshold is held with HELD_DECAYED until a person accepts it anew.
type Decay struct {
	Threshold float64                           // 0 to 100; 0 means that nothing decays
	HalfLife  map[observable.Type]time.Duration // a type that is missing does not decay
}

const days = 24 * time.Hour

// maxSighted is up to how many parties' sightings make it last longer.
const maxSighted = 3

// DefaultDecay returns the decay of a node whose operator says nothing else.
// With its threshold an indicator that nobody sights is watched for two
// half-lives: addresses, which change hands, for 90 days, hashes, which do not, for ten years.
func DefaultDecay() Decay {
	return Decay{Threshold: 25, HalfLife: map[observable.Type]time.Duration{
		observable.IPv4: 45 * days, observable.IPv6: 45 * days, observable.Net4: 45 * days, observable.Net6: 45 * days,
		observable.URL: 60 * days, observable.Domain: 120 * days, observable.Email: 180 * days,
		observable.MD5: 1825 * days, observable.SHA1: 1825 * days, observable.SHA256: 1825 * days,
	}}
}

// Check refuses (E_FIELD) a threshold that is no percentage, and half-lives
// that are negative or of a type that there is not.
func (d Decay) Check() error {
	if !(d.Threshold >= 0 && d.Threshold < 100) {
		return statement.Refuse(statement.CodeField, "decay: threshold is %g, from 0 to below 100", d.Threshold)
	}
	known := make(map[observable.Type]bool)
	for _, t := range observable.Types() {
		known[t] = true
	}
	for t, h := range d.HalfLife {
		if !known[t] || h <= 0 {
			return statement.Refuse(statement.CodeField, "decay: half-life of %.40q is %s", t, h)
		}
	}
	return nil
}

// Score returns what is left of a candidate's 100 at the time now.
func (d Decay) Score(c Candidate, now time.Time) float64 {
	half, ok := d.half(c)
	last := c.last(now)
	if !ok || last.IsZero() || !last.Before(now) {
		return 100
	}
	return 100 * math.Exp2(-now.Sub(last).Hours()/half.Hours())
}

// ends returns when the score of a candidate falls below the threshold; zero
// if it never does.
func (d Decay) ends(c Candidate, now time.Time) time.Time {
	half, ok := d.half(c)
	last := c.last(now)
	if !ok || last.IsZero() || d.Threshold <= 0 {
		return time.Time{}
	}
	lives := math.Log2(100 / d.Threshold)
	return last.Add(time.Duration(math.Min(lives*float64(half), math.MaxInt64/2)))
}

func (d Decay) half(c Candidate) (time.Duration, bool) {
	half, ok := d.HalfLife[c.Value.Type]
	return half * time.Duration(1+min(max(c.Sighted, 0), maxSighted)), ok && !c.Rule
}

// last is when somebody last stood by a candidate.
func (c Candidate) last(now time.Time) time.Time {
	last := c.Observed
	for _, t := range []time.Time{c.Told, c.LastSighted} {
		if t.After(now) {
			t = now // a clock that runs ahead does not make it last
		}
		if t.After(last) {
			last = t
		}
	}
	return last
}
