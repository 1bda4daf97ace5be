package watchlist

import (
	"crypto/sha512"
	"encoding/binary"
	"io"

	"entente/match/group"
	"entente/statement"
)

// Modes of RFC 9497. A watchlist uses the verifiable one; the base mode is here
// for its vectors alone.
const (
	modeOPRF  = 0
	modeVOPRF = 1
)

// suite is ristretto255-SHA512 in one mode (RFC 9497, section 4.1).
type suite struct{ context string }

func newSuite(mode byte) suite {
	return suite{"OPRFV1-" + string([]byte{mode}) + "-ristretto255-SHA512"}
}

func (s suite) hash(input []byte) group.Point { return group.Hash("HashToGroup-"+s.context, input) }

func (s suite) scalar(input []byte) *group.Scalar {
	return group.HashScalar("HashToScalar-"+s.context, input)
}

// short puts byte strings behind one another, each behind its length in two
// bytes, and the label at the end.
func short(label string, parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint16(out, uint16(len(p)))
		out = append(out, p...)
	}
	return append(out, label...)
}

// finalize is the output of the function for an input whose evaluated point is
// p (RFC 9497, section 3.3.1).
func finalize(input []byte, p *group.Point) [sha512.Size]byte {
	e := p.Encode()
	return sha512.Sum512(short("Finalize", input, e[:]))
}

// composite is M of ComputeComposites for a list of one pair (section 2.2.1).
// For longer lists the RFC draws each weight from its own pair only, which a
// prover of a long list can bend: they are proved by group.Weights.
func (s suite) composite(key, in, out group.Encoded) *group.Scalar {
	seed := sha512.Sum512(short("", key[:], []byte("Seed-"+s.context)))
	return s.scalar(s.compositeInput(seed[:], 0, in, out))
}

func (s suite) compositeInput(seed []byte, i uint16, in, out group.Encoded) []byte {
	b := short("", seed)
	b = binary.BigEndian.AppendUint16(b, i)
	return append(b, short("Composite", in[:], out[:])...)
}

// prove makes the RFC's proof for one pair.
func (s suite) prove(k *group.Scalar, in, out *group.Point, random io.Reader) (group.Proof, error) {
	r, err := group.RandomScalar(random)
	if err != nil {
		return group.Proof{}, err
	}
	defer r.Erase()
	key := k.Public()
	d := s.composite(key.Encode(), in.Encode(), out.Encode())
	m := in.Mul(d)
	return s.respond(k, r, &key, &m), nil
}

// respond is the rest of GenerateProof (section 2.2.1), once M is there.
func (s suite) respond(k, r *group.Scalar, key, m *group.Point) group.Proof {
	z, t2, t3 := m.Mul(k), r.Public(), m.Mul(r)
	c := s.challenge(key, m, &z, &t2, &t3)
	var pr group.Proof
	copy(pr[:group.Size], c.Bytes())
	copy(pr[group.Size:], group.Respond9497(r, c, k).Bytes())
	return pr
}

func (s suite) challenge(points ...*group.Point) *group.Scalar {
	var parts [][]byte
	for _, p := range points {
		e := p.Encode()
		parts = append(parts, e[:])
	}
	return s.scalar(short("Challenge", parts...))
}

// verify checks a proof of one pair (section 2.2.2).
func (s suite) verify(key, in, out *group.Point, pr group.Proof) error {
	d := s.composite(key.Encode(), in.Encode(), out.Encode())
	m, z := in.Mul(d), out.Mul(d)
	return s.verifyComposite(key, &m, &z, pr)
}

func (s suite) verifyComposite(key, m, z *group.Point, pr group.Proof) error {
	c, err := group.ScalarFromBytes(pr[:group.Size])
	if err != nil {
		return statement.Refuse(statement.CodeProof, "not the encoding of a proof")
	}
	resp, err := group.ScalarFromBytes(pr[group.Size:])
	if err != nil {
		return statement.Refuse(statement.CodeProof, "not the encoding of a proof")
	}
	g := group.Base(1)
	t2, t3 := group.Combine(resp, &g, c, key), group.Combine(resp, m, c, z)
	if !s.challenge(key, m, z, &t2, &t3).Equal(c) {
		return statement.Refuse(statement.CodeProof, "the answer was not made with the key that was announced")
	}
	return nil
}
