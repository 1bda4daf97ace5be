package console

import (
	"net/http"
	"slices"
	"time"

	"entente/statement"
)

// Shared is exactly what one party has of what the own side said in a case.
type Shared struct {
	Party string
	Rows  []SharedRow // own statements, the newest first
}

// SharedRow is one own statement as that party has it.
type SharedRow struct {
	Ref     Ref
	Kind    statement.Kind
	Marking string
	Claimed time.Time
	Act     bool      // it reads the act: it is a recipient
	Seen    time.Time // when it first cosigned a checkpoint that holds it; zero: never
	Stored  bool      // its mirror says that it stores it
	Parts   []SharedPart
}

// SharedPart is one further part of a statement.
type SharedPart struct {
	No    int
	State PartSight
	By    Ref // what opened it to the party, of an opened one
}

// PartSight says whether the other party can read a part.
type PartSight string

// Whether the other party can read a part.
const (
	SightOpen      PartSight = "open"      // addressed to it with the act
	SightOpened    PartSight = "opened"    // closed at first, opened later
	SightClosed    PartSight = "closed"    // sealed: the digest is all that it has
	SightNotItsOwn PartSight = "elsewhere" // the statement is not addressed to it
)

// sharedPage is the body of a case's last tab.
type sharedPage struct {
	caseHead
	Shared   Shared
	Partners []string
	Pager    pager
}

func (c *Console) caseShared(v *visit) error {
	r, head, err := c.caseAt(v, caseSharedTab)
	if err != nil {
		return err
	}
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	p := sharedPage{caseHead: head, Partners: h.Partners}
	party := v.r.URL.Query().Get("party")
	if party == "" && len(h.Partners) > 0 {
		party = h.Partners[0]
	}
	if party != "" && !slices.Contains(h.Partners, party) {
		return ErrNotFound
	}
	if party != "" {
		if p.Shared, err = v.source.Cases().Shared(v.r.Context(), r, party); err != nil {
			return err
		}
	}
	p.Shared.Rows, p.Pager = onPage(v, p.Shared.Rows)
	return c.render(v, http.StatusOK, "case_shared", frame{Title: "case.title", Live: "record", Case: p.Case, Up: "/cases", Body: p})
}
