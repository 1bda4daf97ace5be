package accord

import (
	"math"
	"slices"

	"entente/charter"
)

// This file decides when an act is complete, from when to when it must be
// confirmed, and whether it was (rules R3 to R6). Every bound is such that more
// of the record can only narrow it: what is in force here is never found to be
// revoked elsewhere, unless a log contradicts itself.

// timing says which of the two signed times of a moment decide. The product
// uses bothTimes; a test shows that each weaker rule fails.
type timing int

const (
	bothTimes     timing = iota // not before by the owner's time, not after by the cosigner's
	cosignersTime               // both by the cosigner's
	ownersTime                  // both by the owner's
	firstSeen                   // both times, and a cooling-off from the earliest cosignatures that are known
)

// unknown is before every time.
const unknown int64 = math.MinInt64

// interval bounds an instant from both sides.
type interval struct{ low, high int64 }

// recordedBy bounds the instant at which q's own log first says that it saw the
// consents of all others. q cannot change what it recorded first; what it did
// not record before decide_by counts as seen then.
func (r *Record) recordedBy(q string, consents map[string]uint64, decideBy int64) interval {
	own := r.origin(q)
	c, read := r.clocks[own], r.sizes[own]
	logged, at := uint64(0), int64(unknown)
	for party, index := range consents {
		if party == q {
			continue
		}
		n, seen := r.track(party, q).recorded(index)
		if seen == never || n > read {
			logged, at = noIndex, never
			break
		}
		logged, at = max(logged, n), max(at, seen)
	}
	at = min(at, decideBy)
	switch {
	case logged != noIndex && c.ownerBy(logged-1) <= decideBy:
		return interval{at, at} // recorded in time
	case c.ownerAt(min(logged-1, read)) > decideBy:
		return interval{decideBy, decideBy} // not recorded in time
	case logged != noIndex:
		return interval{at, decideBy}
	}
	return interval{unknown, decideBy}
}

// completed bounds the instant of completion: the last of what the needed
// parties recorded.
func (r *Record) completed(consents map[string]uint64, needs []string, decideBy int64) interval {
	all := interval{unknown, unknown}
	for q, index := range consents {
		i := r.recordedBy(q, consents, decideBy)
		if r.timing == firstSeen {
			at := r.inTime(q, needs, index)
			i = interval{at, at}
		}
		all = interval{max(all.low, i.low), max(all.high, i.high)}
	}
	return all
}

// confirmedBy is the earliest time at which another needed party or an observer
// cosigned a checkpoint of the party's log without a revocation, that its
// owner signed at or after the end of the cooling-off; or never.
func (r *Record) confirmedBy(party string, needs []string, end interval, grace int64, revoked uint64) int64 {
	origin := r.origin(party)
	c := r.clocks[origin]
	if c == nil || end.low == unknown {
		return never
	}
	size, latest := min(revoked, r.sizes[origin]), end.low+grace
	least := int64(never)
	for by, t := range c.tracks {
		if !r.attests(by, party, needs) {
			continue
		}
		at := never
		switch r.timing {
		case bothTimes, firstSeen:
			at = t.held(end.high, size)
		case cosignersTime:
			at = t.heldIf(size, func(m Moment) bool { return m.At >= end.high })
		case ownersTime:
			at = t.heldIf(size, func(m Moment) bool { return m.Owner >= end.high && m.Owner <= latest })
		}
		if at <= latest || at != never && r.timing == ownersTime {
			least = min(least, at)
		}
	}
	return least
}

// revokedIn reports whether the owner of a log signed a checkpoint with leaf index
// before an instant.
func (r *Record) revokedIn(party string, index uint64, before int64) bool {
	c := r.clocks[r.origin(party)]
	if r.timing == cosignersTime {
		return c.covered(index, r.otherThan(party)) < before
	}
	return c.ownerBy(index) < before
}

// attests reports whether a node's cosignature counts for a party's log: another
// needed party's, or an observer's.
func (r *Record) attests(by, party string, needs []string) bool {
	if by == party {
		return false
	}
	p, ok := r.charter.Party(by)
	return ok && (p.Role == charter.RoleObserver || slices.Contains(needs, by))
}

// inTime is the earliest time at which a node that counts saw a leaf.
func (r *Record) inTime(party string, needs []string, index uint64) int64 {
	return r.clocks[r.origin(party)].covered(index, func(by string) bool { return r.attests(by, party, needs) })
}

func (r *Record) origin(party string) string { return r.origins[party] }

func (r *Record) track(owner, by string) *track {
	if c := r.clocks[r.origin(owner)]; c != nil {
		return c.tracks[by]
	}
	return nil
}
