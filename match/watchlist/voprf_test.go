package watchlist

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"entente/match/group"
	"entente/statement"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func scalarOf(t testing.TB, s string) *group.Scalar {
	t.Helper()
	k, err := group.ScalarFromBytes(unhex(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func text(p *group.Point) string {
	e := p.Encode()
	return hex.EncodeToString(e[:])
}

// TestVectors: RFC 9497 step by step, with its blinds and its proofs' chance.
func TestVectors(t *testing.T) {
	for _, v := range vectors {
		s, key := newSuite(v.mode), scalarOf(t, vectorKeys[v.mode].secret)
		public := key.Public()
		if want := vectorKeys[v.mode].public; want != "" && text(&public) != want {
			t.Errorf("the public key is %s", text(&public))
		}
		var in, out []group.Point
		for i, input := range v.inputs {
			blind := scalarOf(t, v.blinds[i])
			p := s.hash(unhex(t, input))
			blinded := p.Mul(blind)
			evaluated := blinded.Mul(key)
			if text(&blinded) != v.blinded[i] || text(&evaluated) != v.evaluated[i] {
				t.Errorf("mode %d, %s: blinded %s, evaluated %s", v.mode, input, text(&blinded), text(&evaluated))
			}
			unblinded := evaluated.Mul(blind.Invert())
			if got := finalize(unhex(t, input), &unblinded); hex.EncodeToString(got[:]) != v.outputs[i] {
				t.Errorf("mode %d, %s: output %x", v.mode, input, got)
			}
			in, out = append(in, blinded), append(out, evaluated)
		}
		if v.proof != "" {
			checkVectorProof(t, s, v, key, in, out)
		}
	}
}

func checkVectorProof(t *testing.T, s suite, v vector, key *group.Scalar, in, out []group.Point) {
	t.Helper()
	public := key.Public()
	e := public.Encode()
	seed := sha512.Sum512(short("", e[:], []byte("Seed-"+s.context)))
	m, z := group.Identity(), group.Identity()
	for i := range in { // ComputeComposites, as the RFC has it for a batch
		d := s.scalar(s.compositeInput(seed[:], uint16(i), in[i].Encode(), out[i].Encode()))
		x, y := in[i].Mul(d), out[i].Mul(d)
		m, z = m.Add(&x), z.Add(&y)
	}
	pr := s.respond(key, scalarOf(t, v.random), &public, &m)
	if hex.EncodeToString(pr[:]) != v.proof {
		t.Errorf("%v: proof %x", v.inputs, pr)
	}
	if err := s.verifyComposite(&public, &m, &z, pr); err != nil {
		t.Error(err)
	}
	if len(in) > 1 {
		return
	}
	if err := s.verify(&public, &in[0], &out[0], pr); err != nil {
		t.Error(err)
	}
	fresh, err := s.prove(key, &in[0], &out[0], rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.verify(&public, &in[0], &out[0], fresh); err != nil {
		t.Error(err)
	}
	for i := range pr {
		bent := pr
		bent[i] ^= 1
		if err := s.verify(&public, &in[0], &out[0], bent); !errors.Is(err, &statement.Refusal{Code: statement.CodeProof}) {
			t.Errorf("a proof with byte %d changed gave %v", i, err)
		}
	}
}
