package border

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"entente/observable"
)

// Why the gate holds a candidate. The codes are stable: catalogues of
// translations use them.
const (
	HeldCanary       = "HELD_CANARY"        // our own decoy: nothing real stands behind it
	HeldBreadth      = "HELD_BREADTH"       // a network wider than MinBits4 or MinBits6 allows
	HeldPublicSuffix = "HELD_PUBLIC_SUFFIX" // a name (or a URL's host) that strangers share
	HeldOwnAsset     = "HELD_OWN_ASSET"     // meets, covers or lies within what is ours
	HeldWarningList  = "HELD_WARNING_LIST"  // on a warning list
	HeldUndated      = "HELD_UNDATED"       // nobody says when it was seen to do harm
	HeldFuture       = "HELD_FUTURE"        // said to be seen at a time yet to come
	HeldExpired      = "HELD_EXPIRED"       // its giver no longer stands by it
	HeldDecayed      = "HELD_DECAYED"       // nobody has stood by it for too long, see Decay
	HeldEvidence     = "HELD_EVIDENCE"      // neither an observation nor another party supports it
	HeldContext      = "HELD_CONTEXT"       // mentioned, but not meant for detection
	HeldRule         = "HELD_RULE"          // a rule: a program of somebody else's that would run here
)

// HeldCodes returns every code, in the order in which reasons are given.
func HeldCodes() []string {
	return []string{
		HeldCanary, HeldBreadth, HeldPublicSuffix, HeldOwnAsset, HeldWarningList,
		HeldUndated, HeldFuture, HeldExpired, HeldDecayed, HeldEvidence, HeldContext, HeldRule,
	}
}

// The widest networks that may alert unaccepted. /16 is the largest block that
// one organisation commonly holds (65,536 addresses); an IPv6 /32 is the
// smallest that registries give a provider. Wider ones meet ordinary traffic
// by chance.
const (
	MinBits4 = 16
	MinBits6 = 32
)

// FutureSlack is how far ahead of the own clock an observation may lie: a bare
// date is written in the giver's time zone.
const FutureSlack = 24 * time.Hour

// Candidate is an indicator that asks to watch.
type Candidate struct {
	Value           observable.Value
	Observed, Until time.Time // zero: not said
	Context         bool      // the giver does not mean it for detection
	Rule            bool      // it is a rule to run, not a value to find: Value names no observable
	Basis           string    // how its giver knows: told, observed, recorded, inferred, asserted; empty counts as told
	Told            time.Time // when its giver last said it, as claimed; zero: not known
	Corroborated    int       // how many other parties name it on a basis of their own, or have seen it
	Decoy           string    // to whom it was given as an own decoy; empty: it is none
	Sighted         int       // how many parties have seen it in their own logs
	LastSighted     time.Time // when, the latest
}

// Reason is one reason to hold: a code to translate and a detail of data that
// needs no translation: what was met, in the notation of the field.
type Reason struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Verdict is the gate's answer: whether the candidate waits for a person, and
// every reason why, not the first only.
type Verdict struct {
	Hold    bool     `json:"hold"`
	Reasons []Reason `json:"reasons"`
	// Ended is when it expired or decayed, zero if it has not: a person's word
	// from before then does not cover what came after.
	Ended time.Time `json:"ended,omitzero"`
	// Score is what decay has left of 100.
	Score float64 `json:"score"`
}

// Gate judges candidates. It is immutable and safe for concurrent use.
type Gate struct {
	lists []*WarningList
	own   *assets
	decay Decay
}

// NewGate makes a gate from warning lists (BuiltIn first, as a rule) and what
// is the operator's own: addresses, networks and names above all.
func NewGate(lists []*WarningList, own []observable.Value) *Gate {
	return &Gate{lists: lists, own: newAssets(own), decay: DefaultDecay()}
}

// WithDecay returns the gate with another decay than the usual one.
func (g *Gate) WithDecay(d Decay) *Gate {
	c := *g
	c.decay = d
	return &c
}

