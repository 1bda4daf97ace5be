package console

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/accord"
)

// Each button of a text's page drafts one position and leads to its sheet.
func TestTakePosition(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("delegate")
	page := body(get(r.c, testHost, "/accord/south/31", me))
	for _, s := range []string{"consent", "refuse", "undecided", "discuss", "not-now"} {
		if !strings.Contains(page, `name="stance" value="`+s+`"`) {
			t.Errorf("%s is not offered", s)
		}
	}
	if strings.Contains(page, `value="revoke"`) || strings.Contains(page, `value="retract"`) {
		t.Error("what does not stand now is offered")
	}
	w := post(r.c, testHost, "/accord/south/31/position", url.Values{"stance": {"not-now"}, "until": {"2026-12-01T09:00:00+02:00"}, "text.en": {" after the vote\r\n"}}, me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/drafts/"+digest("draft-consent") {
		t.Fatalf("not now: %d %s", w.Code, w.Body)
	}
	got := src.desk.wanted[0]
	p, _ := got.Body.(accord.Position)
	if got.Kind != accord.KindPosition || !slices.Equal(got.Refs, []Ref{{"south", 31}}) || p.Stance != accord.NotNow || p.Until != "2026-12-01T07:00:00Z" || p.Text["en"] != "after the vote" || len(p.Text) != 1 || p.Capacity != "official" || p.Reservation != nil {
		t.Errorf("drafted %+v", got)
	}
	for name, form := range map[string]url.Values{
		"a stance of another state": {"stance": {"revoke"}}, "no stance": {}, "a word of its own": {"stance": {"agreed"}}, "no instant": {"stance": {"not-now"}, "until": {"noon"}},
	} {
		if w := post(r.c, testHost, "/accord/south/31/position", form, me); w.Code != http.StatusConflict {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if len(src.desk.wanted) != 1 {
		t.Errorf("%d drafts", len(src.desk.wanted))
	}
	if page := body(get(r.c, testHost, "/accord/south/31?at=2026-11-03T11:00:00Z", me)); strings.Contains(page, `name="stance"`) {
		t.Error("what stood then is offered to be answered now")
	}
	if page := body(get(r.c, testHost, "/accord/south/31", r.enter("observer"))); strings.Contains(page, `name="stance"`) {
		t.Error("an observer is shown what an observer may not do")
	}
}

// A user signs as the officer of its own name, with that officer's passkey, having
// typed what stands on the sheet.
func TestSignSheet(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	id := digest("draft-consent")
	form := func(edit ...string) url.Values {
		f := url.Values{"typed": {id[:12]}, "credential": {"Y3JlZA"}, "authenticator": {"AA=="}, "client": {"BB=="}, "signature": {"CC=="}, "officer": {"administrator"}}
		for i := 0; i < len(edit); i += 2 {
			f.Set(edit[i], edit[i+1])
		}
		return f
	}
	me := r.enter("delegate")
	page := body(get(r.c, testHost, "/drafts/"+id, me))
	for _, want := range []string{"Neither side touches", "Ни одна сторона", `data-challenge="` + id, `data-rp="north.localhost"`, "2 officers must sign", "Among them", "can be undone"} {
		if !strings.Contains(page, want) {
			t.Errorf("the sheet does not say %q", want)
		}
	}
	for name, f := range map[string]url.Values{
		"nothing typed": form("typed", ""), "eleven characters": form("typed", id[:11]), "another digest": form("typed", digest("x")[:12]), "another credential": form("credential", "b3RoZXI"),
	} {
		if w := post(r.c, testHost, "/drafts/"+id+"/sign", f, me); w.Code != http.StatusConflict {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for _, other := range []string{"approver", "administrator"} { // no officer; has signed
		if w := post(r.c, testHost, "/drafts/"+id+"/sign", form(), r.enter(other)); w.Code != http.StatusConflict {
			t.Errorf("%s: %d", other, w.Code)
		}
	}
	if len(src.desk.signed) != 0 {
		t.Fatalf("signed %v", src.desk.signed)
	}
	if w := post(r.c, testHost, "/drafts/"+id+"/sign", form("typed", " "+strings.ToUpper(id[:12])), me); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/drafts/"+id {
		t.Errorf("sign: %d %v", w.Code, w.Header())
	}
	if a := src.desk.signed[0]; a.Officer != "delegate" || a.Key != "BA"+digest("d") || a.Sig != "CC==" || a.Assertion.Client != "BB==" || a.Assertion.Authenticator != "AA==" {
		t.Errorf("signed %+v", a)
	}
	src.desk.says = true
	if w := post(r.c, testHost, "/drafts/"+id+"/sign", form(), me); w.Header().Get("Location") != "/accord/south/31" {
		t.Errorf("said: %d %v", w.Code, w.Header())
	}
	if w := post(r.c, testHost, "/drafts/"+id+"/discard", nil, me); w.Code != http.StatusSeeOther || get(r.c, testHost, "/drafts/"+id, me).Code != http.StatusNotFound {
		t.Errorf("discard: %d", w.Code)
	}
}

func TestRegister(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("approver")
	pub := mustBe(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t).Public()
	ask := url.Values{"name": {"P. Petrov"}, "role": {"approver", "duty"}, "reach": {"mailto:p@north.example\r\n\r\n"}, "credential": {"bmV3"}, "key": {base64.StdEncoding.EncodeToString(mustBe(x509.MarshalPKIXPublicKey(pub))(t))}}
	if w := post(r.c, testHost, "/officers/passkey", ask, me); w.Code != http.StatusSeeOther {
		t.Fatalf("ask: %d %s", w.Code, w.Body)
	}
	for name, bad := range map[string]string{"role": "king", "key": "AAAA", "credential": "?", "name": ""} {
		f := url.Values{}
		for k, v := range ask {
			f[k] = slices.Clone(v)
		}
		f.Set(name, bad)
		if w := post(r.c, testHost, "/officers/passkey", f, me); w.Code != http.StatusConflict {
			t.Errorf("%s %q: %d", name, bad, w.Code)
		}
	}
	if len(src.desk.asked) != 1 || src.desk.asked[0].Officer.ID != "approver" {
		t.Fatalf("asked %+v", src.desk.asked)
	}
	if w := post(r.c, testHost, "/officers/list", url.Values{"officer": {"approver"}, "gone": {"night"}}, me); w.Code != http.StatusSeeOther {
		t.Fatalf("list: %d %s", w.Code, w.Body)
	}
	list, _ := src.desk.wanted[0].Body.(accord.Officers)
	var ids []string
	for _, o := range list.Officers {
		ids = append(ids, o.ID)
	}
	if !slices.Equal(ids, []string{"administrator", "delegate", "approver"}) || len(list.Contacts) != 2 || list.Contacts[0].Officer != "approver" || list.Contacts[0].Expires != "2027-11-03T12:00:00Z" {
		t.Errorf("list %v, contacts %+v", ids, list.Contacts)
	}
	if w := post(r.c, testHost, "/officers/list", url.Values{"officer": {"mallory"}}, me); w.Code != http.StatusConflict {
		t.Errorf("who has not asked: %d", w.Code)
	}
}

func mustBe[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func spki(t testing.TB, pub any) string {
	return base64.StdEncoding.EncodeToString(mustBe(x509.MarshalPKIXPublicKey(pub))(t))
}

func TestPasskeyForms(t *testing.T) {
	p256 := mustBe(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	p384 := mustBe(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(t)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := passkeyOf(spki(t, p256.Public()), "Y3JlZA", "north.localhost")
	raw := mustBe(p256.PublicKey.Bytes())(t)
	if err != nil || k.Form != "webauthn-es256" || k.Key != base64.StdEncoding.EncodeToString(raw) || k.RP != "north.localhost" || k.Credential != "Y3JlZA" {
		t.Errorf("P-256: %+v %v", k, err)
	}
	if k, err := passkeyOf(spki(t, ed), "Y3JlZA", "north.localhost"); err != nil || k.Form != "webauthn-ed25519" || k.Key != base64.StdEncoding.EncodeToString(ed) {
		t.Errorf("Ed25519: %+v %v", k, err)
	}
	other := mustBe(rsa.GenerateKey(rand.Reader, 2048))(t)
	for name, bad := range map[string][2]string{
		"P-384": {spki(t, p384.Public()), "Y3JlZA"}, "RSA": {spki(t, other.Public()), "Y3JlZA"}, "a raw point": {base64.StdEncoding.EncodeToString(raw), "Y3JlZA"},
		"no credential": {spki(t, ed), ""}, "padded credential": {spki(t, ed), "Y3JlZA=="}, "a long one": {spki(t, ed), strings.Repeat("A", maxCredential+4)}, "a line end": {spki(t, ed) + "\n", "Y3Jl\nZA"},
	} {
		if k, err := passkeyOf(bad[0], bad[1], "north.localhost"); err == nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

// What a browser sends becomes a key that a list of officers takes, or a refusal.
func FuzzPasskey(f *testing.F) {
	p256 := mustBe(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(f)
	f.Add(spki(f, p256.Public()), "Y3JlZA")
	f.Add("MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AA")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, key, credential string) {
		k, err := passkeyOf(key, credential, "north.localhost")
		if err != nil {
			return
		}
		list := accord.Officers{Contacts: []accord.Contact{}, Officers: []accord.Officer{{ID: "a", Name: "a", Roles: []string{"head"}, Keys: []accord.OfficerKey{k}}, {ID: "b", Name: "b", Roles: []string{}, Keys: []accord.OfficerKey{}}}}
		if _, err := accord.ParseOfficers(mustBe(marshal(list))(t)); err != nil {
			t.Errorf("%+v: %v", k, err)
		}
	})
}

func marshal(v any) ([]byte, error) { return json.Marshal(v) }
