package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/accord"
)

// A matrix is filled in blind and sealed: what goes out commits to exactly the cells
// of the form, and the form shows nobody else's.
func TestWriteMatrix(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	q := sampleQuestion()
	page := body(get(r.c, testHost, "/writing/"+sampleMatrix, me))
	if n, want := strings.Count(page, `<select name="cell.`), len(q.Rows)*len(q.Hypotheses); n != want {
		t.Errorf("%d cells to fill in, want %d", n, want)
	}
	for _, name := range accord.BuiltIn() {
		if !strings.Contains(page, "."+name+`" aria-label="`) {
			t.Errorf("no cells for %s", name)
		}
	}
	_, table, _ := strings.Cut(page, "<tbody>")
	table, _, _ = strings.Cut(table, "</tbody>")
	if n := strings.Count(table, " selected"); n != 2 {
		t.Errorf("%d cells are filled in beside those of the form", n)
	}
	want := r.drafted("/writing/"+sampleMatrix, sampleAssessForm("cells"), me)
	a, ok := want.Body.(accord.Assessment)
	if !ok || a.Stage != "cells" || a.Mode != "sealed" || a.Depositary != "observer" || a.RevealBy == "" || a.Question["en"] != q.Text["en"] || len(want.Refs) != 1 || want.Case != "" {
		t.Fatalf("%+v", want)
	}
	m, err := accord.ParseMatrix(a, want.Parts[0])
	if err != nil || len(m.Cells) != 2 || len(m.Rows) != 0 {
		t.Fatalf("%v %+v", err, m)
	}
	for _, c := range m.Cells {
		if (c.Hypothesis == "staged") != (c.Value == "CC") {
			t.Errorf("%+v", c)
		}
	}
	form := sampleAssessForm("cells")
	form.Set(cellName(q.Rows[0].ID, "staged"), "probably")
	w, err := r.src.Keep(t.Context(), User{Name: "official"}, Writing{Kind: WriteAssess, Form: form})
	if err != nil {
		t.Fatal(err)
	}
	if page := body(get(r.c, testHost, "/writing/"+w.ID+"?look=1", me)); !strings.Contains(refusalOn(page), "cell") {
		t.Errorf("a word that no cell has: %q", refusalOn(page))
	}
}

// A judgement keeps how likely and how sure apart, in fixed words; dissents and gaps
// go with it.
func TestWriteJudgement(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	want := r.drafted("/writing/"+sampleJudgement, sampleAssessForm("judgement"), me)
	a, ok := want.Body.(accord.Assessment)
	if !ok || len(a.Judgements) != 1 || len(a.Dissents) != 1 || len(a.Gaps) != 1 || len(want.Parts) != 0 || a.Mode != "open" {
		t.Fatalf("%+v", want)
	}
	if j := a.Judgements[0]; j.Hypothesis != "staged" || j.Likelihood != "unlikely" || j.Confidence != "moderate" || j.About != "actor" || j.Why["ru"] == "" {
		t.Errorf("%+v", j)
	}
	for why, code := range map[string]string{
		"They probably did it.": "is not a word for a likelihood", "It is unlikely, with high confidence.": "likelihood and confidence in one sentence",
	} {
		form := sampleAssessForm("judgement")
		form.Set("judgement.1.why.en", why)
		w, err := r.src.Keep(t.Context(), User{Name: "official"}, Writing{Kind: WriteAssess, Form: form})
		if err != nil {
			t.Fatal(err)
		}
		if page := body(get(r.c, testHost, "/writing/"+w.ID+"?look=1", me)); !strings.Contains(refusalOn(page), code) {
			t.Errorf("%s: %q", why, refusalOn(page))
		}
	}
}

