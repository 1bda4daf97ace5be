package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const testCase = "0123456789abcdef0123456789abcdef"

func testAct() Act {
	return Act{
		Kind: "sighting/v1", Case: testCase, Refs: []Ref{{Origin: "entente/south/00112233", Index: 7, ID: TaggedSum("test", nil)}},
		Marking: "TLP:AMBER", Recipients: []string{"south", "observer"}, Body: json.RawMessage(`{"count": 3, "note": "a<b & c"}`),
	}
}

func approve(act []byte, officer string, key ed25519.PrivateKey) Approval {
	d := ApprovalDigest(act)
	return Approval{
		Officer: officer, Key: base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)),
		Sig: base64.StdEncoding.EncodeToString(ed25519.Sign(key, d[:])),
	}
}

func officerKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func testPart(t testing.TB) (act, part []byte) {
	t.Helper()
	act, err := NewAct(testAct())
	if err != nil {
		t.Fatal(err)
	}
	part, err = MarshalAct(act, []Approval{approve(act, "anna", officerKey(1)), approve(act, "boris", officerKey(2))})
	if err != nil {
		t.Fatal(err)
	}
	return act, part
}

// TestActRoundTrip: what officers approve comes back in the same bytes, with
// recipients sorted and every list present.
func TestActRoundTrip(t *testing.T) {
	act, part := testPart(t)
	got, approvals, err := ParseAct(part)
	if err != nil {
		t.Fatal(err)
	}
	want := testAct()
	want.Recipients = []string{"observer", "south"}
	want.Body = json.RawMessage(`{"count":3,"note":"a\u003cb \u0026 c"}`)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(approvals) != 2 || approvals[0].Officer != "anna" || approvals[1].Officer != "boris" {
		t.Errorf("approvals %+v", approvals)
	}
	again, err := NewAct(got)
	if err != nil || !bytes.Equal(again, act) {
		t.Errorf("the act marshals to %s, %v", again, err)
	}
	bare, err := NewAct(Act{Kind: "seal/v1", Case: testCase, Body: json.RawMessage(`{}`)})
	if err != nil || string(bare) != `{"kind":"seal/v1","case":"`+testCase+`","refs":[],"marking":"","recipients":[],"body":{}}` {
		t.Errorf("an act without lists is %s, %v", bare, err)
	}
}

func TestNewActRefuses(t *testing.T) {
	cases := []struct {
		name string
		code Code
		edit func(a *Act)
	}{
		{"kind", CodeKind, func(a *Act) { a.Kind = "Sighting" }},
		{"case in upper case", CodeField, func(a *Act) { a.Case = strings.ToUpper(testCase) }},
		{"short case", CodeField, func(a *Act) { a.Case = testCase[1:] }},
		{"65 references", CodeField, func(a *Act) { a.Refs = make([]Ref, 65) }},
		{"index beyond 2^53", CodeNumber, func(a *Act) { a.Refs[0].Index = MaxInt + 1 }},
		{"201 recipients", CodeRecipient, func(a *Act) {
			for i := range 201 {
				a.Recipients = append(a.Recipients, "p"+string(rune('a'+i/26))+string(rune('a'+i%26)))
			}
		}},
		{"body is a list", CodeField, func(a *Act) { a.Body = json.RawMessage(`[]`) }},
		{"body is null", CodeField, func(a *Act) { a.Body = nil }},
		{"body with a key twice", CodeDupKey, func(a *Act) { a.Body = json.RawMessage(`{"a":1,"a":2}`) }},
		{"body with a fraction", CodeNumber, func(a *Act) { a.Body = json.RawMessage(`{"a":0.1}`) }},
		{"body of 32 KiB", CodeSize, func(a *Act) { a.Body = json.RawMessage(`{"a":"` + strings.Repeat("x", MaxAct) + `"}`) }},
		{"marking in bad UTF-8", CodeJSON, func(a *Act) { a.Marking = "TLP\xff" }},
	}
	for _, tc := range cases {
		a := testAct()
		tc.edit(&a)
		if _, err := NewAct(a); !isCode(err, tc.code) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
		}
	}
}

