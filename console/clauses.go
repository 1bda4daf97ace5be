package console

import (
	"time"

	"entente/accord"
)

// ClauseSeen is what was seen of one clause in the last days, with who claims a
// breach of it, and what may be answered to a suspension.
type ClauseSeen struct {
	accord.ClauseView
	Rows   []ClauseRowSeen // the newest first, at most PerPage
	More   int             // rows beside them
	Claims []ClaimSeen
	Watch  []QueryWatch // what the own watch looks for; empty if it does not yet
	Drafts []DraftRow   // rows of it that the own watch drafted
}

// ClauseRowSeen is one observation with its place in the record.
type ClauseRowSeen struct {
	accord.ClauseRow
	At Ref
}

// ClaimSeen is one breach claim with its place, and that of what it rests on and
// of the finding.
type ClaimSeen struct {
	accord.Claim
	At, Rests, Found Ref
}

// Start is the first day that is counted.
func (c ClauseSeen) Start() time.Time { return unix(c.Period.From) }

// Starred reports whether somebody who counted was kept from looking.
func (c ClauseSeen) Starred() bool {
	for _, n := range c.Counts {
		if n.Star {
			return true
		}
	}
	for _, r := range c.Rows {
		if r.Access {
			return true
		}
	}
	return false
}

// Shown reports whether there is anything to show of the clause.
func (c ClauseSeen) Shown() bool {
	return len(c.Rows)+len(c.Counts)+len(c.Claims)+len(c.Offers)+len(c.Asks)+len(c.Watch)+len(c.Drafts)+c.Unread > 0
}

// QueryWatch says whether the own watch runs a query of a clause, and what it has
// found.
type QueryWatch struct {
	Language, Name string
	Why            string // why nothing can be observed here; empty: it is run
	Detail         string // foreign text
	Found          int64  // lines
}

// RowSeen is what the own watch drafted a row of.
type RowSeen struct {
	Clause   int   // 0: a corrective action
	Count    int64 // lines
	AtLeast  bool
	Sensors  []string
	From, To int64 // event times, Unix seconds
}
