package console

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// upload posts a form with files, as a browser does.
func (r *rig) upload(path string, form url.Values, files map[string]string, cookie *http.Cookie) *httptest.ResponseRecorder {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, list := range form {
		for _, v := range list {
			if err := w.WriteField(k, v); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	for name, data := range files {
		part, err := w.CreateFormFile("file", name)
		if err == nil {
			_, err = part.Write([]byte(data))
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "http://"+testHost+path, &b)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return do(r.c, req, []*http.Cookie{cookie})
}

func offerForm(edit ...string) url.Values {
	f := url.Values{"to": {"south"}, "class": {"names"}, "mode": {"names"}, "purpose": {"the same intruder?"}, "hours": {"2"}, "observer": {"observer"}, "audit": {"40"}, "up_to": {"5"}, "items": {"a.example\nb.example"}, "stock": {digest("stock-1")}}
	for i := 0; i < len(edit); i += 2 {
		f[edit[i]] = []string{edit[i+1]}
	}
	return f
}

// TestProposeMatch: what a form says is what is proposed, and what is wrong with it
// is said with what was typed still there.
func TestProposeMatch(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("delegate")
	w := r.upload("/match/new", offerForm("type", "url"), map[string]string{"list.csv": "value\nx.example\n"}, me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/match/"+matchID("waits")+"?read=18.1.2.3.4.5" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	want := "delegate offers south the same intruder? [url] false []observerfalse 40 7200 list.csv=16 2 [" + digest("stock-1") + "] 5"
	if !slices.Equal(src.matched, []string{want}) {
		t.Errorf("%q, want %q", src.matched, want)
	}
	page := body(get(r.c, testHost, w.Header().Get("Location"), me))
	for _, said := range []string{"18 items were read.", "1 of another type was left out.", "2 are common or your own", "5 are on lists that both leave out.", "3 have not been in the log for long enough", "4 rows have no value."} {
		if !strings.Contains(page, said) {
			t.Errorf("what was read: no %q", said)
		}
	}
	if w := r.upload("/match/new", offerForm("purpose", "to be signed"), nil, me); w.Header().Get("Location") != "/drafts/"+digest("draft-consent") {
		t.Errorf("a draft leads to %v", w.Header())
	}
	if w := post(r.c, testHost, "/match/new", offerForm("mode", "count", "up_to", ""), me); w.Code != http.StatusSeeOther || !strings.Contains(src.matched[2], "[domain-name email-addr url] true") {
		t.Errorf("without a file: %d %q", w.Code, src.matched)
	}
	chosen := offerForm("release", "yes", "type", "url")
	chosen["exclude"] = []string{digest("list-1"), digest("list-2")}
	if w := r.upload("/match/new", chosen, nil, me); w.Code != http.StatusSeeOther || !strings.Contains(src.matched[3], "[url] false ["+digest("list-1")+" "+digest("list-2")+"]observertrue 40") {
		t.Errorf("lists and release: %d %q", w.Code, src.matched)
	}
	before := len(src.matched)
	for name, f := range map[string]url.Values{
		"class": offerForm("class", "cve"), "mode": offerForm("mode", "all"), "hours": offerForm("hours", "169"), "no hours": offerForm("hours", ""), "purpose": offerForm("purpose", " "), "audit": offerForm("audit", "-1"), "up to": offerForm("up_to", "x"),
		"release by nobody": offerForm("observer", "", "release", "yes"), "release of a count": offerForm("mode", "count", "release", "yes"),
		"age": {"to": {"south"}, "class": {"addresses"}, "mode": {"names"}, "purpose": {"the same intruder?"}, "hours": {"2"}, "items": {"192.0.2.1"}},
	} {
		w := post(r.c, testHost, "/match/new", f, me)
		page := body(w)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) || name != "purpose" && !strings.Contains(page, `value="the same intruder?"`) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if len(src.matched) != before {
		t.Errorf("what is wrong was proposed: %q", src.matched[before:])
	}
}

// TestConsentAndAgree: a consent carries the own list; the count is answered by who
// decides; an unknown answer, a run that is over and one that is not there do nothing.
func TestConsentAndAgree(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	delegate, analyst := r.enter("delegate"), r.enter("analyst")
	asked, counted := "/match/"+matchID("asked"), "/match/"+matchID("counted")
	if w := r.upload(asked+"/consent", url.Values{"up_to": {"3"}}, map[string]string{"a.txt": "a.example\n"}, delegate); w.Code != http.StatusSeeOther || !strings.HasPrefix(src.matched[0], "delegate consents "+matchID("asked")[:8]+" a.txt=10 0 [] 3") {
		t.Errorf("consent: %d %q", w.Code, src.matched)
	}
	if w := r.upload(asked+"/consent", nil, nil, delegate); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body(w), "E_VALUE") {
		t.Errorf("a consent without a list: %d", w.Code)
	}
	if w := post(r.c, testHost, counted+"/consent", url.Values{"items": {"a.example"}}, delegate); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body(w), "E_STATE") {
		t.Errorf("a second consent: %d", w.Code)
	}
	if page := body(get(r.c, testHost, counted, delegate)); strings.Contains(page, `value="agree"`) || !strings.Contains(page, "2 items are on both lists") {
		t.Error("a delegate is not shown the count alone")
	}
	if w := post(r.c, testHost, counted+"/agree", url.Values{"do": {"agree"}}, delegate); w.Code != http.StatusForbidden {
		t.Errorf("a delegate answers the count: %d", w.Code)
	}
	if w := post(r.c, testHost, counted+"/agree", url.Values{"do": {"whatever"}}, analyst); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown answer: %d", w.Code)
	}
	for _, do := range []string{"agree", "stop"} {
		if w := post(r.c, testHost, counted+"/agree", url.Values{"do": {do}}, analyst); w.Code != http.StatusSeeOther || !strings.Contains(src.matched[len(src.matched)-1], map[string]string{"agree": "true", "stop": "false"}[do]) {
			t.Errorf("%s: %d %q", do, w.Code, src.matched)
		}
	}
	if w := post(r.c, testHost, "/match/"+digest("nothing")+"/agree", url.Values{"do": {"agree"}}, analyst); w.Code != http.StatusNotFound {
		t.Errorf("a run that is not there: %d", w.Code)
	}
	many := len(src.matched)
	if w := post(r.c, testHost, "/match/stock", url.Values{"class": {"addresses"}, "items": {"192.0.2.1 192.0.2.2"}}, delegate); w.Header().Get("Location") != "/match/stock?read=21.0.0.0.0.0" || !strings.HasPrefix(src.matched[many], "delegate commits [ipv4-addr") {
		t.Errorf("a commitment: %d %v %q", w.Code, w.Header(), src.matched[many:])
	}
}

// TestMatchForgery: no other site's form, with or without a file, moves anything;
// nor does one of a user who only reads.
func TestMatchForgery(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	admin, reader := r.enter("administrator"), r.enter("observer")
	for _, path := range []string{"/match/new", "/match/stock", "/match/" + matchID("asked") + "/consent", "/match/" + matchID("counted") + "/agree"} {
		for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"} {
			req := httptest.NewRequest(http.MethodPost, "http://"+testHost+path, strings.NewReader(offerForm("do", "agree").Encode()))
			req.Header.Set("Content-Type", kind)
			req.Header.Set("Origin", "http://evil.example")
			if w := do(r.c, req, []*http.Cookie{admin}); w.Code != http.StatusForbidden {
				t.Errorf("%s as %s from elsewhere: %d", path, kind, w.Code)
			}
		}
		if w := post(r.c, testHost, path, offerForm("do", "agree"), reader); w.Code != http.StatusForbidden {
			t.Errorf("%s by who only reads: %d", path, w.Code)
		}
	}
	for kind, data := range map[string]string{"multipart/form-data": "x", "multipart/form-data; boundary=x": "--y\r\n\r\n", "text/plain": "to=south"} {
		req := httptest.NewRequest(http.MethodPost, "http://"+testHost+"/match/new", strings.NewReader(data))
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if w := do(r.c, req, []*http.Cookie{admin}); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", kind, w.Code)
		}
	}
	if w := r.upload("/match/new", offerForm(), map[string]string{"big.txt": strings.Repeat("x", maxLists)}, admin); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a file beyond the limit: %d", w.Code)
	}
	if len(src.matched) != 0 {
		t.Errorf("moved: %q", src.matched)
	}
	if page := body(get(r.c, testHost, "/match", reader)) + body(get(r.c, testHost, "/match/"+matchID("asked"), reader)) + body(get(r.c, testHost, "/match/new", reader)); strings.Contains(page, `method="post" action="/match`) {
		t.Error("who only reads is shown a form")
	}
}

