package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testKey is north's statement key in all vectors of this package.
func testKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func testPublic() ed25519.PublicKey { return testKey().Public().(ed25519.PublicKey) }

func testLeaf() Leaf {
	salt := [32]byte{1, 2, 3}
	return Leaf{
		Format: LeafFormat, Charter: TaggedSum("test", []byte("charter")), Party: "north", Seq: 41,
		Time: 1_767_268_800_000, Parts: []Digest{PartDigest(salt, []byte("the act")), PartDigest(salt, nil)},
		Sealed: []Digest{SealedDigest([]byte("a ciphertext")), SealedDigest(nil)},
	}
}

func testEnvelope(t testing.TB) []byte {
	t.Helper()
	b, _, err := SignLeaf(testLeaf(), testKey())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoldenLeaf fixes the bytes of a leaf: Ed25519 is deterministic.
func TestGoldenLeaf(t *testing.T) {
	got, id, err := SignLeaf(testLeaf(), testKey())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/leaf.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/leaf.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("leaf changed:\n got %s\nwant %s", got, want)
	}
	e, err := ParseEnvelope(want)
	if err != nil {
		t.Fatal(err)
	}
	l, err := e.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Verify(testPublic()); err != nil || e.ID() != id {
		t.Errorf("verify: %v, id %s, want %s", err, e.ID(), id)
	}
	// The id is computed by another program from the file.
	if id.String() != "228f84b2070aa0e9d0d0c8d485f88e78c566040eb87d6dc0a86b40ee37c756e8" {
		t.Errorf("id %s", id)
	}
	if l.Party != "north" || l.Seq != 41 || l.Time != 1_767_268_800_000 || len(l.Parts) != 2 || l.Charter != testLeaf().Charter {
		t.Errorf("leaf reads as %+v", l)
	}
}

// TestPAE holds PAE to the example of the DSSE specification (protocol.md,
// "Signature definition"; test vectors in envelope.md).
func TestPAE(t *testing.T) {
	if got := string(PAE("http://example.com/HelloWorld", []byte("hello world"))); got != "DSSEv1 29 http://example.com/HelloWorld 11 hello world" {
		t.Errorf("got %q", got)
	}
	if got := string(PAE("", nil)); got != "DSSEv1 0  0 " {
		t.Errorf("got %q", got)
	}
}

