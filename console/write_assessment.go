package console

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// assessPage is what the form of an assessment needs beside what was written. It
// shows nobody's cells but those that its writer fills in.
type assessPage struct {
	Question *accord.Question // nil: this opens one
	At       Ref
	Stages   []string
	Built    []string
	Rows     []accord.RowView // of the question, in the order in which nobody ranks them
	Exhibits []exhibitChoice
	Kept     []keptField // of stages that are not shown
	Likely   []string
	States   []string // how far a state answers for it
}

// keptField is a field that a form keeps and does not show.
type keptField struct{ Name, Value string }

// stageParts are the numbered parts of each stage's form, in the order of the page.
func stageParts() map[string][]string {
	return map[string][]string{"hypotheses": {"hypothesis", "row"}, "rows": {"row"}, "cells": {"cell"}, "judgement": {"judgement", "dissent", "note"}}
}

func assessStages() []string { return []string{"hypotheses", "rows", "cells", "judgement"} }

// blanks of the parts of an assessment's form.
func blankPart(name string) url.Values {
	switch name {
	case "row":
		return url.Values{"plantable": {"unknown"}, "source_rel": {"F"}, "cred": {"6"}}
	case "judgement", "dissent":
		return url.Values{"likelihood": {accord.CannotJudge}, "confidence": {"low"}, "about": {"actor"}}
	case "note":
		return url.Values{"kind": {"assumption"}}
	}
	return url.Values{}
}

// beginAssessment begins with the first part of the stage that was chosen. Cells are
// sealed unless somebody says otherwise: each side fills them in blind.
func beginAssessment(v *visit, chosen url.Values) (url.Values, error) {
	f := fields{Values: url.Values{}}
	for _, name := range []string{"case", "on"} {
		f.Set(name, filterText(chosen, name))
	}
	stage := chosen.Get("stage")
	if !slices.Contains(assessStages(), stage) {
		stage = "hypotheses"
	}
	f.Set("stage", stage)
	f.Set("level", "technical")
	f.Set("mode", map[bool]string{true: "sealed", false: "open"}[stage == "cells"])
	p, err := pageOf(v, Writing{Form: f.Values})
	if err == nil {
		err = viewAssessment(v, p)
	}
	if err != nil {
		return nil, err
	}
	f.Set("as_of", string(accord.At(p.Now)))
	p.putSeal(f, "", time.Duration(p.Rules.Clocks.Commit)*time.Second)
	for _, name := range stageParts()[stage] {
		if name != "cell" && name != "dissent" && name != "note" {
			f.add(name, blankPart(name))
		}
	}
	return f.Values, nil
}

func viewAssessment(v *visit, p *writePage) error {
	l, said, err := aboutIn(v, p)
	if err != nil {
		return err
	}
	a := &assessPage{Stages: assessStages(), Built: accord.BuiltIn(), Exhibits: exhibitsOf(l, p.F.Get("case")), Likely: accord.Likelihoods(), States: accord.Responsibilities()}
	if said != nil {
		i := -1
		all := l.Questions(said.Act.Case)
		if i = slices.IndexFunc(all, func(q accord.Question) bool { return q.Ref == said.Ref }); i < 0 {
			return statement.Refuse(statement.CodeState, "no question is open there")
		}
		a.Question, a.At, a.Rows = &all[i], l.ref(said.Ref), slices.Clone(all[i].Rows)
		slices.SortStableFunc(a.Rows, func(x, y accord.RowView) int {
			return cmp.Or(strings.Compare(x.Party, y.Party), cmp.Compare(x.Row.No, y.Row.No), strings.Compare(x.ID, y.ID))
		})
	}
	shown := stageParts()[p.F.Get("stage")]
	for _, name := range slices.Sorted(maps.Keys(p.F.Values)) {
		part, _, _ := strings.Cut(name, ".")
		if slices.Contains([]string{"hypothesis", "row", "cell", "judgement", "dissent", "note"}, part) && !slices.Contains(shown, part) {
			for _, value := range p.F.Values[name] {
				a.Kept = append(a.Kept, keptField{name, value})
			}
		}
	}
	p.Assess = a
	return nil
}

// Hypotheses are those that a cell or a judgement can name.
func (a *assessPage) Hypotheses() []accord.HypothesisView {
	if a.Question != nil {
		return a.Question.Hypotheses
	}
	var out []accord.HypothesisView
	for _, name := range a.Built {
		out = append(out, accord.HypothesisView{ID: name, BuiltIn: true})
	}
	return out
}

// cellName is the field of one cell.
func cellName(row, hypothesis string) string { return "cell." + row + "." + hypothesis }

func growAssessment(_ *visit, f fields, verb string, no int) (string, error) {
	for _, name := range []string{"hypothesis", "row", "judgement", "dissent", "note"} {
		if where := growRows(f, name, verb, no, blankPart(name)); where != "" {
			return where, nil
		}
	}
	return "", nil
}

