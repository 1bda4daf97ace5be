package accord

import (
	"entente/statement"
)

// CaseSummary is a case as a list shows it.
type CaseSummary struct {
	CaseState
	Title      Texts          // of the first statement that has one, in its author's words; nil if none has
	Speaker    string         // the party whose words the title is
	Statements int            // all that were read, housekeeping left out
	Last       int64          // when the newest one was covered, 0 if none was
	Waits      map[string]int // by party: how much in the case waits for its answer; what is parked waits for nobody
}

// CaseSummary returns a case as a list shows it; false if nothing stands in it
// but housekeeping.
func (r *Record) CaseSummary(caseID string) (CaseSummary, bool) {
	c := CaseSummary{Waits: map[string]int{}}
	for _, s := range r.Case(caseID) {
		if s.Act.Kind == KindTimes {
			continue
		}
		c.Statements++
		if at, ok := r.Covered(s.Ref); ok {
			c.Last = max(c.Last, at)
		}
		if c.Title == nil {
			c.Title, c.Speaker = r.Headline(s.Ref), s.Party
		}
	}
	if c.Statements == 0 {
		return c, false
	}
	if c.Title == nil {
		c.Speaker = ""
	}
	c.CaseState = r.CaseState(caseID)
	for _, m := range c.Open {
		if m.Kind == MatterParked {
			continue
		}
		for _, p := range m.Owner {
			c.Waits[p]++
		}
	}
	return c, true
}

// Headline is what its author calls a statement, or nil: the title of a text, the
// subject of a notice, the event of an account, the question of an assessment, the
// name of an exhibit.
func (r *Record) Headline(ref statement.Ref) Texts {
	p := r.find(ref)
	if p < 0 {
		return nil
	}
	switch b := r.said[p].body.(type) {
	case *Proposal:
		return b.Title
	case *Notice:
		return b.Subject
	case *Account:
		return b.Event.Title
	case *Assessment:
		return b.Question
	case *Exhibit:
		return Texts{"und": b.Name} // a name is of no language (RFC 5646, section 2.2.1)
	}
	return nil
}

// CoveredBy is the earliest time, in Unix seconds, at which one party cosigned a
// checkpoint that holds the statement.
func (r *Record) CoveredBy(ref statement.Ref, party string) (at int64, ok bool) {
	p := r.find(ref)
	if p < 0 {
		return 0, false
	}
	at = r.coveredBy(&r.said[p], party)
	return known(at), at != never
}
