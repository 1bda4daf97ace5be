package console

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entente/accord"
)

// Every template becomes a form, and what has no blank left becomes a sheet: the
// node's own rules say so, not the page.
func TestWriteProposalTemplates(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	for _, x := range accord.ProposalTemplates() {
		w := post(r.c, testHost, "/writing", url.Values{"kind": {"proposal"}, "template": {x.ID}}, me)
		at := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/writing/") {
			t.Fatalf("%s: %d %s", x.ID, w.Code, at)
		}
		page := body(get(r.c, testHost, at+"?look=1", me))
		if !strings.Contains(page, html.EscapeString(x.Title["ru"])) || !strings.Contains(page, html.EscapeString(x.Title["en"])) {
			t.Errorf("%s: the title is not there in both languages", x.ID)
		}
		if n := strings.Count(page, `class="card clause"`); n != len(x.Norms) && !(x.Blank && n == 1) {
			t.Errorf("%s: %d clauses", x.ID, n)
		}
		refused := strings.Contains(page, `class="message" role="alert" id="sheet"`)
		whole := slices.Contains([]accord.ProposalKind{accord.ForGroup, accord.ForReport, accord.ForRelease, accord.ForClose}, x.For) || len(x.Norms) > 0
		if refused == whole {
			t.Errorf("%s: refused %v", x.ID, refused)
		}
	}
}

// A form makes the proposal that it says, field by field.
func TestWriteProposal(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("delegate")
	form := sampleForm()
	form.Set("version", "1")
	form.Set("do", "draft")
	form.Set("clause.1.until", "2026-12-01 10:30")
	form.Set("clause.1.text.en", "Neither\u00a0side touches the sites.\r\n")
	w := post(r.c, testHost, "/writing/"+sampleWriting, form, me)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/drafts/") {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	want := r.src.desk.wanted[len(r.src.desk.wanted)-1]
	b, ok := want.Body.(accord.Proposal)
	if !ok || len(b.Clauses) != 1 {
		t.Fatalf("%+v", want)
	}
	c := b.Clauses[0]
	if c.Mode != "shall-not" || !slices.Equal(c.Scope.Nets, []string{"192.0.2.0/24", "198.51.100.0/24"}) || c.Until != "2026-12-01T10:30:00Z" || c.Breach.ExplainWithin != 48*3600 || b.CoolingOff != 24*3600 || !slices.Equal(b.Authentic, []string{"en", "ru"}) {
		t.Errorf("%+v", b)
	}
	paper, err := accord.OpenPaper(b, want.Parts[0])
	if err != nil || paper.Clauses[0].Text["en"] != "Neither side touches the sites." {
		t.Errorf("%v %+v", err, paper)
	}
	// What waits for signatures leads its writer back to the text, and only its writer.
	if row, err := r.src.Writing(t.Context(), User{Name: "delegate"}, sampleWriting); err != nil || row.Draft == "" {
		t.Errorf("%+v %v", row, err)
	}
	if w := get(r.c, testHost, "/writing/"+sampleWriting, r.enter("analyst")); w.Code != http.StatusNotFound {
		t.Errorf("somebody else's text: %d", w.Code)
	}
	form.Set("decide_by", "noon")
	form.Set("version", "2")
	w = post(r.c, testHost, "/writing/"+sampleWriting, form, me)
	if at := w.Header().Get("Location"); !strings.Contains(at, "?look=1") || !strings.Contains(body(get(r.c, testHost, strings.TrimSuffix(at, "#sheet"), me)), "decide_by: an instant such as") {
		t.Errorf("a bad instant: %d %s", w.Code, at)
	}
}

