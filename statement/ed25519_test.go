package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"testing"
)

// order is the order of the base point of edwards25519, L (RFC 8032 section 5.1).
func order() *big.Int {
	l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
}

// plusOrder adds n times L to S, the second half of a signature.
func plusOrder(sig []byte, n int64) []byte {
	le := bytes.Clone(sig[32:])
	reverse(le)
	s := new(big.Int).SetBytes(le)
	s.Add(s, new(big.Int).Mul(order(), big.NewInt(n)))
	out := make([]byte, 32)
	s.FillBytes(out)
	reverse(out)
	return append(bytes.Clone(sig[:32]), out...)
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

// TestMalleability: S is below L, or the signature is another one over the
// same statement (RFC 8032 section 5.1.7).
func TestMalleability(t *testing.T) {
	good, err := ParseEnvelope(testEnvelope(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(9) {
		e := good
		e.Sig = plusOrder(good.Sig, n)
		if err := e.Verify(testPublic()); (err == nil) != (n == 0) {
			t.Errorf("S + %d L: %v", n, err)
		}
		act, _ := testPart(t)
		a := approve(act, "anna", officerKey(1))
		raw, err := base64.StdEncoding.DecodeString(a.Sig)
		if err != nil {
			t.Fatal(err)
		}
		a.Sig = base64.StdEncoding.EncodeToString(plusOrder(raw, n))
		part, err := MarshalAct(act, []Approval{a})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ParseAct(part); (err == nil) != (n == 0) {
			t.Errorf("approval with S + %d L: %v", n, err)
		}
	}
}

// TestEd25519Rule: on keys of small order, on their second spellings and on
// signatures made for them, an envelope verifies exactly where the standard
// library says so. Such keys never enter a roster (charter.ParsePublicKey);
// here no second rule may hide.
func TestEd25519Rule(t *testing.T) {
	points := []string{
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000", // identity
		"0100000000000000000000000000000000000000000000000000000000000080", // its second spelling
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p + 1
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	}
	payload, err := json.Marshal(testLeaf())
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for _, a := range points {
		pub := mustHex(t, a)
		for _, r := range points {
			for _, s := range []byte{0, 1} {
				sig := append(mustHex(t, r), s)
				sig = append(sig, make([]byte, 31)...)
				e := Envelope{Payload: payload, PayloadType: LeafType, KeyID: KeyID(pub), Sig: sig}
				want := ed25519.Verify(pub, PAE(LeafType, payload), sig)
				if got := e.Verify(pub) == nil; got != want {
					t.Errorf("key %s, R %s, S %d: %v, the standard library says %v", a, r, s, got, want)
				}
				if want {
					accepted++
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("no vector is accepted: the table does not test the rule")
	}
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
