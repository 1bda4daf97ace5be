package console

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestElection: the worst page stands first; an alarm says what it means, what to
// do and whom to call; a copy is marked as one, and its bytes make no page.
func TestElection(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/election", me))
	last := -1
	for _, id := range []string{"adams", "baker", "clay", "dover"} {
		at := strings.Index(page, `href="/election/`+id+`"`)
		if at <= last {
			t.Errorf("%s stands at %d, after %d", id, at, last)
		}
		last = at
	}
	for number, want := range map[string]string{"1,200": "found 1 time", "37,1%": "Never published", "12x": "no number", "-5": "no number", "99999999999999999999": "no number"} {
		if page := body(get(r.c, testHost, "/election?number="+strings.ReplaceAll(number, "%", "%25"), me)); !strings.Contains(page, want) {
			t.Errorf("%s: no %q", number, want)
		}
	}
	page = html.UnescapeString(body(get(r.c, testHost, "/election/adams", me)))
	for _, want := range []string{"Final numbers changed", "What it does not mean", "on a line that you know", "Ann Lee", "+1 555 0100", "Two sides were shown different numbers", "the sides disagree", "its vote types add up to 1200", "/election/adams/versions/1270/1281", "/election/adams/copy"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(page, "\u202e") {
		t.Error("a candidate's name turns the page around")
	}
	page = body(get(r.c, testHost, "/election/adams/versions/1270/1281", me))
	for _, want := range []string{"1,200", "1,700", "Numbers changed and the page does not say so", "299 numbers more"} {
		if !strings.Contains(page, want) {
			t.Errorf("two versions: no %q", want)
		}
	}
	if page = body(get(r.c, testHost, "/election/adams/copy", me)); !strings.Contains(page, "This is a copy, not the page") || !strings.Contains(page, "does not answer now") || strings.Contains(page, "alert(1)") {
		t.Error("the copy is not marked, or is its own page")
	}
	w := get(r.c, testHost, "/election/adams/copy/bytes", me)
	h := w.Header()
	if w.Code != http.StatusOK || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Copy-Time") == "" {
		t.Errorf("%d %v", w.Code, h)
	}
	for _, path := range []string{"/election/none", "/election/baker/copy", "/election/baker/copy/bytes", "/election/adams/versions/1/2", "/election/adams/versions/a/1281"} {
		if w := get(r.c, testHost, path, me); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, what := range []string{"look", "word"} {
		if w := post(r.c, testHost, "/election/adams/"+what, nil, me); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", what, w.Code)
		}
		if w := post(r.c, testHost, "/election/adams/"+what, nil, r.enter("observer")); w.Code == http.StatusSeeOther {
			t.Errorf("an observer may %s", what)
		}
	}
	if len(src.accepted) != 2 {
		t.Errorf("%v", src.accepted)
	}
}

// TestElectionStart: an official names domains, a page and whom to call, and
// sees the page; what is refused stays in the form with its reason.
func TestElectionStart(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	form := url.Values{"domains": {"vote.example\r\n elections.example"}, "url": {"https://results.vote.example/detail.xml"}, "place": {"Adams County"}, "name": {"Ann Lee"}, "phone": {"+1 555"}}
	w := post(r.c, testHost, "/election/start", form, me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/election/adams-county" {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if want := "analyst begins [vote.example elections.example] adams-county ann-lee"; len(src.accepted) != 1 || src.accepted[0] != want {
		t.Errorf("%v, want %s", src.accepted, want)
	}
	form.Set("domains", "refused")
	w = post(r.c, testHost, "/election/start", form, me)
	if again := body(w); w.Code != http.StatusUnprocessableEntity || !strings.Contains(again, "not a domain") || !strings.Contains(again, "Adams County") {
		t.Errorf("%d %s", w.Code, again)
	}
	if w = post(r.c, testHost, "/election/start", form, r.enter("observer")); w.Code == http.StatusSeeOther {
		t.Error("an observer begins")
	}
	page := html.UnescapeString(body(get(r.c, testHost, "/election/press?election=General%20%3Cb%3E", me)))
	for _, want := range []string{"«General <b>»", "What was not checked", "Что не проверено", "The paper ballots."} {
		if !strings.Contains(page, want) {
			t.Errorf("the press page has no %q", want)
		}
	}
	if raw := body(get(r.c, testHost, "/election/press?election=General%20%3Cb%3E", me)); strings.Contains(raw, "<b>") {
		t.Error("a name becomes markup")
	}
}
