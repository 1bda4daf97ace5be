package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func openingForm(edit ...string) url.Values {
	f := url.Values{"to": {"south"}, "class": {"names"}, "purpose": {"whoever reads our mail"}, "days": {"3"}, "hours": {"2"}, "budget": {"5000"}, "echo": {"yes"}, "items": {"a.example\nb.example"}, "stock": {digest("stock-1")}}
	for i := 0; i < len(edit); i += 2 {
		f[edit[i]] = []string{edit[i+1]}
	}
	return f
}

// TestOpenWatchlist: what a form says is what is opened, and what is wrong with it is
// said with what was typed still there.
func TestOpenWatchlist(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("delegate")
	w := r.upload("/watchlists/new", openingForm("type", "url"), map[string]string{"list.csv": "value\nx.example\n"}, me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/watchlists/"+listID("own")+"?read=18.1.0.0.0.0" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	want := "delegate opens to south whoever reads our mail [url] 5000 259200 true 7200 list.csv=16 2 [" + digest("stock-1") + "] 0"
	if !slices.Equal(src.matched, []string{want}) {
		t.Errorf("%q, want %q", src.matched, want)
	}
	if page := body(get(r.c, testHost, w.Header().Get("Location"), me)); !strings.Contains(page, "18 items were read.") {
		t.Error("what was read is not said")
	}
	if w := r.upload("/watchlists/new", openingForm("purpose", "to be signed"), nil, me); w.Header().Get("Location") != "/drafts/"+digest("draft-consent") {
		t.Errorf("a draft leads to %v", w.Header())
	}
	before := len(src.matched)
	for name, f := range map[string]url.Values{
		"class": openingForm("class", "cve"), "days": openingForm("days", "367"), "no days": openingForm("days", "0"), "hours": openingForm("hours", "169"),
		"purpose": openingForm("purpose", " "), "budget": openingForm("budget", "x"), "too much": openingForm("budget", "200000"),
	} {
		w := post(r.c, testHost, "/watchlists/new", f, me)
		page := body(w)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) || name != "purpose" && !strings.Contains(page, `value="whoever reads our mail"`) || !strings.Contains(page, `name="echo" value="yes" checked`) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	analyst := r.enter("analyst")
	if len(src.matched) != before {
		t.Errorf("what is wrong was opened: %q", src.matched[before:])
	}
	if page := body(get(r.c, testHost, "/watchlists/new", analyst)); !strings.Contains(page, `action="/watchlists/new"`) {
		t.Error("an analyst speaks for matches, and has no form")
	}
}

// TestAskAndCloseWatchlist: a question carries the own items and what was agreed to; a
// list is asked by whom it was opened to, while it is open, and closed by either; a
// list that is over says what is wrong with asking.
func TestAskAndCloseWatchlist(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("delegate")
	asked, own, free := "/watchlists/"+listID("asked"), "/watchlists/"+listID("own"), "/watchlists/"+listID("free")
	if w := r.upload(asked+"/ask", url.Values{"echo": {"yes"}}, map[string]string{"a.txt": "a.example\n"}, me); w.Code != http.StatusSeeOther || src.matched[0] != "delegate asks "+listID("asked")[:8]+" true a.txt=10 0 [] 0" {
		t.Errorf("ask: %d %q", w.Code, src.matched)
	}
	if w := r.upload(asked+"/ask", url.Values{}, nil, me); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body(w), "E_VALUE") {
		t.Errorf("asked about nothing: %d", w.Code)
	}
	if w := post(r.c, testHost, own+"/close", url.Values{}, me); w.Code != http.StatusSeeOther || src.matched[1] != "delegate closes "+listID("own")[:8]+" 0 [] 0" {
		t.Errorf("close: %d %q", w.Code, src.matched)
	}
	if w := post(r.c, testHost, free+"/close", url.Values{}, me); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body(w), "E_STATE") {
		t.Errorf("closed twice: %d", w.Code)
	}
	if w := post(r.c, testHost, "/watchlists/"+digest("none")+"/close", url.Values{}, me); w.Code != http.StatusNotFound {
		t.Errorf("no list: %d", w.Code)
	}
	for path, has := range map[string][2]bool{asked: {true, true}, own: {false, true}, free: {false, false}, "/watchlists/" + listID("void"): {false, false}} { // may ask, may close
		page := body(get(r.c, testHost, path, me))
		if strings.Contains(page, path+"/ask") != has[0] || strings.Contains(page, path+"/close") != has[1] {
			t.Errorf("%s: asks %t, closes %t", path, strings.Contains(page, path+"/ask"), strings.Contains(page, path+"/close"))
		}
	}
	page := body(get(r.c, testHost, asked, me))
	for _, said := range []string{"login-north.example", "2 items were found", "1 hit has no receipt", "It cannot be opened any more", "4,744", "match/lists/x", "Prove to south", "It asks about 256 items each hour"} {
		if !strings.Contains(page, said) {
			t.Errorf("no %q", said)
		}
	}
}
