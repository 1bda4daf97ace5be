package parquet

import "encoding/binary"

// stream is a stream of codes (section 4.2.2) in the making.
type stream struct {
	out  []byte // with room for what comes
	at   int    // in it
	bits uint64 // that come next, the first the lowest: less than eight, the others are 0
	n    uint   // how many they are
}

// add appends one code, or what several are together, of no more than 56 bits.
func (s *stream) add(bits uint64, n uint) {
	s.bits |= bits << (s.n & 63)
	binary.LittleEndian.PutUint64(s.out[s.at:], s.bits)
	s.n += n
	s.at += int(s.n >> 3 & 7)
	s.bits >>= s.n & 56
	s.n &= 7
}

// pairs appends the codes of b, from its last byte on. It has a multiple of four bytes. It is add, written out.
func (s *stream) pairs(b []byte, codes *pairs) (ok bool) {
	out, at, bits, n := s.out, s.at, s.bits, s.n
	for len(b) >= 4 {
		x := codes[uint16(b[len(b)-2])|uint16(b[len(b)-1])<<8]
		y := codes[uint16(b[len(b)-4])|uint16(b[len(b)-3])<<8]
		b = b[:len(b)-4]
		if (x|y)&missing != 0 {
			return false
		}
		bits |= (x.bits() | y.bits()<<(x&lengthMask)) << (n & 7)
		n += uint(x) + uint(y) // the lengths are the lowest bits of all three
		binary.LittleEndian.PutUint64(out[at:at+8], bits)
		at += int(n >> 3 & 7)
		bits >>= n & 56
		n &= 7
	}
	s.at, s.bits, s.n = at, bits, n
	return true
}

// bytes is pairs without them.
func (s *stream) bytes(b []byte, codes *[256]symbol) (ok bool) {
	for len(b) >= 4 {
		w, x, y, z := codes[b[len(b)-1]], codes[b[len(b)-2]], codes[b[len(b)-3]], codes[b[len(b)-4]]
		b = b[:len(b)-4]
		if (w|x|y|z)&missing != 0 {
			return false
		}
		v, n := w.bits(), uint(w)
		v, n = v|x.bits()<<(n&lengthMask), n+uint(x)
		v, n = v|y.bits()<<(n&lengthMask), n+uint(y)
		v, n = v|z.bits()<<(n&lengthMask), n+uint(z)
		s.add(v, n&lengthMask)
	}
	return true
}
