package accord

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

func (s *story) assess(party, stage string, change func(*Assessment), m *Matrix, refs ...statement.Ref) statement.Ref {
	s.t.Helper()
	a := samples()[KindAssessment].(Assessment)
	a.Stage = stage
	var part []byte
	if m != nil {
		m.Salt = strings.Repeat("ab", 32)
		if m.Rows == nil {
			m.Rows = []Row{}
		}
		if m.Cells == nil {
			m.Cells = []Cell{}
		}
		raw, err := marshal(*m)
		if err != nil {
			s.t.Fatal(err)
		}
		part, a.Matrix = raw, MatrixDigest(raw)
	}
	if change != nil {
		change(&a)
	}
	ref := s.say(party, KindAssessment, a, refs...)
	last := &s.w.Said[len(s.w.Said)-1]
	if part != nil {
		last.Parts = map[int][]byte{1: part}
	}
	for _, p := range s.w.Charter.Others(party) {
		last.Act.Recipients = append(last.Act.Recipients, p.ID)
	}
	slices.Sort(last.Act.Recipients)
	return ref
}

func (s *story) question(t *testing.T) Question {
	t.Helper()
	list := s.record().Questions(s.last)
	if len(list) != 1 {
		t.Fatalf("%d questions", len(list))
	}
	return list[0]
}

func hypothesis(n int) func(*Assessment) {
	return func(a *Assessment) {
		for i := range n {
			a.Hypotheses = append(a.Hypotheses, Hypothesis{No: i + 1, Text: Texts{"en": "x"}, Actors: []string{}, Excludes: []int{}})
		}
	}
}

func evidenceRows(plantable ...string) *Matrix {
	m := &Matrix{}
	for i, p := range plantable {
		m.Rows = append(m.Rows, Row{No: i + 1, Text: Texts{"en": "x"}, SourceRel: "B", Cred: 2, Plantable: p})
	}
	return m
}

// TestHypotheses: seven at most, the built-in ones always, none after the time.
func TestHypotheses(t *testing.T) {
	s := newStory(t)
	root := s.assess("north", "hypotheses", hypothesis(4), nil)
	s.pass(minute)
	s.assess("south", "hypotheses", hypothesis(3), nil, root)
	s.pass(minute)
	if err := s.record().MayAddHypothesis(root); !errors.Is(err, &statement.Refusal{Code: statement.CodeBudget}) {
		t.Errorf("an eighth: %v", err)
	}
	s.assess("south", "hypotheses", hypothesis(1), nil, root)
	s.pass(minute)
	q := s.question(t)
	if len(q.Hypotheses) != 4+7 || len(q.Left) != 1 || q.Left[0].Why != LeftQuota || q.Stage != "hypotheses" {
		t.Errorf("%d hypotheses, left out %+v, stage %s", len(q.Hypotheses), q.Left, q.Stage)
	}
	for i, name := range BuiltIn() {
		if q.Hypotheses[i].ID != name || !q.Hypotheses[i].BuiltIn {
			t.Errorf("no %q", name)
		}
	}
	s.say("north", KindPosition, stance(Retract), root)
	s.pass(minute)
	if q := s.question(t); len(q.Hypotheses) != 4+7 {
		t.Errorf("%d hypotheses after one took its own back", len(q.Hypotheses))
	}
	s = newStory(t)
	root = s.assess("north", "hypotheses", hypothesis(1), nil)
	s.pass(minute)
	s.pass(4 * day)
	s.assess("south", "hypotheses", hypothesis(1), nil, root)
	s.pass(minute)
	if q := s.question(t); len(q.Left) != 1 || q.Left[0].Why != LeftLate || q.Stage != "rows" {
		t.Errorf("%+v, stage %s", q.Left, q.Stage)
	}
}

