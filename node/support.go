package node

import (
	"context"
	"time"

	"entente/border"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/watch/indicator"
)

// support is what others than its giver say of a value: who names it on a
// basis of its own, and who has seen it in its logs. A word supports only what
// is marked as strictly as itself, or whoever may see the one could read the
// other off its verdict.
type support struct {
	named   map[string]int // by party, its least strict level
	sighted map[string][]seenAt
}

// seenAt is one sighting of a party, and how strictly it is marked.
type seenAt struct {
	at    time.Time
	level int
}

// usual is the level up to which a word supports anything: a sighting is never
// marked less strictly.
var usual = border.Amber.Level()

// supports is the support of the values that need one or have been seen. The
// gate as everybody has it knows nothing of it: an ack must not tell one giver
// what another one has said.
type supports map[observable.Value]*support

func (s supports) of(v observable.Value) *support {
	if s[v] == nil {
		s[v] = &support{named: make(map[string]int), sighted: make(map[string][]seenAt)}
	}
	return s[v]
}

// ownBasis says that an entry stands on something that its giver saw or was
// told with a time: only such a one supports another.
func (e entry) ownBasis() bool {
	switch e.basis {
	case indicator.BasisObserved, indicator.BasisRecorded:
		return true
	case indicator.BasisTold:
		return e.item.Observed != ""
	}
	return false
}

// supports gathers the support of the entries of a watchlist.
func (l *lists) supports(ctx context.Context, entries []entry) (supports, error) {
	s := make(supports)
	for _, e := range entries {
		if !e.ownBasis() && !e.isRule() {
			s.of(e.item.Observable())
		}
	}
	seen, err := l.view.Seen(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range seen {
		last, err := time.Parse(time.RFC3339, g.Last)
		if err != nil {
			last, err = time.Parse(time.DateOnly, g.Last)
		}
		if by := s.of(g.Value).sighted; err == nil {
			by[g.Party] = append(by[g.Party], seenAt{last, g.Level})
		}
	}
	for _, e := range entries {
		if v := s[e.item.Observable()]; v != nil && e.ownBasis() {
			if least, ok := v.named[e.giver]; !ok || e.level < least {
				v.named[e.giver] = e.level
			}
		}
	}
	return s, nil
}

// candidate is an entry as the gate judges it, with what others say.
func (s supports) candidate(c border.Candidate, e entry) border.Candidate {
	v := s[c.Value]
	if v == nil {
		return c
	}
	top := max(e.level, usual)
	others := make(map[string]bool)
	for party, level := range v.named {
		others[party] = party != e.giver && level <= top
	}
	for party, all := range v.sighted {
		if party == e.giver {
			continue // whoever gave it needs no answer from itself
		}
		seen := false
		for _, g := range all {
			if g.level > top {
				continue
			}
			seen = true
			if g.at.After(c.LastSighted) {
				c.LastSighted = g.at
			}
		}
		if seen {
			others[party] = true
			c.Sighted++
		}
	}
	for _, other := range others {
		if other {
			c.Corroborated++
		}
	}
	return c
}

// decided folds the officers' decisions: who accepted an item, and when.
func decided(decisions []sqlite.Decision) map[sqlite.Key]sqlite.Decision {
	accepted := make(map[sqlite.Key]sqlite.Decision)
	for _, d := range decisions {
		for item := d.From; item <= d.To; item++ {
			k := sqlite.Key{Origin: d.Origin, Index: d.Index, Item: item}
			delete(accepted, k)
			if d.Stance == border.StanceAccept {
				accepted[k] = d
			}
		}
	}
	return accepted
}
