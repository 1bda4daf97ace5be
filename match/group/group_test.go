package group

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/gtank/ristretto255"

	"entente/statement"
)

// chance is a source that repeats itself from test to test.
func chance(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMultiplesOfTheGenerator(t *testing.T) {
	sum, g := Identity(), Base(1)
	for i, want := range multiples {
		e := sum.Encode()
		if got := hex.EncodeToString(e[:]); got != want {
			t.Errorf("%d·G is %s, want %s", i, got, want)
		}
		p, err := Decode(unhex(t, want))
		if i == 0 {
			if err == nil {
				t.Error("the identity was accepted from outside")
			}
		} else if err != nil || !p.Equal(&sum) {
			t.Errorf("%d·G does not come back: %v", i, err)
		}
		sum = sum.Add(&g)
	}
}

func TestBadEncodings(t *testing.T) {
	refused := &statement.Refusal{Code: statement.CodeValue}
	for _, s := range badEncodings {
		if _, err := Decode(unhex(t, s)); !errors.Is(err, refused) {
			t.Errorf("%s gave %v", s, err)
		}
	}
	g := Base(1).bytes()
	for _, b := range [][]byte{nil, g[:31], append(bytes.Clone(g), 0)} {
		if _, err := Decode(b); !errors.Is(err, refused) {
			t.Errorf("%d bytes gave %v", len(b), err)
		}
	}
}

func (p Point) bytes() []byte {
	e := p.Encode()
	return e[:]
}

func TestUniform(t *testing.T) {
	for _, v := range derived {
		sum := sha512.Sum512([]byte(v.label))
		if got := hex.EncodeToString(Uniform(&sum).bytes()); got != v.point {
			t.Errorf("%q maps to %s, want %s", v.label, got, v.point)
		}
	}
	for _, in := range equivalents {
		wide := [64]byte(unhex(t, in))
		if got := hex.EncodeToString(Uniform(&wide).bytes()); got != equivalentPoint {
			t.Errorf("%s maps to %s", in, got)
		}
	}
}

func TestExpand(t *testing.T) {
	for _, v := range expansions {
		out := make([]byte, len(v.out)/2)
		expand(out, expandDST, []byte(v.msg))
		if got := hex.EncodeToString(out); got != v.out {
			t.Errorf("%.20q expands to %s, want %s", v.msg, got, v.out)
		}
	}
}

// TestOtherLibrary compares every operation with gtank/ristretto255.
func TestOtherLibrary(t *testing.T) {
	random := chance(1)
	for range 50 {
		var wide, kb [64]byte
		_, _ = random.Read(wide[:])
		_, _ = random.Read(kb[:])
		k := reduce(kb[:])
		ours := Uniform(&wide)
		theirs, err := ristretto255.NewIdentityElement().SetUniformBytes(wide[:])
		if err != nil {
			t.Fatal(err)
		}
		other, err := ristretto255.NewScalar().SetUniformBytes(kb[:])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(k.Bytes(), other.Bytes()) {
			t.Fatal("scalars differ")
		}
		locked := ours.Mul(k)
		theirLocked := ristretto255.NewIdentityElement().ScalarMult(other, theirs)
		if !bytes.Equal(locked.bytes(), theirLocked.Bytes()) {
			t.Fatal("locks differ")
		}
		opened := locked.Mul(k.Invert())
		if !opened.Equal(&ours) {
			t.Fatal("a lock does not open")
		}
		public := k.Public()
		if !bytes.Equal(public.bytes(), ristretto255.NewIdentityElement().ScalarBaseMult(other).Bytes()) {
			t.Fatal("public keys differ")
		}
		both := locked.Add(&public)
		if !bytes.Equal(both.bytes(), ristretto255.NewIdentityElement().Add(theirLocked, ristretto255.NewIdentityElement().ScalarBaseMult(other)).Bytes()) {
			t.Fatal("sums differ")
		}
	}
}

func TestScalars(t *testing.T) {
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	for _, b := range [][]byte{nil, make([]byte, 32), order, bytes.Repeat([]byte{0xff}, 32), make([]byte, 31)} {
		if _, err := ScalarFromBytes(b); !errors.Is(err, &statement.Refusal{Code: statement.CodeValue}) {
			t.Errorf("scalar %x gave %v", b, err)
		}
	}
	if _, err := RandomScalar(zeros{}); err == nil {
		t.Error("a source of zeros gave a scalar")
	}
	random := chance(2)
	ks := make([]*Scalar, 5)
	var want []*Scalar
	for i := range ks {
		k, err := RandomScalar(random)
		if err != nil {
			t.Fatal(err)
		}
		ks[i], want = k, append(want, k.Invert())
	}
	InvertAll(ks)
	for i := range ks {
		if !matches(ks[i], want[i]) {
			t.Errorf("inverse %d differs", i)
		}
	}
	ks[0].Erase()
	if !ks[0].zero() {
		t.Error("an erased scalar is still there")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// FuzzDecode: what is accepted has one encoding, and the other library agrees.
func FuzzDecode(f *testing.F) {
	for _, s := range append(badEncodings, multiples...) {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		other, otherErr := ristretto255.NewIdentityElement().SetCanonicalBytes(b)
		if otherErr == nil && other.Equal(ristretto255.NewIdentityElement()) == 1 {
			otherErr = errors.New("identity")
		}
		if (err == nil) != (otherErr == nil) {
			t.Fatalf("%x: we say %v, the other library %v", b, err, otherErr)
		}
		if err == nil && !bytes.Equal(p.bytes(), b) {
			t.Fatalf("%x is also %x", b, p.bytes())
		}
	})
}
