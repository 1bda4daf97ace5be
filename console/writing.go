package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// Writer keeps what people are writing, each for itself, before anything is
// drafted of it: nothing of it is lost with a session, a window or a machine.
type Writer interface {
	// Keep keeps it as it stands now. One without ID is new. One whose Version is
	// not that which is kept was changed elsewhere meanwhile and becomes a new one,
	// unless both say the same.
	Keep(ctx context.Context, by User, w Writing) (Writing, error)
	// Writings returns all of a user, the newest first.
	Writings(ctx context.Context, by User) ([]Writing, error)
	// Writing returns one of a user, ErrNotFound if there is none.
	Writing(ctx context.Context, by User, id string) (Writing, error)
	// DropWriting forgets one of a user.
	DropWriting(ctx context.Context, by User, id string) error
	// Look returns the sheet that would be signed, and keeps nothing.
	Look(ctx context.Context, by User, want DraftRequest) (Sheet, error)
}

// WritingKind says what somebody writes.
type WritingKind string

// The kinds of what is written.
const (
	WriteProposal WritingKind = "proposal"
	WriteAccount  WritingKind = "account"
	WriteAssess   WritingKind = "assessment"
	WriteAmend    WritingKind = "amendment"
	WriteAnswer   WritingKind = "answer" // a position on what is no proposal, or on a clause
)

func writingKinds() []WritingKind { return slices.Sorted(maps.Keys(writers())) }

// Writing is one text that somebody writes: a form as it stands.
type Writing struct {
	ID      string // 32 hex digits
	Kind    WritingKind
	Form    url.Values
	Draft   string // made of it last, or empty
	Version int64  // counts changes
	At      time.Time
}

// maxWriting is how large a form may be: a text in two languages, every letter of
// which takes six bytes on its way.
const maxWriting = 3 << 20

func (c *Console) writingRoutes() []route {
	return []route{
		{"GET /writing", readers, c.writingNew},
		{"POST /writing", speakers, c.writingBegin},
		{"GET /writing/{writing}", readers, c.writing},
		{"POST /writing/{writing}", speakers, c.writingPost},
		{"POST /writing/{writing}/keep", speakers, c.writingKeep},
		{"POST /writing/{writing}/drop", speakers, c.writingDrop},
	}
}

// writer is what a kind of writing is made with.
type writer struct {
	page  string
	begin func(*visit, url.Values) (url.Values, error) // the first form, of what a link chose
	view  func(*visit, *writePage) error               // fills in what the form needs
	want  func(*visit, *writePage) (DraftRequest, error)
	// grow does what a button asks: more or fewer parts. It returns where to look.
	grow func(*visit, fields, string, int) (string, error)
}

func writers() map[WritingKind]writer {
	return map[WritingKind]writer{
		WriteProposal: {"write_proposal", beginProposal, viewProposal, wantProposal, growProposal},
		WriteAccount:  {"write_account", beginAccount, viewAccount, wantAccount, growAccount},
		WriteAssess:   {"write_assessment", beginAssessment, viewAssessment, wantAssessment, growAssessment},
		WriteAmend:    {"write_amendment", beginAmendment, viewAmendment, wantAmendment, growNothing},
		WriteAnswer:   {"write_answer", beginAnswer, viewAnswer, wantAnswer, growNothing},
	}
}

func growNothing(*visit, fields, string, int) (string, error) { return "", nil }

// writePage is the body of every page on which something is written.
type writePage struct {
	Writing
	F       fields
	Line    LineRecord
	Parties []string // of the charter
	Others  []string // without the own side and observers
	Watch   []string // observers
	Rules   accord.Rules
	Now     time.Time
	Speaks  bool
	Sheet   *Sheet
	Refusal *statement.Refusal
	Looked  bool

	Proposal *proposalPage
	Account  *accountPage
	Amend    *amendPage
	Assess   *assessPage
	Answer   *answerPage
}

func (c *Console) writingAt(v *visit) (Writing, writer, error) {
	id := v.r.PathValue("writing")
	if len(id) != 32 || !isHex(id) {
		return Writing{}, writer{}, ErrNotFound
	}
	w, err := v.source.Accord().Writing(v.r.Context(), v.user, id)
	if err != nil {
		return w, writer{}, err
	}
	how, ok := writers()[w.Kind]
	if !ok {
		return w, how, ErrNotFound
	}
	return w, how, nil
}

// writingBegin begins something with what a button chose.
func (c *Console) writingBegin(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	kind := WritingKind(v.r.PostForm.Get("kind"))
	how, ok := writers()[kind]
	if !ok {
		return errBadForm
	}
	form, err := how.begin(v, v.r.PostForm)
	if err != nil {
		return err
	}
	w, err := v.source.Accord().Keep(v.r.Context(), v.user, Writing{Kind: kind, Form: form})
	if err != nil {
		return err
	}
	return v.see("/writing/" + w.ID)
}

func (c *Console) writing(v *visit) error {
	w, how, err := c.writingAt(v)
	if err != nil {
		return err
	}
	p, err := pageOf(v, w)
	if err != nil {
		return err
	}
	if err := how.view(v, p); err != nil {
		return err
	}
	c.writes(v, w)
	if p.Looked = v.r.URL.Query().Get("look") != ""; p.Looked {
		if err := c.lookAt(v, how, p); err != nil {
			return err
		}
	}
	return c.render(v, http.StatusOK, how.page, frame{Title: "write.title", Up: "/drafts", Body: p})
}

