package archive

import (
	"cmp"
	"slices"
)

// pile is a list that becomes long without being copied on the way. Its pieces are in order.
type pile struct {
	full [][]uint64
	last []uint64
	size int // of the full pieces
}

const (
	pieceLeast = 1 << 10
	pieceMost  = 1 << 15
)

func (p *pile) add(v uint64) {
	if len(p.last) == cap(p.last) {
		p.grow()
	}
	p.last = append(p.last, v)
}

func (p *pile) grow() {
	if len(p.last) > 0 {
		p.full, p.size = append(p.full, p.last), p.len()
	}
	p.last = make([]uint64, 0, min(max(p.size, pieceLeast), pieceMost))
}

func (p *pile) len() int { return p.size + len(p.last) }

// each calls f with one piece after the other.
func (p *pile) each(f func([]uint64)) {
	for _, piece := range p.full {
		f(piece)
	}
	f(p.last)
}

// postings are pairs of a key and a reference to rows that hold it.
type postings struct {
	keys []uint64
	refs []uint32
}

func newPostings(n int) postings { return postings{make([]uint64, n), make([]uint32, n)} }

func (p postings) part(from, to int) postings { return postings{p.keys[from:to], p.refs[from:to]} }

// sortKeys returns the keys, each with a reference to its row, and more, by key. For one key they are in their order: keys come
// in that of their rows, of which each has its count of them, before more. Keys are hashes: their first bits part them into buckets
// that are done in the processor's nearest memory.
func sortKeys(keys *pile, counts []uint32, more postings) postings {
	const shift, buckets = 64 - 11, 1 << 11
	var next [buckets]int
	count := func(piece []uint64) {
		for _, k := range piece {
			next[k>>shift]++
		}
	}
	keys.each(count)
	count(more.keys)
	most := fromCounts(next[:])
	sorted := newPostings(keys.len() + len(more.keys))
	row, left := -1, uint32(0)
	keys.each(func(piece []uint64) {
		for _, k := range piece {
			for left == 0 {
				row++
				left = counts[row]
			}
			left--
			at := next[k>>shift]
			next[k>>shift]++
			sorted.keys[at], sorted.refs[at] = k, inline|uint32(row)
		}
	})
	for i, k := range more.keys {
		at := next[k>>shift]
		next[k>>shift]++
		sorted.keys[at], sorted.refs[at] = k, more.refs[i]
	}
	spare := newPostings(most)
	begin := 0
	for _, end := range next {
		sortBucket(sorted.part(begin, end), spare)
		begin = end
	}
	return sorted
}

// fromCounts makes of how many there are in each bucket where each begins, and returns how many the fullest has.
func fromCounts(buckets []int) (most int) {
	at := 0
	for i, n := range buckets {
		buckets[i], at, most = at, at+n, max(most, n)
	}
	return most
}

// sortBucket sorts postings whose first eleven bits are the same by their next sixteen, twice eight, and what is still out of order
// by hand. spare is as long at least.
func sortBucket(a, spare postings) {
	const few = 24
	n := len(a.keys)
	if n > few {
		spare = spare.part(0, n)
		scatter(spare, a, 64-11-16)
		scatter(a, spare, 64-11-8)
	}
	moves := few * (few + n)
	for i := 1; i < n; i++ {
		k, ref, j := a.keys[i], a.refs[i], i
		for ; j > 0 && a.keys[j-1] > k; j-- {
			a.keys[j], a.refs[j] = a.keys[j-1], a.refs[j-1]
		}
		a.keys[j], a.refs[j] = k, ref
		if moves -= i - j; moves < 0 { // somebody chose his values
			sortSlowly(a)
			return
		}
	}
}

// sortSlowly takes no more time for one order than for another.
func sortSlowly(a postings) {
	type posting struct {
		key     uint64
		ref, at uint32
	}
	all := make([]posting, len(a.keys))
	for i, k := range a.keys {
		all[i] = posting{k, a.refs[i], uint32(i)}
	}
	slices.SortFunc(all, func(x, y posting) int {
		return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.at, y.at))
	})
	for i, p := range all {
		a.keys[i], a.refs[i] = p.key, p.ref
	}
}

// scatter puts from into to by eight bits of the keys. What is the same in them keeps its order.
func scatter(to, from postings, shift int) {
	var next [1 << 8]int
	for _, k := range from.keys {
		next[uint8(k>>shift)]++
	}
	fromCounts(next[:])
	for i, k := range from.keys {
		at := next[uint8(k>>shift)]
		next[uint8(k>>shift)]++
		to.keys[at], to.refs[at] = k, from.refs[i]
	}
}

// sortFour returns addresses, each above its row, by address and for one address by row, as they come: a radix sort, three passes of
// eleven bits.
func sortFour(four *pile) []uint64 {
	const bits, buckets = 11, 1 << 11
	to, from := make([]uint64, four.len()), *four
	var spare []uint64
	for shift := 32; shift < 64; shift += bits {
		var next [buckets]int
		from.each(func(piece []uint64) {
			for _, v := range piece {
				next[v>>shift&(buckets-1)]++
			}
		})
		fromCounts(next[:])
		from.each(func(piece []uint64) {
			for _, v := range piece {
				slot := v >> shift & (buckets - 1)
				to[next[slot]] = v
				next[slot]++
			}
		})
		if spare == nil {
			spare = make([]uint64, len(to))
		}
		from, to, spare = pile{last: to}, spare, to
	}
	return from.last
}
