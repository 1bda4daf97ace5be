package cvr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/election/audit"
)

// A Row is what the machine says of one ballot card, in whatever format.
type Row struct {
	ID        string // as it is imprinted on the card, else as the export names it
	Tabulator string
	Batch     string
	Style     string // which contests stand on the card
	Contests  []Contest

	// Where the row was read. It is no part of the canonical row.
	File   string
	Number int64 // row or record of the file, from 1
}

// A Contest is what counts of one contest on a card.
type Contest struct {
	Name    string
	Ranked  bool
	Choices audit.Vote // in the order of names, or of preference where Ranked; none if too many were marked
}

// Bounds of one row.
const (
	maxRecord   = 1 << 20 // bytes of one record in its file
	maxName     = 1024    // bytes of a name
	maxContests = 1024
	maxChoices  = 1024
)

// Vote is what the card says in a contest; ok is false where the contest does not stand on it.
func (r *Row) Vote(contest string) (v audit.Vote, ok bool) {
	for _, c := range r.Contests {
		if c.Name == contest {
			return c.Choices, true
		}
	}
	return nil, false
}

// order brings a row into its one order and refuses one that contradicts itself.
func (r *Row) order() error {
	switch {
	case r.ID == "":
		return errors.New("a record without an id of its ballot")
	case len(r.Contests) > maxContests:
		return fmt.Errorf("more than %d contests on a card", maxContests)
	}
	for i := range r.Contests {
		c := &r.Contests[i]
		if c.Name == "" {
			return errors.New("a contest without a name")
		}
		if len(c.Choices) > maxChoices {
			return fmt.Errorf("contest %q: more than %d choices", c.Name, maxChoices)
		}
		if slices.Contains(c.Choices, "") {
			return fmt.Errorf("contest %q: a choice without a name", c.Name)
		}
		if !c.Ranked {
			slices.Sort(c.Choices)
		}
	}
	slices.SortFunc(r.Contests, func(a, b Contest) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(r.Contests); i++ {
		if r.Contests[i].Name == r.Contests[i-1].Name {
			return fmt.Errorf("the contest %q stands twice on one card", r.Contests[i].Name)
		}
	}
	return nil
}

// canonical is the one spelling of a row: a line for the format, tabulator,
// batch, id and style, then "=" and the name of each contest, and below it "+"
// and each choice, or ">" where they are ranked. Names hold no line ends.
func (r *Row) canonical(b []byte) []byte {
	b = append(b, "entente/cvr/v1\n"...)
	for _, s := range []string{r.Tabulator, r.Batch, r.ID, r.Style} {
		b = append(append(b, s...), '\n')
	}
	for _, c := range r.Contests {
		b = append(append(append(b, '='), c.Name...), '\n')
		mark := byte('+')
		if c.Ranked {
			mark = '>'
		}
		for _, choice := range c.Choices {
			b = append(append(append(b, mark), choice...), '\n')
		}
	}
	return b
}
