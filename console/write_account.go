package console

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"entente/accord"
	"entente/statement"
)

// accountPage is what the form of an account needs beside what was written.
type accountPage struct {
	About    *aboutWhat // a clause, a notice or the account that it answers; nil: none
	Items    []answerPart
	Exhibits []exhibitChoice
	Tags     []string // of things that were told of in the case
}

// aboutWhat is the statement that something is written about.
type aboutWhat struct {
	On    Ref
	Kind  statement.Kind
	Party string
	Title accord.Texts
	Part  string // of it, as in "clause/2"; empty: the whole
}

// exhibitChoice is an exhibit of the case that an item or a row may rest on.
type exhibitChoice struct {
	ID string // hex, as bodies name it
	At Ref
	accord.Texts
}

// sealLead is how long after the last commitment a sealed text is to be opened by.
const sealLead = 24 * time.Hour

// beginAccount takes over what is known of the event from what it is about.
func beginAccount(v *visit, chosen url.Values) (url.Values, error) {
	f := fields{Values: url.Values{}}
	for _, name := range []string{"case", "on", "part"} {
		f.Set(name, filterText(chosen, name))
	}
	p, err := pageOf(v, Writing{Form: f.Values})
	if err != nil {
		return nil, err
	}
	r, said, err := aboutIn(v, p)
	if err != nil {
		return nil, err
	}
	f.Set("mode", "open")
	f.Set("capacity", "official")
	p.putSeal(f, "commit_by", time.Duration(p.Rules.Clocks.Commit)*time.Second)
	if said != nil {
		takeEvent(r.Record, *said, f)
	}
	f.add("item", blankItem(p.Line.Self))
	return f.Values, nil
}

// putSeal fills in until when others commit, and by when it is opened.
func (p *writePage) putSeal(f fields, commit string, within time.Duration) {
	at := p.Now.Add(within).Truncate(time.Hour)
	if commit != "" {
		f.Set(commit, string(accord.At(at)))
	}
	f.Set("reveal_by", string(accord.At(at.Add(sealLead))))
	if len(p.Watch) > 0 {
		f.Set("depositary", p.Watch[0])
	}
}

func blankItem(self string) url.Values {
	return url.Values{"kind": {"act"}, "who": {self}, "basis": {"recorded"}}
}

// takeEvent takes an event over from what somebody said of it: two accounts of one
// event are compared, and a sealed one is answered by a sealed one in its time.
func takeEvent(r *accord.Record, said accord.Said, f fields) {
	if n, ok := accord.Body[accord.Notice](r, said.Ref); ok {
		f.putTexts("title", n.Subject)
		f.Set("from", string(n.When))
		f.Set("place", n.Where)
	}
	a, ok := accord.Body[accord.Account](r, said.Ref)
	if !ok {
		return
	}
	f.putTexts("title", a.Event.Title)
	f.Set("from", string(a.Event.From))
	f.Set("to", string(a.Event.To))
	f.Set("place", a.Event.Place)
	f.putLines("present", a.Event.Present)
	if a.Mode != "sealed" {
		return
	}
	seal, _ := r.Reveal(said.Ref)
	f.Set("mode", a.Mode)
	f.Set("commit_by", string(accord.At(time.Unix(seal.CommitBy, 0))))
	f.Set("reveal_by", string(a.RevealBy))
	f.Set("depositary", a.Depositary)
}

// aboutIn finds what a form is about in the record in which it stands; nil for a
// form that is about nothing.
func aboutIn(v *visit, p *writePage) (LineRecord, *accord.Said, error) {
	about, err := aboutOf(p.F.Get("on"))
	if err != nil {
		return LineRecord{}, nil, err
	}
	l, err := recordOf(v, p)
	if err != nil || len(about) == 0 {
		return l, nil, err
	}
	ref, ok := l.find(about[0])
	if !ok {
		return l, nil, ErrNotFound
	}
	said, _ := l.Said(ref)
	return l, &said, nil
}

