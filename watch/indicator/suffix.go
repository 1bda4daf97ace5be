package indicator

import (
	"encoding/binary"
	"math/bits"
)

// Whatever name a set has, one that equals it or is below it has the same last two labels. A sketch of these says of nearly every
// name at one look that neither it nor a parent is there, while MayName looks for each parent.

const (
	nameSketchMost = 22 // 2 to its power is the most bits: half a megabyte
	tail           = 16 // bytes of the last two labels that count
)

func (s *Set) sketchNames(rows []row) {
	n := count(rows, ofName)
	if n == 0 {
		return
	}
	s.suffix = newSketch(n, nameSketchMost, s.hash.start(ofSuffix))
	var padded []byte
	for _, r := range rows {
		if r.realm == ofName {
			padded = append(append(padded[:0], make([]byte, tail)...), r.text...)
			s.suffix.set(suffix(padded, tail, len(padded)))
		}
	}
}

// LookName returns where the plain name that begins at line[from] ends, and the look that tells whether it may meet a name of the
// set; -1 if that is not known at one look. Plain are letters, digits, hyphens and dots, no two of the last next to each other and no
// dot in front: it is no name in a spelling of its own, nor has it a label in Punycode. It reads sixteen bytes on either side.
func (s *Set) LookName(line []byte, from int) (Look, int) {
	end := plainName(line, from)
	if end < tail {
		return Look{}, -1
	}
	return s.suffix.look(suffix(line, from, end)), end
}

// mayTail is false if the canonical name surely meets no name of the set.
func (s *Set) mayTail(name string) bool { return s.names && s.suffix.may(tailKey(name)) }

// tailKey is the suffix of a whole canonical name.
func tailKey(name string) uint64 {
	if len(name) >= tail {
		return suffix(name, 0, len(name))
	}
	var padded [tail]byte
	from := tail - copy(padded[tail-len(name):], name)
	return suffix(padded[:], from, tail)
}

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// plainName returns where the plain name at b[from] ends; -1 if it is shorter than three bytes, longer than a label may be, or too
// near the end of b.
func plainName(b []byte, from int) int {
	before := uint64(0x80) // nor may a hyphen or dot come first
	for pos := from; pos+8 <= len(b) && pos-from < 64; pos += 8 {
		w := binary.LittleEndian.Uint64(b[pos : pos+8])
		low := w &^ high
		small := low | 0x20*ones
		letter := (small + (0x80-'a')*ones) &^ (small + (0x80-'z'-1)*ones)
		mark := (low + (0x80-'-')*ones) &^ (low + (0x80-'.'-1)*ones) & high &^ w
		digit := (low + (0x80-'0')*ones) &^ (low + (0x80-'9'-1)*ones)
		twice := mark & (mark<<8 | before)
		if others := (^(letter | digit | mark) | w) & high; others != 0 {
			n := int((others>>7 - 1) &^ (others >> 7) & ones * ones >> 56)
			if n += pos - from; n < 3 || n > 63 || twice&(others&-others-1) != 0 {
				return -1
			}
			return from + n
		}
		if twice != 0 {
			return -1
		}
		before = mark >> 56
	}
	return -1
}

// suffix is the key of the last two labels of a name, of one label if it has no more: of their last bytes in small letters. It
// reads the tail bytes before to, and regards none before from.
func suffix[T octets](b T, from, to int) uint64 {
	second, first := load(b, to-8), load(b, to-16) // the bytes in their order: first, second
	dots := (dotBits(first) | dotBits(second)<<8) >> (tail - min(tail, to-from)) << (tail - min(tail, to-from))
	begin := tail - min(tail, to-from)
	if last := bits.Len(dots); last > 0 {
		if dots ^= 1 << (last - 1); dots != 0 {
			begin = bits.Len(dots)
		}
	}
	first, second = first|folded, second|folded
	if begin < 8 {
		first = first >> (8 * begin) << (8 * begin)
	} else {
		first, second = 0, second>>(8*(begin-8))<<(8*(begin-8))
	}
	return mix(first^k1, second^k2)
}

// dotBits has a bit for each byte of w that is a dot.
func dotBits(w uint64) uint {
	w ^= ones * '.'
	return uint((^((w&^high + (high - ones)) | w) & high) >> 7 * 0x0102040810204080 >> 56)
}
