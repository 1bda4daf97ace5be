package group

import (
	"errors"
	"testing"

	"entente/statement"
)

var notProven = &statement.Refusal{Code: statement.CodeProof}

func draw(t testing.TB, seed byte) *Scalar {
	t.Helper()
	k, err := RandomScalar(chance(seed))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKnow(t *testing.T) {
	k := draw(t, 1)
	key := k.Public()
	pr, err := Know(k, []byte("run 1, north"), chance(9))
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckKnow(&key, []byte("run 1, north"), pr); err != nil {
		t.Fatal(err)
	}
	other := draw(t, 2).Public()
	bent := pr
	bent[3] ^= 1
	var none Proof
	for name, err := range map[string]error{
		"mirrored by the other party": CheckKnow(&key, []byte("run 1, south"), pr),
		"of an old run":               CheckKnow(&key, []byte("run 0, north"), pr),
		"for another key":             CheckKnow(&other, []byte("run 1, north"), pr),
		"with one bit changed":        CheckKnow(&key, []byte("run 1, north"), bent),
		"of zeros":                    CheckKnow(&key, []byte("run 1, north"), none),
	} {
		if !errors.Is(err, notProven) {
			t.Errorf("a proof %s gave %v", name, err)
		}
	}
}

// TestList: a list is locked with one key or the proof fails, whichever point
// is wrong and however the errors cancel without weights.
func TestList(t *testing.T) {
	const n = 2500 // more than one range of a sum
	random := chance(3)
	k, second := draw(t, 4), draw(t, 5)
	key := k.Public()
	in, out := make([]Point, n), make([]Point, n)
	for i := range in {
		var wide [64]byte
		_, _ = random.Read(wide[:])
		in[i] = Uniform(&wide)
		out[i] = in[i].Mul(k)
	}
	check := func(out []Point) error {
		list := make([]byte, 0, n*Size)
		for i := range out {
			list = append(list, out[i].bytes()...)
		}
		w := NewWeights([]byte("run"), list)
		base, image := w.Sum(0, in), w.Sum(0, out)
		own := base.Mul(k) // what the prover takes for the image
		pr, err := Equal(k, []byte("run"), &base, &own, random)
		if err != nil {
			t.Fatal(err)
		}
		return CheckEqual(&key, []byte("run"), &base, &image, pr)
	}
	if err := check(out); err != nil {
		t.Fatal(err)
	}
	bend := func(change func(out []Point)) error {
		bent := append([]Point(nil), out...)
		change(bent)
		return check(bent)
	}
	g := Base(1)
	for name, err := range map[string]error{
		"one wrong element": bend(func(o []Point) { o[n-1] = in[n-1] }),
		"two keys": bend(func(o []Point) {
			for i := range n / 2 {
				o[i] = in[i].Mul(second)
			}
		}),
		"two permuted": bend(func(o []Point) { o[0], o[1] = o[1], o[0] }),
		"errors that cancel without weights": bend(func(o []Point) {
			minus := Identity()
			minus.p.Sub(&minus.p, &g.p)
			o[7], o[1800] = o[7].Add(&g), o[1800].Add(&minus)
		}),
	} {
		if !errors.Is(err, notProven) {
			t.Errorf("a list with %s gave %v", name, err)
		}
	}
}

// TestSumInParts: a list that comes in chunks gives the sum of the whole.
func TestSumInParts(t *testing.T) {
	random := chance(6)
	list := make([]Point, 3000)
	for i := range list {
		var wide [64]byte
		_, _ = random.Read(wide[:])
		list[i] = Uniform(&wide)
	}
	w := NewWeights([]byte("any"))
	whole, parts := w.Sum(0, list), Identity()
	for from := 0; from < len(list); from += 701 {
		part := w.Sum(from, list[from:min(from+701, len(list))])
		parts = parts.Add(&part)
	}
	if !whole.Equal(&parts) {
		t.Error("the parts do not add up")
	}
	other := NewWeights([]byte("a"), []byte("ny"))
	if sum := other.Sum(0, list); sum.Equal(&whole) {
		t.Error("two keys give one set of weights")
	}
}

func TestAll(t *testing.T) {
	random := chance(7)
	k := draw(t, 8)
	const n = 2100
	points, list, again := make([]Point, n), make([]byte, n*Size), make([]Point, n)
	for i := range points {
		var wide [64]byte
		_, _ = random.Read(wide[:])
		points[i] = Uniform(&wide)
	}
	LockAll(k, points, list)
	if bad := DecodeAll(list, again); bad >= 0 {
		t.Fatalf("point %d does not come back", bad)
	}
	for _, i := range []int{0, 1023, 1024, n - 1} {
		if want := points[i].Mul(k); !again[i].Equal(&want) {
			t.Errorf("point %d differs", i)
		}
	}
	copy(list[1500*Size:], make([]byte, Size))
	copy(list[40*Size:], unhex(t, badEncodings[4]))
	if bad := DecodeAll(list, again); bad != 40 {
		t.Errorf("the first bad point is %d, want 40", bad)
	}
}
