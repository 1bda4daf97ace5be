package console

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// fill makes a path of a pattern that the sample answers.
func fill(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.NewReplacer("{$}", "", "{id}", "a0", "{party}", "north", "{index}", "1283", "{version}", "0", "{name}", "x.css", "{draft}", digest("draft-consent"), "{writing}", sampleWriting, "{run}", matchID("closed"), "{list}", listID("asked")).Replace(path)
}

func (r *rig) ask(method, path string, form url.Values, cookie *http.Cookie) *httptest.ResponseRecorder {
	if method == http.MethodPost {
		return post(r.c, testHost, path, form, cookie)
	}
	if cookie != nil {
		return get(r.c, testHost, path, cookie)
	}
	return get(r.c, testHost, path)
}

// stop ends streams at once, so that a test can walk every route.
func (r *rig) stop() { r.c.Close() }

func TestHeadersOnEveryRoute(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	r.stop()
	me := r.enter("administrator")
	want := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
	check := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		h := w.Header()
		if h.Get("Content-Security-Policy") != want {
			t.Errorf("%s: policy %q", name, h.Get("Content-Security-Policy"))
		}
		for k, v := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(k) != v {
				t.Errorf("%s: %s %q", name, k, h.Get(k))
			}
		}
		if !strings.Contains(name, "/static/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be stored: %q", name, h.Get("Cache-Control"))
		}
	}
	for _, rt := range r.c.routes() {
		method, path := fill(rt.pattern)
		check(rt.pattern+" signed in", r.ask(method, path, nil, me))
		check(rt.pattern+" stranger", r.ask(method, path, nil, nil))
	}
	check("unknown path", get(r.c, testHost, "/%2e%2e/etc/passwd", me))
	check("unknown method", do(r.c, httptest.NewRequest("TRACE", "http://"+testHost+"/watch", nil), nil))
	check("other host", get(r.c, "evil.example", "/watch", me))
	check("other site", crossSite(r.c, "/leave", me))
	check("/static/", get(r.c, testHost, r.c.files.prefix+"console.js"))
}

func TestOtherHostIsMisdirected(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	for _, host := range []string{"127.0.0.1:8080", "localhost:8080", "north.localhost", "north.localhost:8081", "south.localhost:8080", "NORTH.localhost:8080", "north.localhost:8080.evil.example", ""} {
		req := httptest.NewRequest(http.MethodGet, "/watch", nil)
		req.Host = host
		if w := do(r.c, req, []*http.Cookie{me}); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%q: %d", host, w.Code)
		}
	}
}

func crossSite(h http.Handler, path string, cookie *http.Cookie) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "http://"+testHost+path, strings.NewReader("id=h0&reason=because"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	return do(h, req, []*http.Cookie{cookie})
}

func TestCrossSitePostIsRefused(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("administrator")
	for _, rt := range r.c.routes() {
		method, path := fill(rt.pattern)
		if method != http.MethodPost {
			continue
		}
		if w := crossSite(r.c, path, me); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, w.Code)
		}
		for _, origin := range []string{"null", "http://evil.example", "http://south.localhost:8080"} {
			req := httptest.NewRequest(method, "http://"+testHost+path, strings.NewReader("id=h0"))
			req.Header.Set("Origin", origin)
			if w := do(r.c, req, []*http.Cookie{me}); w.Code != http.StatusForbidden {
				t.Errorf("%s from %s: %d", path, origin, w.Code)
			}
		}
	}
	if len(r.src.accepted)+len(r.src.released) != 0 {
		t.Error("a refused request changed something")
	}
}

func TestTokenDiesAfterUse(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	link, err := r.c.EntryLink("analyst")
	if err != nil {
		t.Fatal(err)
	}
	if ok := regexp.MustCompile(`^http://north\.localhost:8080/enter#[A-Za-z0-9_-]{43}$`).MatchString(link); !ok {
		t.Fatalf("link %q", link)
	}
	_, token, _ := strings.Cut(link, "#")
	form := url.Values{"token": {token}}
	if w := get(r.c, testHost, "/enter?token="+token); len(w.Result().Cookies()) != 0 {
		t.Error("a GET let somebody in")
	}
	w := post(r.c, testHost, "/enter", form, nil)
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge <= 0 || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	if w := get(r.c, testHost, "/watch", c); w.Code != http.StatusOK {
		t.Errorf("with the session: %d", w.Code)
	}
	if w := post(r.c, testHost, "/enter", form, nil); w.Code != http.StatusForbidden || len(w.Result().Cookies()) != 0 {
		t.Errorf("used twice: %d", w.Code)
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 43)} {
		if w := post(r.c, testHost, "/enter", url.Values{"token": {bad}}, nil); w.Code != http.StatusForbidden {
			t.Errorf("token %q: %d", bad, w.Code)
		}
	}
	if _, err := r.c.EntryLink("nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("link for nobody: %v", err)
	}
}

