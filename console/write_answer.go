package console

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"entente/accord"
	"entente/statement"
)

// answerPage is what an answer is given to.
type answerPage struct {
	On      Ref
	Kind    statement.Kind
	Party   string
	Own     bool
	Title   accord.Texts
	Parts   []answerPart
	Stances []accord.Stance
	Reasons []string
}

// answerPart is one part of it that can be answered by itself.
type answerPart struct {
	Name string
	Text accord.Texts
}

// declines are the reasons with which a request may be declined.
func declines() []string {
	return []string{"law", "capacity", "no-such-data", "national-security", "disputed", "other"}
}

func beginAnswer(v *visit, chosen url.Values) (url.Values, error) {
	f := url.Values{}
	for _, name := range []string{"case", "on", "part", "stance"} {
		f.Set(name, filterText(chosen, name))
	}
	p, err := pageOf(v, Writing{Form: f})
	if err == nil {
		err = viewAnswer(v, p)
	}
	return f, err
}

// recordOf is the record in which a form's statement stands: that of its case, or
// all that is on the line.
func recordOf(v *visit, p *writePage) (LineRecord, error) {
	id := p.F.Get("case")
	if id == "" {
		return p.Line, nil
	}
	c, err := v.source.Cases().Case(v.r.Context(), id, time.Time{})
	return LineRecord{Record: c.Record, Self: c.Self}, err
}

func viewAnswer(v *visit, p *writePage) error {
	about, err := aboutOf(p.F.Get("on"))
	if err != nil {
		return err
	}
	l, err := recordOf(v, p)
	if err != nil {
		return err
	}
	if len(about) == 0 {
		return ErrNotFound
	}
	ref, ok := l.find(about[0])
	if !ok {
		return ErrNotFound
	}
	said, _ := l.Said(ref)
	a := &answerPage{On: about[0], Kind: said.Act.Kind, Party: said.Party, Own: said.Party == l.Self, Title: l.Headline(ref), Reasons: declines()}
	a.Parts = partsOf(l.Record, said)
	a.Stances = mayAnswer(said, a.Own, p.F.Get("part"))
	if len(a.Stances) == 0 {
		return statement.Refuse(statement.CodeState, "nothing is answered to this kind of statement here")
	}
	p.Answer = a
	return nil
}

// StanceNames are the stances as pages compare them.
func (p *writePage) StanceNames() []any {
	var out []any
	for _, s := range p.Answer.Stances {
		out = append(out, string(s))
	}
	return out
}

// partsOf are the items of an account as far as they can be read, or the clauses
// of a proposal.
func partsOf(r *accord.Record, said accord.Said) []answerPart {
	var out []answerPart
	if b, ok := accord.Body[accord.Account](r, said.Ref); ok {
		items, err := accord.ParseItems(b, said.Parts[accord.ContentPart])
		for i := range b.Items {
			one := answerPart{Name: accord.PartName("item", i+1)}
			if err == nil {
				one.Text = items[i].Item.Text
			}
			out = append(out, one)
		}
	}
	if b, ok := accord.Body[accord.Proposal](r, said.Ref); ok {
		paper, err := accord.OpenPaper(b, said.Parts[accord.ContentPart])
		for i := range b.Clauses {
			one := answerPart{Name: accord.PartName("clause", i+1)}
			if err == nil && i < len(paper.Clauses) {
				one.Text = paper.Clauses[i].Text
			}
			out = append(out, one)
		}
	}
	return out
}

// mayAnswer are the stances that can stand on a statement or a part of it. What
// counts is judged when it is read.
func mayAnswer(said accord.Said, own bool, part string) []accord.Stance {
	var out []accord.Stance
	switch said.Act.Kind {
	case accord.KindNotice:
		out = accord.StancesOn(accord.OnNotice)
		if own {
			out = []accord.Stance{accord.Agree, accord.Differ}
		}
	case accord.KindAccount, accord.KindAssessment, accord.KindPosition:
		if !own {
			out = accord.StancesOn(accord.OnItem)
		}
	case accord.KindExhibit:
		if !own {
			out = accord.StancesOn(accord.OnExhibit)
		}
	case accord.KindProposal: // on the whole of it: see what a text's page offers
		return slices.DeleteFunc(slices.Clone(accord.StancesOn(accord.OnClause)), func(s accord.Stance) bool { return s == accord.Suspend || s == accord.Resume })
	}
	if own && part == "" {
		out = append(slices.Clone(out), accord.Retract)
	}
	return out
}

func wantAnswer(_ *visit, p *writePage) (DraftRequest, error) {
	f := p.F
	pos := accord.Position{Stance: accord.Stance(f.Get("stance")), Part: f.Get("part"), Capacity: "official", Text: textsOf(f, "text")}
	if pos.Stance == accord.Decline {
		pos.Reason = f.Get("reason")
	}
	if pos.Stance == accord.Accept {
		pos.Reservation = textsOf(f, "reservation")
	}
	if n := f.Get("n"); pos.Stance == accord.Differ && n != "" {
		q, err := quantityOf(f)
		if err != nil {
			return DraftRequest{}, err
		}
		pos.Quantity = q
	}
	if !slices.Contains(p.Answer.Stances, pos.Stance) {
		return DraftRequest{}, statement.Refuse(statement.CodeField, "choose what is answered")
	}
	return DraftRequest{Kind: accord.KindPosition, Refs: []Ref{p.Answer.On}, Body: pos}, nil
}

// quantityOf reads a number with how it compares and its unit, or words that are no
// number; nil for neither.
func quantityOf(f fields) (*accord.Quantity, error) {
	s := f.Get("n")
	if f.Get("cmp") == "?" && f.Get("unit") != "" {
		return &accord.Quantity{Cmp: "?", Unit: f.Get("unit")}, nil
	}
	if s == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(s, 10, 53)
	if err != nil {
		return nil, statement.Refuse(statement.CodeField, "%s: a whole number", f.Name("n"))
	}
	return &accord.Quantity{Cmp: f.Get("cmp"), N: n, Unit: f.Get("unit")}, nil
}

// mirror drafts the suspension with which a party may answer one of the other's.
func (c *Console) mirror(v *visit) error {
	index, err := strconv.ParseUint(v.r.PathValue("index"), 10, 63)
	if err != nil {
		return ErrNotFound
	}
	if err := v.form(); err != nil {
		return err
	}
	no, party := v.r.PostForm.Get("clause"), v.r.PathValue("party")
	one, err := v.source.Accord().Instrument(v.r.Context(), party, index, time.Time{})
	if err != nil {
		return err
	}
	for _, seen := range one.Seen {
		for _, o := range seen.Offers {
			if strconv.Itoa(seen.No) != no || o.To != one.Self {
				continue
			}
			id, err := v.source.Accord().Draft(v.r.Context(), v.user, DraftRequest{Kind: accord.KindPosition, Refs: []Ref{{party, index}}, Body: o.Position})
			if err != nil {
				return err
			}
			return v.see("/drafts/" + id)
		}
	}
	return statement.Refuse(statement.CodeState, "no suspension of this clause is open to an answer")
}