// TestMatrix: both fill blind; each has its own ranking; without what could have
// been planted the ranking is another.
func TestMatrix(t *testing.T) {
	s := newStory(t)
	root := s.assess("north", "hypotheses", hypothesis(2), nil)
	s.pass(minute)
	rows := s.assess("north", "rows", nil, evidenceRows("easily", "no", "no"), root)
	s.pass(minute)
	h := []string{HypothesisID(root.ID, 1), HypothesisID(root.ID, 2)}
	row := []string{RowID(rows.ID, 1), RowID(rows.ID, 2), RowID(rows.ID, 3)}
	seal := func(a *Assessment) {
		a.Mode, a.Depositary, a.RevealBy = "sealed", "observer", s.in(day)
	}
	fill := func(values ...string) *Matrix {
		m := &Matrix{}
		for i, v := range values {
			m.Cells = append(m.Cells, Cell{row[i/2], h[i%2], v})
		}
		m.Cells = append(m.Cells, Cell{row[0], "nobody", "II"}, Cell{"no row", h[0], "II"}, Cell{row[0], h[0], "CC"})
		return m
	}
	// The plantable row speaks against the first hypothesis, the others against the second.
	north := s.assess("north", "cells", seal, fill("II", "CC", "N", "I", "N", "N"), root)
	s.pass(minute)
	q := s.question(t)
	if c := q.Columns[0]; len(c.Ranking) != 0 || len(c.Cells) != 0 || c.Seal.State != SealClosed {
		t.Errorf("cells are out before the other has committed: %+v", c)
	}
	south := s.assess("south", "cells", seal, fill("C", "C", "N", "II", "C", "I"), root)
	s.pass(minute)
	if q := s.question(t); q.RowsUntil > s.now || q.Columns[1].Seal.State != SealMayReveal {
		t.Errorf("both committed, rows are open until %d, now %d; %s", q.RowsUntil, s.now, q.Columns[1].Seal.State)
	}
	s.say("north", KindPosition, stance(Reveal), north)
	s.pass(minute)
	s.assess("south", "cells", nil, fill("II", "II", "II", "II", "II", "II"), root) // tailored
	s.say("south", KindPosition, stance(Reveal), south)
	s.pass(minute)
	q = s.question(t)
	order := func(list []Standing) (out []string) {
		for _, st := range list {
			if i := slices.Index(h, st.Hypothesis); i >= 0 {
				out = append(out, fmt.Sprintf("h%d:%d", i+1, st.Against))
			}
		}
		return out
	}
	for i, want := range []struct{ all, without []string }{
		{[]string{"h2:1", "h1:2"}, []string{"h1:0", "h2:1"}},
		{[]string{"h1:0", "h2:3"}, []string{"h1:0", "h2:3"}},
	} {
		c := q.Columns[i]
		if !slices.Equal(order(c.Ranking), want.all) || !slices.Equal(order(c.Unplaced), want.without) {
			t.Errorf("%s: %v, without plantable rows %v; want %v", c.Party, order(c.Ranking), order(c.Unplaced), want)
		}
	}
	if len(q.Columns[1].Late) != 1 || q.Columns[1].After {
		t.Errorf("what south committed to after north had opened: %+v", q.Columns[1])
	}
	if q.Rows[0].ID != row[0] || q.Rows[0].Spread != 4 || q.Rows[1].ID != row[1] || q.Rows[2].ID != row[2] {
		t.Errorf("rows are not in the order of what they tell: %+v", q.Rows)
	}
	if len(q.Disputed) != 5 || q.Stage != "judgement" {
		t.Errorf("%d cells in dispute, stage %s: %v", len(q.Disputed), q.Stage, q.Disputed)
	}
}

// TestLateMatrixIsNotShutOut: whoever opens at once keeps nobody from judging.
func TestLateMatrixIsNotShutOut(t *testing.T) {
	s := newStory(t)
	root := s.assess("north", "rows", nil, evidenceRows("no"))
	s.pass(minute)
	m := func() *Matrix { return &Matrix{Cells: []Cell{{RowID(root.ID, 1), "staged", "C"}}} }
	s.assess("north", "cells", nil, m(), root)
	s.pass(minute)
	s.assess("south", "cells", nil, m(), root)
	s.pass(minute)
	q := s.question(t)
	if c := q.Columns[1]; !c.After || c.Cells[RowID(root.ID, 1)]["staged"] != "C" {
		t.Errorf("%+v", c)
	}
}