func TestTokenAndSessionExpire(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	link, err := r.c.EntryLink("analyst")
	if err != nil {
		t.Fatal(err)
	}
	me := r.enter("analyst")
	r.now = r.now.Add(15 * time.Minute)
	_, token, _ := strings.Cut(link, "#")
	if w := post(r.c, testHost, "/enter", url.Values{"token": {token}}, nil); w.Code != http.StatusForbidden {
		t.Errorf("old token: %d", w.Code)
	}
	if w := r.ask(http.MethodPost, "/enter", url.Values{"token": {token}}, me); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" || len(w.Result().Cookies()) != 0 {
		t.Errorf("old token in a browser that is in: %d, %v", w.Code, w.Header())
	}
	if w := get(r.c, testHost, "/watch", me); w.Code != http.StatusOK {
		t.Errorf("session after 15 minutes: %d", w.Code)
	}
	r.now = r.now.Add(12 * time.Hour)
	if w := get(r.c, testHost, "/watch", me); w.Code != http.StatusUnauthorized {
		t.Errorf("session after a shift: %d", w.Code)
	}
}

func TestSessionEndsWithItsUser(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me, other := r.enter("analyst"), r.enter("observer")
	if w := post(r.c, testHost, "/leave", nil, other); w.Code != http.StatusSeeOther {
		t.Errorf("leave: %d", w.Code)
	}
	if w := get(r.c, testHost, "/watch", other); w.Code != http.StatusUnauthorized {
		t.Errorf("after leaving: %d", w.Code)
	}
	if err := r.c.door.users.Put(User{Name: "analyst", Roles: []Role{RoleObserver}}); err != nil {
		t.Fatal(err)
	}
	if w := post(r.c, testHost, "/watch/alert/a0/release", nil, me); w.Code != http.StatusForbidden {
		t.Errorf("release after the role was taken: %d", w.Code)
	}
	if err := r.c.door.users.Remove("analyst"); err != nil {
		t.Fatal(err)
	}
	if w := get(r.c, testHost, "/watch", me); w.Code != http.StatusUnauthorized {
		t.Errorf("after the user was removed: %d", w.Code)
	}
}

// Memory for tokens and sessions is bounded; the newest works.
func TestTokensAndSessionsAreBounded(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	for range 3 * maxTokens {
		if _, err := r.c.EntryLink("analyst"); err != nil {
			t.Fatal(err)
		}
	}
	var last *http.Cookie
	for range maxSessions + 20 {
		r.now = r.now.Add(time.Second)
		last = r.enter("analyst")
	}
	if n, m := len(r.c.door.tokens), len(r.c.door.sessions); n > maxTokens || m > maxSessions {
		t.Errorf("%d tokens, %d sessions", n, m)
	}
	if w := get(r.c, testHost, "/watch", last); w.Code != http.StatusOK {
		t.Errorf("newest session: %d", w.Code)
	}
}

// The whole matrix: every route, every role, and no role at all.
func TestRoleMatrix(t *testing.T) {
	may := map[Role]bool{RoleAnalyst: true, RoleApprover: true, RoleAdministrator: true}
	for _, role := range append([]Role{""}, Roles()...) {
		r := newRig(t, shift("north", "south"))
		var me *http.Cookie
		if role != "" {
			me = r.enter(string(role))
		}
		r.stop()
		for _, rt := range r.c.routes() {
			method, path := fill(rt.pattern)
			if path == "/leave" {
				continue // ends the session: TestSessionEndsWithItsUser
			}
			w := r.ask(method, path, url.Values{"id": {"h0"}, "reason": {"seen by us too"}, "lang": {"ru"}}, me)
			denied := w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden
			want := rt.right == readers && role == "" || rt.right == deciders && !may[role] || rt.right == speakers && !may[role] && role != RoleDelegate && role != RoleOfficial ||
				path == "/enter" && method == http.MethodPost && role == "" // no token; who is in stays in
			if denied != want {
				t.Errorf("%s as %q: %d", rt.pattern, role, w.Code)
			}
			if (rt.right == deciders || rt.right == speakers) && method != http.MethodPost {
				t.Errorf("%s decides by %s", rt.pattern, method)
			}
		}
		changed := slices.Concat(r.src.accepted, r.src.released)
		if role == RoleDelegate || role == RoleOfficial { // may ask for a check of the line, and decides nothing of the watch
			changed = slices.DeleteFunc(changed, func(s string) bool { return strings.HasPrefix(s, string(role)+" test [south] Line check") })
		}
		if (len(changed) > 0) != may[role] {
			t.Errorf("%q changed %q", role, changed)
		}
		if role == RoleObserver {
			page := body(get(r.c, testHost, "/watch?view=held_back", me)) + body(get(r.c, testHost, "/watch/alert/a0", me))
			if strings.Contains(page, "/watch/accept") || strings.Contains(page, "/release") {
				t.Error("an observer is shown what an observer may not do")
			}
		}
	}
}

