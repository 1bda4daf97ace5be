package statement

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// passkey is a software authenticator (WebAuthn section 6).
type passkey struct {
	ec *ecdsa.PrivateKey
	ed ed25519.PrivateKey
}

func (k passkey) public(t *testing.T) string {
	if k.ed != nil {
		return base64.StdEncoding.EncodeToString(k.ed.Public().(ed25519.PublicKey))
	}
	b, err := k.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func (k passkey) assert(t *testing.T, act []byte, rp, origin string, flags byte, edit func(string) string) Approval {
	t.Helper()
	sum := sha256.Sum256([]byte(rp))
	data := append(sum[:], flags, 0, 0, 0, 7)
	d := ApprovalDigest(act)
	client := `{"type":"webauthn.get","challenge":"` + base64.RawURLEncoding.EncodeToString(d[:]) + `","origin":"` + origin + `","crossOrigin":false}`
	if edit != nil {
		client = edit(client)
	}
	hash := sha256.Sum256([]byte(client))
	signed := append(bytes.Clone(data), hash[:]...)
	var sig []byte
	if k.ed != nil {
		sig = ed25519.Sign(k.ed, signed)
	} else {
		h := sha256.Sum256(signed)
		var err error
		if sig, err = ecdsa.SignASN1(rand.Reader, k.ec, h[:]); err != nil {
			t.Fatal(err)
		}
	}
	b64 := base64.StdEncoding.EncodeToString
	return Approval{Officer: "delegate-1", Key: k.public(t), Sig: b64(sig), Assertion: &Assertion{b64(data), b64([]byte(client))}}
}

// TestAssertions: a passkey's approval counts with its user verified, over this
// act, from the page of its relying party, and not otherwise.
func TestAssertions(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	act, err := NewAct(Act{Kind: "position/v1", Case: strings.Repeat("0a", 16), Marking: "TLP:AMBER", Body: []byte(`{"stance":"consent"}`)})
	if err != nil {
		t.Fatal(err)
	}
	const rp, origin = "north.localhost", "http://north.localhost:8021"
	for name, k := range map[string]passkey{"P-256": {ec: ec}, "Ed25519": {ed: ed}} {
		good := k.assert(t, act, rp, origin, flagPresent|flagVerified, nil)
		part, err := MarshalAct(act, []Approval{good})
		if err != nil {
			t.Fatal(err)
		}
		if _, aps, err := ParseAct(part); err != nil || !aps[0].SignedFor(act, rp) {
			t.Fatalf("%s: %v", name, err)
		}
		if good.SignedFor(act, "south.localhost") || k.assert(t, act, rp, "http://evil.example", 5, nil).SignedFor(act, rp) ||
			k.assert(t, act, "north.example", "http://north.example", 5, nil).SignedFor(act, "north.example") {
			t.Errorf("%s: signed for another relying party, on another page, or in the clear", name)
		}
		replace := func(old, with string) func(string) string {
			return func(s string) string { return strings.Replace(s, old, with, 1) }
		}
		for what, bad := range map[string]Approval{
			"user not verified": k.assert(t, act, rp, origin, flagPresent, nil),
			"nobody present":    k.assert(t, act, rp, origin, flagVerified, nil),
			"another act":       k.assert(t, append(bytes.Clone(act), ' '), rp, origin, 5, nil),
			"enrolment":         k.assert(t, act, rp, origin, 5, replace("webauthn.get", "webauthn.create")),
			"other frame":       k.assert(t, act, rp, origin, 5, replace("false", "true")),
			"other order":       k.assert(t, act, rp, origin, 5, replace(`"type":"webauthn.get",`, ``)),
			"cut off":           k.assert(t, act, rp, origin, 5, replace("}", "")),
			"other key":         {Officer: "x", Key: passkey{ed: ed[:]}.public(t), Sig: base64.StdEncoding.EncodeToString(make([]byte, 64)), Assertion: good.Assertion},
			"without assertion": {Officer: "x", Key: good.Key, Sig: good.Sig},
		} {
			part, err := MarshalAct(act, []Approval{bad})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = ParseAct(part)
			if !errors.Is(err, &Refusal{Code: CodeSignature}) && !errors.Is(err, &Refusal{Code: CodeKey}) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}