func (s *story) judge(party, likelihood, confidence string, root statement.Ref) {
	s.assess(party, "judgement", func(a *Assessment) {
		a.Judgements = []Judgement{{Hypothesis: "staged", Likelihood: likelihood, Confidence: confidence, Why: Texts{"en": "Two rows."}, About: "actor"}}
		a.Dissents = []Dissent{{Who: "a second service", Hypothesis: "staged", Likelihood: "unlikely", Confidence: "low", Why: Texts{"en": "One row."}}}
	}, nil, root)
	s.pass(minute)
}

// TestJudgement: a word is joint if both signed the same, whatever their
// confidence; otherwise each has its own, with the dissents inside it.
func TestJudgement(t *testing.T) {
	s := newStory(t)
	root := s.assess("north", "hypotheses", nil, nil)
	s.pass(minute)
	s.judge("north", "very-likely", "high", root)
	s.judge("observer", "unlikely", "high", root)
	view := func() JudgementView { return s.question(t).Views[0] }
	if v := view(); v.Joint != "" {
		t.Errorf("one side's word is joint: %+v", v)
	}
	s.judge("south", CannotJudge, "low", root)
	if v := view(); v.Joint != "" || len(v.By) != 3 || len(v.By[0].Dissents) != 1 {
		t.Errorf("%+v", v)
	}
	s.judge("south", "very-likely", "moderate", root)
	v := view()
	if v.Joint != "very-likely" || len(v.By) != 3 {
		t.Errorf("%+v", v)
	}
	l := Lexicon{Lang: "ru", Text: func(key string) string { return key + " {word} {level} {range}" }}
	first, second := JudgementText(l, v.By[0])
	if !strings.Contains(first, "весьма вероятно") || !strings.Contains(first, "80–95 %") || strings.Contains(first, "accord.confidence.") || !strings.Contains(second, "accord.confidence.high") || strings.Contains(second, "вероятно") {
		t.Errorf("likelihood and confidence are two sentences: %q %q", first, second)
	}
}

// TestThreeQuestions: attempt, success and effect are judged apart: they did try,
// they got in, and nobody can judge what came of it.
func TestThreeQuestions(t *testing.T) {
	s := newStory(t)
	root := s.assess("north", "hypotheses", hypothesis(1), nil)
	s.pass(minute)
	h := HypothesisID(root.ID, 1)
	words := map[string]string{"attempt": "almost-certain", "success": "likely", "effect": CannotJudge}
	s.assess("north", "judgement", func(a *Assessment) {
		for _, about := range []string{"attempt", "success", "effect"} {
			a.Judgements = append(a.Judgements, Judgement{Hypothesis: h, Likelihood: words[about], Confidence: "moderate", Why: Texts{"en": "Rows."}, About: about})
		}
		a.Judgements = append(a.Judgements, Judgement{Hypothesis: "nobody", Likelihood: "likely", Confidence: "low", Why: Texts{"en": "Rows."}, About: "actor"})
	}, nil, root)
	s.pass(minute)
	q := s.question(t)
	for _, v := range q.Views {
		if v.By[0].Likelihood != words[v.About] {
			t.Errorf("%s: %s", v.About, v.By[0].Likelihood)
		}
		delete(words, v.About)
	}
	if len(words) != 0 || len(q.Left) != 1 || q.Left[0].Why != LeftUnknown {
		t.Errorf("missing %v, left out %+v", words, q.Left)
	}
}

// TestResponsibility: who names a state's responsibility uses the closed list.
func TestResponsibility(t *testing.T) {
	a := samples()[KindAssessment].(Assessment)
	for word, ok := range map[string]bool{"": true, "state-ignored": true, "state-prohibited.": true, "state-prohibited": false, "guilty": false} {
		a.Judgements = []Judgement{{Hypothesis: "other", Likelihood: "likely", Confidence: "low", Why: Texts{"en": "Rows."}, About: "actor", Responsibility: word}}
		body, err := marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseAssessment(body); (err == nil) != ok {
			t.Errorf("%q: %v", word, err)
		}
	}
}