// TestMatchPages: each state says what it means, what a partner wrote is its words
// and no more, and a progress is said in words too.
func TestMatchPages(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("administrator")
	for of, want := range map[string][]string{
		"asked":   {"&lt;b&gt;the same&lt;/b&gt; intruder?", `<span class="ctl">U&#43;202E</span>`, "They could test at most 1,449 guesses", `enctype="multipart/form-data"`, `value="` + digest("stock-1")},
		"drafted": {`href="/drafts/` + digest("draft-consent"), "waits for officers to sign"},
		"waits":   {"The consent counts until", "12:30:00"},
		"locking": {`<progress max="1449" value="512"`, "512 of 1,449 · 35 %", "observer gives the names out to both sides together, once"},
		"running": {`<progress max="192" value="64"`, "64 of 192 · 33 % · about 1 min\u00a025 s left", `value="stop"`},
		"counted": {"2 items are on both lists", `value="agree"`},
		"closed":  {"login-north.example", "not before the run", "34 of 100 cases", "They could have tested at most 2,048 guesses; one hidden probe cannot be excluded.", "/transcript", "entente match verify match-", "/record/south/80/bundle", "observer has released the names to both sides.", "Top sites &lt;i&gt;of&lt;/i&gt; the web</bdi>", "1,000 values", "not held here", "through observer, to both sides together"},
		"count":   {"0 items are on both lists", "was not asked, and nobody knows", "no bound"},
		"aborted": {"E_LATE", "not done in the agreed time", "did not come within 3600 seconds", "south answers for it", "says that south answers for it", "/record/north/51/bundle", "observer says that it has released nothing, to nobody:", "it names south", "<bdi>Public resolvers"},
		"lapsed":  {"consent has run out", "The consent counted until"},
		"refused": {"E_SIZE", "nothing of a list was shown", "consent not signed"},
		"void":    {"moves nothing", "officers without the power"},
	} {
		page := body(get(r.c, testHost, "/match/"+matchID(of), me))
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: no %q", of, w)
			}
		}
		if strings.Contains(page, "\u202e") || strings.Contains(page, "<b>the same") {
			t.Errorf("%s: a partner's words are markup", of)
		}
	}
	for _, of := range []string{"closed", "aborted", "lapsed", "void"} {
		if page := body(get(r.c, testHost, "/match/"+matchID(of), me)); strings.Contains(page, `value="stop"`) || strings.Contains(page, "match-bar") {
			t.Errorf("%s is over, and can be ended", of)
		}
	}
	w := get(r.c, testHost, "/match/"+matchID("closed")+"/transcript", me)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment; filename=\"match-"+matchID("closed")[:16]) {
		t.Errorf("transcript: %d %v", w.Code, w.Header())
	}
	if w := get(r.c, testHost, "/match/"+matchID("asked")+"/transcript", me); w.Code != http.StatusNotFound {
		t.Errorf("a transcript of what was not played: %d", w.Code)
	}
}
