package parquet

import (
	"encoding/binary"

	"github.com/klauspost/compress/huff0"
)

// codec writes zstd frames that any decoder reads (RFC 8878), of literals under a Huffman code alone. Texts that stand in pages
// themselves repeat less than others, which is why they do: looking for repetitions would take several times as long as the code
// and save a third of them. It keeps its memory.
type codec struct {
	huff huff0.Scratch
	out  []byte
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

// encode returns a frame of parts, each under codes of its own, valid until the next.
func (c *codec) encode(parts ...[]byte) []byte {
	size := 0
	for _, b := range parts {
		size += len(b)
	}
	out := binary.LittleEndian.AppendUint32(c.out[:0], zstdMagic)
	out = binary.LittleEndian.AppendUint32(append(out, zstdDescriptor), uint32(size))
	if size == 0 {
		out = c.block(out, nil, true)
	}
	for _, b := range parts {
		for len(b) > 0 {
			n := min(len(b), zstdBlock)
			size -= n
			out = c.block(out, b[:n], size == 0)
			b = b[n:]
		}
	}
	c.out = out
	return out
}

func (c *codec) block(out, b []byte, last bool) []byte {
	head := func(typ, size int) []byte {
		v := uint32(typ)<<1 | uint32(size)<<3
		if last {
			v |= 1
		}
		return append(out, byte(v), byte(v>>8), byte(v>>16))
	}
	const tiny = 64 // bytes that no code makes fewer
	if len(b) < tiny {
		return append(head(zstdRaw, len(b)), b...)
	}
	c.huff.Reuse = huff0.ReusePolicyNone
	coded, _, err := huff0.Compress4X(b, &c.huff)
	const literalsHead = 5
	switch size := literalsHead + len(coded) + 1; {
	case err == huff0.ErrUseRLE:
		return append(head(zstdRepeated, len(b)), b[0])
	case err != nil || size >= len(b):
		return append(head(zstdRaw, len(b)), b...)
	default:
		out = head(zstdCompressed, size)
		// Section 3.1.1.3.1.1: compressed literals in four streams, both sizes of 18 bits.
		v := 2 | 3<<2 | uint64(len(b))<<4 | uint64(len(coded))<<22
		out = append(out, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32))
		return append(append(out, coded...), 0) // no sequences
	}
}