// A question is opened in a case with hypotheses and evidence; the form of another
// stage keeps what was written for this one, and does not say it.
func TestWriteQuestion(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	at := r.begun(url.Values{"kind": {"assessment"}, "case": {hamburgID}}, me)
	form := url.Values{
		"case": {hamburgID}, "stage": {"hypotheses"}, "level": {"strategic"}, "mode": {"open"}, "as_of": {"2026-11-03 12:00"}, "question.en": {"Who spoke first?"}, "question.ru": {"Кто заговорил первым?"},
		"hypothesis": {"2"}, "hypothesis.1.text.en": {"The one."}, "hypothesis.1.actors": {"a\nb"}, "hypothesis.2.text.en": {"The other."}, "hypothesis.2.excludes": {"1"},
		"row": {"1"}, "row.1.text.en": {"A note of the meeting."}, "row.1.source_rel": {"B"}, "row.1.cred": {"2"}, "row.1.plantable": {"easily"}, "row.1.unseen": {"1"},
	}
	want := r.drafted(at, form, me)
	a, _ := want.Body.(accord.Assessment)
	m, err := accord.ParseMatrix(a, want.Parts[0])
	if err != nil || want.Case != hamburgID || len(a.Hypotheses) != 2 || a.Hypotheses[1].Excludes[0] != 1 || len(a.Hypotheses[0].Actors) != 2 || a.AsOf != "2026-11-03T12:00:00Z" || a.Level != "strategic" {
		t.Fatalf("%v %+v", err, want)
	}
	if row := m.Rows[0]; row.Plantable != "easily" || !row.Unseen || row.Cred != 2 {
		t.Errorf("%+v", row)
	}
	form.Set("stage", "judgement")
	form.Set("version", r.version(at, me))
	form.Set("do", "keep")
	if w := post(r.c, testHost, at, form, me); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	page := body(get(r.c, testHost, at, me))
	for _, want := range []string{`<input type="hidden" name="hypothesis.1.text.en" value="The one.">`, `<input type="hidden" name="row.1.unseen" value="1">`, `<input type="hidden" name="hypothesis" value="2">`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if page = body(get(r.c, testHost, at+"?look=1", me)); !strings.Contains(refusalOn(page), "nothing to say yet") {
		t.Errorf("hypotheses are said in a judgement: %q", refusalOn(page))
	}
	if w := post(r.c, testHost, "/writing", url.Values{"kind": {"assessment"}, "case": {hamburgID}, "on": {"us/1"}}, me); w.Code != http.StatusConflict && w.Code != http.StatusNotFound {
		t.Errorf("on what is no question: %d", w.Code)
	}
}

// What the other side has opened is not shown before the own cells are open; its
// order of hypotheses and rows tells nothing of it either.
func TestMatrixIsBlind(t *testing.T) {
	w, _ := hamburgWorld()
	const id = "201707070000000000000000000000f9"
	s := &scene{&w, id, w.Now.Add(time.Hour)}
	q := s.assess("us", "hypotheses", nil, nil)
	rows := s.assess("us", "rows", nil, &accord.Matrix{Cells: []accord.Cell{}, Rows: []accord.Row{
		{No: 1, Text: accord.Texts{"en": "One."}, SourceRel: "B", Cred: 3, Plantable: "no"}, {No: 2, Text: accord.Texts{"en": "Two."}, SourceRel: "B", Cred: 3, Plantable: "no"},
	}}, q)
	cells := func(party, value string) {
		var list []accord.Cell
		for _, no := range []int{1, 2} {
			list = append(list, accord.Cell{Row: accord.RowID(rows.ID, no), Hypothesis: "staged", Value: value})
		}
		list = append(list, accord.Cell{Row: accord.RowID(rows.ID, 2), Hypothesis: "other", Value: "II"})
		s.assess(party, "cells", nil, &accord.Matrix{Rows: []accord.Row{}, Cells: list}, q)
	}
	cells("ru", "CC")
	see := func(self string) (questionView, []string) {
		one, hidden := blind(self, accord.NewRecord(w).Questions(id)[0])
		return viewQuestion(self, one, false), hidden
	}
	v, hidden := see("us")
	if len(hidden) != 1 || hidden[0] != "ru" || v.OrderBy != "" {
		t.Errorf("%v are hidden, in the order of %q", hidden, v.OrderBy)
	}
	for i := range v.Shown {
		for _, cell := range v.Cells[i] {
			for _, one := range cell.Values {
				if one.Value != "" {
					t.Errorf("the cells of %s are shown", one.Party)
				}
			}
		}
		if v.Shown[i].Spread != 0 {
			t.Error("how far a row sets hypotheses apart is shown")
		}
	}
	for _, self := range []string{"ru", "observer"} {
		if v, hidden := see(self); len(hidden) != 0 || v.OrderBy != "ru" {
			t.Errorf("%s: %v are hidden, in the order of %q", self, hidden, v.OrderBy)
		}
	}
	cells("us", "N")
	if v, hidden := see("us"); len(hidden) != 0 || v.OrderBy != "us" {
		t.Errorf("once both are open %v are hidden, in the order of %q", hidden, v.OrderBy)
	}
}
