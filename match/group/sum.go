package group

import (
	"crypto/sha512"
	"encoding/binary"
	"sync"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// Weights are the numbers by which the points of a list are weighted in a
// proof about all of them: 128 bits each, drawn by index from a key that must
// depend on the whole list. RFC 9497 draws each weight from its own pair only;
// whoever makes a long list can then choose its points so that the errors of
// all cancel (a generalised birthday search, some 2^31 steps for 16,384
// items). Here every weight depends on every point.
type Weights struct{ key [sha512.Size]byte }

// sumGrain is how many points are summed together: the work that a sum does
// once, whatever its length, is then an eighth of the whole.
const sumGrain = 4096

const tagWeights = "entente/match/v1 weights"

// NewWeights derives weights from everything that they depend on.
func NewWeights(parts ...[]byte) Weights {
	return Weights{sha512.Sum512(join(append([][]byte{[]byte(tagWeights)}, parts...)...))}
}

// fill writes the weights of the indexes from..from+len(out).
func (w *Weights) fill(from int, out []scalar.Scalar) {
	var block [sha512.Size + 8]byte
	copy(block[:], w.key[:])
	var four [sha512.Size]byte
	last := -1
	for i := range out {
		at := from + i
		if at/4 != last {
			last = at / 4
			binary.BigEndian.PutUint64(block[sha512.Size:], uint64(last))
			four = sha512.Sum512(block[:])
		}
		var b [scalar.ScalarSize]byte
		copy(b[:], four[at%4*16:][:16])
		if _, err := out[i].SetBytesModOrder(b[:]); err != nil {
			panic("group: 32 bytes are no scalar") // only a changed library can
		}
	}
}

// Sum adds points up, the i-th weighted by the weight of the index from+i. It
// is for public points: its time depends on them.
func (w *Weights) Sum(from int, points []Point) Point {
	var mu sync.Mutex // guards total
	total := Identity()
	each(len(points), sumGrain, func(a, b int) {
		part := w.sum(from+a, points[a:b])
		mu.Lock()
		defer mu.Unlock()
		total.p.Add(&total.p, &part.p)
	})
	return total
}

func (w *Weights) sum(from int, points []Point) Point {
	scalars := make([]scalar.Scalar, len(points))
	w.fill(from, scalars)
	ks, ps := make([]*scalar.Scalar, len(points)), make([]*curve.RistrettoPoint, len(points))
	for i := range points {
		ks[i], ps[i] = &scalars[i], &points[i].p
	}
	var p Point
	p.p.MultiscalarMulVartime(ks, ps)
	return p
}

// Identity returns the neutral element, where sums begin.
func Identity() Point {
	var p Point
	p.p.Identity()
	return p
}