// TestEnvelopeOneSpelling: an envelope that says the same in other bytes is
// refused.
func TestEnvelopeOneSpelling(t *testing.T) {
	good := string(testEnvelope(t))
	e, err := ParseEnvelope([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	payload64 := base64.StdEncoding.EncodeToString(e.Payload)
	sig64 := base64.StdEncoding.EncodeToString(e.Sig)
	swap := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the golden envelope has no %q", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	one := `{"keyid":"` + e.KeyID + `","sig":"` + sig64 + `"}`
	url := base64.URLEncoding.EncodeToString(e.Sig)
	if url == sig64 {
		t.Fatal("the golden signature does not tell the two base64 alphabets apart")
	}
	cases := []struct{ name, in string }{
		{"URL alphabet", swap(sig64, url)},
		{"no padding", swap(sig64, strings.TrimRight(sig64, "="))},
		{"other trailing bits", swap(sig64, sig64[:len(sig64)-3]+string(sig64[len(sig64)-3]+1)+"==")},
		{"line end in base64", swap(payload64, payload64[:8]+`\n`+payload64[8:])},
		{"blank in base64", swap(payload64, payload64[:8]+" "+payload64[8:])},
		{"escaped slash", swap("application/", `application\/`)},
		{"escaped letter", swap("application/", `\u0061pplication/`)},
		{"blank after colon", swap(`"payload":`, `"payload": `)},
		{"blank before", " " + good},
		{"newline after", good + "\n"},
		{"other order", `{"payloadType":"` + e.PayloadType + `","payload":"` + payload64 + `","signatures":[` + one + `]}`},
		{"order in signature", swap(one, `{"sig":"`+sig64+`","keyid":"`+e.KeyID+`"}`)},
		{"unknown field", swap(`"payload":`, `"more":1,"payload":`)},
		{"unknown field in signature", swap(`{"keyid":`, `{"cert":"x","keyid":`)},
		{"field twice", swap(`"payload":`, `"payload":"AAAA","payload":`)},
		{"other case", swap(`"payloadType"`, `"payloadtype"`)},
		{"case twice", swap(`"payloadType"`, `"PAYLOADTYPE":"x","payloadType"`)},
		{"extra signature", swap(one, one+","+one)},
		{"no signature", swap(one, "")},
		{"null signatures", swap("["+one+"]", "null")},
		{"no keyid", swap(`"keyid":"`+e.KeyID+`",`, "")},
		{"short signature", swap(sig64, base64.StdEncoding.EncodeToString(e.Sig[:63]))},
		{"long signature", swap(sig64, base64.StdEncoding.EncodeToString(append(e.Sig, 0)))},
		{"trailing data", good + "{}"},
		{"trailing NUL", good + "\x00"},
		{"byte order mark", "\ufeff" + good},
		{"invalid UTF-8 in the type", swap("application/", "application\xff/")},
		{"empty", ""},
		{"array", "[" + good + "]"},
		{"null", "null"},
		{"too large", `{"payload":"` + strings.Repeat("A", MaxEnvelope) + `"}`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseEnvelope([]byte(tc.in))
			if _, ok := AsRefusal(err); !ok {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
	if _, err := ParseEnvelope([]byte(cases[len(cases)-1].in)); !isCode(err, CodeSize) {
		t.Errorf("too large: %v", err)
	}
}

// TestLeafRefuses signs payloads that are not leaves of this version.
func TestLeafRefuses(t *testing.T) {
	digest := `"` + strings.Repeat("ab", 32) + `"`
	good := `{"format":"entente/leaf/v2","charter":` + digest + `,"party":"north","seq":1,"time":2,"parts":[` + digest + `],"sealed":[` + digest + `]}`
	swap := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	cases := []struct {
		name, payload string
		code          Code
	}{
		{"good", good, ""},
		{"blank", swap(`"seq":1`, `"seq": 1`), CodeJSON},
		{"missing field", swap(`"seq":1,`, ""), CodeJSON},
		{"null field", swap(`"seq":1`, `"seq":null`), CodeJSON},
		{"other order", swap(`"seq":1,"time":2`, `"time":2,"seq":1`), CodeJSON},
		{"unknown field", swap(`"seq":1`, `"seq":1,"more":2`), CodeField},
		{"key twice", swap(`"seq":1`, `"seq":1,"seq":1`), CodeDupKey},
		{"case variant", swap(`"seq":1`, `"seq":1,"Seq":2`), CodeCaseKey},
		{"number as text", swap(`"seq":1`, `"seq":"1"`), CodeField},
		{"fraction", swap(`"seq":1`, `"seq":1.0`), CodeNumber},
		{"negative number", swap(`"seq":1`, `"seq":-1`), CodeField},
		{"beyond 2^53", swap(`"seq":1`, `"seq":9007199254740993`), CodeNumber},
		{"negative time", swap(`"time":2`, `"time":-2`), CodeField},
		{"latest time", swap(`"time":2`, `"time":253370764799999`), ""},
		{"after 9998", swap(`"time":2`, `"time":253370764800000`), CodeField},
		{"no ciphertext", swap(`,"sealed":[`+digest+`]`, `,"sealed":[]`), CodePart},
		{"null ciphertexts", swap(`,"sealed":[`+digest+`]`, `,"sealed":null`), CodePart},
		{"leaf without ciphertexts", swap(`,"sealed":[`+digest+`]`, ``), CodeJSON},
		{"two ciphertexts of one part", swap(`"sealed":[`, `"sealed":[`+digest+`,`), CodePart},
		{"no part", swap(`[`+digest+`]`, `[]`), CodePart},
		{"null parts", swap(`[`+digest+`]`, `null`), CodePart},
		{"17 parts", swap(`[`+digest+`]`, `[`+digest+strings.Repeat(","+digest, 16)+`]`), CodePart},
		{"upper-case digest", swap(digest, strings.ToUpper(digest)), CodeField},
		{"short digest", swap(digest, `"ab"`), CodeField},
		{"not JSON", `leaf`, CodeJSON},
		{"not an object", `[]`, CodeField},
		{"format of a wrong type", swap(`"entente/leaf/v2"`, `1`), CodeField},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			e, err := ParseEnvelope(signPayload(LeafType, []byte(tc.payload)))
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Verify(testPublic()); err != nil {
				t.Fatal(err)
			}
			_, err = e.Leaf()
			if tc.code == "" && err != nil || tc.code != "" && !isCode(err, tc.code) {
				t.Errorf("got %v, want %q", err, tc.code)
			}
		})
	}
	for name, e := range map[string][]byte{
		"format of a later version": signPayload(LeafType, []byte(swap("leaf/v2", "leaf/v3"))),
		"no format":                 signPayload(LeafType, []byte(`{}`)),
		"another payload type":      signPayload("application/vnd.in-toto+json", []byte(good)),
	} {
		parsed, err := ParseEnvelope(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Leaf(); !errors.Is(err, ErrNotUnderstood) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func signPayload(payloadType string, payload []byte) []byte {
	return Envelope{
		Payload: payload, PayloadType: payloadType, KeyID: KeyID(testPublic()),
		Sig: ed25519.Sign(testKey(), PAE(payloadType, payload)),
	}.Marshal()
}

// TestVerifyRefuses changes one thing that the signature covers at a time.
func TestVerifyRefuses(t *testing.T) {
	good, err := ParseEnvelope(testEnvelope(t))
	if err != nil {
		t.Fatal(err)
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	cases := []struct {
		name string
		pub  ed25519.PublicKey
		edit func(e *Envelope)
	}{
		{"another key", other, func(*Envelope) {}},
		{"another key under the id of the first", other, func(e *Envelope) { e.KeyID = KeyID(other) }},
		{"key id of another", testPublic(), func(e *Envelope) { e.KeyID = KeyID(other) }},
		{"payload", testPublic(), func(e *Envelope) { e.Payload = append([]byte(" "), e.Payload...) }},
		{"payload type", testPublic(), func(e *Envelope) { e.PayloadType = "application/json" }},
		{"boundary moved", testPublic(), func(e *Envelope) {
			e.PayloadType, e.Payload = e.PayloadType+" ", e.Payload[1:]
		}},
		{"first half of the signature", testPublic(), func(e *Envelope) { e.Sig[0] ^= 1 }},
		{"second half of the signature", testPublic(), func(e *Envelope) { e.Sig[32] ^= 1 }},
	}
	for _, tc := range cases {
		e := good
		e.Sig = bytes.Clone(good.Sig)
		tc.edit(&e)
		if err := e.Verify(tc.pub); !isCode(err, CodeSignature) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
}

// TestSignLeafSize: what this node could not read back it does not sign.
func TestSignLeafSize(t *testing.T) {
	l := testLeaf()
	l.Party = strings.Repeat("n", MaxEnvelope)
	if _, _, err := SignLeaf(l, testKey()); !isCode(err, CodeSize) {
		t.Errorf("got %v", err)
	}
}

// FuzzParseEnvelope: what parses marshals back to its own bytes, has one id,
// and its leaf, if understood, too.
func FuzzParseEnvelope(f *testing.F) {
	f.Add(testEnvelope(f))
	f.Add(signPayload("application/json", []byte(`{}`)))
	f.Add(signPayload(LeafType, []byte(`{"format":"entente/leaf/v2"}`)))
	f.Add([]byte(`{"payload":"","payloadType":"","signatures":[{"keyid":"","sig":""}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEnvelope(data)
		if err != nil {
			if _, ok := AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if !bytes.Equal(e.Marshal(), data) {
			t.Fatal("two spellings of one envelope")
		}
		l, err := e.Leaf()
		if err != nil {
			if _, ok := AsRefusal(err); !ok && !errors.Is(err, ErrNotUnderstood) {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		signed, id, err := SignLeaf(l, testKey())
		if err != nil || id != e.ID() {
			t.Fatalf("the same leaf has two ids: %v", err)
		}
		if e.Verify(testPublic()) == nil && !bytes.Equal(signed, data) {
			t.Fatal("two signatures by one key over one leaf")
		}
	})
}

// FuzzExactLeaf: the short way to a leaf accepts nothing that the strict way
// refuses, and reads the same.
func FuzzExactLeaf(f *testing.F) {
	good, err := json.Marshal(testLeaf())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for _, edit := range [][2]string{
		{`"seq"`, `"Seq"`},
		{`"seq":`, `"seq":1,"seq":`},
		{`"party":"`, `"party":"\u006e`},
		{`"party":"`, `"party":"\ud800`},
		{`"party":"`, "\"party\":\"\xff"},
		{`"time":`, `"time":-`},
		{`"time":`, `"time":9007199254740993`},
		{`}`, `,"more":1}`},
		{`}`, `} `},
	} {
		f.Add([]byte(strings.Replace(string(good), edit[0], edit[1], 1)))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e := Envelope{Payload: payload, PayloadType: LeafType}
		short, ok := e.exactLeaf()
		long, err := e.strictLeaf()
		if ok && err != nil {
			t.Fatalf("the strict way refuses it: %v", err)
		}
		if ok && !reflect.DeepEqual(short, long) {
			t.Fatalf("read as %+v and as %+v", short, long)
		}
	})
}
