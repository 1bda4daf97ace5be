package parquet

import (
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/huff0"
)

// codec writes zstd frames that any decoder reads (RFC 8878), of literals under a Huffman code alone. Texts that stand in pages
// themselves repeat less than others, which is why they do: looking for repetitions would take several times as long as the code
// and save a third of them. It keeps its memory.
type codec struct {
	coder  coder
	out    []byte
	stated *code // by the frame: its blocks need not say it again
}

const (
	zstdMagic = 0xfd2fb528
	zstdBlock = 128 << 10 // bytes of one block before compression
	// A frame in one segment with its size in four bytes, no checksum, no dictionary: section 3.1.1.1.1.
	zstdDescriptor = 2<<6 | 1<<5
)

// The types of blocks: section 3.1.1.2.2.
const (
	zstdRaw = iota
	zstdRepeated
	zstdCompressed
)

// The types of literals: section 3.1.1.3.1.1.
const (
	literalsCoded    = 2
	literalsTreeless = 3
)

// part is bytes of one sort, and the code that served for the last ones of that sort; nil for those that stay as they are.
type part struct {
	bytes []byte
	code  *code
}

// encode returns a frame, valid until the next.
func (c *codec) encode(parts ...part) []byte {
	size := 0
	for _, p := range parts {
		size += len(p.bytes)
	}
	out := binary.LittleEndian.AppendUint32(c.out[:0], zstdMagic)
	out = binary.LittleEndian.AppendUint32(append(out, zstdDescriptor), uint32(size))
	c.stated = nil
	if size == 0 {
		out = append(out, blockHead(zstdRaw, 0, true)...)
	}
	for _, p := range parts {
		for b := p.bytes; len(b) > 0; {
			n := min(len(b), zstdBlock)
			size -= n
			out = c.block(out, b[:n], p.code, size == 0)
			b = b[n:]
		}
	}
	c.out = out
	return out
}

// blockHead is the header of a block: section 3.1.1.2.
func blockHead(typ, size int, last bool) []byte {
	v := uint32(typ)<<1 | uint32(size)<<3
	if last {
		v |= 1
	}
	return []byte{byte(v), byte(v >> 8), byte(v >> 16)}
}

func (c *codec) block(out, b []byte, code *code, last bool) []byte {
	const tiny = 64 // bytes that no code makes fewer
	if code == nil || len(b) < tiny {
		return append(append(out, blockHead(zstdRaw, len(b), last)...), b...)
	}
	raw := func() []byte {
		code.uses = 0 // it serves for nothing else
		return append(append(out, blockHead(zstdRaw, len(b), last)...), b...)
	}
	fresh := code.uses == 0
	if fresh {
		if c.stated == code {
			c.stated = nil
		}
		switch err := code.make(b, &c.coder); {
		case errors.Is(err, huff0.ErrUseRLE):
			code.uses = 0
			return append(append(out, blockHead(zstdRepeated, len(b), last)...), b[0])
		case err != nil:
			return raw()
		}
	}
	code.uses--
	const heads = 3 + 5 // of the block and of its literals
	start := len(out)
	out = append(out, make([]byte, heads)...)
	typ := uint64(literalsTreeless)
	if c.stated != code {
		typ = literalsCoded
		out = append(out, code.table...)
	}
	table := len(out)
	out, whole := code.appendStreams(out, b)
	switch size := len(out) - start - 3 + 1; {
	case !fresh && (!whole || !code.fits(len(b), len(out)-table)):
		code.uses = 0
		return c.block(out[:start], b, code, last)
	case size >= len(b):
		out = out[:start]
		return raw()
	default:
		c.stated = code
		copy(out[start:], blockHead(zstdCompressed, size, last))
		// Section 3.1.1.3.1.1: literals in four streams, both sizes of 18 bits.
		v := typ | 3<<2 | uint64(len(b))<<4 | uint64(len(out)-start-heads)<<22
		copy(out[start+3:], []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24), byte(v >> 32)})
		return append(out, 0) // no sequences
	}
}
