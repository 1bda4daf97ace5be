package node

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/statement"
)

// assessment is one of a question at a stage.
func (u *unit) assessment(stage string) accord.Assessment {
	return accord.Assessment{
		Question: accord.Texts{"en": "Who scanned?"}, Level: "technical", AsOf: accord.At(u.opt[north].Now()), Stage: stage, Mode: "open",
		Hypotheses: []accord.Hypothesis{}, Judgements: []accord.Judgement{}, Assumptions: []accord.Texts{}, Gaps: []accord.Texts{}, WouldChange: []accord.Texts{}, Dissents: []accord.Dissent{},
	}
}

// weighs lets a party say one of a question.
func (u *unit) weighs(party string, a accord.Assessment, m *accord.Matrix, on ...statement.Ref) statement.Ref {
	u.t.Helper()
	d := draft{kind: accord.KindAssessment, refs: on}
	if m != nil {
		m.Salt = strings.Repeat("ab", 32)
		if m.Rows == nil {
			m.Rows = []accord.Row{}
		}
		if m.Cells == nil {
			m.Cells = []accord.Cell{}
		}
		part := must(marshalJSON(*m))(u.t)
		d.parts, a.Matrix = [][]byte{part}, accord.MatrixDigest(part)
	}
	d.body = a
	if a.Mode == "sealed" {
		d.closed, d.closedTo = 1, []string{a.Depositary}
	}
	if len(on) > 0 {
		s, _ := must(u.node(party).Accord(u.t.Context()))(u.t).Said(on[0])
		d.caseID = s.Act.Case
	}
	ref := u.utter(party, d, staff...)
	u.settle()
	return ref
}

// question is what a node makes of the only question of a case.
func (u *unit) question(reader string, root statement.Ref) accord.Question {
	u.t.Helper()
	r := must(u.node(reader).Accord(u.t.Context()))(u.t)
	s, _ := r.Said(root)
	list := r.Questions(s.Act.Case)
	if len(list) != 1 {
		u.t.Fatalf("%s knows %d questions", reader, len(list))
	}
	return list[0]
}

func hypotheses(n int) []accord.Hypothesis {
	out := []accord.Hypothesis{}
	for i := range n {
		out = append(out, accord.Hypothesis{No: i + 1, Text: accord.Texts{"en": "A group"}, Actors: []string{}, Excludes: []int{}})
	}
	return out
}

// TestRatedBlind (P8): an eighth hypothesis is refused by the quota, and the
// built-in ones stay whatever is taken back. Both parties rate sealed, with the
// line between them cut; neither reads the other's cells before both have
// committed. Without the rows that could have been planted the order is another;
// a word is joint only when both have signed it.
func TestRatedBlind(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute, observer: -2 * time.Minute})
		open := u.assessment("hypotheses")
		open.Hypotheses = hypotheses(2)
		root := u.weighs(north, open, nil)
		more := u.assessment("hypotheses")
		more.Hypotheses = hypotheses(5)
		u.weighs(south, more, nil, root)
		more.Hypotheses = hypotheses(1)
		if _, err := u.node(south).Draft(t.Context(), AccordDraft{Kind: accord.KindAssessment, Refs: []statement.Ref{root}, Body: more}); !refusedWith(err, statement.CodeBudget) {
			t.Errorf("an eighth hypothesis: %v", err)
		}
		u.takes(north, accord.Retract, root, nil)
		u.settle()
		rows := u.assessment("rows")
		evidence := u.weighs(north, rows, &accord.Matrix{Rows: []accord.Row{
			{No: 1, Text: accord.Texts{"en": "A name in a log"}, SourceRel: "B", Cred: 2, Plantable: "easily"},
			{No: 2, Text: accord.Texts{"en": "Hours of work"}, SourceRel: "B", Cred: 2, Plantable: "no"},
		}}, root)
		first, second := accord.HypothesisID(root.ID, 1), accord.HypothesisID(root.ID, 2)
		cells := func(values ...string) *accord.Matrix {
			m := &accord.Matrix{}
			for i, v := range values {
				m.Cells = append(m.Cells, accord.Cell{Row: accord.RowID(evidence.ID, 1+i/2), Hypothesis: []string{first, second}[i%2], Value: v})
			}
			return m
		}
		blind := u.assessment("cells")
		blind.Mode, blind.Depositary, blind.RevealBy = "sealed", observer, accord.At(u.opt[north].Now().Add(24*time.Hour))
		u.sever(north, south)
		mine := u.weighs(north, blind, cells("II", "CC", "N", "I"), root)
		if err := u.reveals(north, mine); !refusedWith(err, statement.CodeState) {
			t.Errorf("opened before south has committed: %v", err)
		}
		if got := u.content(south, mine); got != "" {
			t.Errorf("south reads north's cells: %q", got)
		}
		theirs := u.weighs(south, blind, cells("C", "C", "N", "II"), root)
		if got := u.content(north, theirs); got != "" {
			t.Errorf("north reads south's cells: %q", got)
		}
		u.ok(u.reveals(north, mine))
		u.ok(u.reveals(south, theirs))
		u.settle()
		for _, name := range u.names {
			q := u.question(name, root)
			var ids []string
			for _, h := range q.Hypotheses {
				ids = append(ids, h.ID)
			}
			if len(ids) != 4+7 || !slices.Equal(ids[:4], accord.BuiltIn()) {
				t.Errorf("%s: hypotheses %v", name, ids)
			}
			for _, c := range q.Columns {
				all, firm := ahead(c.Ranking, first, second), ahead(c.Unplaced, first, second)
				if want := map[string]string{north: "second", south: "first"}[c.Party]; all != want || firm != "first" {
					t.Errorf("%s: %s has %s ahead, without what could be planted %s; want %s and first", name, c.Party, all, firm, want)
				}
			}
		}
		judge := func(party, likelihood string) {
			a := u.assessment("judgement")
			a.Judgements = []accord.Judgement{{Hypothesis: first, Likelihood: likelihood, Confidence: "low", Why: accord.Texts{"en": "Two rows."}, About: "actor"}}
			u.weighs(party, a, nil, root)
		}
		joint := func(when, want string) {
			for _, name := range u.names {
				if v := u.question(name, root).Views; len(v) != 1 || v[0].Joint != want {
					t.Errorf("%s, %s: %+v, want %q", name, when, v, want)
				}
			}
		}
		judge(north, "very-likely")
		joint("north alone", "")
		judge(south, "likely")
		joint("two words", "")
		judge(south, "very-likely")
		joint("one word", "very-likely")
		u.innocent()
	})
}

// ahead says which of two hypotheses stands ahead.
func ahead(list []accord.Standing, first, second string) string {
	at := func(id string) int {
		return slices.IndexFunc(list, func(s accord.Standing) bool { return s.Hypothesis == id })
	}
	if at(first) < 0 || at(second) < 0 {
		return "neither"
	}
	if at(first) < at(second) {
		return "first"
	}
	return "second"
}