// Clauses are added, moved and taken out with what stands in them; a text that was
// changed elsewhere meanwhile becomes a second one, and a repetition does not.
func TestWritingIsKept(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("delegate")
	form, version := sampleForm(), "1"
	do := func(what string) url.Values {
		t.Helper()
		form.Set("version", version)
		form.Set("do", what)
		if w := post(r.c, testHost, "/writing/"+sampleWriting, form, me); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d", what, w.Code)
		}
		w, err := r.src.Writing(t.Context(), User{Name: "delegate"}, sampleWriting)
		if err != nil {
			t.Fatal(err)
		}
		version = string(rune('0' + w.Version))
		return w.Form
	}
	form.Set("add", "norm-f")
	form = do("clause")
	if form.Get("clause") != "2" || form.Get("clause.2.template") != "norm-f" || form.Get("clause.2.text.ru") == "" {
		t.Fatalf("%v", form)
	}
	form = do("lift.2")
	if form.Get("clause.1.template") != "norm-f" || form.Get("clause.2.nets") == "" {
		t.Fatalf("%v", form)
	}
	form = do("cut.1")
	if form.Get("clause") != "1" || form.Get("clause.1.text.en") != "Neither side touches the sites." || form.Get("clause.2.template") != "" {
		t.Fatalf("%v", form)
	}
	keep := func(version, title string) string {
		form.Set("version", version)
		form.Set("title.en", title)
		return body(post(r.c, testHost, "/writing/"+sampleWriting+"/keep", form, me))
	}
	first := keep(version, "One")
	if again := keep(version, "One"); again != first {
		t.Errorf("the same again: %q, then %q", first, again)
	}
	other := keep(version, "Two") // by a window that knows nothing of One
	if strings.HasPrefix(other, sampleWriting) || !strings.HasPrefix(first, sampleWriting) {
		t.Errorf("%q, then %q", first, other)
	}
	for id, want := range map[string]string{sampleWriting: "One", strings.Fields(other)[0]: "Two"} {
		if w, err := r.src.Writing(t.Context(), User{Name: "delegate"}, id); err != nil || w.Form.Get("title.en") != want {
			t.Errorf("%s: %q %v", id, w.Form.Get("title.en"), err)
		}
	}
}

// What was typed is there after a reload, after the session has ended, and after
// the way back, to the last letter.
func TestBrowserLosesNothing(t *testing.T) {
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "delegate")
	s.open("north", "/writing/"+sampleWriting)
	field := `document.querySelector("textarea[name='text.en']")`
	s.focus(field)
	want := eval[string](s, field+".value")
	write := func(text string) {
		t.Helper()
		for _, c := range text {
			s.press(string(c))
		}
		want += text
		s.until(field + `.value.length === ` + strconv.Itoa(len(want)))
	}
	is := func(when string) {
		t.Helper()
		s.until(`document.readyState === "complete" && !!` + field)
		if got := eval[string](s, field+".value"); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	write(" One reload.")
	s.reload()
	is("after a reload at once")
	s.until(`document.getElementById("kept").textContent === "Kept."`)
	// The session ends while somebody writes.
	s.signOut()
	s.focus(field)
	write(" No session.")
	s.until(`document.getElementById("kept").textContent.startsWith("The session has ended")`)
	s.enter("north", "delegate")
	s.open("north", "/writing/"+sampleWriting)
	is("after signing in again")
	s.until(`!localStorage.length`)
	s.focus(field)
	write(" And back.")
	s.open("north", "/accord")
	s.back()
	s.until(`location.pathname.startsWith("/writing/")`)
	is("after the way back")
	s.until(`!localStorage.length`)
	if w, err := s.north.Writing(t.Context(), User{Name: "delegate"}, sampleWriting); err != nil || w.Form.Get("text.en") != want {
		t.Errorf("the node has %q, %v", w.Form.Get("text.en"), err)
	}
	all, _ := s.north.Writings(t.Context(), User{Name: "delegate"})
	if all = slices.DeleteFunc(all, func(w Writing) bool { return w.Kind != WriteProposal }); len(all) != 1 {
		t.Errorf("%d texts of one", len(all))
	}
}

