package group

import (
	"crypto/sha512"
	"fmt"
	"io"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"

	"entente/statement"
)

// ProofSize is the length of a proof in bytes: challenge and response.
const ProofSize = 2 * Size

// Proof is a Schnorr or Chaum-Pedersen proof made non-interactive: challenge,
// response.
type Proof [ProofSize]byte

const (
	tagKnow  = "entente/match/v1 know"
	tagEqual = "entente/match/v1 equal"
	tagNonce = "entente/match/v1 nonce"
)

// Know proves knowledge of k, the logarithm of its public key, for one context
// (run and party): a proof in another context does not verify.
func Know(k *Scalar, context []byte, random io.Reader) (Proof, error) {
	key := k.Public()
	r, err := nonce(k, context, random, &key)
	if err != nil {
		return Proof{}, err
	}
	defer r.Erase()
	commit := r.Public()
	return respond(k, r, challenge(tagKnow, context, &key, &commit)), nil
}

// CheckKnow checks a proof of Know. The error is a *statement.Refusal with
// E_PROOF.
func CheckKnow(key *Point, context []byte, pr Proof) error {
	c, s, err := pr.split()
	if err != nil {
		return err
	}
	commit := doubleBase(c, key, s)
	if !matches(c, challenge(tagKnow, context, key, &commit)) {
		return statement.Refuse(statement.CodeProof, "the proof does not show that the key is known")
	}
	return nil
}

// Equal proves that image = k·base, for the k of the prover's public key.
func Equal(k *Scalar, context []byte, base, image *Point, random io.Reader) (Proof, error) {
	key := k.Public()
	r, err := nonce(k, context, random, base, image)
	if err != nil {
		return Proof{}, err
	}
	defer r.Erase()
	onG, onBase := r.Public(), base.Mul(r)
	return respond(k, r, challenge(tagEqual, context, &key, base, image, &onG, &onBase)), nil
}

// CheckEqual checks a proof of Equal. The error is a *statement.Refusal with
// E_PROOF.
func CheckEqual(key *Point, context []byte, base, image *Point, pr Proof) error {
	c, s, err := pr.split()
	if err != nil {
		return err
	}
	onG, onBase := doubleBase(c, key, s), double(c, image, s, base)
	if !matches(c, challenge(tagEqual, context, key, base, image, &onG, &onBase)) {
		return statement.Refuse(statement.CodeProof, "the list was not locked with the key that was committed to")
	}
	return nil
}

func respond(k, r, c *Scalar) Proof {
	var s scalar.Scalar
	s.Mul(&c.s, &k.s)
	s.Add(&s, &r.s)
	var pr Proof
	copy(pr[:Size], c.Bytes())
	copy(pr[Size:], (&Scalar{s}).Bytes())
	s.Zero()
	return pr
}

func (pr Proof) split() (c, s *Scalar, err error) {
	if c, err = ScalarFromBytes(pr[:Size]); err == nil {
		s, err = ScalarFromBytes(pr[Size:])
	}
	if err != nil {
		return nil, nil, statement.Refuse(statement.CodeProof, "not the encoding of a proof")
	}
	return c, s, nil
}

// nonce hedges: a source that repeats itself gives another nonce for another
// statement, and one that is known does not give k away.
func nonce(k *Scalar, context []byte, random io.Reader, about ...*Point) (*Scalar, error) {
	var fresh [64]byte
	if _, err := io.ReadFull(random, fresh[:]); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	parts := [][]byte{[]byte(tagNonce), fresh[:], k.Bytes(), context}
	for _, p := range about {
		e := p.Encode()
		parts = append(parts, e[:])
	}
	sum := sha512.Sum512(join(parts...))
	r := reduce(sum[:])
	if r.zero() {
		return nil, fmt.Errorf("draw a nonce: zero")
	}
	return r, nil
}

func challenge(tag string, context []byte, points ...*Point) *Scalar {
	parts := [][]byte{[]byte(tag), context}
	for _, p := range points {
		e := p.Encode()
		parts = append(parts, e[:])
	}
	sum := sha512.Sum512(join(parts...))
	return reduce(sum[:])
}

// doubleBase is s·G - c·key.
func doubleBase(c *Scalar, key *Point, s *Scalar) Point {
	var neg scalar.Scalar
	var p Point
	p.p.DoubleScalarMulBasepointVartime(neg.Neg(&c.s), &key.p, &s.s)
	return p
}

// double is s·base - c·image.
func double(c *Scalar, image *Point, s *Scalar, base *Point) Point {
	var neg scalar.Scalar
	var p Point
	p.p.MultiscalarMulVartime([]*scalar.Scalar{neg.Neg(&c.s), &s.s}, []*curve.RistrettoPoint{&image.p, &base.p})
	return p
}

func matches(a, b *Scalar) bool { return a.s.Equal(&b.s) == 1 }

// Respond9497 returns r - c·k, the response of a proof in the form of RFC 9497.
func Respond9497(r, c, k *Scalar) *Scalar {
	var s scalar.Scalar
	s.Mul(&c.s, &k.s)
	s.Sub(&r.s, &s)
	return &Scalar{s}
}

// Combine returns a·p + b·q in a time that depends on all of them: they are
// public.
func Combine(a *Scalar, p *Point, b *Scalar, q *Point) Point {
	var out Point
	out.p.MultiscalarMulVartime([]*scalar.Scalar{&a.s, &b.s}, []*curve.RistrettoPoint{&p.p, &q.p})
	return out
}

// Equal reports in constant time whether k and l are the same number.
func (k *Scalar) Equal(l *Scalar) bool { return matches(k, l) }
