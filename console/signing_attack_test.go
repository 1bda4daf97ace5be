package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/charter"
)

// asked is a first signing that does what it is asked, and notes it.
type asked struct {
	signings
	mu    sync.Mutex
	calls []string
}

func (a *asked) note(what string, data []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, what+" "+string(data))
	return nil
}

func (a *asked) AddCard(_ context.Context, data []byte) error     { return a.note("card", data) }
func (a *asked) TakeCharter(_ context.Context, data []byte) error { return a.note("charter", data) }
func (a *asked) AddConsent(_ context.Context, data []byte) error  { return a.note("consent", data) }
func (a *asked) Revoke(context.Context) error                     { return a.note("revoke", nil) }
func (a *asked) Sign(_ context.Context, digits string) error      { return a.note("sign", []byte(digits)) }

func (a *asked) File(context.Context, string) (string, []byte, error) {
	return "", nil, ErrNotFound
}

func (a *asked) Heard(_ context.Context, party, digits string) error {
	return a.note("heard", []byte(party+" "+digits))
}

func (a *asked) Propose(_ context.Context, t charter.Terms) error {
	return a.note("propose", []byte(t.Name))
}

// newAsked is the surface of a first signing that stands before its consent.
func newAsked(t testing.TB, host string) (*FirstSigning, *asked) {
	t.Helper()
	users, err := NewUsers(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Roles() {
		if err := users.Put(User{Name: string(r), Roles: []Role{r}}); err != nil {
			t.Fatal(err)
		}
	}
	src := &asked{signings: signingAt("charter")}
	f, err := NewFirstSigning(Config{Party: "north", Host: host, Users: users, Now: time.Now, Rand: rand.Reader, Report: func(err error) { t.Error("reported:", err) }}, src)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f, src
}

// inParts is the body of a form in parts: what begins with @ is a file.
func inParts(t testing.TB, parts ...string) (kind string, data []byte) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		var err error
		if name, file := strings.CutPrefix(parts[i], "@"); file {
			h := textproto.MIMEHeader{}
			h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename="../../charter.json"`, name))
			w, werr := m.CreatePart(h)
			if werr != nil {
				t.Fatal(werr)
			}
			_, err = w.Write([]byte(parts[i+1]))
		} else {
			err = m.WriteField(parts[i], parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), b.Bytes()
}

// sent posts raw bytes with headers by pairs.
func sent(h http.Handler, path, kind string, data []byte, me *http.Cookie, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://"+testHost+path, bytes.NewReader(data))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	var cookies []*http.Cookie
	if me != nil {
		cookies = append(cookies, me)
	}
	return do(h, r, cookies)
}

// Whoever is not signed in, may not decide, or sits on a page of another site can do
// nothing to a signing, in whatever form the request comes.
func TestSigningFromElsewhere(t *testing.T) {
	f, src := newAsked(t, testHost)
	enter := func(who string) *http.Cookie {
		return enterAt(t, f, testHost, func() (string, error) { return f.EntryLink(who) })
	}
	me := enter("administrator")
	kind, parts := inParts(t, "digits", "1", "party", "south", "name", "x", "cooling", "24", "@file", "{}")
	bodies := map[string][]byte{
		kind: parts, "application/x-www-form-urlencoded": []byte("digits=1&party=south&name=x&cooling=24&text=%7B%7D"),
		"text/plain": []byte("digits=1&party=south&text={}"), "application/json": []byte(`{"digits":"1"}`), "": []byte("digits=1"),
	}
	posts := 0
	for _, rt := range f.routes() {
		path, found := strings.CutPrefix(rt.pattern, "POST /signing")
		if !found {
			continue
		}
		posts++
		for kind, data := range bodies {
			for _, headers := range [][]string{
				{"Sec-Fetch-Site", "cross-site"},
				{"Sec-Fetch-Site", "same-site", "Origin", "http://south.localhost:8080"},
				{"Origin", "null"},
				{"Origin", "http://evil.example"},
				{"Origin", "https://" + testHost + ".evil.example"},
			} {
				if w := sent(f, "/signing"+path, kind, data, me, headers...); w.Code != http.StatusForbidden {
					t.Errorf("%s as %.40q with %v: %d", path, kind, headers, w.Code)
				}
			}
			same := []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://" + testHost}
			if w := sent(f, "/signing"+path, kind, data, nil, same...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s as %.40q by a stranger: %d", path, kind, w.Code)
			}
			if w := sent(f, "/signing"+path, kind, data, enter("observer"), same...); w.Code != http.StatusForbidden {
				t.Errorf("%s as %.40q by an observer: %d", path, kind, w.Code)
			}
		}
		if w := get(f, testHost, "/signing"+path+"?digits=1", me); w.Code == http.StatusOK || w.Code == http.StatusSeeOther {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	if posts != 7 || len(src.calls) != 0 {
		t.Errorf("%d ways to post; %q were done", posts, src.calls)
	}
}

// What a form in parts may say: a file stands for the text, under any name; a second
// one, a query and what is a file instead of a field count for nothing.
func TestSigningInParts(t *testing.T) {
	f, src := newAsked(t, testHost)
	me := enterAt(t, f, testHost, func() (string, error) { return f.EntryLink("administrator") })
	same := []string{"Sec-Fetch-Site", "same-origin"}
	for name, tc := range map[string]struct {
		path, want string
		parts      []string
	}{
		"a file":                {"/signing/card", "card {\"a\":1}\n", []string{"text", "pasted", "@file", "{\"a\":1}"}},
		"two files":             {"/signing/charter", "charter first\n", []string{"@file", "first", "@file", "second"}},
		"no file chosen":        {"/signing/consent", "consent pasted\n", []string{"@file", "", "text", "pasted"}},
		"digits as a file":      {"/signing/sign", "sign ", []string{"@digits", "12345"}},
		"digits of the address": {"/signing/sign?digits=99999", "sign 12345", []string{"digits", "12345", "digits", "67890"}},
	} {
		src.calls = nil
		kind, data := inParts(t, tc.parts...)
		w := sent(f, tc.path, kind, data, me, same...)
		if w.Code != http.StatusSeeOther || len(src.calls) != 1 || src.calls[0] != tc.want {
			t.Errorf("%s: %d %q, want %q", name, w.Code, src.calls, tc.want)
		}
	}
	src.calls = nil
	kind, data := inParts(t, "text", "x", "@file", strings.Repeat("x", 2*charter.MaxSize))
	many := make([]string, 0, 4000)
	for range 2000 {
		many = append(many, "text", "x")
	}
	manyKind, manyParts := inParts(t, many...)
	hugeKind, huge := inParts(t, "@file", strings.Repeat("x", 4*charter.MaxSize))
	for name, tc := range map[string]struct {
		kind string
		data []byte
		code int
	}{
		"no boundary": {"multipart/form-data", data, 400}, "another boundary": {"multipart/form-data; boundary=other", data, 400}, "cut short": {kind, data[:len(data)-10], 400},
		"two thousand parts": {manyKind, manyParts, 400}, "larger than anything": {hugeKind, huge, 413}, "a large file, for the folder to refuse": {kind, data, 303}, "mixed": {strings.Replace(kind, "form-data", "mixed", 1), data, 400},
	} {
		if w := sent(f, "/signing/card", tc.kind, tc.data, me, same...); w.Code != tc.code {
			t.Errorf("%s: %d, want %d", name, w.Code, tc.code)
		}
	}
	for _, call := range src.calls {
		if len(call) > charter.MaxSize+16 {
			t.Errorf("%d bytes reach the folder", len(call))
		}
	}
}

// A sheet is signed by its own form alone: no other kind of body, no passkey of
// somebody else, and no part of the digest but its beginning.
func TestSheetSignedByItsFormAlone(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("delegate")
	at := "/drafts/" + digest("draft-consent") + "/sign"
	s, err := r.src.Sheet(t.Context(), User{Name: "delegate"}, digest("draft-consent"))
	if err != nil || len(s.Keys) == 0 {
		t.Fatalf("%v: %d passkeys", err, len(s.Keys))
	}
	form := url.Values{"typed": {s.Typed()}, "credential": {s.Keys[0].Credential}, "signature": {"sig"}, "authenticator": {"a"}, "client": {"c"}}
	kind, parts := inParts(t, "typed", s.Typed(), "credential", s.Keys[0].Credential)
	for name, body := range map[string][]byte{kind: parts, "text/plain": []byte(form.Encode()), "application/json": []byte(`{}`), "": []byte(form.Encode())} {
		if w := sent(r.c, at, name, body, me, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusBadRequest {
			t.Errorf("as %.40q: %d", name, w.Code)
		}
	}
	if w := sent(r.c, at+"?"+form.Encode(), "application/x-www-form-urlencoded", nil, me, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusConflict {
		t.Errorf("by its address: %d", w.Code)
	}
	for name, value := range map[string]string{"typed": s.ID[1 : 1+Typed], "credential": "another"} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(name, value)
		bad.Add(name, form.Get(name)) // a second value is none
		if w := post(r.c, testHost, at, bad, me); w.Code != http.StatusConflict {
			t.Errorf("%s %q: %d", name, value, w.Code)
		}
	}
	if len(r.src.desk.signed) != 0 {
		t.Fatalf("signed %v", r.src.desk.signed)
	}
	if w := post(r.c, testHost, at, form, me); w.Code != http.StatusSeeOther || len(r.src.desk.signed) != 1 {
		t.Errorf("by its form: %d, signed %v", w.Code, r.src.desk.signed)
	}
}

// FuzzUpload reads what comes as a form in parts: it is refused or read, within
// bounds, whatever it is.
func FuzzUpload(f *testing.F) {
	surface, src := newAsked(f, testHost)
	link, err := surface.EntryLink("administrator")
	if err != nil {
		f.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "#")
	me := post(surface, testHost, "/enter", url.Values{"token": {token}}, nil).Result().Cookies()[0]
	kind, data := inParts(f, "text", "pasted", "@file", "{}")
	f.Add(kind, data)
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--x--"))
	f.Add("multipart/form-data; boundary=\"", []byte("--"))
	f.Add("application/x-www-form-urlencoded", []byte("text=%zz"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		src.calls = nil
		w := sent(surface, "/signing/card", kind, data, me, "Sec-Fetch-Site", "same-origin")
		if done := len(src.calls) == 1; done != (w.Code == http.StatusSeeOther) || !done && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%q: %d, %d done", kind, w.Code, len(src.calls))
		}
	})
}

// evil is a site of somebody else.
type evil struct{ http.Handler }

func (evil) EntryLink(string) (string, error) { return "", ErrNotFound }
func (evil) Close()                           {}

// A real browser, signed in, comes upon a page that posts to the signing in every way
// that a page can, and puts it into a frame: nothing is done, nothing is framed.
func TestBrowserCrossSite(t *testing.T) {
	inBrowser(t)
	var src *asked
	s := openStage(t, func(s *stage, host func(string) string) {
		s.surfaces["north"], src = newAsked(t, host("north"))
		s.surfaces["evil"] = evil{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			target := "http://" + host("north") + "/signing/revoke"
			switch r.URL.Path {
			case "/frame":
				fmt.Fprintf(w, `<!doctype html><title>frame</title><iframe src="http://%s/" onload="document.title='loaded'"></iframe>`, host("north"))
			case "/fetch":
				fmt.Fprintf(w, `<!doctype html><title>fetch</title><script>(async () => {
					for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
						for (const mode of ["no-cors", "cors"]) await fetch(%q, {method: "POST", mode, credentials: "include", headers: {"Content-Type": type}, body: "digits=1"}).catch(() => {});
					document.title = "done";
				})()</script>`, target)
			default:
				fmt.Fprintf(w, `<!doctype html><form method="post" action=%q enctype=%q><input name="digits" value="1"></form><script>document.forms[0].submit()</script>`, target, r.URL.Query().Get("as"))
			}
		})}
	})
	s.enter("north", "administrator")
	for _, as := range []string{"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"} {
		s.open("evil", "/?as="+url.QueryEscape(as))
		s.until(`location.pathname === "/signing/revoke" && document.readyState === "complete"`)
	}
	s.open("evil", "/fetch")
	s.until(`document.title === "done"`)
	s.open("evil", "/frame")
	s.until(`document.title === "loaded"`)
	if eval[bool](s, `(() => { try { return !!document.querySelector("iframe").contentDocument; } catch { return true; } })()`) {
		t.Error("the page can be framed by one that reads it")
	}
	framed := false
	s.mu.Lock()
	for _, f := range s.faults {
		framed = framed || strings.Contains(f, "frame-ancestors") || strings.Contains(f, "Framing")
	}
	s.mu.Unlock()
	if !framed {
		t.Errorf("nothing said that it may not be framed: %q", s.faults)
	}
	s.forget()
	src.mu.Lock()
	defer src.mu.Unlock()
	if len(src.calls) != 0 {
		t.Errorf("another site did %q", src.calls)
	}
}
