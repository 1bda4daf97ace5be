package results

import "strings"

// Sum is a choice's votes in all: as published for the whole, or added up.
type Sum struct {
	Contest   string `json:"contest"`
	Choice    string `json:"choice"`
	Votes     int64  `json:"votes"`
	Published bool   `json:"published"` // false: the sum of the units
	Units     int    `json:"units"`     // that it is the sum of
}

// Sums are all choices' votes, contests and choices in the order published.
func (t *Table) Sums() (out []Sum) {
	type choice struct{ contest, name string }
	type tally struct {
		depth int // of the units added up
		votes int64
		units int
		total bool // of published totals, not of vote types
	}
	at := map[choice]*tally{}
	for _, c := range t.Cells {
		if c.What != Votes {
			continue
		}
		k, d, total := choice{c.Contest, c.Choice}, depth(c.Unit), c.Type == Total
		s := at[k]
		switch {
		case s == nil || d < s.depth || d == s.depth && total && !s.total:
			at[k] = &tally{d, c.Count, 1, total}
		case d == s.depth && total == s.total:
			s.votes, s.units = s.votes+c.Count, s.units+1
		}
	}
	for _, c := range t.Contests {
		for _, name := range c.Choices {
			if s := at[choice{c.Name, name}]; s != nil {
				out = append(out, Sum{t.Name(c.Name), t.Name(name), s.votes, s.depth == 0 && s.total, s.units})
			}
		}
	}
	return out
}

// Match finds the cells whose names are those asked for or, if there are none, hold
// the words asked for; "" is any.
func (t *Table) Match(q Key) (out []Cell) {
	var exact []Cell
	for _, c := range t.Cells {
		if q.What != "" && c.What != q.What || q.Type != "" && c.Type != q.Type {
			continue
		}
		if names(c.Contest, q.Contest) && names(c.Choice, q.Choice) && names(c.Unit, q.Unit) {
			out = append(out, c)
		}
		if named(c.Contest, q.Contest) && named(c.Choice, q.Choice) && named(c.Unit, q.Unit) {
			exact = append(exact, c)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return out
}

// named says that a name is the one asked for, or its innermost unit is.
func named(name, asked string) bool {
	clean, _ := text(asked)
	return asked == "" || name == fold(clean) || strings.HasSuffix(name, " / "+fold(clean))
}

// Show is a key with the names as the file spells them.
func (t *Table) Show(k Key) string { return t.show(k) }
