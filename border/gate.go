package border

import (
	"fmt"
	"strings"
	"time"

	"entente/observable"
)

// Why the gate holds a candidate. The codes are stable: catalogues of
// translations use them.
const (
	HeldBreadth      = "HELD_BREADTH"       // a network wider than MinBits4 or MinBits6 allows
	HeldPublicSuffix = "HELD_PUBLIC_SUFFIX" // a name (or a URL's host) that strangers share
	HeldOwnAsset     = "HELD_OWN_ASSET"     // meets, covers or lies within what is ours
	HeldWarningList  = "HELD_WARNING_LIST"  // on a warning list
	HeldUndated      = "HELD_UNDATED"       // nobody says when it was seen to do harm
	HeldFuture       = "HELD_FUTURE"        // said to be seen at a time yet to come
	HeldExpired      = "HELD_EXPIRED"       // its giver no longer stands by it
	HeldContext      = "HELD_CONTEXT"       // mentioned, but not meant for detection
	HeldRule         = "HELD_RULE"          // a rule: a program of somebody else's that would run here
)

// HeldCodes returns every code, in the order in which reasons are given.
func HeldCodes() []string {
	return []string{
		HeldBreadth, HeldPublicSuffix, HeldOwnAsset, HeldWarningList,
		HeldUndated, HeldFuture, HeldExpired, HeldContext, HeldRule,
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
}

// Gate judges candidates. It is immutable and safe for concurrent use.
type Gate struct {
	lists []*WarningList
	own   *assets
}

// NewGate makes a gate from warning lists (BuiltIn first, as a rule) and what
// is the operator's own: addresses, networks and names above all.
func NewGate(lists []*WarningList, own []observable.Value) *Gate {
	return &Gate{lists: lists, own: newAssets(own)}
}

// Judge says whether the candidate may alert at the time now before a person
// accepts it.
func (g *Gate) Judge(c Candidate, now time.Time) Verdict {
	var v Verdict
	hold := func(code, format string, a ...any) {
		v.Hold = true
		v.Reasons = append(v.Reasons, Reason{code, fmt.Sprintf(format, a...)})
	}
	if c.Rule {
		hold(HeldRule, "%s", c.Value.Type)
	} else {
		g.judgeValue(c.Value, hold)
	}
	judgeTimes(c, now, hold)
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
	if !c.Until.IsZero() && !c.Until.After(now) {
		hold(HeldExpired, "%s", c.Until.UTC().Format(time.RFC3339))
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
// single label, or a URL at such a host.
func sharedName(v observable.Value) (string, bool) {
	if host, ok := v.Host(); ok && v.Type == observable.URL {
		v = host
	}
	if v.Type != observable.Domain {
		return "", false
	}
	return v.Canonical, !strings.Contains(v.Canonical, ".") || observable.PublicSuffix(v.Canonical)
}