// Judge says whether the candidate may alert at the time now before a person
// accepts it.
func (g *Gate) Judge(c Candidate, now time.Time) Verdict {
	var v Verdict
	hold := func(code, format string, a ...any) {
		v.Hold = true
		v.Reasons = append(v.Reasons, Reason{code, fmt.Sprintf(format, a...)})
	}
	if c.Decoy != "" {
		hold(HeldCanary, "%s", c.Decoy)
	}
	if c.Rule {
		hold(HeldRule, "%s", c.Value.Type)
	} else {
		g.judgeValue(c.Value, hold)
	}
	judgeTimes(c, now, hold)
	v.Score = g.decay.Score(c, now)
	v.Ended = g.judgeAge(c, now, hold)
	if basis, weak := c.unsupported(); weak {
		hold(HeldEvidence, "%s", basis)
	}
	if c.Context {
		hold(HeldContext, "to_ids=false")
	}
	return v
}

// judgeValue says what speaks against looking for a value.
func (g *Gate) judgeValue(value observable.Value, hold func(code, format string, a ...any)) {
	if limit, wide := tooWide(value); wide {
		hold(HeldBreadth, "%s, limit /%d", value.Canonical, limit)
	}
	if name, shared := sharedName(value); shared {
		hold(HeldPublicSuffix, "%s", name)
	}
	if asset, ok := g.own.meet(value); ok {
		hold(HeldOwnAsset, "%s", asset)
	}
	for _, l := range g.lists {
		if entry, ok := l.Find(value); ok {
			hold(HeldWarningList, "%s: %s", l.Name(), entry)
		}
	}
}

func judgeTimes(c Candidate, now time.Time, hold func(code, format string, a ...any)) {
	switch {
	case c.Observed.IsZero() && c.Rule: // a way of doing harm changes hands less often than an address
	case c.Observed.IsZero():
		hold(HeldUndated, "no observation time")
	case c.Observed.After(now.Add(FutureSlack)):
		hold(HeldFuture, "%s", c.Observed.UTC().Format(time.RFC3339))
	}
}

// judgeAge says whether anybody still stands by a candidate, and since when
// nobody does.
func (g *Gate) judgeAge(c Candidate, now time.Time, hold func(code, format string, a ...any)) (ended time.Time) {
	if !c.Until.IsZero() && !c.Until.After(now) {
		hold(HeldExpired, "%s", c.Until.UTC().Format(time.RFC3339))
		ended = c.Until
	}
	if end := g.decay.ends(c, now); !end.IsZero() && !end.After(now) {
		hold(HeldDecayed, "%.0f < %.0f, %s", g.decay.Score(c, now), g.decay.Threshold, c.last(now).UTC().Format(time.DateOnly))
		if ended.IsZero() || end.Before(ended) {
			ended = end
		}
	}
	return ended
}

// The bases of package watch/indicator, as far as evidence depends on them.
const (
	basisTold     = "told"
	basisObserved = "observed"
	basisRecorded = "recorded"
)

// unsupported reports a candidate without evidence: one that its giver was
// told of without a time of observation, or that it only infers or asserts,
// and that no other party names or has seen. Of a rule a person judges more.
func (c Candidate) unsupported() (basis string, weak bool) {
	basis = cmp.Or(c.Basis, basisTold)
	switch {
	case c.Rule || c.Corroborated > 0 || c.Sighted > 0 || basis == basisObserved || basis == basisRecorded:
		return basis, false
	case basis == basisTold:
		return basis, c.Observed.IsZero()
	default:
		return basis, true
	}
}

// tooWide reports a network wider than its limit.
func tooWide(v observable.Value) (limit int, wide bool) {
	switch v.Type {
	case observable.Net4:
		limit = MinBits4
	case observable.Net6:
		limit = MinBits6
	default:
		return 0, false
	}
	p, ok := v.Prefix()
	return limit, ok && p.Bits() < limit
}

// sharedName reports a name that is a public suffix, top-level domain or
// single label, or a URL or an e-mail address at such a host.
func sharedName(v observable.Value) (string, bool) {
	if host, ok := v.Host(); ok {
		v = host
	}
	if v.Type != observable.Domain {
		return "", false
	}
	return v.Canonical, !strings.Contains(v.Canonical, ".") || observable.PublicSuffix(v.Canonical)
}
