package indicator

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// sketch has three bits in one word for every value of some kind in a set, by a secret hash: one look into memory that stays in the processor's own
// cache says of most others that they are none of the set's. The filter of the index, which is larger and read at three
// places, judges the rest.
type sketch struct {
	words []uint64
	seed  uint64
	shift uint
	base  uint32 // where the words begin among those of the set's looks
}

// Look is one look into a sketch that is yet to be taken. Looks that are taken one right after another wait for memory together.
type Look struct {
	word uint32
	bits uint64
}

// look is how to find out what may says.
func (k *sketch) look(key uint64) Look {
	if len(k.words) == 0 {
		return Look{bits: 1} // the first word has no bits
	}
	word, bits := k.place(key)
	return Look{k.base + uint32(word), bits}
}

// join puts the words of the sketches that are looked into later one behind the other.
func (s *Set) join(sketches ...*sketch) {
	s.looks = make([]uint64, 1)
	for _, k := range sketches {
		k.base = uint32(len(s.looks))
		s.looks = append(s.looks, k.words...)
	}
	for _, k := range sketches {
		k.words = s.looks[k.base:][:len(k.words)]
	}
}

// May takes a look: false if what it was made for surely meets nothing of the set.
func (s *Set) May(l Look) bool {
	return uint64(l.word) < uint64(len(s.looks)) && s.looks[l.word]&l.bits == l.bits
}

// A key has sixteen bits at least, up to the largest size; then fewer, eleven at 190,000 addresses.
const (
	sketchSpread = 16
	sketchLeast  = 10 // 2 to its power is the number of bits
	sketchMost   = 21 // a quarter of a megabyte
)

// sketch4 makes two: by the addresses and by their texts, which are looked for where nothing was read yet.
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
	s.four = newSketch(n, sketchMost, s.hash.start(ofAddr))
	s.dotted = newSketch(n, sketchMost, s.hash.start(ofDotted))
	for _, r := range rows {
		if r.realm == ofAddr && len(r.text) == 4 {
			s.four.set(uint64(binary.BigEndian.Uint32([]byte(r.text))))
			var text [16]byte
			netip.AddrFrom4([4]byte([]byte(r.text))).AppendTo(text[:0])
			s.dotted.set(dotted(load(text[:], 0), load(text[:], 8)))
		}
	}
}

// newSketch makes one for n keys of 2 to the power of most bits at most.
func newSketch(n, most int, seed uint64) sketch {
	width := min(max(bits.Len(uint(n)*sketchSpread-1), sketchLeast), most)
	return sketch{words: make([]uint64, 1<<width/64), seed: seed, shift: uint(64 - width + 6)}
}

// dotted is the key of the text of an address: two words.
func dotted(first, second uint64) uint64 { return first ^ bits.RotateLeft64(second*k2, 32) }

func (k *sketch) set(key uint64) {
	word, bits := k.place(key)
	k.words[word] |= bits
}

// place is the word that the key has, and its bits in it.
func (k *sketch) place(key uint64) (word, bits uint64) {
	h := mix(key^k.seed, k0)
	return h >> k.shift, 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63)
}

// may is false if the key is surely none of the set's.
func (k *sketch) may(key uint64) bool {
	word, bits := k.place(key)
	return word < uint64(len(k.words)) && k.words[word]&bits == bits
}