// TestParseActRefuses: part 0 has one spelling, and an approval that does not
// verify is never left out silently.
func TestParseActRefuses(t *testing.T) {
	act, part := testPart(t)
	swap := func(old, with string) []byte {
		if !bytes.Contains(part, []byte(old)) {
			t.Fatalf("part 0 has no %q", old)
		}
		return bytes.Replace(part, []byte(old), []byte(with), 1)
	}
	approvals := func(list ...Approval) []byte {
		b, err := MarshalAct(act, list)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	anna := approve(act, "anna", officerKey(1))
	changed := func(edit func(a *Approval)) []byte {
		a := anna
		edit(&a)
		return approvals(a)
	}
	many := make([]Approval, 17)
	for i := range many {
		many[i] = approve(act, "o", officerKey(byte(i)))
	}
	other := approve([]byte(strings.Replace(string(act), `"count":3`, `"count":4`, 1)), "anna", officerKey(1))
	cases := []struct {
		name string
		in   []byte
		code Code
	}{
		{"blank", append([]byte(" "), part...), CodeJSON},
		{"newline", append(bytes.Clone(part), '\n'), CodeJSON},
		{"blank inside the act", swap(`"kind":`, `"kind": `), CodeJSON},
		{"escaped letter", swap(`TLP:AMBER`, `TLP:\u0041MBER`), CodeJSON},
		{"raw angle bracket", swap(`\u003c`, `<`), CodeJSON},
		{"other order", swap(`"marking":"TLP:AMBER","recipients":["observer","south"]`, `"recipients":["observer","south"],"marking":"TLP:AMBER"`), CodeJSON},
		{"missing field", swap(`"marking":"TLP:AMBER",`, ``), CodeJSON},
		{"null field", swap(`"TLP:AMBER"`, `null`), CodeJSON},
		{"unknown field", swap(`"marking":`, `"more":1,"marking":`), CodeField},
		{"unknown field in a reference", swap(`"index":7`, `"index":7,"more":1`), CodeField},
		{"missing field in a reference", swap(`"index":7,`, ``), CodeJSON},
		{"recipients unsorted", swap(`["observer","south"]`, `["south","observer"]`), CodeRecipient},
		{"recipient twice", swap(`["observer","south"]`, `["south","south"]`), CodeRecipient},
		{"null recipients", swap(`["observer","south"]`, `null`), CodeRecipient},
		{"null references", swap(string(part[bytes.Index(part, []byte(`[{"origin"`)):bytes.Index(part, []byte(`,"marking"`))]), `null`), CodeField},
		{"no approvals field", []byte(`{"act":` + string(act) + `}`), CodeJSON},
		{"no act", []byte(`{"act":null,"approvals":[]}`), CodeKind},
		{"act is a list", []byte(`{"act":[],"approvals":[]}`), CodeField},
		{"changed after approval", swap(`"count":3`, `"count":4`), CodeSignature},
		{"approval of another act", approvals(other), CodeSignature},
		{"approval with another's key", changed(func(a *Approval) { a.Key = approve(act, "", officerKey(2)).Key }), CodeSignature},
		{"short key", changed(func(a *Approval) { a.Key = "AAAA" }), CodeKey},
		{"line end in a key", changed(func(a *Approval) { a.Key = a.Key[:8] + "\n" + a.Key[8:] }), CodeKey},
		{"line end in a signature", changed(func(a *Approval) { a.Sig = a.Sig[:8] + "\r\n" + a.Sig[8:] }), CodeSignature},
		{"empty signature", changed(func(a *Approval) { a.Sig = "" }), CodeSignature},
		{"one officer twice", approvals(anna, anna), CodeKey},
		{"one key under two names", approvals(anna, Approval{Officer: "boris", Key: anna.Key, Sig: anna.Sig}), CodeKey},
		{"17 approvals", approvals(many...), CodeField},
		{"too large", append(bytes.Clone(part), bytes.Repeat([]byte(" "), MaxAct)...), CodeSize},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if _, _, err := ParseAct(tc.in); !isCode(err, tc.code) {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
	if _, list, err := ParseAct(approvals(many[:16]...)); err != nil || len(list) != 16 {
		t.Errorf("16 approvals: %d, %v", len(list), err)
	}
}

// FuzzParseAct: what parses marshals back to its own bytes.
func FuzzParseAct(f *testing.F) {
	act, part := testPart(f)
	f.Add(part)
	f.Add(act)
	f.Add([]byte(`{"act":{"kind":"seal/v1","case":"` + testCase + `","refs":[],"marking":"","recipients":[],"body":{}},"approvals":[]}`))
	f.Add([]byte(`{"act":null,"approvals":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, approvals, err := ParseAct(data)
		if err != nil {
			if _, ok := AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		raw, err := NewAct(a)
		if err != nil {
			t.Fatalf("parsed, but cannot be made: %v", err)
		}
		again, err := MarshalAct(raw, approvals)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("two spellings: %q and %q, %v", data, again, err)
		}
	})
}
