// Package quote finds the quotes, backslashes and control characters of a line, many bytes at a time.
//
// They are what a reader of JSON cannot skip; all that lies between two quotes
// can be jumped over. On amd64 with AVX2 the work is done by a short piece of assembly, elsewhere
// by its twin in plain Go, eight bytes at a time. Fuzzing holds them to each other and to a loop over bytes.
package quote

import (
	"encoding/binary"
	"math/bits"
)

// slack is how many positions the assembly may write beyond the last one.
const slack = 64

// Index returns the positions in line, ascending, of every '"', every '\' and every byte below 0x20, in the memory of
// at if that is large enough, and whether all bytes are ASCII.
func Index(at []uint32, line []byte) (positions []uint32, ascii bool) {
	if need := len(line) + slack; cap(at) < need {
		at = make([]uint32, need)
	}
	return index(at[:cap(at)], line)
}

// plain is Index without assembly; at has room for every byte of line.
func plain(at []uint32, line []byte) ([]uint32, bool) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n, i, seen := 0, 0, uint64(0)
	for ; i+8 <= len(line); i += 8 {
		w := binary.LittleEndian.Uint64(line[i:])
		seen |= w
		low := w &^ high // adding to seven bits cannot carry into the next byte
		quote := (low ^ ones*'"') + (high - ones)
		slash := (low ^ ones*'\\') + (high - ones)
		control := low + (high - ones*0x20)
		for m := ^(quote&slash&control | w) & high; m != 0; m &= m - 1 {
			at[n] = uint32(i + bits.TrailingZeros64(m)/8)
			n++
		}
	}
	for ; i < len(line); i++ {
		c := line[i]
		seen |= uint64(c)
		if c == '"' || c == '\\' || c < 0x20 {
			at[n] = uint32(i)
			n++
		}
	}
	return at[:n], seen&high == 0
}

// End returns where the first '"', '\' or byte below 0x20 stands in line at pos or behind it, and whether all bytes
// from pos to there are ASCII. Without one, the position is -1.
func End(line []byte, pos int) (at int, ascii bool) { return end(line, pos) }

// plainEnd is End without assembly. seen is what is not zero if a byte before pos is not ASCII.
func plainEnd(line []byte, pos int, seen uint64) (int, bool) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	other := seen
	seen = 0
	for ; pos+8 <= len(line); pos += 8 {
		w := binary.LittleEndian.Uint64(line[pos:])
		low := w &^ high // adding to seven bits cannot carry into the next byte
		quote := (low ^ ones*'"') + (high - ones)
		slash := (low ^ ones*'\\') + (high - ones)
		control := low + (high - ones*0x20)
		if m := ^(quote&slash&control | w) & high; m != 0 {
			before := m&-m - 1
			return pos + bits.TrailingZeros64(m)/8, other|(seen|w&before)&high == 0
		}
		seen |= w
	}
	for ; pos < len(line); pos++ {
		c := line[pos]
		if c == '"' || c == '\\' || c < 0x20 {
			return pos, other|seen&high == 0
		}
		seen |= uint64(c)
	}
	return -1, false
}
