package sieve

import "math/bits"

// What a byte says about text in which package freetext looks for values.
const (
	other = iota
	digit
	dot
	letter // of hexadecimal digits
	colon
	telling // nearly always part of something to find
)

var inText = func() (t [256]uint8) {
	for _, c := range []byte("0123456789") {
		t[c] = digit
	}
	for _, c := range []byte("abcdefABCDEF") {
		t[c] = letter
	}
	t['.'], t[':'], t['@'], t['\x1b'] = dot, colon, telling, telling
	return t
}()

// text judges prose: true for what could be a URL, an e-mail address, an IPv6 address or a hash, or if it has an IPv4 address that
// may meet the set.
func (s *Sieve) text(b []byte, from, to int) bool {
	if bare(b, from, to) {
		return false
	}
	numeric, dots := 0, 0 // length of the run of digits and dots, and the dots in it
	hex, colons := 0, 0
	for i := from; i < to; i++ {
		switch inText[b[i]] {
		case digit:
			numeric++
			hex++
			if hex == 32 {
				return true
			}
			continue
		case dot:
			numeric++
			dots++
			hex = 0
			continue
		case letter:
			if hex++; hex == 32 {
				return true
			}
		case other:
			hex = 0
		case colon:
			hex = 0
			if colons++; colons == 6 || i+1 < to && (b[i+1] == ':' || b[i+1] == '/') {
				hi, lo, ok := parse6(b[from:to]) // nothing but an address
				return !ok || s.set.MayAddr6(hi, lo)
			}
		case telling:
			return true
		}
		if dots >= 3 && s.dotted(b, i-numeric, i) {
			return true
		}
		numeric, dots = 0, 0
	}
	return dots >= 3 && s.dotted(b, to-numeric, to)
}

// bare says that prose surely has nothing to find: no colon nor any other telling mark, never three dots within the bytes of an
// address, and, so that no hash is in it, a byte in each eight that is no hexadecimal digit.
func bare(b []byte, from, to int) bool {
	if to-from < 8 {
		return false
	}
	before := 0 // dots in the word before
	for at := from; at < to; at += 8 {
		w := load(b, min(at, to-8))
		low := w &^ high
		small := low | 0x20*ones
		dots := bits.OnesCount64(equal(w, '.'))
		if equal(w, ':')|equal(w, '@')|equal(w, '\x1b') != 0 || before+dots >= 3 {
			return false
		}
		beyond := small + (0x80-'g')*ones // letters behind f, and more marks
		below := ^(low + (0x80-'0')*ones) // spaces and marks before the digits
		if (w|beyond|below)&high == 0 {
			return false
		}
		before = dots
	}
	return true
}

// dotted judges a run of digits and dots.
func (s *Sieve) dotted(b []byte, from, to int) bool {
	for from < to && b[from] == '.' {
		from++
	}
	for from < to && b[to-1] == '.' {
		to--
	}
	a, ok := parse4(b, from, to)
	return ok && s.set.MayAddr4(a)
}
