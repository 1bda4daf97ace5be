package node

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/console"
	"entente/statement"
)

// passkey is an authenticator in software, with what browsers do around it.
type passkey struct {
	key        *ecdsa.PrivateKey
	credential string
}

func newPasskey(t testing.TB, name string) passkey {
	return passkey{must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t), base64.RawURLEncoding.EncodeToString([]byte(name))}
}

func (k passkey) enrolment(t testing.TB, name string, roles ...string) url.Values {
	return url.Values{"name": {name}, "role": roles, "credential": {k.credential}, "key": {base64Of(must(x509.MarshalPKIXPublicKey(k.key.Public()))(t))}}
}

// assertion signs a draft for a relying party; flags say whether the user was
// verified.
func (k passkey) assertion(t testing.TB, id, rp string, flags byte) url.Values {
	digest := must(hex.DecodeString(id))(t)
	host := sha256.Sum256([]byte(rp))
	data := append(host[:], flags, 0, 0, 0, 7)
	client := fmt.Appendf(nil, `{"type":"webauthn.get","challenge":%q,"origin":"http://%s:1","crossOrigin":false}`, base64.RawURLEncoding.EncodeToString(digest), rp)
	sum := sha256.Sum256(client)
	all := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
	sig := must(ecdsa.SignASN1(rand.Reader, k.key, all[:]))(t)
	return url.Values{"typed": {id[:12]}, "credential": {k.credential}, "authenticator": {base64Of(data)}, "client": {base64Of(client)}, "signature": {base64Of(sig)}}
}

const consoleRP, verified = "console.localhost", 5

// staffed signs several users in to one console of a node.
func (u *unit) staffed(name string, users map[string]console.Role) map[string]*person {
	u.t.Helper()
	all := must(console.NewUsers(nil, nil))(u.t)
	for who, role := range users {
		u.ok(all.Put(console.User{Name: who, Roles: []console.Role{role}}))
	}
	screen := must(console.New(console.Config{
		Node: u.node(name), Party: name, Host: consoleHost, Users: all, Now: time.Now, Rand: rand.Reader,
		Report: func(err error) { u.t.Errorf("console: %v", err) },
	}))(u.t)
	u.t.Cleanup(screen.Close)
	out := map[string]*person{}
	for who := range users {
		p := &person{t: u.t, screen: screen}
		_, token, _ := strings.Cut(must(screen.EntryLink(who))(u.t), "#")
		p.cookie = p.ask("POST", "/enter", url.Values{"token": {token}}).Result().Cookies()[0]
		out[who] = p
	}
	return out
}

// leads posts a form and returns where that leads; a refusal is its code.
func (p *person) leads(path string, form url.Values) string {
	w := p.ask("POST", path, form)
	if w.Code == http.StatusSeeOther {
		return w.Header().Get("Location")
	}
	for _, c := range []statement.Code{statement.CodePower, statement.CodeKey, statement.CodeSignature, statement.CodeDigest, statement.CodeState} {
		if strings.Contains(w.Body.String(), string(c)) {
			return string(c)
		}
	}
	return w.Result().Status
}

