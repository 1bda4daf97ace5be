package charter

import (
	"cmp"
	"slices"
	"time"
)

// Phase is where a charter stands.
type Phase string

// The phases, in the order in which a charter goes through them.
const (
	Proposed   Phase = "proposed"    // not every entry has consented
	CoolingOff Phase = "cooling-off" // all have; anyone may still revoke
	Consented  Phase = "consented"   // cooled off; the effective instant is to come
	InForce    Phase = "in force"
	Revoked    Phase = "revoked" // by one entry, before it came into force; final
)

// Departure is one party's leaving of a charter in force.
type Departure struct {
	Party string
	At    time.Time
}

// Status is what State computes.
type Status struct {
	Phase     Phase
	InForceAt time.Time   // zero until every entry has consented
	Missing   []string    // ids without a consent that counts yet, sorted
	Later     []string    // those of them whose consent bears a time still to come
	RevokedBy string      // who revoked first, in phase Revoked
	Left      []Departure // who left a charter in force, by time
	Ignored   int         // files that are not about this charter or do not verify
}

// Has reports whether the party belongs to the charter in force.
func (s Status) Has(c Charter, party string) bool {
	_, listed := c.Party(party)
	return s.Phase == InForce && listed && !slices.ContainsFunc(s.Left, func(d Departure) bool { return d.Party == party })
}

// State computes where c stands at now. It verifies every consent itself,
// counts for each party the earliest one of either stance that is not later
// than now, and gives the same answer for any order and any repetition.
//
// All entries consent to one digest; the charter is in force from the later
// of its effective instant and the last consent plus the cooling-off. A
// revocation before that instant kills it for good; one at or after it means
// that its party has left from then on, and the others remain bound.
func State(c Charter, consents []Consent, now time.Time) Status {
	agreed, revoked := make(map[string]time.Time), make(map[string]time.Time)
	later := make(map[string]bool)
	s := Status{Phase: Proposed}
	for _, k := range consents {
		if k.Verify(c) != nil {
			s.Ignored++
			continue
		}
		at := k.at().UTC()
		if at.After(now) {
			later[k.Party] = later[k.Party] || k.Stance == Agree
			continue
		}
		first := agreed
		if k.Stance == Revoke {
			first = revoked
		}
		if t, seen := first[k.Party]; !seen || at.Before(t) {
			first[k.Party] = at
		}
	}
	var last time.Time
	for _, p := range c.Parties {
		at, ok := agreed[p.ID]
		switch {
		case ok && at.After(last):
			last = at
		case !ok:
			s.Missing = append(s.Missing, p.ID)
			if later[p.ID] {
				s.Later = append(s.Later, p.ID)
			}
		}
	}
	s.place(c, last, now)
	s.leave(revoked)
	return s
}

// place sets phase and instant from the last consent, as if nobody revoked.
func (s *Status) place(c Charter, last, now time.Time) {
	if len(s.Missing) > 0 {
		return
	}
	cooled := last.Add(c.CoolingOff())
	s.InForceAt = cooled
	if e := c.EffectiveAt(); e.After(cooled) {
		s.InForceAt = e
	}
	switch {
	case !now.Before(s.InForceAt):
		s.Phase = InForce
	case now.Before(cooled):
		s.Phase = CoolingOff
	default:
		s.Phase = Consented
	}
}

// leave applies the revocations.
func (s *Status) leave(revoked map[string]time.Time) {
	var all []Departure
	for id, at := range revoked {
		all = append(all, Departure{Party: id, At: at})
	}
	slices.SortFunc(all, func(a, b Departure) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Party, b.Party))
	})
	if len(all) == 0 {
		return
	}
	if s.InForceAt.IsZero() || all[0].At.Before(s.InForceAt) {
		s.Phase, s.RevokedBy = Revoked, all[0].Party
		return
	}
	s.Left = all
}
