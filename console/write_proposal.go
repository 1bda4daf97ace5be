package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"entente/accord"
	"entente/statement"
)

// proposalPage is what the form of a proposal needs beside what was written.
type proposalPage struct {
	Kinds []accord.ProposalKind
	Norms []accord.ProposalTemplate // whose clause may be added
	On    *Instrument               // that it would replace or end
}

// writableKinds are the kinds of proposals that can be written here: rules and
// joint computations have more to them than words.
func writableKinds() []accord.ProposalKind {
	return []accord.ProposalKind{accord.ForGroup, accord.ForClause, accord.ForAction, accord.ForReport, accord.ForRelease, accord.ForFinding, accord.ForClose, accord.ForEnd}
}

// writingNew shows what one may begin with.
func (c *Console) writingNew(v *visit) error {
	return c.render(v, http.StatusOK, "writing", frame{Title: "write.new", Up: "/drafts", Body: pairs("Templates", accord.ProposalTemplates(), "Speaks", v.user.speaks())})
}

// beginProposal fills in what a template, or a text that is to be replaced, says.
func beginProposal(v *visit, chosen url.Values) (url.Values, error) {
	p, err := pageOf(v, Writing{Form: url.Values{}})
	if err != nil {
		return nil, err
	}
	f := p.F
	f.Set("case", filterText(chosen, "case"))
	f.Set("on", filterText(chosen, "on"))
	f.Set("how", filterText(chosen, "how"))
	f.putSpan("cooling_off", p.Rules.CoolingOff)
	f.Set("decide_by", string(accord.At(p.Now.Add(time.Duration(p.Rules.Decide)*time.Second).Truncate(time.Hour))))
	for _, one := range append(slices.Clone(p.Others), p.Line.Self) {
		f.Add("needs", one)
	}
	all := accord.ProposalTemplates()
	i := max(0, slices.IndexFunc(all, func(t accord.ProposalTemplate) bool { return t.ID == chosen.Get("template") }))
	if f.Values.Get("how") == "supersedes" {
		return f.Values, beginAgain(v, f)
	}
	f.Set("for", string(all[i].For))
	f.putTexts("title", all[i].Title)
	f.putTexts("text", all[i].Text)
	for _, id := range all[i].Norms {
		addNorm(p, f, id)
	}
	if all[i].Blank {
		f.add("clause", blankClause())
	}
	return f.Values, nil
}

func blankClause() url.Values {
	return url.Values{"mode": {"shall-not"}, "ack": {"24"}, "ack.unit": {"hours"}, "explain": {"48"}, "explain.unit": {"hours"}, "then": {"consult", "suspend"}}
}

// addNorm adds the clause of a norm, of the acts that the rules know.
func addNorm(p *writePage, f fields, id string) {
	for _, n := range accord.Norms() {
		if n.ID != id {
			continue
		}
		row := f.add("clause", blankClause())
		f.Set(row.Name("mode"), n.Mode)
		f.Set(row.Name("template"), n.ID)
		row.putTexts("text", n.Text)
		for _, act := range n.Acts {
			if slices.Contains(p.Rules.Scope, act) {
				f.Add(row.Name("acts"), act)
			}
		}
		for _, m := range n.Means {
			f.Set(row.Name("means"), row.Get("means")+"\n"+m)
		}
		for _, one := range append(slices.Clone(p.Others), p.Line.Self) {
			f.Add(row.Name("who"), one)
		}
	}
}

