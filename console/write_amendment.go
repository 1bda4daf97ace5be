package console

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"entente/accord"
	"entente/statement"
)

// amendPage is what the form of an amendment needs beside what was written.
type amendPage struct {
	On      *Instrument // an amendment that this one replaces; nil: none
	Rules   []accord.RuleValue
	Changes []accord.RuleChange
}

// maxRuleEdits is how many lines of changes a form has.
const maxRuleEdits = 200

func beginAmendment(v *visit, chosen url.Values) (url.Values, error) {
	f := fields{Values: url.Values{}}
	f.Set("on", filterText(chosen, "on"))
	p, err := pageOf(v, Writing{Form: f.Values})
	if err == nil {
		err = viewAmendment(v, p)
	}
	if err != nil {
		return nil, err
	}
	f.Set("decide_by", string(accord.At(p.Now.Add(time.Duration(p.Rules.Decide)*time.Second).Truncate(time.Hour))))
	return f.Values, nil
}

// viewAmendment shows every rule as it is now; what stands in the form beside one is
// what it shall be.
func viewAmendment(v *visit, p *writePage) (err error) {
	a := &amendPage{Rules: p.Rules.Values()}
	if a.On, err = proposalOn(v, p.F); err != nil {
		return err
	}
	if a.On != nil && a.On.For != accord.ForAmend {
		return statement.Refuse(statement.CodeState, "rules are replaced by other rules, and by no other text")
	}
	if next, err := p.Rules.With(p.ruleEdits()...); err == nil { // or the preview says why not
		a.Changes = accord.RuleChanges(p.Rules, next)
	}
	p.Amend = a
	return nil
}

// ruleEdits are the fields beside the rules in which something stands, then the lines
// that name what has no field: a new word, or members of a list that come and go. A
// line that is none is left for the refusal of With.
func (p *writePage) ruleEdits() (out []accord.RuleEdit) {
	for _, r := range p.Rules.Values() {
		if s := p.F.Get(ruleField(r.Name)); s != "" && s != r.Value {
			out = append(out, accord.RuleEdit{Name: r.Name, Op: "=", Value: s})
		}
	}
	for _, line := range p.F.lines("edits") {
		e, err := accord.ParseRuleEdit(line)
		if err != nil {
			e = accord.RuleEdit{Name: line, Op: "="}
		}
		out = append(out, e)
	}
	return out[:min(len(out), maxRuleEdits)]
}

// ruleField is the field of one rule.
func ruleField(name string) string { return "rule." + name }

// wantAmendment makes the amendment that a form says: the rules in force in all but
// what is named. Its words are those that tell every change, unless there are others.
func wantAmendment(_ *visit, p *writePage) (DraftRequest, error) {
	f, r := p.F, &readings{}
	want := DraftRequest{Kind: accord.KindProposal, Refs: r.about(f, "on")}
	next, err := p.Rules.With(p.ruleEdits()...)
	r.keep(err)
	changes := accord.RuleChanges(p.Rules, next)
	if len(changes) == 0 && r.err == nil {
		r.refuse("the rules say that already: nothing is changed")
	}
	title, text := accord.AmendmentTexts(changes)
	maps.Copy(title, textsOf(f, "title"))
	maps.Copy(text, textsOf(f, "text"))
	b := accord.Proposal{
		For: accord.ForAmend, Title: title, Authentic: title.Languages(), Needs: slices.Sorted(slices.Values(append(slices.Clone(p.Others), p.Line.Self))), CoolingOff: p.Rules.CoolingOff, Rules: &next,
		DecideBy: r.instant(f, "decide_by"), Effective: r.instant(f, "effective"), Supersedes: len(want.Refs) > 0,
		Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{},
	}
	if r.err != nil {
		return want, r.err
	}
	part, digest, err := accord.MarshalPaper(accord.Paper{Text: text, Clauses: []accord.ClauseTexts{}})
	b.Paper = digest
	want.Body, want.Parts = b, [][]byte{part}
	return want, err
}
