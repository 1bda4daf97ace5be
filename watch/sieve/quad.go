package sieve

import (
	"encoding/binary"
	"math/bits"
)

// quadFits says that b[from:to] is as long as an IPv4 address and has the bytes around it that quad reads.
func quadFits(b []byte, from, to int) bool {
	return to-from-len("0.0.0.0") <= len("255.255.255.255")-len("0.0.0.0") && to-from >= len("0.0.0.0") && from >= 4 && from+16 <= len(b)
}

// isQuad reports that b[from:to] is an IPv4 address.
func isQuad(b []byte, from, to int) bool {
	if !quadFits(b, from, to) {
		return false
	}
	_, ok := quad(b, from, to)
	return ok
}

// quad is parse4 without a branch for each byte, where quadFits.
func quad(b []byte, from, to int) (addr uint32, ok bool) {
	lo, hi, n := load(b, from), load(b, from+8), uint(to-from)
	within := uint(1)<<n - 1
	dots := (gather(equal(lo, '.')) | gather(equal(hi, '.'))<<8) & within
	if others := (gather(noDigit(lo)) | gather(noDigit(hi))<<8) & within; others != dots {
		return 0, false
	}
	second := dots & (dots - 1)
	third := second & (second - 1)
	if third == 0 || third&(third-1) != 0 {
		return 0, false // not three dots
	}
	end1, end2, end3 := uint(bits.TrailingZeros(dots)), uint(bits.TrailingZeros(second)), uint(bits.TrailingZeros(third))
	size1, size2, size3, size4 := end1, end2-end1-1, end3-end2-1, n-end3-1
	if (size1-1)|(size2-1)|(size3-1)|(size4-1) > 3 {
		return 0, false // none, or more than four digits
	}
	a, bad1 := octet(b, from+int(end1), size1)
	c, bad2 := octet(b, from+int(end2), size2)
	d, bad3 := octet(b, from+int(end3), size3)
	e, bad4 := octet(b, to, size4)
	return a<<24 | c<<16 | d<<8 | e, (bad1|bad2|bad3|bad4)>>31 == 0
}

// octet reads one to four digits before end. The high bit of bad is set if they are more than three, or begin with a zero, or
// are above 255.
func octet(b []byte, end int, size uint) (value, bad uint32) {
	unused := (32 - 8*size) & 31
	w := binary.LittleEndian.Uint32(b[end-4:end]) & 0x0f0f0f0f >> unused << unused
	value = w>>24 + w>>16&0xff*10 + w>>8&0xff*100
	return value, (255 - value) | (value - smallest[size&3])
}

// smallest is the least number of so many digits that has no leading zero; of four digits, none is small enough.
var smallest = [4]uint32{1000, 0, 10, 100}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// equal sets the high bit of each byte of w that is c.
func equal(w uint64, c byte) uint64 {
	w ^= ones * uint64(c)
	return ^((w&^high + (high - ones)) | w) & high
}

// noDigit sets the high bit of each byte of w that is no decimal digit.
func noDigit(w uint64) uint64 {
	w ^= ones * '0'
	return (w&^high + ones*0x76 | w) & high
}

// gather makes the high bits of eight bytes eight bits.
func gather(w uint64) uint { return uint(w >> 7 * 0x0102040810204080 >> 56) }

// dottedAt returns where the decimal digits and dots that begin at pos end in a quote, and them: two words with zeros behind
// the text. The end is -1 if there is no quote, or not within sixteen bytes. It reads as many.
func dottedAt(b []byte, pos int) (first, second uint64, end int) {
	first, second = load(b, pos), load(b, pos+8)
	n := trailing(noDigit(first) &^ equal(first, '.'))
	if n == 8 {
		n += trailing(noDigit(second) &^ equal(second, '.'))
		second &= 1<<(8*uint(n-8)&63) - 1
	} else {
		first, second = first&(1<<(8*uint(n)&63)-1), 0
	}
	if n > 15 || b[pos+n] != '"' {
		return 0, 0, -1
	}
	return first, second, pos + n
}

// trailing is how many bytes of the word are below the lowest one whose high bit is set in m, which has no other bits: eight if
// none is. Many processors count zeros slowly.
func trailing(m uint64) int {
	m >>= 7
	return int((m - 1) &^ m & ones * ones >> 56)
}
