package accord

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// Tally is a number and the statements that it is computed from, in order of
// log and index. A statement counts once, though several were asked by it.
type Tally struct {
	N    int
	Refs []statement.Ref
}

func (t *Tally) add(ref statement.Ref) {
	if n := len(t.Refs); n == 0 || t.Refs[n-1] != ref { // those of one notice come together
		t.Refs = append(t.Refs, ref)
		t.N++
	}
}

// Ledger is how one party of the charter has acted, by the same rules for all.
// Nothing in it is anybody's judgement, and none of its numbers is a mark.
type Ledger struct {
	Party string

	Asked      Tally // notices that reached it
	Acked      Tally // of these, acknowledged in time
	AckedLate  Tally
	Unacked    Tally // overdue, still not acknowledged
	AckMiddle  int64 // seconds, the lower median of all acknowledgements
	AckLongest int64
	Answered   Tally // in time
	LateAnswer Tally
	Unanswered Tally // overdue, still not answered
	Declined   Tally

	ClaimsMade     Tally
	ClaimsFaced    Tally
	NotExplained   Tally // claims that it faced: overdue, still not explained
	Corrections    Tally // of its own statements, by its own word
	Retractions    Tally
	Refusals       Tally // of proposals
	Revocations    Tally // in a cooling-off
	Exits          Tally // withdrawals, also those that it revoked later
	Suspensions    Tally
	Lapses         Tally // texts that lapsed for want of its consent or confirmation
	Forks          Tally // proofs that its log contradicts itself
	NotItsPosition Tally // statements of its log that bear a label
}

// Conduct returns the ledger of every party and observer, sorted by id.
func (r *Record) Conduct(now time.Time) []Ledger { return r.ConductOf(now, nil) }

// ConductOf counts only the statements that shows lets through; nil lets all
// through.
func (r *Record) ConductOf(now time.Time, shows func(statement.Ref) bool) []Ledger {
	by := map[string]*Ledger{}
	acks := map[string][]int64{}
	for _, p := range r.charter.Parties {
		by[p.ID] = &Ledger{Party: p.ID}
	}
	for _, c := range r.callsOf(now, shows) {
		if l := by[c.To]; l != nil && c.Label == LabelNone && c.Delivered != 0 {
			l.called(c)
			if c.Acked != 0 {
				acks[c.To] = append(acks[c.To], c.Acked-c.Delivered)
			}
		}
	}
	r.claimConduct(by, now)
	r.wordConduct(by)
	r.actConduct(by)
	var list []Ledger
	for id, l := range by {
		slices.Sort(acks[id])
		if n := len(acks[id]); n > 0 {
			l.AckMiddle, l.AckLongest = acks[id][(n-1)/2], acks[id][n-1]
		}
		if l.sort(); shows != nil {
			l.keep(shows)
		}
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b Ledger) int { return strings.Compare(a.Party, b.Party) })
	return list
}

func (l *Ledger) called(c Call) {
	l.Asked.add(c.Ref)
	late := map[string]Late{}
	for _, x := range c.Late {
		late[x.Clock] = x
	}
	switch x, ok := late[ClockAck]; {
	case ok && x.Until == 0:
		l.Unacked.add(c.Ref)
	case ok:
		l.AckedLate.add(c.Ref)
	case c.Acked != 0:
		l.Acked.add(c.Ref)
	}
	switch x, ok := late[ClockAnswer]; {
	case ok && x.Until == 0:
		l.Unanswered.add(c.Ref)
	case ok:
		l.LateAnswer.add(c.Ref)
	case c.Answered != 0:
		l.Answered.add(c.Ref)
	}
	if c.Answer == AnswerDeclined {
		l.Declined.add(c.Ref)
	}
}

func (r *Record) claimConduct(by map[string]*Ledger, now time.Time) {
	for _, c := range r.Claims(now) {
		if l := by[c.From]; l != nil {
			l.ClaimsMade.add(c.Ref)
		}
		if l := by[c.To]; l != nil && c.To != c.From {
			l.ClaimsFaced.add(c.Ref)
			if slices.ContainsFunc(c.Late, func(x Late) bool { return x.Clock == ClockAnswer && x.Until == 0 }) {
				l.NotExplained.add(c.Ref)
			}
		}
	}
}

