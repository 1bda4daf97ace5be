package parquet

import (
	"encoding/binary"
	"math/bits"
)

// levels are the repetition and definition levels of an open page, encoded, and what they say.
type levels struct {
	bytes    []byte
	rep, def int // bytes of each
	values   int // nulls counted; an empty list is one
	nulls    int
}

// presence says of each row of the open page whether a column has a value there. A row without one costs nothing.
type presence [pageRows / 64]uint64

func (p *presence) has(row int) bool { return p[row>>6]>>(row&63)&1 != 0 }
func (p *presence) set(row int)      { p[row>>6] |= 1 << (row & 63) }

// levels returns those of the first rows, in the memory of dst.
func (p *presence) levels(dst []byte, rows int) levels {
	present := 0
	for _, w := range p {
		present += bits.OnesCount64(w)
	}
	dst = appendRuns(dst[:0], p[:(rows+63)>>6], rows)
	return levels{bytes: dst, def: len(dst), values: rows, nulls: rows - present}
}

// lists has the length of each row's list in the open page. The columns of its members share their levels. A row whose list is
// empty costs nothing.
type lists struct {
	lengths [pageRows]int32
	done    levels // set by finish
	rep     marks
	def     marks
}

// finish encodes the levels of the first rows and begins another page.
func (l *lists) finish(rows int) {
	l.rep.reset()
	l.def.reset()
	empty := 0
	for _, n := range l.lengths[:rows] {
		l.rep.add(0, 1)
		if n == 0 {
			l.def.add(0, 1)
			empty++
			continue
		}
		l.rep.add(1, int(n)-1)
		l.def.add(1, int(n))
	}
	clear(l.lengths[:rows])
	d := &l.done
	d.bytes = appendRuns(d.bytes[:0], l.rep.words, l.rep.n)
	d.rep = len(d.bytes)
	d.bytes = appendRuns(d.bytes, l.def.words, l.def.n)
	d.def = len(d.bytes) - d.rep
	d.values, d.nulls = l.rep.n, empty
}

// marks are n bits, the first the lowest of the first word. Those that follow the last are 0.
type marks struct {
	words []uint64
	n     int
}

func (m *marks) reset() { m.words, m.n = m.words[:0], 0 }

// add appends n equal bits.
func (m *marks) add(bit uint64, n int) {
	for n > 0 {
		at := m.n & 63
		if at == 0 {
			m.words = append(m.words, 0)
		}
		k := min(n, 64-at)
		m.words[len(m.words)-1] |= -bit >> (64 - k) << at
		m.n, n = m.n+k, n-k
	}
}

// appendRuns appends the first n bits of words, of which there are as many as that takes, in the encoding RLE for values of one bit:
// words of equal bits as one run, what is between them as it is.
func appendRuns(dst []byte, words []uint64, n int) []byte {
	alike := func(i int) bool { return (words[i] == 0 || words[i] == full(i, n)) }
	for i := 0; i < len(words); {
		j := i + 1
		if alike(i) {
			bit := words[i] & 1
			for j < len(words) && alike(j) && words[j]&1 == bit {
				j++
			}
			dst = binary.AppendUvarint(dst, uint64(min(n, 64*j)-64*i)<<1)
			dst = append(dst, byte(bit))
		} else {
			for j < len(words) && !alike(j) {
				j++
			}
			dst = binary.AppendUvarint(dst, uint64(j-i)*8<<1|1) // groups of eight
			for _, w := range words[i:j] {
				dst = binary.LittleEndian.AppendUint64(dst, w)
			}
		}
		i = j
	}
	return dst
}

// full is the i-th word of n bits that are all set.
func full(i, n int) uint64 { return ^uint64(0) >> (64 - min(64, n-64*i)) }
