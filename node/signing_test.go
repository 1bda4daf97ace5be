package node

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/charter"
	"entente/console"
	"entente/internal/keyfile"
	"entente/statement"
)

// signer is one party before its charter: a folder, and the pages over it.
type signer struct {
	t       *testing.T
	name    string
	s       *Signing
	pages   http.Handler
	cookie  *http.Cookie
	refused string // code of the last refusal shown
}

func newSigner(t *testing.T, name string, now func() time.Time) *signer {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	keys := must(keyfile.Generate(rand.Reader, name))(t)
	card := must(keys.Card(name+" unit", charter.RoleParty, name+".example:7001"))(t)
	if err := Init(Config{Dir: dir}, keys, nil); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, card.FileName()), must(card.Marshal())(t))
	s := must(NewSigning(Config{Dir: dir}, Options{Now: now}))(t)
	users := must(console.NewUsers(nil, nil))(t)
	if err := users.Put(console.User{Name: officer, Roles: []console.Role{console.RoleAdministrator}}); err != nil {
		t.Fatal(err)
	}
	pages := must(console.NewFirstSigning(console.Config{Party: name, Host: name + ".localhost:1", Users: users, Now: now, Rand: rand.Reader}, s))(t)
	t.Cleanup(pages.Close)
	g := &signer{t: t, name: name, s: s, pages: pages}
	link := must(pages.EntryLink(officer))(t)
	_, token, _ := strings.Cut(link, "#")
	g.cookie = g.send("POST", "/enter", url.Values{"token": {token}}).Cookies()[0]
	return g
}

func (g *signer) send(method, path string, form url.Values) *http.Response {
	r := httptest.NewRequest(method, "http://"+g.name+".localhost:1"+path, strings.NewReader(form.Encode()))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if g.cookie != nil {
		r.AddCookie(g.cookie)
	}
	w := httptest.NewRecorder()
	g.pages.ServeHTTP(w, r)
	return w.Result()
}

// post sends a form of the page and remembers what it was refused for.
func (g *signer) post(path string, pairs ...string) {
	g.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	res := g.send("POST", "/signing/"+path, form)
	g.refused = ""
	switch res.StatusCode {
	case http.StatusSeeOther:
	case http.StatusConflict:
		body := g.read(res)
		i := strings.Index(body, "<strong>E_")
		g.refused = strings.SplitN(body[i+len("<strong>"):], "<", 2)[0]
	default:
		g.t.Fatalf("%s: %s answers %d: %s", g.name, path, res.StatusCode, g.read(res))
	}
}

func (g *signer) read(res *http.Response) string {
	g.t.Helper()
	return string(must(io.ReadAll(res.Body))(g.t))
}

// file saves one of the files that go to the others.
func (g *signer) file(name string) string {
	g.t.Helper()
	res := g.send("GET", "/signing/"+name, nil)
	if res.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: no %s: %d", g.name, name, res.StatusCode)
	}
	return g.read(res)
}

func (g *signer) state() console.Signing {
	g.t.Helper()
	return must(g.s.State(g.t.Context()))(g.t)
}

// reads is what a party reads over the telephone.
func reads(print string) string { return strings.Join(strings.Fields(print)[:console.Spoken], " ") }

// tail is what a party reads of the text that it has: its last groups.
func (g *signer) tail() string {
	g.t.Helper()
	c := must(charter.Parse([]byte(g.file("charter.json"))))(g.t)
	return strings.Join(strings.Fields(charter.Fingerprint(c.Digest()))[console.Spoken:], " ")
}

