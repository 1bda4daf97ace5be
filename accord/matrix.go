package accord

import (
	"cmp"
	"slices"
	"strings"

	"entente/charter"
	"entente/statement"
)

// BuiltIn returns the hypotheses that every question has: somebody else, staged
// to look like somebody, an insider, an accident.
func BuiltIn() []string { return slices.Clone(builtIn) }

// Responsibilities returns how far a state can answer for something, from least to
// most (Healey), as judgements spell them.
func Responsibilities() []string { return slices.Clone(responsibilities) }

// mayBePlanted reports whether somebody could have planted the row. One whose
// author does not know is no more certain.
func (r Row) mayBePlanted() bool { return r.Plantable != "no" }

// Questions returns the questions of a case, in order of the record.
func (r *Record) Questions(caseID string) []Question {
	byRoot := map[statement.Ref][]Said{}
	var roots []statement.Ref
	for _, s := range r.evenly(caseID) {
		_, covered := r.Covered(s.Ref)
		a, ok := Body[Assessment](r, s.Ref)
		if !ok || !covered || r.Label(s) != LabelNone {
			continue
		}
		if a.Stage == "judgement" && r.retracted(s.Ref) { // of hypotheses and rows nobody takes any away
			continue
		}
		root := r.question(s)
		if len(byRoot[root]) == 0 {
			roots = append(roots, root)
		}
		byRoot[root] = append(byRoot[root], s)
	}
	var list []Question
	for _, root := range roots {
		if s, ok := r.Said(root); ok && s.Ref == byRoot[root][0].Ref {
			list = append(list, r.matrix(s, byRoot[root]))
		}
	}
	return list
}

func (r *Record) matrix(root Said, said []Said) Question {
	a, _ := Body[Assessment](r, root.Ref)
	opened, _ := r.Covered(root.Ref)
	window := r.rulesAt(opened).Clocks.Hypotheses
	q := Question{Ref: root.Ref, Case: root.Act.Case, Party: root.Party, Text: a.Question, Level: a.Level, HypothesesUntil: opened + window, RowsUntil: opened + 2*window}
	if at, all := r.allCommitted(said); all { // nobody has more to bring
		q.HypothesesUntil, q.RowsUntil = min(q.HypothesesUntil, at), min(q.RowsUntil, at)
	}
	r.addHypotheses(&q, said)
	r.addRows(&q, said)
	r.addColumns(&q, said)
	q.sortRows()
	r.addJudgements(&q, said)
	q.stage(r.now.Unix())
	return q
}

// allCommitted is when the last party committed to its cells, if all did.
func (r *Record) allCommitted(said []Said) (last int64, all bool) {
	first := map[string]int64{}
	for _, s := range said {
		a, _ := Body[Assessment](r, s.Ref)
		at, _ := r.Covered(s.Ref)
		if before, ok := first[s.Party]; a.Stage == "cells" && (!ok || at < before) {
			first[s.Party] = at
		}
	}
	for _, p := range r.members() {
		at, ok := first[p]
		if !ok {
			return 0, false
		}
		last = max(last, at)
	}
	return last, true
}

