package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"entente/accord"
	"entente/statement"
)

// Lines is the part of a node that shows the line between the parties and how
// each of them has acted.
type Lines interface {
	// Line returns the record from which both are read.
	Line(ctx context.Context) (LineRecord, error)
	// Notify lays a notice before the officers and returns the digest that they
	// sign; about is what it is about, if anything. What could be said with no
	// signature is a *statement.Refusal.
	Notify(ctx context.Context, by User, n accord.Notice, about []Ref) (draft string, err error)
	// Acknowledge lays before them that a notice was seen.
	Acknowledge(ctx context.Context, by User, notice Ref) (draft string, err error)
}

// LineRecord is a record with what its reader may see of it.
type LineRecord struct {
	*accord.Record
	Self  string
	Shows func(statement.Ref) bool // nil: everything
}

func (l LineRecord) shows(r statement.Ref) bool { return l.Shows == nil || l.Shows(r) }

// ref is the place of a statement as pages name it; zero for one that the
// charter does not know.
func (l LineRecord) ref(r statement.Ref) Ref {
	p, _ := l.Charter().ByOrigin(r.Origin)
	return Ref{p.ID, r.Index}
}

func (l LineRecord) refs(all []statement.Ref) []Ref {
	var out []Ref
	for _, r := range all {
		if l.shows(r) {
			out = append(out, l.ref(r))
		}
	}
	return out
}

func (c *Console) lineRoutes() []route {
	return []route{
		{"GET /line", readers, c.line},
		{"GET /line/{party}/{index}", readers, c.notice},
		{"GET /conduct", readers, c.conduct},
		{"GET /conduct/{party}/{word}", readers, c.tally},
	}
}

// linePage is the body of the Line screen.
type linePage struct {
	Self     string
	Now      time.Time
	Next     time.Time // of the line checks; zero if the rules name none
	Rows     []callRow
	Pager    pager
	Speaks   bool
	All      bool // also what is answered or asks nothing any more
	Contacts []contactRow
	Checks   []checkRow
	Drafted  []DraftRow // rows that the own watch drafted
}

// callRow is a notice as it stands with one of those whom it asks.
type callRow struct {
	accord.Call
	Ref, About, Corrects Ref
	CorrectedBy          []Ref
	Subject              accord.Texts // its author's words
	Mine                 bool         // it asks the own side
}

// Next is when the clock that runs next runs out; zero if none runs.
func (r callRow) Next() time.Time {
	_, at := r.NextDue()
	return unix(at)
}

// Clock is the name of that clock.
func (r callRow) Clock() string {
	clock, _ := r.NextDue()
	return clock
}

// ToAck reports whether the own side has still to say that somebody saw it.
func (r callRow) ToAck() bool { return r.Mine && r.Open() && r.Acked == 0 }

type contactRow struct {
	accord.ContactLine
	List Ref
}

type checkRow struct {
	accord.LineCheck
	Notice Ref
}

func (l LineRecord) row(call accord.Call) callRow {
	return callRow{
		Call: call, Ref: l.ref(call.Ref), About: l.ref(call.About), Corrects: l.ref(call.Corrects), CorrectedBy: l.refs(call.CorrectedBy),
		Subject: l.Headline(call.Ref), Mine: call.To == l.Self,
	}
}

func (c *Console) line(v *visit) error {
	l, err := v.source.Lines().Line(v.r.Context())
	if err != nil {
		return err
	}
	get := v.r.URL.Query()
	line := l.LineOf(l.Now(), l.Shows)
	p := linePage{Self: l.Self, Now: l.Now(), Next: unix(line.Next), All: get.Get("view") == "all", Speaks: v.user.speaks()}
	calls := line.Open
	if p.All {
		calls = slices.DeleteFunc(l.Calls(l.Now()), func(c accord.Call) bool { return !l.shows(c.Ref) })
		slices.SortStableFunc(calls, func(a, b accord.Call) int { return cmp.Compare(b.Sent, a.Sent) })
	}
	calls, p.Pager = onPage(v, calls)
	for _, call := range calls {
		p.Rows = append(p.Rows, l.row(call))
	}
	for _, one := range line.Contacts {
		if l.shows(one.List) && len(p.Contacts) < 4*PerPage {
			p.Contacts = append(p.Contacts, contactRow{one, l.ref(one.List)})
		}
	}
	for _, k := range slices.Backward(line.Checks) {
		p.Checks = append(p.Checks, checkRow{k, l.ref(k.Notice)})
	}
	drafts, err := v.source.Accord().Drafts(v.r.Context())
	if err != nil {
		return err
	}
	p.Drafted = slices.DeleteFunc(drafts, func(d DraftRow) bool { return d.Seen == nil })
	return c.render(v, http.StatusOK, "line", frame{Title: "nav.line", Live: "record", Body: p})
}

// noticePage is the body of one notice: with each of those whom it asks.
type noticePage struct {
	Self    string
	Now     time.Time
	Ref     Ref
	Case    string
	Marking string
	Claimed time.Time
	Body    accord.Notice
	Label   accord.Label
	Calls   []callRow
	Speaks  bool
	Answers []answerRow
}

// answerRow is what somebody said to a notice.
type answerRow struct {
	Ref      Ref
	Officers []string
	At       time.Time // when another node had seen it; zero: not yet
	Body     accord.Position
	Label    accord.Label
}

func (c *Console) notice(v *visit) error {
	p, err := c.noticeAt(v)
	if err != nil {
		return err
	}
	p.Speaks = v.user.speaks()
	return c.render(v, http.StatusOK, "notice", frame{Title: "line.notice", Live: "record", Up: "/line", Body: p})
}

// noticeAt reads the notice that an address names.
func (c *Console) noticeAt(v *visit) (noticePage, error) {
	index, err := strconv.ParseUint(v.r.PathValue("index"), 10, 63)
	if err != nil {
		return noticePage{}, ErrNotFound
	}
	l, err := v.source.Lines().Line(v.r.Context())
	if err != nil {
		return noticePage{}, err
	}
	p := noticePage{Self: l.Self, Now: l.Now(), Ref: Ref{v.r.PathValue("party"), index}}
	for _, call := range l.Calls(l.Now()) {
		if l.ref(call.Ref) == p.Ref && l.shows(call.Ref) {
			p.Calls = append(p.Calls, l.row(call))
		}
	}
	if len(p.Calls) == 0 {
		return p, ErrNotFound
	}
	ref := p.Calls[0].Call.Ref
	said, _ := l.Said(ref)
	p.Body, _ = accord.Body[accord.Notice](l.Record, ref)
	p.Case, p.Marking, p.Claimed, p.Label = said.Act.Case, said.Act.Marking, time.UnixMilli(said.Claimed), l.Label(said)
	p.Answers = l.answers(ref)
	return p, nil
}

// answers are the positions on a notice, also those that do not count.
func (l LineRecord) answers(ref statement.Ref) []answerRow {
	var list []answerRow
	for _, s := range l.On(ref) {
		b, ok := accord.Body[accord.Position](l.Record, s.Ref)
		if !ok || !l.shows(s.Ref) || len(list) >= 4*PerPage {
			continue
		}
		a := answerRow{Ref: l.ref(s.Ref), Body: b, Label: l.Label(s)}
		if at, ok := l.Covered(s.Ref); ok {
			a.At = unix(at)
		}
		for _, by := range s.Approvals {
			a.Officers = append(a.Officers, by.Officer)
		}
		list = append(list, a)
	}
	return list
}