// TestFirstSigning: two parties exchange cards and compare them, one writes the
// text, both consent, and it is in force after the cooling-off; the pages show
// every step.
func TestFirstSigning(t *testing.T) {
	at := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	a, b := newSigner(t, north, now), newSigner(t, south, now)
	for _, x := range []struct{ from, to *signer }{{a, b}, {b, a}} {
		x.to.post("card", "text", strings.ReplaceAll(x.from.file(x.from.name+".card.json"), "\n", "\r\n"))
		x.to.post("heard", "party", x.from.name, "digits", reads(x.from.state().Cards[0].Fingerprint))
	}
	a.post("propose", "name", "Election watch", "scope", "intrusion\nelection", "cooling", "24")
	b.post("charter", "text", a.file("charter.json"))
	half := a.state().Charter.Fingerprint
	for _, g := range []*signer{a, b} {
		g.post("sign", "digits", a.tail())
		if g.refused != "" {
			t.Fatalf("%s is refused: %s", g.name, g.refused)
		}
	}
	a.post("consent", "text", b.file("south.consent.json"))
	b.post("consent", "text", a.file("north.consent.json"))
	page := a.read(a.send("GET", "/", nil))
	for _, want := range []string{half + " " + a.tail(), a.state().Cards[0].Fingerprint, "Election watch", "2026-10-02"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, g := range []*signer{a, b} {
		if g.s.Over() || g.state().Status.Phase != charter.CoolingOff {
			t.Errorf("%s: %s", g.name, g.state().Status.Phase)
		}
	}
	at = at.Add(24 * time.Hour)
	if !a.s.Over() || !b.s.Over() {
		t.Error("not in force after the cooling-off")
	}
}

// TestSigningMallory: somebody between the two who passes on other cards or
// another text is found by the telephone, and cannot be signed past.
func TestSigningMallory(t *testing.T) {
	at := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	a, b, m := newSigner(t, north, now), newSigner(t, south, now), newSigner(t, south, now)
	a.post("card", "text", m.file("south.card.json"))
	a.post("heard", "party", south, "digits", reads(b.state().Cards[0].Fingerprint))
	if a.refused != string(statement.CodeKey) {
		t.Errorf("a card of other keys is taken for compared: %q", a.refused)
	}
	a.post("propose", "name", "Unit", "cooling", "0")
	if a.refused != string(statement.CodeKey) {
		t.Errorf("a text is written with keys that nobody compared: %q", a.refused)
	}
	// The right card, compared; then a text with the wrong one.
	m.post("card", "text", a.file("north.card.json"))
	m.post("heard", "party", north, "digits", reads(a.state().Cards[0].Fingerprint))
	m.post("propose", "name", "Unit", "cooling", "0")
	a.post("card", "text", b.file("south.card.json"))
	a.post("heard", "party", south, "digits", reads(b.state().Cards[0].Fingerprint))
	a.post("charter", "text", m.file("charter.json"))
	a.post("sign", "digits", m.tail())
	if a.refused != string(statement.CodeKey) || len(a.state().Charter.Strange) != 1 {
		t.Errorf("a text with keys that nobody compared is signed: %q, %v", a.refused, a.state().Charter.Strange)
	}
	// The right keys, another text than the one read out.
	a.post("propose", "name", "Unit", "cooling", "0")
	a.post("sign", "digits", m.tail())
	if a.refused != string(statement.CodeDigest) {
		t.Errorf("another text is signed: %q", a.refused)
	}
	a.post("heard", "party", south, "digits", "")
	if a.refused != string(statement.CodeKey) {
		t.Errorf("no digits: %q", a.refused)
	}
	for _, text := range []string{"", "{}", strings.Repeat("x", charter.MaxCard+1)} {
		if a.post("card", "text", text); a.refused == "" {
			t.Errorf("a card %.10q is taken", text)
		}
	}
	a.post("card", "text", a.file("north.card.json"))
	if a.refused != string(statement.CodeParty) {
		t.Errorf("the own card under another name: %q", a.refused)
	}
}

// TestSigningRevoked: who steps back before force ends that text for good, and a
// new one can be taken in.
func TestSigningRevoked(t *testing.T) {
	at := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	a, b := newSigner(t, north, now), newSigner(t, south, now)
	for _, x := range []struct{ from, to *signer }{{a, b}, {b, a}} {
		x.to.post("card", "text", x.from.file(x.from.name+".card.json"))
		x.to.post("heard", "party", x.from.name, "digits", reads(x.from.state().Cards[0].Fingerprint))
	}
	a.post("propose", "name", "Unit", "cooling", "24")
	a.post("sign", "digits", a.tail())
	at = at.Add(time.Hour)
	a.post("revoke")
	if s := a.state().Status; s.Phase != charter.Revoked || s.RevokedBy != north {
		t.Errorf("%+v", s)
	}
	b.post("charter", "text", a.file("charter.json"))
	b.post("consent", "text", a.file("north.revoke.consent.json"))
	if s := b.state().Status; s.Phase != charter.Revoked {
		t.Errorf("south: %+v", s)
	}
	a.post("propose", "name", "Second unit", "cooling", "24")
	if s := a.state(); a.refused != "" || s.Signed || s.Charter.Charter.Name != "Second unit" {
		t.Errorf("a second text: %q, %+v", a.refused, s)
	}
	if _, err := os.Stat(filepath.Join(a.s.dir, CharterFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the revoked charter still stands: %v", err)
	}
}
