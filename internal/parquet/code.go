package parquet

import (
	"encoding/binary"

	"github.com/klauspost/compress/huff0"
)

// code is a Huffman code of one sort of bytes, a column's texts say. It is made of what is counted in one block and serves for the
// blocks that follow, whose bytes are nearly always of the same kind: counting alone takes longer than coding.
type code struct {
	symbols [256]symbol
	pairs   *pairs    // once a block was large enough
	paired  []byte    // the bytes whose pairs have codes there; none if none have
	met     [256]bool // bytes of the block that the code before was made of: they may come again
	table   []byte    // as a block states it: section 4.2.1
	uses    int       // left, until the code is made anew
	from    int       // bytes that the code was made of
	to      int       // and bytes that they became
}

// symbol is the code of a byte, or of two bytes, above its length in bits.
type symbol uint32

func (s symbol) bits() uint64 { return uint64(s >> lengthBits) }
func (s symbol) length() uint { return uint(s & lengthMask) }

// then is the code of what has the code s and, behind it in the stream, of what has the code t.
func (s symbol) then(t symbol) symbol {
	if (s|t)&missing != 0 {
		return missing
	}
	return symbol(s.bits()|t.bits()<<s.length())<<lengthBits | symbol(s.length()+t.length())
}

// pairs has the codes of any two bytes by what they are as a little-endian number. Few are ever looked at: those of a text lie
// in the processor's nearest memory.
type pairs [1 << 16]symbol

// coder is what makes codes one after the other.
type coder struct {
	huff    huff0.Scratch
	weights weights
}

const (
	codeUses    = 16
	manyBytes   = 100 // different ones: they are no text, and any other may come
	codeSlack   = 32  // a block may become larger than the code's own by a part in so many
	codeBits    = 11  // of the longest code: section 4.2.1
	lengthBits  = 6
	lengthMask  = 1<<lengthBits - 1
	missing     = 1 << 31 // in place of a code
	maxPerFour  = (7 + 4*codeBits) / 8
	streamsHead = 6       // the sizes of three streams
	pairsBlock  = 8 << 10 // bytes of the least block that is worth them
)

// make makes the code of what is in b. The error is huff0.ErrUseRLE where all bytes are one, ErrIncompressible where they do not get fewer.
func (c *code) make(b []byte, k *coder) error {
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
	err := k.huff.BuildCTable(&counts)
	if err != nil {
		return err
	}
	if c.table, err = k.huff.AppendTable(c.table); err != nil {
		return err
	}
	if err = c.assign(&k.weights); err != nil {
		return err
	}
	if c.from, c.to = len(b), c.size(&counts); c.to+len(c.table) >= len(b) {
		return huff0.ErrIncompressible
	}
	c.pair(len(b) >= pairsBlock && distinct <= manyBytes)
	return nil
}

// size is what the code makes of so many of each byte that has one.
func (c *code) size(counts *[256]uint32) int {
	n := uint(0)
	for x, s := range c.symbols {
		n += uint(counts[x]) * s.length()
	}
	return int(n+7) / 8
}

// pair makes the codes of pairs, or sees to it that none are used.
func (c *code) pair(worth bool) {
	if c.pairs == nil {
		if !worth {
			return
		}
		c.pairs = new(pairs)
		for i := range c.pairs {
			c.pairs[i] = missing
		}
	}
	for _, x := range c.paired {
		for _, y := range c.paired {
			c.pairs[int(x)<<8|int(y)] = missing
		}
	}
	c.paired = c.paired[:0]
	if !worth {
		return
	}
	for x, s := range c.symbols {
		if s != missing {
			c.paired = append(c.paired, byte(x))
		}
	}
	for _, x := range c.paired {
		for _, y := range c.paired {
			c.pairs[int(x)<<8|int(y)] = c.symbols[x].then(c.symbols[y])
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
	s := stream{at: len(dst)}
	need := s.at + (len(b)/4+2)*maxPerFour + 16
	if cap(dst) < need {
		dst = append(make([]byte, 0, 2*need), dst...)
	}
	s.out = dst[:cap(dst)]
	for ; len(b)&3 != 0; b = b[:len(b)-1] {
		x := c.symbols[b[len(b)-1]]
		if x == missing {
			return dst, false
		}
		s.add(x.bits(), x.length())
	}
	if len(c.paired) > 0 {
		ok = s.pairs(b, c.pairs)
	} else {
		ok = s.bytes(b, &c.symbols)
	}
	s.add(1, 8) // the end, and what fills its byte
	return s.out[:s.at], ok
}
