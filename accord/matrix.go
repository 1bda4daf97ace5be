package accord

import (
	"cmp"
	"slices"
	"strings"

	"entente/charter"
	"entente/statement"
)

// Question is one question of attribution: hypotheses that anybody may add and
// nobody delete, rows of evidence, each party's own cells, and judgements. Cells
// of different parties are never averaged.
type Question struct {
	Ref             statement.Ref // the assessment that opened it
	Case            string
	Party           string
	Text            Texts
	Level           string
	Stage           string // hypotheses, rows, cells, judgement: what is open now
	HypothesesUntil int64  // Unix seconds
	RowsUntil       int64  // frozen from then on
	Hypotheses      []HypothesisView
	Rows            []RowView // the most telling first
	Columns         []PartyMatrix
	Disputed        []CellAt // where parties differ
	Views           []JudgementView
	Left            []LeftOut
}

// HypothesisView is one hypothesis. ID is what cells and judgements name.
type HypothesisView struct {
	ID       string
	BuiltIn  bool
	Text     Texts // nil of a built-in one: its words are the catalogue's
	Actors   []string
	Excludes []string // ids; several may be true unless somebody says so
	Party    string
}

// RowView is one row of evidence.
type RowView struct {
	ID     string
	Row    Row
	Party  string
	Spread int // how far apart it puts hypotheses, for whichever party it does most
}

// PartyMatrix is one party's cells and what follows from them alone.
type PartyMatrix struct {
	Party    string
	Seal     Seal
	After    bool                         // committed to after another's had been opened
	Late     []statement.Ref              // matrices that came after that: shown, not used
	Cells    map[string]map[string]string // row, hypothesis
	Ranking  []Standing                   // the least contradicted first (Heuer)
	Unplaced []Standing                   // without the rows that somebody could have planted
}

// Standing is one hypothesis and how much evidence speaks against it: I once, II
// twice. Rank counts from 1; equals share one.
type Standing struct {
	Hypothesis string
	Against    int
	Rank       int
}

// CellAt names a cell.
type CellAt struct{ Row, Hypothesis string }

// JudgementView is what each party judges of one hypothesis and one question
// about it.
type JudgementView struct {
	Hypothesis string
	About      string
	By         []PartyJudgement
	// Joint is the likelihood that every party signed, and empty unless all did.
	Joint string
}

// PartyJudgement is one party's judgement with the dissents inside it.
type PartyJudgement struct {
	Party string
	Ref   statement.Ref
	Judgement
	Dissents []Dissent
}

// LeftOut is what was said and not taken in.
type LeftOut struct {
	Ref   statement.Ref
	Party string
	Part  string
	Why   string // late, over-quota, no-such-hypothesis
}

// The reasons of what is left out.
const (
	LeftLate    = "late"
	LeftQuota   = "over-quota"
	LeftUnknown = "no-such-hypothesis"
)

// BuiltIn returns the hypotheses that every question has: somebody else, staged
// to look like somebody, an insider, an accident.
func BuiltIn() []string { return slices.Clone(builtIn) }

// Plantable reports whether somebody could have planted the row. One whose
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
