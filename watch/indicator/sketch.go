package indicator

import (
	"encoding/binary"
	"math/bits"
)

// sketch has a bit for every IPv4 address of a set, by a secret hash: one look into memory that stays in the processor's own
// cache says of most addresses that they are none of the set's. The filter of the index, which is larger and read at three
// places, judges the rest.
type sketch struct {
	bits  []uint64
	seed  uint64
	shift uint
}

// Of the bits one in sixteen is set at most, up to the largest size; then it is more, one in eleven at 190,000 addresses.
const (
	sketchSpread = 16
	sketchLeast  = 10 // 2 to its power is the number of bits
	sketchMost   = 21 // a quarter of a megabyte
)

func (s *Set) sketch4(rows []row) {
	n := 0
	for _, r := range rows {
		if r.realm == ofAddr && len(r.text) == 4 {
			n++
		}
	}
	if n == 0 {
		return
	}
	width := min(max(bits.Len(uint(n)*sketchSpread-1), sketchLeast), sketchMost)
	s.four = sketch{bits: make([]uint64, 1<<width/64), seed: s.hash.start(ofAddr), shift: uint(64 - width)}
	for _, r := range rows {
		if r.realm == ofAddr && len(r.text) == 4 {
			i := s.four.bit(binary.BigEndian.Uint32([]byte(r.text)))
			s.four.bits[i/64] |= 1 << (i % 64)
		}
	}
}

func (k *sketch) bit(addr uint32) uint64 { return (uint64(addr) ^ k.seed) * k0 >> k.shift }

// may is false if the address is surely none of the set's.
func (k *sketch) may(addr uint32) bool {
	i := k.bit(addr)
	return i/64 < uint64(len(k.bits)) && k.bits[i/64]>>(i%64)&1 != 0
}