// TestPasskeysOfficersConsent: from no officers to a consent that two of them
// sign with passkeys, by the console alone. One officer, a passkey of another
// site, without its user or of another officer does nothing, and a passkey that
// nobody has shown is not listed.
func TestPasskeysOfficersConsent(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	desk := u.staffed(north, map[string]console.Role{"anna": console.RoleDelegate, "boris": console.RoleDelegate, "petrov": console.RoleAnalyst})
	anna, boris := newPasskey(t, "anna"), newPasskey(t, "boris")
	is := func(what, got, want string) {
		t.Helper()
		if got != want && !strings.HasPrefix(got, want+"/") {
			t.Fatalf("%s: %s, want %s", what, got, want)
		}
	}
	is("anna asks", desk["anna"].leads("/officers/passkey", anna.enrolment(t, "Anna", "head")), "/officers")
	is("boris asks", desk["boris"].leads("/officers/passkey", boris.enrolment(t, "Boris", "delegate")), "/officers")
	list := desk["petrov"].leads("/officers/list", url.Values{"officer": {"anna", "boris"}})
	is("the list", list, "/drafts")
	id := strings.TrimPrefix(list, "/drafts/")
	sign := func(who string, k passkey, id, rp string, flags byte) string {
		return desk[who].leads("/drafts/"+id+"/sign", k.assertion(t, id, rp, flags))
	}
	is("for another site", sign("anna", anna, id, "north.localhost", verified), "E_KEY")
	is("without its user", sign("anna", anna, id, consoleRP, 1), "E_SIG")
	is("by somebody else", sign("boris", anna, id, consoleRP, verified), "E_KEY")
	is("by no officer", sign("petrov", anna, id, consoleRP, verified), "E_KEY")
	is("anna signs", sign("anna", anna, id, consoleRP, verified), "/drafts/"+id)
	is("anna signs twice", sign("anna", anna, id, consoleRP, verified), "E_KEY")
	if u.ofKind(north, north, accord.KindOfficers) != 0 {
		t.Fatal("a list is said that one officer signed")
	}
	is("boris signs", sign("boris", boris, id, consoleRP, verified), "/officers")
	if page := desk["petrov"].ask("GET", "/officers", nil).Body.String(); !strings.Contains(page, "Boris") || strings.Contains(page, `name="officer"`) {
		t.Error("the register does not show the list, or still shows who asked")
	}
	// South tables a text; two of north's officers consent.
	u.utter(south, draft{kind: accord.KindOfficers, body: staffOf(south)}, staff...)
	text := u.utter(south, u.groupProposal(time.Now().Add(time.Hour).Truncate(time.Second), "A group is set up.", north, south), accord.RoleDelegate)
	u.settle()
	path := fmt.Sprintf("/accord/south/%d", text.Index)
	id = strings.TrimPrefix(desk["petrov"].leads(path+"/position", url.Values{"stance": {"consent"}}), "/drafts/")
	is("boris consents", sign("boris", boris, id, consoleRP, verified), "/drafts/"+id)
	if page := desk["anna"].ask("GET", "/drafts/"+id, nil).Body.String(); !strings.Contains(page, "A group is set up.") || !strings.Contains(page, "2 officers must sign") {
		t.Error("the sheet does not show what is signed and by how many")
	}
	if i := u.instrument(south, text); len(i.Answers) != 0 {
		t.Fatalf("one officer consented: %+v", i.Answers)
	}
	is("anna consents", sign("anna", anna, id, consoleRP, verified), path)
	u.settle()
	u.eventually("south counts north's consent", func() bool {
		i := u.instrument(south, text)
		return i.State == accord.StatePartly && slices.Equal(i.Missing, []string{south})
	})
	// A later list needs its power, and the new passkey.
	carl := newPasskey(t, "petrov")
	is("petrov asks", desk["petrov"].leads("/officers/passkey", carl.enrolment(t, "Petrov", "approver")), "/officers")
	id = strings.TrimPrefix(desk["petrov"].leads("/officers/list", url.Values{"officer": {"petrov"}}), "/drafts/")
	is("anna signs the next list", sign("anna", anna, id, consoleRP, verified), "/drafts/"+id)
	is("boris signs the next list", sign("boris", boris, id, consoleRP, verified), "/drafts/"+id)
	if n := u.ofKind(north, north, accord.KindOfficers); n != 1 {
		t.Fatalf("%d lists: one with a passkey that nobody has shown is said", n)
	}
	is("petrov shows his", sign("petrov", carl, id, consoleRP, verified), "/officers")
	if n := u.ofKind(north, north, accord.KindOfficers); n != 2 {
		t.Errorf("%d lists", n)
	}
}
