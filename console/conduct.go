package console

import (
	"net/http"
	"slices"
	"time"

	"entente/accord"
	"entente/statement"
)

// conductPage is the body of the ledger: each number of each party, by the same
// rules for all.
type conductPage struct {
	Now     time.Time
	Parties []accord.Ledger
	Lines   []conductLine
	Part    bool // the reader may not see everything that is counted
}

// conductLine is one number with its count for each party.
type conductLine struct {
	Word  string
	Cells []conductCell
}

type conductCell struct {
	Party string
	N     int
}

func (c *Console) conduct(v *visit) error {
	l, err := v.source.Lines().Line(v.r.Context())
	if err != nil {
		return err
	}
	p := conductPage{Now: l.Now(), Parties: l.ConductOf(l.Now(), l.Shows), Part: l.Shows != nil}
	for _, party := range p.Parties {
		for i, t := range party.Tallies() {
			if i == len(p.Lines) {
				p.Lines = append(p.Lines, conductLine{Word: t.Word})
			}
			p.Lines[i].Cells = append(p.Lines[i].Cells, conductCell{party.Party, t.N})
		}
	}
	return c.render(v, http.StatusOK, "conduct", frame{Title: "conduct.title", Live: "record", Body: p})
}

// tallyPage is the body of one number: the statements that it is computed from.
type tallyPage struct {
	Party, Word string
	N           int
	Rows        []tallyRow
	Pager       pager
}

type tallyRow struct {
	Ref     Ref
	Kind    statement.Kind
	Case    string
	Title   accord.Texts
	Stance  accord.Stance
	At      time.Time // when another node had seen it
	Marking string
}

func (c *Console) tally(v *visit) error {
	l, err := v.source.Lines().Line(v.r.Context())
	if err != nil {
		return err
	}
	p := tallyPage{Party: v.r.PathValue("party"), Word: v.r.PathValue("word")}
	var refs []statement.Ref
	found := false
	for _, party := range l.ConductOf(l.Now(), l.Shows) {
		for _, t := range party.Tallies() {
			if party.Party == p.Party && t.Word == p.Word {
				found, p.N, refs = true, t.N, slices.Clone(t.Refs)
			}
		}
	}
	if !found {
		return ErrNotFound
	}
	refs, p.Pager = onPage(v, refs)
	for _, r := range refs {
		p.Rows = append(p.Rows, l.tallyRow(r))
	}
	return c.render(v, http.StatusOK, "tally", frame{Title: "conduct.title", Live: "record", Up: "/conduct", Body: p})
}

func (l LineRecord) tallyRow(r statement.Ref) tallyRow {
	row := tallyRow{Ref: l.ref(r), Title: l.Headline(r)}
	s, ok := l.Said(r)
	if !ok { // a proof that a log contradicts itself is no statement of the accord
		return row
	}
	row.Kind, row.Case, row.Marking = s.Act.Kind, s.Act.Case, s.Act.Marking
	if b, ok := accord.Body[accord.Position](l.Record, r); ok {
		row.Stance = b.Stance
	}
	if at, ok := l.Covered(r); ok {
		row.At = unix(at)
	}
	return row
}
