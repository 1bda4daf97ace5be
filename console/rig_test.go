package console

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const testHost = "north.localhost:8080"

// rig is a console under test with users of every role, named after it.
type rig struct {
	t   *testing.T
	c   *Console
	src *memory
	now time.Time
}

func allUsers(t *testing.T) *Users {
	t.Helper()
	u, err := NewUsers(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Roles() {
		if err := u.Put(User{Name: string(r), Roles: []Role{r}}); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

func newRig(t *testing.T, src *memory) *rig {
	t.Helper()
	r := &rig{t: t, src: src, now: time.Now()}
	c, err := New(Config{
		Node: src, Party: "north", Host: testHost, Users: allUsers(t),
		Now: func() time.Time { return r.now }, Rand: rand.Reader,
		EntryCommand: "entente enter --user NAME",
		Report:       func(err error) { t.Log("reported:", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	r.c = c
	return r
}

// enter returns the session cookie of a user.
func (r *rig) enter(user string) *http.Cookie {
	r.t.Helper()
	return enterAt(r.t, r.c, testHost, func() (string, error) { return r.c.EntryLink(user) })
}

func enterAt(t *testing.T, h http.Handler, host string, link func() (string, error)) *http.Cookie {
	t.Helper()
	address, err := link()
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(address, "#")
	w := post(h, host, "/enter", url.Values{"token": {token}}, nil)
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("enter: %d %s", w.Code, w.Body)
	}
	return w.Result().Cookies()[0]
}

func get(h http.Handler, host, path string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	return do(h, httptest.NewRequest(http.MethodGet, "http://"+host+path, nil), cookies)
}

func post(h http.Handler, host, path string, form url.Values, cookie *http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://"+host+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	var cookies []*http.Cookie
	if cookie != nil {
		cookies = append(cookies, cookie)
	}
	return do(h, r, cookies)
}

func do(h http.Handler, r *http.Request, cookies []*http.Cookie) *httptest.ResponseRecorder {
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func russian() *http.Cookie { return &http.Cookie{Name: languageCookie, Value: "ru"} }

func body(w *httptest.ResponseRecorder) string {
	data, _ := io.ReadAll(w.Result().Body)
	return string(data)
}
