package console

import (
	"net/http"
	"slices"
	"strings"

	"entente/accord"
)

// matrixPage is the body of a case's questions of attribution.
type matrixPage struct {
	caseHead
	Firm      bool // without the rows that somebody could have planted
	Speaks    bool
	Questions []questionView
	Here      CaseRecord
}

// questionView is one question as a table: rows of evidence with the most telling
// first, hypotheses with the least contradicted first.
type questionView struct {
	accord.Question
	OrderBy string // by whose cells the hypotheses stand in order; "": as they came
	Columns []accord.HypothesisView
	Shown   []accord.RowView
	Left    int          // rows that are not shown because somebody could have planted them
	Cells   [][]caseCell // by row and hypothesis
	Places  [][]int      // by hypothesis and party: its rank, 0 for none
	Hidden  []string     // parties whose cells are not shown before the own ones are opened
	Unseen  [2]int       // rows that rest on what others cannot see, of how many
}

// caseCell holds each party's cell beside the others'.
type caseCell struct {
	Values []partyValue
	Differ bool
}

// partyValue is one party's cell; Value is empty where it has none to show.
type partyValue struct{ Party, Value string }

func (c *Console) caseMatrix(v *visit) error {
	r, head, err := c.caseAt(v, "matrix")
	if err != nil {
		return err
	}
	p := matrixPage{caseHead: head, Speaks: v.user.speaks() && len(head.Asked) == 0, Firm: v.r.URL.Query().Get("firm") == "1", Here: r}
	for _, q := range r.Questions(r.ID) {
		var hidden []string
		if v.r.URL.Query().Get("open") == "" {
			q, hidden = blind(r.Self, q)
		}
		one := viewQuestion(r.Self, q, p.Firm)
		one.Hidden = hidden
		p.Questions = append(p.Questions, one)
	}
	return c.render(v, http.StatusOK, "case_matrix", frame{Title: "case.title", Live: "record", Case: p.Case, Up: "/cases", Body: p})
}

// viewQuestion lays a question out. firm leaves out the rows that somebody could
// have planted, and ranks without them.
func viewQuestion(self string, q accord.Question, firm bool) questionView {
	w := questionView{Question: q}
	w.Unseen[0], w.Unseen[1] = q.Unseen()
	for _, row := range q.Rows {
		if firm && row.Row.Plantable != "no" {
			w.Left++
			continue
		}
		w.Shown = append(w.Shown, row)
	}
	ranking := func(m accord.PartyMatrix) []accord.Standing {
		if firm {
			return m.Unplaced
		}
		return m.Ranking
	}
	w.order(self, ranking)
	for _, row := range w.Shown {
		cells := make([]caseCell, len(w.Columns))
		for i, h := range w.Columns {
			for _, m := range q.Columns {
				cells[i].Values = append(cells[i].Values, partyValue{m.Party, m.Cells[row.ID][h.ID]})
			}
			cells[i].Differ = slices.Contains(q.Disputed, accord.CellAt{Row: row.ID, Hypothesis: h.ID})
		}
		w.Cells = append(w.Cells, cells)
	}
	for _, h := range w.Columns {
		places := make([]int, len(q.Columns))
		for i, m := range q.Columns {
			for _, s := range ranking(m) {
				if s.Hypothesis == h.ID {
					places[i] = s.Rank
				}
			}
		}
		w.Places = append(w.Places, places)
	}
	return w
}

// blind leaves out the cells of others that are open already while the own side
// has not opened its own, and names whose: each side fills its matrix in blind.
func blind(self string, q accord.Question) (accord.Question, []string) {
	i := slices.IndexFunc(q.Columns, func(m accord.PartyMatrix) bool { return m.Party == self })
	if i < 0 || q.Columns[i].Seal.Readable() || q.Columns[i].Seal.State == accord.SealNotOpened || q.Columns[i].Seal.State == accord.SealTampered {
		return q, nil // nobody's own question, or nothing to be blind for any more
	}
	var hidden []string
	q.Columns = slices.Clone(q.Columns)
	for i, m := range q.Columns {
		if m.Party != self && len(m.Cells) > 0 {
			hidden = append(hidden, m.Party)
			q.Columns[i].Cells, q.Columns[i].Ranking, q.Columns[i].Unplaced = nil, nil, nil
		}
	}
	if len(hidden) > 0 {
		q.Disputed, q.Rows = nil, slices.Clone(q.Rows)
		for i := range q.Rows {
			q.Rows[i].Spread = 0 // it follows from the cells
		}
		slices.SortStableFunc(q.Rows, func(a, b accord.RowView) int { return strings.Compare(a.ID, b.ID) })
	}
	return q, hidden
}

// order sets hypotheses by the own cells, or else by the first that are open:
// each party ranks for itself, and nobody's ranks are averaged.
func (w *questionView) order(self string, ranking func(accord.PartyMatrix) []accord.Standing) {
	w.Columns = slices.Clone(w.Hypotheses)
	var by []accord.Standing
	for _, m := range w.Question.Columns {
		if list := ranking(m); len(list) > 0 && (by == nil || m.Party == self) {
			by, w.OrderBy = list, m.Party
		}
	}
	place := func(h accord.HypothesisView) int {
		return slices.IndexFunc(by, func(s accord.Standing) bool { return s.Hypothesis == h.ID })
	}
	slices.SortStableFunc(w.Columns, func(a, b accord.HypothesisView) int { return place(a) - place(b) })
}

// Against is how much speaks against a hypothesis in a party's cells.
func (w questionView) Against(party, hypothesis string, firm bool) int {
	for _, m := range w.Question.Columns {
		list := m.Ranking
		if firm {
			list = m.Unplaced
		}
		for _, s := range list {
			if m.Party == party && s.Hypothesis == hypothesis {
				return s.Against
			}
		}
	}
	return 0
}

// Hypothesis returns one of the question's hypotheses by its id.
func (w questionView) Hypothesis(id string) accord.HypothesisView {
	for _, h := range w.Hypotheses {
		if h.ID == id {
			return h
		}
	}
	return accord.HypothesisView{ID: id}
}

// judged says in two sentences how likely a party holds something, and how sure
// it is: never in one.
func (c *catalogue) judged(p accord.PartyJudgement) []string {
	return sentences(accord.JudgementText(c.lexicon(), p))
}

// dissented says the same of a voice inside the party.
func (c *catalogue) dissented(about string, d accord.Dissent) []string {
	return sentences(accord.JudgementText(c.lexicon(), accord.PartyJudgement{Party: plain(d.Who), Judgement: accord.Judgement{Likelihood: d.Likelihood, Confidence: d.Confidence, About: about}}))
}

func sentences(likelihood, confidence string) []string {
	if confidence == "" {
		return []string{likelihood}
	}
	return []string{likelihood, confidence}
}

// joint is the word that every party signed, "" where they did not.
func (c *catalogue) joint(v accord.JudgementView) string {
	if v.Joint == "" {
		return ""
	}
	return accord.JointText(c.lexicon(), v)
}

// unseen says of how much a reader must take somebody's word.
func (c *catalogue) unseen(reader string, n, of int) string {
	return accord.UnseenText(c.lexicon(), reader, n, of)
}
