package console

import (
	"net/http"
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/statement"
	"entente/watch/indicator"
)

// timelinePage is the body of a case's first tab.
type timelinePage struct {
	caseHead
	Rows  []caseEvent
	Pager pager
	// Bases and Markings are what an indicator can be added with; none where the
	// viewer may not, or looks at an earlier instant.
	Bases, Markings []string
}

// caseEvent is one statement on the timeline of a case.
type caseEvent struct {
	Ref      Ref
	Kind     statement.Kind
	Marking  string
	At       time.Time // when another node had seen it; zero while none has
	Claimed  time.Time // by its author
	Label    accord.Label
	Officers []string
	Stance   accord.Stance
	On       Ref    // what it speaks of; zero for nothing
	OnKind   string // its kind, if it is known here
	Part     string // of On, as in "item/3"
	To       []string
	Title    accord.Texts // its author's words, as all below
	Text     accord.Texts
	Items    int // of an account
	Words    []caseWord
	Link     string // of a joint act: its own page
}

// caseWord is a word of the catalogue: family and code.
type caseWord struct{ Family, Code string }

func (c *Console) caseTimeline(v *visit) error {
	r, head, err := c.caseAt(v, caseTimeline)
	if err != nil {
		return err
	}
	said := slices.DeleteFunc(r.Record.Case(r.ID), func(s accord.Said) bool { return s.Act.Kind == accord.KindTimes })
	slices.Reverse(said) // the newest first, as everywhere
	p := timelinePage{caseHead: head}
	if v.user.decides() && len(head.Asked) == 0 {
		p.Bases = indicator.Bases()
		for _, m := range border.Markings() {
			p.Markings = append(p.Markings, string(m))
		}
	}
	said, p.Pager = onPage(v, said)
	for _, s := range said {
		p.Rows = append(p.Rows, r.event(s))
	}
	return c.render(v, http.StatusOK, "case", frame{Title: "case.title", Live: "record", Case: p.Case, Up: "/cases", Body: p})
}

// event tells one statement.
func (c CaseRecord) event(s accord.Said) caseEvent {
	e := caseEvent{
		Ref: c.ref(s.Ref), Kind: s.Act.Kind, Marking: s.Act.Marking, Claimed: time.UnixMilli(s.Claimed), Label: c.Label(s), Title: c.Headline(s.Ref),
	}
	if at, ok := c.Covered(s.Ref); ok {
		e.At = unix(at)
	}
	for _, a := range s.Approvals {
		e.Officers = append(e.Officers, a.Officer)
	}
	if len(s.Act.Refs) > 0 {
		e.On = c.ref(s.Act.Refs[0])
		if t, ok := c.Target(s.Ref); ok && t.Act.Case == s.Act.Case { // of another case nothing is shown here
			e.OnKind = string(t.Act.Kind)
		}
	}
	c.tell(&e, s)
	return e
}

// tell adds what the kind of the statement has to say.
func (c CaseRecord) tell(e *caseEvent, s accord.Said) {
	add := func(family, code string) {
		if code != "" {
			e.Words = append(e.Words, caseWord{family, code})
		}
	}
	if b, ok := accord.Body[accord.Position](c.Record, s.Ref); ok {
		e.Stance, e.Part, e.Text = b.Stance, b.Part, b.Text
		add("accord.reason", b.Reason)
		if b.Reservation != nil {
			e.Text = b.Reservation
			add("case.word", "reservation")
		}
		if b.AdReferendum {
			add("case.word", "ad-referendum")
		}
	}
	if b, ok := accord.Body[accord.Proposal](c.Record, s.Ref); ok {
		i, _ := c.Instrument(s.Ref)
		add("accord.for", string(b.For))
		add("accord.state", string(i.State))
		e.To, e.Link = b.Needs, accordPath(e.Ref)
	}
	if b, ok := accord.Body[accord.Notice](c.Record, s.Ref); ok {
		e.Text, e.To, e.Part = b.Text, b.To, b.Part
		add("accord.level", b.Level)
		add("accord.ask", b.Ask)
	}
	if b, ok := accord.Body[accord.Account](c.Record, s.Ref); ok {
		seal, _ := c.Reveal(s.Ref)
		e.Part, e.To, e.Items = b.Part, b.Names, len(b.Items)
		add("accord.seal", string(seal.State))
	}
	if b, ok := accord.Body[accord.Assessment](c.Record, s.Ref); ok {
		seal, _ := c.Reveal(s.Ref)
		add("case.stage", b.Stage)
		add("accord.seal", string(seal.State))
	}
	if b, ok := accord.Body[accord.Exhibit](c.Record, s.Ref); ok {
		add("case.exhibit", b.Kind)
		add("case.held", b.Held)
		add("case.passed", b.Passed)
	}
}