// beginAgain takes over a text that is to be replaced.
func beginAgain(v *visit, f fields) error {
	one, err := proposalOn(v, f)
	if err != nil || one == nil {
		return err
	}
	b := one.Body
	f.Set("for", string(b.For))
	f.Values["needs"] = b.Needs
	f.putSpan("cooling_off", b.CoolingOff)
	f.putTexts("title", b.Title)
	if one.Paper != nil {
		f.putTexts("text", one.Paper.Text)
	}
	for i, c := range b.Clauses {
		row := f.add("clause", url.Values{
			"mode": {c.Mode}, "template": {c.Template}, "who": c.Who, "acts": c.Acts, "from": {string(c.From)}, "until": {string(c.Until)}, "observers": c.Observe.Who, "then": c.Breach.Then,
		})
		for name, list := range map[string][]string{"assets": c.Scope.Assets, "nets": c.Scope.Nets, "sectors": c.Scope.Sectors, "actors": c.Scope.Actors, "except": c.Scope.Except, "means": c.Observe.Means} {
			row.putLines(name, list)
		}
		for _, q := range c.Observe.Queries {
			f.Add(row.Name(q.Language), q.Text)
		}
		row.putLines("stix", f.Values[row.Name("stix")])
		row.putSpan("ack", c.Breach.AckWithin)
		row.putSpan("explain", c.Breach.ExplainWithin)
		if c.Provisional {
			f.Set(row.Name("provisional"), "1")
		}
		if one.Paper != nil && i < len(one.Paper.Clauses) {
			row.putTexts("text", one.Paper.Clauses[i].Text)
		}
	}
	return nil
}

// proposalOn is the text that a proposal replaces or ends, or nil.
func proposalOn(v *visit, f fields) (*Instrument, error) {
	about, err := aboutOf(f.Get("on"))
	if err != nil || len(about) == 0 {
		return nil, err
	}
	one, err := v.source.Accord().Instrument(v.r.Context(), about[0].Party, about[0].Index, time.Time{})
	return &one, err
}

func viewProposal(v *visit, p *writePage) (err error) {
	p.Proposal = &proposalPage{Kinds: writableKinds()}
	for _, t := range accord.ProposalTemplates() {
		if accord.NormTitle(t.ID) != nil {
			p.Proposal.Norms = append(p.Proposal.Norms, t)
		}
	}
	p.Proposal.On, err = proposalOn(v, p.F)
	return err
}

func growProposal(v *visit, f fields, verb string, no int) (string, error) {
	p, err := pageOf(v, Writing{Form: f.Values})
	if err != nil {
		return "", err
	}
	switch verb {
	case "clause":
		id := f.Get("add")
		if accord.NormTitle(id) == nil {
			f.add("clause", blankClause())
		}
		addNorm(p, f, id)
		f.Set("for", string(accord.ForClause))
		no = f.count("clause")
	case "cut":
		f.cut("clause", no)
		no = max(1, no-1)
	case "lift":
		f.lift("clause", no)
		no = max(1, no-1)
	default:
		return "", nil
	}
	return fmt.Sprintf("#clause-%d", no), nil
}

