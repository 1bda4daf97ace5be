package console

import (
	"bytes"
	"errors"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entente/election/intake"
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

// startWith posts the guided start with files: name, bytes, name, bytes.
func (r *rig) startWith(me *http.Cookie, fields url.Values, files ...string) *httptest.ResponseRecorder {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name := range fields {
		_ = m.WriteField(name, fields.Get(name))
	}
	for i := 0; i < len(files); i += 2 {
		w, _ := m.CreateFormFile("files", files[i])
		_, _ = io.WriteString(w, files[i+1])
	}
	_ = m.Close()
	return r.sendStart(me, m.FormDataContentType(), b.Bytes())
}

func (r *rig) sendStart(me *http.Cookie, kind string, body []byte) *httptest.ResponseRecorder {
	q := httptest.NewRequest(http.MethodPost, "http://"+testHost+"/election/start", bytes.NewReader(body))
	q.Header.Set("Content-Type", kind)
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	return do(r.c, q, []*http.Cookie{me})
}

// TestElectionFiles: who brings files is told at once what they are, what was
// wrong and where, what is watched now and what is not.
func TestElectionFiles(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	const table = "county,office,candidate,votes\nAdams,Mayor,Ann Lee,1200\nAdams,Mayor,Bo \u202eiL,900\nAdams,Mayor,<script>alert(1)</script>,x\n"
	w := r.startWith(me, url.Values{"domains": {"vote.example"}}, "night\u202evsc.csv", table, "list.csv", "domain\nclerk.example\nno domain\n", "manifest.csv", "Tabulator,Batch,# of Ballots\n1,7,2\n", "people.csv", "candidate\nAnn Lee\nCy Oh\n", "bomb.xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><ElectionResult/>")
	page := html.UnescapeString(body(w))
	for _, want := range []string{
		"The first answer", "published results", "OpenElections", "1,200", "ballot manifest", "2 ballot cards, 1 batch", "list of domains", "clerk.example", "list of candidates",
		"1 row or number could not be read", "no domain", "2 domains: mail", "Candidates of the list are not in the results", "Cy Oh", "document type or entity", "row 1, column", "U+202E", "no watched page has shown them", "Paper, machines and counting",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if w.Code != http.StatusOK || strings.Contains(page, "\u202e") || strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("%d, or what a file says does something", w.Code)
	}
	if want := "analyst begins [vote.example]  "; len(src.accepted) != 1 || src.accepted[0] != want {
		t.Errorf("%q, want %q", src.accepted, want)
	}
	if page := body(r.startWith(me, nil, "a.csv", "a,b\n1,2\n")); !strings.Contains(page, "not known what this is") || !strings.Contains(page, "Nothing that these files") || len(src.accepted) != 1 {
		t.Errorf("a file that begins nothing: %v", src.accepted)
	}
	w = r.startWith(me, url.Values{"domains": {"refused"}, "place": {"Adams County"}}, "a.csv", table)
	if page := body(w); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, "not a domain") || !strings.Contains(page, "Adams County") || !strings.Contains(page, "1,200") {
		t.Errorf("refused, and what was read is lost: %d", w.Code)
	}
	if w = r.startWith(r.enter("observer"), nil, "a.csv", table); w.Code != http.StatusForbidden {
		t.Errorf("an observer brings files: %d", w.Code)
	}
}

// TestElectionFilesBounds: what is too large, too many or cut short changes
// nothing, and what was typed stays.
func TestElectionFilesBounds(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	many := make([]string, 0, 2*intake.MaxFiles+2)
	for range intake.MaxFiles + 1 {
		many = append(many, "a.csv", "x")
	}
	place := url.Values{"place": {"Adams County"}, "domains": {"vote.example"}}
	half := "--x\r\nContent-Disposition: form-data; name=\"place\"\r\n\r\nAdams County\r\n--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a\"\r\n\r\nabc"
	for name, tt := range map[string]struct {
		w    *httptest.ResponseRecorder
		want string
	}{
		"one too large":   {r.startWith(me, place, "a.csv", strings.Repeat("a", intake.MaxTotal+1)), "larger than the console takes"},
		"two too large":   {r.startWith(me, place, "a.csv", strings.Repeat("a", intake.MaxTotal/2+1), "b.csv", strings.Repeat("a", intake.MaxTotal/2+1)), "larger than the console takes"},
		"far too large":   {r.startWith(me, place, "a.csv", strings.Repeat("a", startLargest+1)), "larger than the console takes"},
		"too many":        {r.startWith(me, place, many...), "more files than the console takes"},
		"cut short":       {r.sendStart(me, "multipart/form-data; boundary=x", []byte(half)), "did not come whole"},
		"a text too long": {r.startWith(me, url.Values{"place": {strings.Repeat("a", maxForm+1)}}), "larger than the console takes"},
	} {
		page := body(tt.w)
		kept := strings.Contains(page, "Adams County") || name == "a text too long" || name == "far too large"
		if tt.w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(page, tt.want) || !kept {
			t.Errorf("%s: %d", name, tt.w.Code)
		}
	}
	if w := r.sendStart(me, "multipart/form-data", []byte(half)); w.Code != http.StatusBadRequest {
		t.Errorf("without a boundary: %d", w.Code)
	}
	if len(src.accepted) != 0 {
		t.Errorf("%v", src.accepted)
	}
}

func FuzzElectionFiles(f *testing.F) {
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.csv\"\r\n\r\ncounty,office,candidate,votes\nA,B,C,1\n\r\n--x--"))
	f.Add("multipart/form-data; boundary=\"", []byte("--"))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"domains\"\r\n\r\nvote.example\r\n--x--"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		q := httptest.NewRequest(http.MethodPost, "http://"+testHost+"/election/start", bytes.NewReader(data))
		q.Header.Set("Content-Type", kind)
		form, err := (&visit{w: httptest.NewRecorder(), r: q}).readStart()
		total := 0
		for _, file := range form.files {
			total += len(file.Data)
		}
		if err != nil && !errors.Is(err, errBadForm) || len(form.files) > intake.MaxFiles || total > len(data) || form.trouble != "" && form.files != nil {
			t.Errorf("%d files, %q, %v", len(form.files), form.trouble, err)
		}
	})
}