func pageOf(v *visit, w Writing) (*writePage, error) {
	l, err := v.source.Lines().Line(v.r.Context())
	if err != nil {
		return nil, err
	}
	p := &writePage{Writing: w, F: fields{Values: w.Form}, Line: l, Now: l.Now(), Rules: l.Rules(l.Now()), Speaks: v.user.speaks()}
	for _, one := range l.Charter().Parties {
		p.Parties = append(p.Parties, one.ID)
		switch {
		case one.Role == "observer":
			p.Watch = append(p.Watch, one.ID)
		case one.ID != l.Self:
			p.Others = append(p.Others, one.ID)
		}
	}
	return p, nil
}

// lookAt shows the sheet that would be signed, or why there is none.
func (c *Console) lookAt(v *visit, how writer, p *writePage) error {
	want, err := how.want(v, p)
	if err == nil {
		var s Sheet
		s, err = v.source.Accord().Look(v.r.Context(), v.user, want)
		p.Sheet = &s
	}
	if refusal, ok := statement.AsRefusal(err); ok {
		p.Refusal, p.Sheet = refusal, nil
		return nil
	}
	return err
}

// posted is a writing as its form was posted.
func posted(v *visit, w Writing) (Writing, string, error) {
	if err := v.form(); err != nil {
		return w, "", err
	}
	form := maps.Clone(v.r.PostForm)
	do := form.Get("do")
	version, err := strconv.ParseInt(form.Get("version"), 10, 64)
	if err != nil || len(form) > 20_000 {
		return w, "", errBadForm
	}
	delete(form, "do")
	delete(form, "version")
	w.Form, w.Version = form, version
	return w, do, nil
}

// writingKeep keeps a form without a page: the page asks so at every pause. The
// answer is the id and the version under which it is kept now.
func (c *Console) writingKeep(v *visit) error {
	w, _, err := c.writingAt(v)
	if err != nil {
		return err
	}
	if w, _, err = posted(v, w); err != nil {
		return err
	}
	if w, err = v.source.Accord().Keep(v.r.Context(), v.user, w); err != nil {
		return err
	}
	c.writes(v, w)
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = v.w.Write([]byte(w.ID + " " + strconv.FormatInt(w.Version, 10))) // an error means that the browser has gone
	return nil
}

// writingPost keeps a form and does what its button asks.
func (c *Console) writingPost(v *visit) error {
	w, how, err := c.writingAt(v)
	if err != nil {
		return err
	}
	w, do, err := posted(v, w)
	if err != nil {
		return err
	}
	desk := v.source.Accord()
	if w, err = desk.Keep(v.r.Context(), v.user, w); err != nil {
		return err
	}
	at := "/writing/" + w.ID
	switch do {
	case "", "keep":
		return v.see(at)
	case "look":
		return v.see(at + "?look=1#sheet")
	case "draft":
		return c.writingDraft(v, how, w)
	}
	verb, number, _ := strings.Cut(do, ".")
	no, _ := strconv.Atoi(number)
	grown := w
	grown.Form = maps.Clone(w.Form)
	where, err := how.grow(v, fields{Values: grown.Form}, verb, no)
	if err != nil {
		return err
	}
	if _, err = desk.Keep(v.r.Context(), v.user, grown); err != nil {
		return err
	}
	return v.see(at + where)
}

// writingDraft lays it before the officers. What was drafted of it before is
// another text, and nobody need sign that any more.
func (c *Console) writingDraft(v *visit, how writer, w Writing) error {
	p, err := pageOf(v, w)
	if err == nil {
		err = how.view(v, p)
	}
	var want DraftRequest
	if err == nil {
		want, err = how.want(v, p)
	}
	ctx, desk := v.r.Context(), v.source.Accord()
	var id string
	if err == nil {
		id, err = desk.Draft(ctx, v.user, want)
	}
	if _, refused := statement.AsRefusal(err); refused {
		return v.see("/writing/" + w.ID + "?look=1#sheet")
	}
	if err != nil {
		return err
	}
	c.wrote(v, w)
	before := w.Draft
	w.Draft = id
	if _, err := desk.Keep(ctx, v.user, w); err != nil {
		return err
	}
	if before != "" && before != id {
		if err := desk.Discard(ctx, before); err != nil && !errors.Is(err, ErrNotFound) { // it may wait no more
			return err
		}
	}
	return v.see("/drafts/" + id)
}

func (c *Console) writingDrop(v *visit) error {
	w, _, err := c.writingAt(v)
	if err != nil {
		return err
	}
	if err := v.source.Accord().DropWriting(v.r.Context(), v.user, w.ID); err != nil {
		return err
	}
	c.wrote(v, w)
	return v.see("/drafts")
}

// writingRow is one of the user's own texts in a list.
type writingRow struct {
	Writing
	Title accord.Texts
}

func writingRows(v *visit) ([]writingRow, error) {
	all, err := v.source.Accord().Writings(v.r.Context(), v.user)
	var list []writingRow
	for _, w := range all {
		row := writingRow{Writing: w}
		for _, name := range []string{"title", "question", "text"} {
			if row.Title == nil {
				row.Title = textsOf(fields{Values: w.Form}, name)
			}
		}
		list = append(list, row)
	}
	return list, err
}

// writtenAs is the id of what the viewer wrote a draft as, or empty.
func writtenAs(v *visit, draft string) (string, error) {
	all, err := v.source.Accord().Writings(v.r.Context(), v.user)
	if i := slices.IndexFunc(all, func(w Writing) bool { return w.Draft == draft }); i >= 0 {
		return all[i].ID, err
	}
	return "", err
}
