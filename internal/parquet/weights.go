package parquet

import (
	"fmt"
	"math/bits"

	"github.com/klauspost/compress/fse"
)

// weights are what the table of a code says: section 4.2.1.
type weights struct {
	scratch fse.Scratch
	each    []byte // by byte: by how much its code is shorter than the longest, and one; 0 without a code
}

// Below this the table's first byte is the size of compressed weights; there and above, how many plain ones follow, and this less one.
const plainWeights = 128

// read reads a whole table, as decoders do: sections 4.2.1.1 and 4.2.1.2. It returns the length of the longest code.
func (w *weights) read(table []byte) (longest int, err error) {
	each := w.each[:0]
	if n := table[0]; n < plainWeights {
		w.scratch.Out, w.scratch.DecompressLimit = each, 255
		if each, err = fse.Decompress(table[1:1+n], &w.scratch); err != nil {
			return 0, fmt.Errorf("read the table of a code: %w", err)
		}
	} else {
		for i := range int(n) - plainWeights + 1 {
			each = append(each, table[1+i/2]>>(4*(1-i&1))&0xf)
		}
	}
	sum := 0
	for _, x := range each {
		sum += 1 << x >> 1
	}
	longest = bits.Len(uint(sum))
	// The last one is not stated: it makes the sum a power of two.
	w.each = append(each, byte(bits.Len(uint(1<<longest-sum))))
	return longest, nil
}

// assign gives the bytes the codes of the table: the longest first, those of one length in order (section 4.2.1.3).
func (c *code) assign(w *weights) error {
	longest, err := w.read(c.table)
	if err != nil {
		return err
	}
	var many, next [1 << 4]uint
	for _, x := range w.each {
		many[x]++
	}
	for x := 1; x < longest; x++ {
		next[x+1] = (next[x] + many[x]) >> 1
	}
	for i := range c.symbols {
		c.symbols[i] = missing
		if i < len(w.each) && w.each[i] > 0 {
			x := w.each[i]
			c.symbols[i] = symbol(next[x]<<lengthBits) | symbol(longest+1-int(x))
			next[x]++
		}
	}
	return nil
}
