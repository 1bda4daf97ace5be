package sieve

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