// wantAssessment makes the assessment of the stage that a form is at; what stands
// in the fields of other stages is kept and not said.
func wantAssessment(v *visit, p *writePage) (DraftRequest, error) {
	f, r, q := p.F, &readings{}, p.Assess.Question
	a := accord.Assessment{
		Question: textsOf(f, "question"), Level: f.Get("level"), AsOf: r.instant(f, "as_of"), Stage: f.Get("stage"), Mode: "open",
		Hypotheses: []accord.Hypothesis{}, Judgements: []accord.Judgement{}, Assumptions: []accord.Texts{}, Gaps: []accord.Texts{}, WouldChange: []accord.Texts{}, Dissents: []accord.Dissent{},
	}
	want := DraftRequest{Kind: accord.KindAssessment, Case: f.Get("case"), Refs: r.about(f, "on")}
	if q != nil {
		a.Question, a.Level, want.Case = q.Text, q.Level, ""
	}
	m := accord.Matrix{Rows: []accord.Row{}, Cells: []accord.Cell{}}
	switch a.Stage {
	case "hypotheses":
		for _, row := range f.Rows("hypothesis") {
			a.Hypotheses = append(a.Hypotheses, accord.Hypothesis{No: row.No, Text: textsOf(row, "text"), Actors: row.lines("actors"), Excludes: r.numbers(row, "excludes")})
		}
		m.Rows = r.evidence(f)
	case "rows":
		m.Rows = r.evidence(f)
	case "cells":
		m.Cells = p.Assess.cells(f)
	case "judgement":
		r.judgements(f, &a)
	}
	if a.Stage != "judgement" && f.Get("mode") == "sealed" {
		a.Mode, a.RevealBy, a.Depositary = "sealed", r.instant(f, "reveal_by"), f.Get("depositary")
	}
	if len(m.Rows)+len(m.Cells)+len(a.Hypotheses)+len(a.Judgements) == 0 && r.err == nil {
		r.refuse("there is nothing to say yet: no hypothesis, evidence, cell or judgement")
	}
	if r.err != nil {
		return want, r.err
	}
	if len(m.Rows)+len(m.Cells) > 0 {
		part, digest, err := accord.MarshalMatrix(m, v.rand)
		if err != nil {
			return want, err
		}
		a.Matrix, want.Parts = digest, [][]byte{part}
	}
	want.Body = a
	return want, nil
}

// evidence reads the rows of a form.
func (r *readings) evidence(f fields) []accord.Row {
	out := []accord.Row{}
	for _, row := range f.Rows("row") {
		one := accord.Row{No: row.No, Text: textsOf(row, "text"), Exhibit: row.Get("exhibit"), SourceRel: row.Get("source_rel"), Plantable: row.Get("plantable"), Unseen: row.Get("unseen") != ""}
		one.Cred, _ = strconv.Atoi(row.Get("cred")) // none is refused as one that is missing
		out = append(out, one)
	}
	return out
}

// cells are those that were filled in, of rows and hypotheses that there are.
func (a *assessPage) cells(f fields) []accord.Cell {
	out := []accord.Cell{}
	for _, row := range a.Rows {
		for _, h := range a.Hypotheses() {
			if value := f.Get(cellName(row.ID, h.ID)); value != "" {
				out = append(out, accord.Cell{Row: row.ID, Hypothesis: h.ID, Value: value})
			}
		}
	}
	return out
}

// judgements reads what is judged, who judges otherwise, and what it rests on.
func (r *readings) judgements(f fields, a *accord.Assessment) {
	for _, row := range f.Rows("judgement") {
		a.Judgements = append(a.Judgements, accord.Judgement{
			Hypothesis: row.Get("hypothesis"), Likelihood: row.Get("likelihood"), Confidence: row.Get("confidence"), Why: textsOf(row, "why"), Responsibility: row.Get("responsibility"), About: row.Get("about"),
		})
	}
	for _, row := range f.Rows("dissent") {
		a.Dissents = append(a.Dissents, accord.Dissent{Who: row.Get("who"), Hypothesis: row.Get("hypothesis"), Likelihood: row.Get("likelihood"), Confidence: row.Get("confidence"), Why: textsOf(row, "why")})
	}
	for _, row := range f.Rows("note") {
		switch list := textsOf(row, "text"); row.Get("kind") {
		case "assumption":
			a.Assumptions = append(a.Assumptions, list)
		case "gap":
			a.Gaps = append(a.Gaps, list)
		case "would-change":
			a.WouldChange = append(a.WouldChange, list)
		default:
			r.refuse("%s: assumption, gap or would-change", row.Name("kind"))
		}
	}
}

// numbers reads whole numbers parted by spaces or commas: never nil.
func (r *readings) numbers(f fields, name string) []int {
	out := []int{}
	for _, s := range strings.FieldsFunc(f.Get(name), func(c rune) bool { return c == ' ' || c == ',' }) {
		n, err := strconv.Atoi(s)
		if err != nil {
			r.refuse("%s: numbers such as 1 2", f.Name(name))
			break
		}
		out = append(out, n)
	}
	return out
}