func viewAccount(v *visit, p *writePage) error {
	l, said, err := aboutIn(v, p)
	if err != nil {
		return err
	}
	a := &accountPage{Exhibits: exhibitsOf(l, p.F.Get("case"))}
	if said != nil {
		a.About = &aboutWhat{l.ref(said.Ref), said.Act.Kind, said.Party, l.Headline(said.Ref), p.F.Get("part")}
		if said.Act.Kind == accord.KindAccount {
			a.Items = partsOf(l.Record, *said)
		}
	}
	if id := p.F.Get("case"); id != "" {
		for _, row := range l.Compare(id).Rows {
			a.Tags = append(a.Tags, row.Key)
		}
	}
	p.Account = a
	return nil
}

// maxExhibits is how many exhibits of a case a form offers, the newest.
const maxExhibits = PerPage

// exhibitsOf are the exhibits of a case that a form may name.
func exhibitsOf(l LineRecord, id string) (out []exhibitChoice) {
	if id == "" {
		return nil
	}
	for _, s := range slices.Backward(l.Case(id)) {
		if s.Act.Kind == accord.KindExhibit && l.shows(s.Ref) && len(out) < maxExhibits {
			out = append(out, exhibitChoice{s.Ref.ID.String(), l.ref(s.Ref), l.Headline(s.Ref)})
		}
	}
	return out
}

func growAccount(v *visit, f fields, verb string, no int) (string, error) {
	p, err := pageOf(v, Writing{Form: f.Values})
	return growRows(f, "item", verb, no, blankItem(p.Line.Self)), err
}

// growRows adds, takes out or moves up one of the numbered parts of a form. It
// returns where it stands then.
func growRows(f fields, name, verb string, no int, blank url.Values) string {
	switch verb {
	case name:
		f.add(name, blank)
		no = f.count(name)
	case "cut-" + name:
		f.cut(name, no)
		no = max(1, no-1)
	case "lift-" + name:
		f.lift(name, no)
		no = max(1, no-1)
	default:
		return ""
	}
	return fmt.Sprintf("#%s-%d", name, no)
}

// wantAccount makes the account that a form says.
func wantAccount(v *visit, p *writePage) (DraftRequest, error) {
	f, r := p.F, &readings{}
	a := accord.Account{
		Event: accord.Event{Title: textsOf(f, "title"), From: r.instant(f, "from"), To: r.instant(f, "to"), Place: f.Get("place"), Present: f.lines("present")},
		Part:  f.Get("part"), Mode: f.Get("mode"), Capacity: f.Get("capacity"), Names: f.lines("names"), Limits: textsOf(f, "limits"),
	}
	slices.Sort(a.Names)
	if a.Mode == "sealed" {
		a.CommitBy, a.RevealBy, a.Depositary = r.instant(f, "commit_by"), r.instant(f, "reveal_by"), f.Get("depositary")
	}
	want := DraftRequest{Kind: accord.KindAccount, Case: f.Get("case"), Refs: r.about(f, "on")}
	if len(want.Refs) > 0 {
		want.Case = "" // that of what it is about
	}
	var items []accord.Item
	for _, row := range f.Rows("item") {
		items = append(items, r.item(row, len(want.Refs) > 0))
	}
	if len(items) == 0 && r.err == nil {
		r.refuse("an account has at least one item")
	}
	if r.err != nil {
		return want, r.err
	}
	part, digests, err := accord.MarshalItems(items, v.rand)
	a.Items = digests
	want.Body, want.Parts = a, [][]byte{part}
	return want, err
}

// item reads one item. A rating is of a source that told of something, and
// nothing answers an item of an account that is none.
func (r *readings) item(f fields, answers bool) accord.Item {
	it := accord.Item{
		No: f.No, Kind: f.Get("kind"), Who: f.Get("who"), What: f.Get("what"), Text: textsOf(f, "text"), From: r.instant(f, "from"), To: r.instant(f, "to"), Where: f.Get("where"),
		Basis: f.Get("basis"), Means: f.Get("means"), Source: f.Get("source"), Exhibits: f.many("exhibits"), Vague: f.Get("vague") != "",
	}
	if answers {
		it.Aligns = f.Get("aligns")
	}
	if it.Basis == "told" {
		it.SourceRel = f.Get("source_rel")
		it.Cred, _ = strconv.Atoi(f.Get("cred")) // none is refused as one that is missing
	}
	q, err := quantityOf(f)
	r.keep(err)
	it.Quantity = q
	return it
}
