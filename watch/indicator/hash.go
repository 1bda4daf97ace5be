package indicator

import (
	"hash/maphash"
	"math/bits"
)

// realm keeps the keys of unlike values apart.
type realm uint8

const (
	ofAddr realm = iota + 1
	ofName
	ofURL
	ofURLHost // the host of an indicated URL
	ofEmail
	ofHash
	ofSuffix // two labels of a name, in a sketch
	ofDotted // an IPv4 address as text, in a sketch
	ofDigits // the first digits of a hash, in a sketch
)

// hasher makes the keys of one set. Its seed is secret and new for each set, so that nobody can choose values whose
// keys collide. What a key depends on is said where it is made; which keys collide changes no result.
type hasher struct{ seed uint64 }

func newHasher() hasher {
	return hasher{maphash.Bytes(maphash.MakeSeed(), []byte("entente/indicator"))}
}

// Odd constants with well-spread bits, as in wyhash.
const (
	k0 = 0xa0761d6478bd642f
	k1 = 0xe7037ed1a0b428db
	k2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func (h hasher) start(r realm) uint64 { return h.seed ^ uint64(r)*k2 }

// onlyIn4 stands in the upper half of the key of an IPv4 address: it is in the middle of documentation space
// (RFC 3849), and if somebody does use it, two keys fall together and nothing else happens.
const onlyIn4 = 0x20010db8_00000004

// addr is the key of an IP address, from its two halves; that of IPv4 is its four bytes in lo.
func (h hasher) addr(hi, lo uint64) uint64 {
	return mix(mix(lo^h.start(ofAddr), k0)^hi, k1)
}

// octets are the two ways in which values come: from a line, or canonical.
type octets interface{ ~string | ~[]byte }

// textKey is the key of bytes as they are.
func textKey[T octets](h hasher, r realm, b T) uint64 {
	key := h.start(r) ^ uint64(len(b))*k0
	i := 0
	for ; i+8 <= len(b); i += 8 {
		key = mix(key^load(b, i), k0)
	}
	return mix(key^word(b, i, len(b)), k1)
}

// folded makes letters small; digits, dots and hyphens have the bit already, and the underscore becomes a byte that
// nothing else becomes.
const folded = 0x2020202020202020

// label goes from the key of a name to that of the name with one more label in front: b[from:to], not empty.
// Letters count as small ones.
func label[T octets](key uint64, b T, from, to int) uint64 {
	for to-from > 8 {
		key = mix(key^(load(b, from)|folded), k0)
		from += 8
	}
	n := to - from
	return mix(key^(word(b, from, to)|folded>>(64-8*n)), k1)
}

// load takes the eight bytes at i.
func load[T octets](b T, i int) uint64 {
	w := b[i : i+8] // one check for all eight
	return uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
		uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
}

// word loads at most eight bytes, b[from:to], with zeros above. Where it can it loads eight and cuts.
func word[T octets](b T, from, to int) uint64 {
	n := uint(to - from)
	switch {
	case from+8 <= len(b):
		return load(b, from) & (1<<(8*n) - 1)
	case to >= 8:
		return load(b, to-8) >> (64 - 8*n)
	}
	var w uint64
	for i := to - 1; i >= from; i-- {
		w = w<<8 | uint64(b[i])
	}
	return w
}