// members are the parties of the charter, without observers.
func (r *Record) members() (ids []string) {
	for _, p := range r.charter.Parties {
		if p.Role == charter.RoleParty {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (r *Record) addHypotheses(q *Question, said []Said) {
	for _, name := range builtIn {
		q.Hypotheses = append(q.Hypotheses, HypothesisView{ID: name, BuiltIn: true})
	}
	quota := int(r.rulesAt(q.HypothesesUntil).Quotas.Hypotheses)
	for _, s := range said {
		a, _ := Body[Assessment](r, s.Ref)
		at, _ := r.Covered(s.Ref)
		for _, h := range a.Hypotheses {
			left := LeftOut{Ref: s.Ref, Party: s.Party, Part: PartName("hypothesis", h.No)}
			switch {
			case at > q.HypothesesUntil:
				left.Why = LeftLate
			case len(q.Hypotheses)-len(builtIn) >= quota:
				left.Why = LeftQuota
			}
			if left.Why != "" {
				q.Left = append(q.Left, left)
				continue
			}
			v := HypothesisView{ID: HypothesisID(s.Ref.ID, h.No), Text: h.Text, Actors: h.Actors, Party: s.Party}
			for _, no := range h.Excludes {
				v.Excludes = append(v.Excludes, HypothesisID(s.Ref.ID, no))
			}
			q.Hypotheses = append(q.Hypotheses, v)
		}
	}
}

// MayAddHypothesis refuses one more hypothesis once the quota is used up or the
// time for them has passed.
func (r *Record) MayAddHypothesis(question statement.Ref) error {
	s, ok := r.Said(question)
	if !ok {
		return statement.Refuse(statement.CodeState, "no such question")
	}
	for _, q := range r.Questions(s.Act.Case) {
		if q.Ref != question {
			continue
		}
		most := r.rulesAt(r.now.Unix()).Quotas.Hypotheses
		if n := int64(len(q.Hypotheses) - len(builtIn)); n >= most {
			return statement.Refuse(statement.CodeBudget, "%d hypotheses beside the built-in ones, at most %d", n, most)
		}
		if r.now.Unix() > q.HypothesesUntil {
			return statement.Refuse(statement.CodeState, "hypotheses were open until %s", stamp(q.HypothesesUntil))
		}
		return nil
	}
	return statement.Refuse(statement.CodeState, "no such question")
}

func (r *Record) addRows(q *Question, said []Said) {
	used := map[string]int64{}
	for _, s := range said {
		a, _ := Body[Assessment](r, s.Ref)
		at, _ := r.Covered(s.Ref)
		if a.Stage == "cells" {
			continue
		}
		_, content, _ := r.reveal(s.Ref)
		m, _ := content.(Matrix)
		for _, row := range m.Rows {
			left := LeftOut{Ref: s.Ref, Party: s.Party, Part: PartName("row", row.No)}
			switch {
			case at > q.RowsUntil:
				left.Why = LeftLate
			case used[s.Party] >= r.rulesAt(q.RowsUntil).Quotas.Rows:
				left.Why = LeftQuota
			}
			if left.Why != "" {
				q.Left = append(q.Left, left)
				continue
			}
			used[s.Party]++
			q.Rows = append(q.Rows, RowView{ID: RowID(s.Ref.ID, row.No), Row: row, Party: s.Party})
		}
	}
}

// sortRows puts the most telling rows first: those that set hypotheses furthest
// apart for any one party. A row that fits everything tells nothing.
func (q *Question) sortRows() {
	for i := range q.Rows {
		row := &q.Rows[i]
		for _, c := range q.Columns {
			row.Spread = max(row.Spread, spread(c.Cells[row.ID]))
		}
		for _, h := range q.Hypotheses {
			if q.differ(row.ID, h.ID) {
				q.Disputed = append(q.Disputed, CellAt{row.ID, h.ID})
			}
		}
	}
	slices.SortStableFunc(q.Rows, func(a, b RowView) int {
		return cmp.Or(cmp.Compare(b.Spread, a.Spread), strings.Compare(a.ID, b.ID))
	})
}

func spread(cells map[string]string) int {
	low, high, any := 0, 0, false
	for _, v := range cells {
		w, ok := weight(v)
		if !ok {
			continue
		}
		if !any {
			low, high, any = w, w, true
		}
		low, high = min(low, w), max(high, w)
	}
	return high - low
}

func (q *Question) differ(row, hypothesis string) bool {
	seen := map[string]bool{}
	for _, c := range q.Columns {
		if v := c.Cells[row][hypothesis]; v != "" && v != "NA" {
			seen[v] = true
		}
	}
	return len(seen) > 1
}

// stage is what is open now.
func (q *Question) stage(now int64) {
	opened := slices.ContainsFunc(q.Columns, func(c PartyMatrix) bool { return c.Seal.Readable() })
	closed := slices.ContainsFunc(q.Columns, func(c PartyMatrix) bool { return !c.Seal.Readable() && c.Seal.State != SealNotOpened })
	switch {
	case now < q.HypothesesUntil:
		q.Stage = "hypotheses"
	case now < q.RowsUntil:
		q.Stage = "rows"
	case opened && !closed, len(q.Views) > 0:
		q.Stage = "judgement"
	default:
		q.Stage = "cells"
	}
}

// Unseen says how many rows, of how many, rest on evidence that others cannot
// see, by their author's own word.
func (q Question) Unseen() (n, of int) {
	for _, row := range q.Rows {
		if row.Row.Unseen {
			n++
		}
	}
	return n, len(q.Rows)
}