// wordConduct counts single statements by what they say.
func (r *Record) wordConduct(by map[string]*Ledger) {
	for i := range r.said {
		e := &r.said[i]
		l := by[e.party]
		if l == nil || e.at == never || e.Act.Kind == KindTimes {
			continue
		}
		if label := r.label(int32(i)); label != LabelNone {
			l.NotItsPosition.add(e.Ref)
			continue
		}
		switch b := e.body.(type) {
		case *Notice:
			if e.target >= 0 && b.Corrects && r.said[e.target].Ref.Origin == e.Ref.Origin {
				l.Corrections.add(e.Ref)
			}
		case *Position:
			if t := l.stance(b.Stance); t != nil {
				t.add(e.Ref)
			}
		}
	}
}

func (l *Ledger) stance(s Stance) *Tally {
	switch s {
	case Correct:
		return &l.Corrections
	case Retract:
		return &l.Retractions
	case Refuse:
		return &l.Refusals
	case Revoke:
		return &l.Revocations
	case Withdraw:
		return &l.Exits
	case Suspend:
		return &l.Suspensions
	}
	return nil
}

// actConduct counts what the states of texts and logs say of a party.
func (r *Record) actConduct(by map[string]*Ledger) {
	for _, i := range r.instruments {
		if i.State != StateLapsed {
			continue
		}
		for _, id := range i.By {
			if l := by[id]; l != nil {
				l.Lapses.add(i.Ref)
			}
		}
	}
	for _, d := range r.splits {
		l := by[d.Party]
		if l == nil {
			continue
		}
		if d.Proof != (statement.Ref{}) {
			l.Forks.add(d.Proof)
			continue
		}
		l.Forks.N = 1
		l.Forks.Refs = append(l.Forks.Refs, d.Statements...)
	}
}

// tallies are the numbers of a ledger in the order of screens.
func (l *Ledger) tallies() []*Tally {
	return []*Tally{
		&l.Asked, &l.Acked, &l.AckedLate, &l.Unacked, &l.Answered, &l.LateAnswer, &l.Unanswered, &l.Declined, &l.ClaimsMade, &l.ClaimsFaced, &l.NotExplained,
		&l.Corrections, &l.Retractions, &l.Refusals, &l.Revocations, &l.Exits, &l.Suspensions, &l.Lapses, &l.Forks, &l.NotItsPosition,
	}
}

// Named is one number of a ledger under its word.
type Named struct {
	Word string
	Tally
}

// Tallies returns the numbers with their words, in the order of screens.
func (l Ledger) Tallies() []Named {
	words := []string{
		"asked", "acknowledged-in-time", "acknowledged-late", "not-acknowledged", "answered-in-time", "answered-late", "not-answered", "declined", "claims-made", "claims-faced",
		"not-explained", "corrections", "retractions", "refusals", "revocations", "exits", "suspensions", "lapses", "forks", "not-its-position",
	}
	var list []Named
	for i, t := range l.tallies() {
		list = append(list, Named{words[i], *t})
	}
	return list
}

// keep drops what shows does not let through.
func (l *Ledger) keep(shows func(statement.Ref) bool) {
	for _, t := range l.tallies() {
		gone := len(t.Refs)
		t.Refs = slices.DeleteFunc(t.Refs, func(r statement.Ref) bool { return !shows(r) })
		if gone -= len(t.Refs); gone > 0 {
			t.N = min(t.N, len(t.Refs)) // the two halves of a fork count as one
		}
	}
}

func (l *Ledger) sort() {
	for _, t := range l.tallies() {
		slices.SortFunc(t.Refs, func(a, b statement.Ref) int {
			return cmp.Or(strings.Compare(a.Origin, b.Origin), cmp.Compare(a.Index, b.Index), slices.Compare(a.ID[:], b.ID[:]))
		})
	}
}