// An item of the other side's account is answered from the case, a notice from the
// line, and a suspension by one of its kind; the form says what it is about.
func TestWriteAnswer(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	page := body(get(r.c, testHost, "/cases/"+hamburgID+"/accounts", me))
	m := regexp.MustCompile(`name="on" value="(ru/\d+)"><input type="hidden" name="part" value="(item/\d+)"`).FindStringSubmatch(page)
	if m == nil || strings.Contains(page, `name="on" value="us/`) {
		t.Fatal("no item of the other side can be answered, or one of the own")
	}
	answer := func(form url.Values) accord.Position {
		t.Helper()
		form.Set("kind", "answer")
		at := post(r.c, testHost, "/writing", form, me).Header().Get("Location")
		if !strings.HasPrefix(at, "/writing/") {
			t.Fatalf("%v leads to %q", form, at)
		}
		if page := body(get(r.c, testHost, at, me)); !strings.Contains(page, `type="radio" name="stance"`) {
			t.Error("no position to choose")
		}
		form.Set("do", "draft")
		form.Set("version", "1")
		if to := post(r.c, testHost, at, form, me).Header().Get("Location"); !strings.HasPrefix(to, "/drafts/") {
			t.Fatalf("%v leads to %q", form, to)
		}
		want := r.src.desk.wanted[len(r.src.desk.wanted)-1]
		if len(want.Refs) != 1 {
			t.Errorf("%+v", want)
		}
		return want.Body.(accord.Position)
	}
	p := answer(url.Values{"case": {hamburgID}, "on": {m[1]}, "part": {m[2]}, "stance": {"deny"}, "text.ru": {"Этого не было."}})
	if p.Stance != accord.Deny || p.Part != m[2] || p.Text["ru"] == "" || p.Capacity != "official" {
		t.Errorf("%+v", p)
	}
	p = answer(url.Values{"on": {"south/3"}, "stance": {"decline"}, "reason": {"law"}})
	if p.Stance != accord.Decline || p.Reason != "law" {
		t.Errorf("%+v", p)
	}
	if w := post(r.c, testHost, "/writing", url.Values{"kind": {"answer"}, "on": {"south/99999"}}, me); w.Code != http.StatusNotFound {
		t.Errorf("what is not there: %d", w.Code)
	}
	if page := body(get(r.c, testHost, "/accord/south/31", me)); !strings.Contains(page, `action="/accord/south/31/mirror"`) {
		t.Error("no button for the mirrored suspension")
	}
	w := post(r.c, testHost, "/accord/south/31/mirror", url.Values{"clause": {"1"}}, me)
	want := r.src.desk.wanted[len(r.src.desk.wanted)-1]
	if p, _ := want.Body.(accord.Position); !strings.HasPrefix(w.Header().Get("Location"), "/drafts/") || p.Stance != accord.Suspend {
		t.Errorf("%d %+v", w.Code, want)
	}
	if w := post(r.c, testHost, "/accord/south/31/mirror", url.Values{"clause": {"2"}}, me); w.Code != http.StatusConflict {
		t.Errorf("an answer to no suspension: %d", w.Code)
	}
}

// What is written about a clause or in a case begins on its own page, for those who speak.
func TestWriteFromWhereItStands(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	for role, speaks := range map[string]bool{"delegate": true, "observer": false} {
		me := r.enter(role)
		for path, want := range map[string]string{
			"/accord/south/31":                    `name="part" value="clause/1"`,
			"/cases/" + accusationID + "/actions": `name="case" value="` + accusationID + `"`,
		} {
			if page := body(get(r.c, testHost, path, me)); strings.Contains(page, want) != speaks {
				t.Errorf("%s looks at %s: %s is there: %v", role, path, want, !speaks)
			}
		}
	}
	me := r.enter("delegate")
	w := post(r.c, testHost, "/writing", url.Values{"kind": {"proposal"}, "template": {"finding"}, "case": {accusationID}}, me)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, body(w))
	}
	if page := body(get(r.c, testHost, w.Header().Get("Location"), me)); !strings.Contains(page, accusationID) {
		t.Error("the form does not know its case")
	}
}
