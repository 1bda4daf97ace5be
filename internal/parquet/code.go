package parquet

import (
	"encoding/binary"

	"github.com/klauspost/compress/huff0"
)

// code is a Huffman code of one sort of bytes, a column's texts say. It is made of what is counted in one block and serves for the
// blocks that follow, whose bytes are nearly always of the same kind: counting alone takes half as long as coding.
type code struct {
	symbols [256]symbol
	met     [256]bool // bytes of the block that the code before was made of: they may come again
	table   []byte    // as a block states it: section 4.2.1
	uses    int       // left, until the code is made anew
	from    int       // bytes that the code was made of
	to      int       // and bytes that they became
}

// symbol is the code of a byte and its length in bits, missing where it has none.
type symbol struct{ bits, length uint16 }

const (
	codeUses    = 16
	manyBytes   = 100 // different ones: they are no text, and any other may come
	codeSlack   = 32  // a block may become larger than the code's own by a part in so many
	codeBits    = 11  // of the longest code: section 4.2.1
	missing     = 64  // shifts nothing, and what it is added to tells
	maxPerFour  = (7 + 4*codeBits) / 8
	streamsHead = 6 // the sizes of three streams
)

// make makes the code of what is in b. The error is huff0.ErrUseRLE where all bytes are one, ErrIncompressible where they do not get fewer.
func (c *code) make(b []byte, huff *huff0.Scratch) error {
	c.uses, c.table = codeUses, c.table[:0]
	var counts [256]uint32
	for _, x := range b {
		counts[x]++
	}
	distinct, most := 0, uint32(0)
	for _, n := range counts {
		if n > 0 {
			distinct++
		}
		most = max(most, n)
	}
	switch {
	case distinct == 1:
		return huff0.ErrUseRLE
	case int(most) < len(b)>>7: // all come about as often
		return huff0.ErrIncompressible
	}
	for x, n := range counts {
		if n == 0 && (c.met[x] || distinct > manyBytes) {
			counts[x] = 1
		}
		c.met[x] = n > 0
	}
	err := huff.BuildCTable(&counts)
	if err != nil {
		return err
	}
	if c.table, err = huff.AppendTable(c.table); err != nil {
		return err
	}
	if c.from, c.to = len(b), huff.EstimateSize(&counts); c.to+len(c.table) >= len(b) {
		return huff0.ErrIncompressible
	}
	c.lengths(&counts, huff)
	c.assign()
	return nil
}

// lengths asks for the length of each code: what so many of a byte would take, several bytes at once, each in four bits of the answer.
func (c *code) lengths(counts *[256]uint32, huff *huff0.Scratch) {
	const each, first = 4, 8 // the answer is in bytes
	const atOnce = 6
	var asked [256]uint32
	var bytes [atOnce]int
	n := 0
	answer := func() {
		bits := huff.EstimateSize(&asked)
		for k, x := range bytes[:n] {
			c.symbols[x] = symbol{length: uint16(bits>>(each*k)) & (1<<each - 1)}
			asked[x] = 0
		}
		n = 0
	}
	for x := range counts {
		if counts[x] == 0 {
			c.symbols[x] = symbol{length: missing}
			continue
		}
		bytes[n], asked[x] = x, first<<(each*n)
		if n++; n == atOnce {
			answer()
		}
	}
	answer()
}

// assign gives the bytes their codes: the longest first, those of one length in order (section 4.2.1.3).
func (c *code) assign() {
	var many, next [codeBits + 1]uint16
	for _, s := range c.symbols {
		if s.length != missing {
			many[s.length]++
		}
	}
	value := uint16(0)
	for n := codeBits; n > 0; n-- {
		next[n] = value
		value = (value + many[n]) >> 1
	}
	for x := range c.symbols {
		if s := &c.symbols[x]; s.length != missing {
			s.bits = next[s.length]
			next[s.length]++
		}
	}
}

// fits says that n bytes which became so many are no worse served by the code than those that it was made of.
func (c *code) fits(n, coded int) bool {
	expected := n * c.to / c.from
	return coded <= expected+expected/codeSlack+codeSlack
}

// appendStreams appends b in four streams under the code (section 4.2.2), unless a byte has none.
func (c *code) appendStreams(dst, b []byte) (_ []byte, ok bool) {
	quarter := (len(b) + 3) / 4
	sizes := len(dst)
	dst = append(dst, make([]byte, streamsHead)...)
	for i := range 4 {
		start := len(dst)
		if dst, ok = c.appendStream(dst, b[min(i*quarter, len(b)):min((i+1)*quarter, len(b))]); !ok {
			return dst, false
		}
		if i < 3 {
			binary.LittleEndian.PutUint16(dst[sizes+2*i:], uint16(len(dst)-start))
		}
	}
	return dst, true
}

// appendStream appends one stream, which begins with the last byte.
func (c *code) appendStream(dst, b []byte) (_ []byte, ok bool) {
	at := len(dst)
	need := at + (len(b)/4+2)*maxPerFour + 16
	if cap(dst) < need {
		dst = append(make([]byte, 0, 2*need), dst...)
	}
	dst = dst[:cap(dst)]
	symbols := &c.symbols
	var bits uint64
	n := uint(0) // how many they are, and 64 for each byte without a code
	i := len(b)
	for ; i&3 != 0; i-- {
		s := symbols[b[i-1]]
		bits |= uint64(s.bits) << (n & 63)
		n += uint(s.length)
	}
	for i -= 4; i >= 0; i -= 4 {
		binary.LittleEndian.PutUint64(dst[at:], bits)
		at += int(n >> 3 & 7)
		bits >>= n & 56
		n &^= 56
		four := b[i : i+4]
		s := symbols[four[3]]
		v, l := uint64(s.bits), uint(s.length)
		s = symbols[four[2]]
		v, l = v|uint64(s.bits)<<(l&63), l+uint(s.length)
		s = symbols[four[1]]
		v, l = v|uint64(s.bits)<<(l&63), l+uint(s.length)
		s = symbols[four[0]]
		v, l = v|uint64(s.bits)<<(l&63), l+uint(s.length)
		bits |= v << (n & 7)
		n += l
	}
	bits |= 1 << (n & 63) // the end of the stream
	binary.LittleEndian.PutUint64(dst[at:], bits)
	return dst[:at+int(n&63+8)/8], n < 64
}