func TestEveryGETRouteOnlyReads(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	for _, rt := range r.c.routes() {
		if method, _, _ := strings.Cut(rt.pattern, " "); method != http.MethodGet && method != http.MethodPost {
			t.Errorf("%s: only GET and POST", rt.pattern)
		}
		if rt.right == anyone && !strings.HasSuffix(rt.pattern, "/enter") && !strings.Contains(rt.pattern, "static") && !strings.HasSuffix(rt.pattern, "/language") {
			t.Errorf("%s is open to everyone", rt.pattern)
		}
	}
}

// No answer leads to an address that the request has named.
func TestNoRedirectParameters(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("administrator")
	fixed := regexp.MustCompile(`^/(enter|watch|record|watch\?view=(held_back|alerts)|watch/alert/a0|watch/incident/a0|crossed/south|objects/a0|drafts|drafts/[0-9a-f]{64}|writing/[0-9a-f]{32}|officers|election|guard/lists|match/[0-9a-f]{64}|watchlists/[0-9a-f]{64}|match/stock\?read=[0-9.]+)?$`)
	for _, evil := range []string{"//evil.example", `/\evil.example`, "https://evil.example/"} {
		q := "?" + url.Values{"next": {evil}, "return": {evil}, "redirect": {evil}, "url": {evil}}.Encode()
		for _, rt := range r.c.routes() {
			method, path := fill(rt.pattern)
			if path == "/live" {
				continue // a stream
			}
			form := url.Values{"next": {evil}, "id": {"a0"}, "reason": {"because"}, "lang": {"ru"}}
			w := r.ask(method, path+q, form, me)
			if path == "/leave" {
				me = r.enter("administrator")
			}
			if to := w.Header().Get("Location"); to != "" && !fixed.MatchString(to) {
				t.Errorf("%s leads to %q", rt.pattern, to)
			}
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	w := post(r.c, testHost, "/watch/accept", url.Values{"id": {"h0"}, "reason": {strings.Repeat("x", maxForm)}}, me)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("large form: %d", w.Code)
	}
	many := url.Values{"reason": {"because"}}
	for range MaxBatch + 1 {
		many.Add("id", "h0")
	}
	for name, form := range map[string]url.Values{
		"no id": {"reason": {"because"}}, "no reason": {"id": {"h0"}}, "short reason": {"id": {"h0"}, "reason": {" x "}},
		"long reason": {"id": {"h0"}, "reason": {strings.Repeat("x", MaxReason+1)}}, "bad reason": {"id": {"h0"}, "reason": {"a\xffbcd"}},
		"bad id": {"id": {"../x"}, "reason": {"because"}}, "long id": {"id": {strings.Repeat("x", 129)}, "reason": {"because"}}, "too many": many,
	} {
		if w := post(r.c, testHost, "/watch/accept", form, me); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	req := httptest.NewRequest(http.MethodPost, "http://"+testHost+"/watch/accept", strings.NewReader(`{"id":"h0"}`))
	req.Header.Set("Content-Type", "application/json")
	if w := do(r.c, req, []*http.Cookie{me}); w.Code != http.StatusBadRequest {
		t.Errorf("json: %d", w.Code)
	}
	if len(r.src.accepted) != 0 {
		t.Errorf("accepted %v", r.src.accepted)
	}
}

func TestConfigMustBeWhole(t *testing.T) {
	users := allUsers(t)
	good := Config{Node: shift("north", "south"), Party: "north", Host: testHost, Users: users, Now: time.Now, Rand: rand.Reader}
	for name, spoil := range map[string]func(*Config){
		"source": func(c *Config) { c.Node = nil }, "host": func(c *Config) { c.Host = "" }, "users": func(c *Config) { c.Users = nil },
		"clock": func(c *Config) { c.Now = nil }, "randomness": func(c *Config) { c.Rand = nil },
	} {
		bad := good
		spoil(&bad)
		if _, err := New(bad); err == nil {
			t.Errorf("a console without %s", name)
		}
	}
	good.TLS = true
	c, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	cookie := c.door.sessionCookie("x")
	if !cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-") {
		t.Errorf("cookie under TLS: %+v", cookie)
	}
}

// The style sheets name no physical side, so that a right-to-left language
// needs a catalogue and nothing else.
func TestStylesAreLogical(t *testing.T) {
	physical := regexp.MustCompile(`(?m)(^|[;{\s])(margin|padding|border)-(left|right|top|bottom)|(^|[;{\s])(left|right|top|bottom|float|width|height):|text-align: (left|right)`)
	names, err := fs.Glob(staticFiles, "static/*.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := staticFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range physical.FindAllString(string(data), -1) {
			t.Errorf("%s: %q", name, m)
		}
	}
}
