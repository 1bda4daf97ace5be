package accord

import (
	"cmp"
	"slices"
	"strings"
)

// addColumns takes of each party the last matrix that it committed to before
// another's was opened; what came after could have been tailored. Who had none
// by then is not shut out: its first one is taken, and marked.
func (r *Record) addColumns(q *Question, said []Said) {
	var cells []Said
	opened := map[string]int64{}
	for _, s := range said {
		a, _ := Body[Assessment](r, s.Ref)
		if a.Stage != "cells" {
			continue
		}
		cells = append(cells, s)
		seal, _ := r.Reveal(s.Ref)
		if a.Mode == "open" {
			seal.Opened, _ = r.Covered(s.Ref)
		}
		if before, ok := opened[s.Party]; seal.Opened != 0 && (!ok || seal.Opened < before) {
			opened[s.Party] = seal.Opened
		}
	}
	for _, party := range r.members() {
		first := int64(never)
		for other, at := range opened {
			if other != party {
				first = min(first, at)
			}
		}
		q.Columns = append(q.Columns, r.column(q, party, cells, first))
	}
}

func (r *Record) column(q *Question, party string, cells []Said, first int64) PartyMatrix {
	c := PartyMatrix{Party: party, Seal: Seal{Party: party, State: SealClosed}, Cells: map[string]map[string]string{}}
	var last *Said
	for i, s := range cells {
		at, _ := r.Covered(s.Ref)
		switch {
		case s.Party != party:
		case at <= first:
			last = &cells[i]
		case last == nil:
			last, c.After = &cells[i], true
		default:
			c.Late = append(c.Late, s.Ref)
		}
	}
	if last == nil {
		return c
	}
	seal, content, _ := r.reveal(last.Ref)
	c.Seal = seal
	if m, ok := content.(Matrix); ok {
		c.fill(q, m)
	}
	return c
}

// fill takes the cells that name a row and a hypothesis of the question; the
// first where one is named twice.
func (c *PartyMatrix) fill(q *Question, m Matrix) {
	for _, row := range q.Rows {
		c.Cells[row.ID] = map[string]string{}
	}
	for _, cell := range m.Cells {
		cells, ok := c.Cells[cell.Row]
		known := slices.ContainsFunc(q.Hypotheses, func(h HypothesisView) bool { return h.ID == cell.Hypothesis })
		if _, twice := cells[cell.Hypothesis]; ok && known && !twice {
			cells[cell.Hypothesis] = cell.Value
		}
	}
	c.Ranking = c.rank(q, func(Row) bool { return true })
	c.Unplaced = c.rank(q, func(r Row) bool { return !r.mayBePlanted() })
}

// rank orders hypotheses by what speaks against them, the least first: evidence
// that fits refutes nothing, however much there is of it (Heuer, chapter 8).
func (c *PartyMatrix) rank(q *Question, counts func(Row) bool) []Standing {
	list := make([]Standing, len(q.Hypotheses))
	for i, h := range q.Hypotheses {
		list[i].Hypothesis = h.ID
		for _, row := range q.Rows {
			if counts(row.Row) {
				list[i].Against += against(c.Cells[row.ID][h.ID])
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(a.Against, b.Against), strings.Compare(a.Hypothesis, b.Hypothesis))
	})
	for i := range list {
		list[i].Rank = i + 1
		if i > 0 && list[i].Against == list[i-1].Against {
			list[i].Rank = list[i-1].Rank
		}
	}
	return list
}

func against(cell string) int { return map[string]int{"I": 1, "II": 2}[cell] }

// weight places a cell between strongly against and strongly for; false where it
// says nothing.
func weight(cell string) (int, bool) {
	w, ok := map[string]int{"II": -2, "I": -1, "N": 0, "C": 1, "CC": 2}[cell]
	return w, ok
}
