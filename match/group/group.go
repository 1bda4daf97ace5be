// Package group is the prime-order group ristretto255 as match uses it: strict encodings, hashing to points, locks, proofs of equal logarithms.
//
// The arithmetic is curve25519-voi's; tests compare it with gtank/ristretto255
// and with the vectors of RFC 9496, RFC 9380 and RFC 9497. Multiplication by a
// secret takes constant time; the sums of proofs, whose points and weights are
// public, do not.
//
// Proven by the proofs here: that a prover knows the logarithm of its key
// (Schnorr), and that a sum of points, weighted after the fact by 128-bit
// numbers that depend on everything said before, was multiplied by that key
// (Chaum-Pedersen). If one point of the list was not, the sum is right with a
// chance of 2^-128. That holds in the random oracle model and nowhere says
// which items the points stand for.
package group

import (
	"crypto"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
	"github.com/oasisprotocol/curve25519-voi/primitives/h2c"

	"entente/statement"
)

// Size is the length of an encoded point and of an encoded scalar, in bytes.
const Size = 32

// Encoded is a point as it stands in messages (RFC 9496, section 4.3.2).
type Encoded [Size]byte

// Point is an element of the group. The zero Point is no element: only the
// functions of this package make one.
type Point struct{ p curve.RistrettoPoint }

// Scalar is a secret or public multiplier, never zero.
type Scalar struct{ s scalar.Scalar }

// Hash maps a message to a point: hash_to_ristretto255 with
// expand_message_xmd and SHA-512 (RFC 9380, appendix B).
func Hash(dst string, msg []byte) Point {
	var wide [64]byte
	expand(wide[:], dst, msg)
	return Uniform(&wide)
}

// expand is expand_message_xmd with SHA-512 (RFC 9380, section 5.3.1).
func expand(out []byte, dst string, msg []byte) {
	if err := h2c.ExpandMessageXMD(out, crypto.SHA512, []byte(dst), msg); err != nil {
		panic(fmt.Sprintf("group: expand to %d bytes: %v", len(out), err)) // a programmer's length
	}
}

// Uniform maps 64 bytes to a point (RFC 9496, section 4.3.4).
func Uniform(b *[64]byte) Point {
	var p Point
	if _, err := p.p.SetUniformBytes(b[:]); err != nil {
		panic(fmt.Sprintf("group: 64 bytes did not map: %v", err)) // only a changed library can
	}
	return p
}

// Base returns n·G for the generator G; n is public.
func Base(n uint64) Point {
	var p Point
	p.p.MulBasepoint(curve.RISTRETTO_BASEPOINT_TABLE, scalar.NewFromUint64(n))
	return p
}

// Decode reads a point that somebody sent: exactly 32 bytes, the one encoding
// of the point (RFC 9496, section 4.3.1), and not the identity. The error is a
// *statement.Refusal with E_VALUE.
func Decode(b []byte) (Point, error) {
	var c curve.CompressedRistretto
	if len(b) != Size {
		return Point{}, statement.Refuse(statement.CodeValue, "a point of %d bytes, not %d", len(b), Size)
	}
	copy(c[:], b)
	var p Point
	if _, err := p.p.SetCompressed(&c); err != nil {
		return Point{}, statement.Refuse(statement.CodeValue, "not the encoding of a point")
	}
	if p.p.IsIdentity() {
		return Point{}, statement.Refuse(statement.CodeValue, "the identity is not a point that anybody may send")
	}
	return p, nil
}

// Encode returns the one encoding of p.
func (p *Point) Encode() Encoded {
	var c curve.CompressedRistretto
	c.SetRistrettoPoint(&p.p)
	return Encoded(c)
}

// Mul returns k·p in a time that does not depend on k.
func (p *Point) Mul(k *Scalar) Point {
	var q Point
	q.p.Mul(&p.p, &k.s)
	return q
}

// Add returns p+q.
func (p *Point) Add(q *Point) Point {
	var r Point
	r.p.Add(&p.p, &q.p)
	return r
}

// Equal reports whether p and q are the same element.
func (p *Point) Equal(q *Point) bool { return p.p.Equal(&q.p) == 1 }

// RandomScalar draws a scalar between 1 and the order of the group.
func RandomScalar(random io.Reader) (*Scalar, error) {
	var wide [64]byte
	for range 8 { // zero has a chance of 2^-252
		if _, err := io.ReadFull(random, wide[:]); err != nil {
			return nil, fmt.Errorf("draw a scalar: %w", err)
		}
		if k := reduce(wide[:]); !k.zero() {
			return k, nil
		}
	}
	return nil, fmt.Errorf("draw a scalar: the source gives zeros")
}

// ScalarFromBytes reads the one little-endian encoding of a scalar; zero is
// refused. The error is a *statement.Refusal with E_VALUE.
func ScalarFromBytes(b []byte) (*Scalar, error) {
	if len(b) != Size || !scalar.ScMinimalVartime(b) {
		return nil, statement.Refuse(statement.CodeValue, "not the encoding of a scalar")
	}
	s, err := scalar.NewFromCanonicalBytes(b)
	if err != nil {
		return nil, statement.Refuse(statement.CodeValue, "not the encoding of a scalar")
	}
	k := &Scalar{*s}
	if k.zero() {
		return nil, statement.Refuse(statement.CodeValue, "a scalar of zero")
	}
	return k, nil
}

// HashScalar maps a message to a scalar as RFC 9497 does (HashToScalar of
// ristretto255-SHA512): 64 bytes of expand_message_xmd, reduced.
func HashScalar(dst string, msg []byte) *Scalar {
	var wide [64]byte
	expand(wide[:], dst, msg)
	return reduce(wide[:])
}

// Public returns k·G.
func (k *Scalar) Public() Point {
	var p Point
	p.p.MulBasepoint(curve.RISTRETTO_BASEPOINT_TABLE, &k.s)
	return p
}

// Invert returns 1/k.
func (k *Scalar) Invert() *Scalar {
	var inv Scalar
	inv.s.Invert(&k.s)
	return &inv
}

// InvertAll replaces each of ks by its inverse, at the price of one.
func InvertAll(ks []*Scalar) {
	list := make([]*scalar.Scalar, len(ks))
	for i, k := range ks {
		list[i] = &k.s
	}
	var product scalar.Scalar
	product.BatchInvert(list)
}

// Bytes returns the little-endian encoding of k.
func (k *Scalar) Bytes() []byte {
	b, err := k.s.MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("group: a scalar has no encoding: %v", err)) // only a changed library can
	}
	return b
}

// Erase overwrites k; every use of it afterwards is a programmer's error that
// gives the identity.
func (k *Scalar) Erase() { k.s.Zero() }

func (k *Scalar) zero() bool { return k.s.Equal(scalar.New()) == 1 }

func reduce(wide []byte) *Scalar {
	s, err := scalar.NewFromBytesModOrderWide(wide)
	if err != nil {
		panic(fmt.Sprintf("group: 64 bytes did not reduce: %v", err)) // only a changed library can
	}
	return &Scalar{*s}
}

// join puts byte strings behind one another, each with its length, so that no
// two lists of strings give the same bytes.
func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