// wantProposal makes the proposal that a form says.
func wantProposal(_ *visit, p *writePage) (DraftRequest, error) {
	f, want := p.F, DraftRequest{Kind: accord.KindProposal, Case: p.F.Get("case")}
	var r readings
	b := accord.Proposal{
		For: accord.ProposalKind(f.Get("for")), Title: textsOf(f, "title"), Needs: f.many("needs"), Urgent: f.Get("urgent") != "",
		DecideBy: r.instant(f, "decide_by"), Effective: r.instant(f, "effective"), CoolingOff: r.span(f, "cooling_off"),
		Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{},
	}
	b.Authentic = append([]string{}, b.Title.Languages()...)
	b.Supersedes, b.Ends = f.Get("how") == "supersedes", b.For == accord.ForEnd
	paper := accord.Paper{Text: textsOf(f, "text"), Clauses: []accord.ClauseTexts{}}
	if b.For == accord.ForClause {
		for _, row := range f.Rows("clause") {
			b.Clauses = append(b.Clauses, r.clause(row))
			paper.Clauses = append(paper.Clauses, accord.ClauseTexts{No: row.No, Text: textsOf(row, "text")})
		}
	}
	switch b.For {
	case accord.ForAction:
		b.Action = &accord.Action{
			Who: f.Get("action.who"), Due: r.instant(f, "action.due"), WatchUntil: r.instant(f, "action.watch_until"), Test: textsOf(f, "action.test"), Queries: queriesOf(f, "action."),
		}
	case accord.ForFinding:
		b.Finding = &accord.Finding{Result: f.Get("finding"), Views: []accord.View{}}
		for _, id := range p.Parties {
			if t := textsOf(f, "view."+id); t != nil {
				b.Finding.Views = append(b.Finding.Views, accord.View{Party: id, Text: t})
			}
		}
	}
	about := r.about(f, "on")
	if b.Supersedes || b.Ends {
		want.Refs = about
		if len(about) == 0 && r.err == nil {
			r.err = statement.Refuse(statement.CodeField, "which text is replaced or ended?")
		}
		if len(about) > 0 {
			want.Case = "" // that of the text
		}
	}
	for _, one := range r.refs(f, "depends_on") {
		ref, ok := p.Line.find(one)
		if !ok {
			r.refuse("no statement %s/%d here", one.Party, one.Index)
		}
		b.DependsOn = append(b.DependsOn, ref)
	}
	if r.err == nil {
		r.err = agree(paper.Text, b.Authentic)
	}
	if r.err != nil {
		return want, r.err
	}
	part, digest, err := accord.MarshalPaper(paper)
	b.Paper = digest
	want.Body, want.Parts = b, [][]byte{part}
	return want, err
}

// agree refuses a paper that lacks a language in which the title is.
func agree(t accord.Texts, authentic []string) error {
	for _, lang := range authentic {
		if t[lang] == "" {
			return statement.Refuse(statement.CodeField, "the text in %s is missing: the title is there", lang)
		}
	}
	return nil
}

func (r *readings) clause(f fields) accord.Clause {
	c := accord.Clause{
		No: f.No, Who: f.many("who"), Mode: f.Get("mode"), Acts: f.many("acts"), Template: f.Get("template"), Provisional: f.Get("provisional") != "",
		Scope:   accord.Scope{Assets: f.lines("assets"), Nets: f.lines("nets"), Sectors: f.lines("sectors"), Actors: f.lines("actors"), Except: f.lines("except")},
		From:    r.instant(f, "from"),
		Until:   r.instant(f, "until"),
		Observe: accord.Observe{Means: f.lines("means"), Who: f.many("observers"), Queries: queriesOf(f, "")},
		Breach:  accord.Breach{AckWithin: r.span(f, "ack"), ExplainWithin: r.span(f, "explain"), Then: f.many("then")},
	}
	if sources := f.lines("sources"); len(sources) > 0 && len(c.Observe.Queries) == 0 {
		for _, n := range accord.Norms() {
			if n.ID == c.Template {
				made, _, err := n.Clause(c.No, accord.NormWith{Who: c.Who, Acts: c.Acts, Scope: c.Scope, From: sources, Allowed: c.Acts})
				c.Observe.Queries = made.Observe.Queries
				r.keep(err)
			}
		}
	}
	return c
}

// queriesOf reads STIX patterns, one a line, and one Sigma rule.
func queriesOf(f fields, prefix string) []accord.Query {
	out := []accord.Query{}
	for _, line := range f.lines(prefix + "stix") {
		out = append(out, accord.Query{Language: "stix", Text: line})
	}
	if rule := f.Get(prefix + "sigma"); rule != "" {
		out = append(out, accord.Query{Language: "sigma", Text: rule})
	}
	return out
}

// find is a statement by the place at which pages name it.
func (l LineRecord) find(at Ref) (statement.Ref, bool) {
	for s := range l.All() {
		if s.Party == at.Party && s.Ref.Index == at.Index && l.shows(s.Ref) {
			return s.Ref, true
		}
	}
	return statement.Ref{}, false
}
