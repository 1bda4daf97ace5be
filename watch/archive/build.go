package archive

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"slices"

	"github.com/FastFilter/xorfilter"

	"entente/observable"
)

// MaxRows is the most rows of one segment.
const MaxRows = 1 << 28

// Builder collects the expressions of a segment's records and writes its Index.
type Builder struct {
	keys  []posting
	four  []uint64 // address in the upper half, row in the lower
	six   []posting6
	rows  uint32
	key   func(uint64)
	addr  func(netip.Addr)
	spare []posting

	spareFour []uint64
}

// posting says that a row holds a key.
type posting struct {
	key uint64
	row uint32
}

type posting6 struct {
	addr [16]byte
	row  uint32
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	b := &Builder{}
	b.key = func(k uint64) { b.keys = append(room(b.keys), posting{k, b.rows}) }
	b.addr = func(a netip.Addr) {
		if a.Is4() {
			v := a.As4()
			b.four = append(room(b.four), uint64(binary.BigEndian.Uint32(v[:]))<<32|uint64(b.rows))
		} else {
			b.six = append(b.six, posting6{a.As16(), b.rows})
		}
	}
	return b
}

// room doubles what is full: the lists become long, and append would copy them many times.
func room[T any](s []T) []T {
	if len(s) == cap(s) {
		s = slices.Grow(s, max(1024, len(s)))
	}
	return s
}

// Add enters the next row, numbered from 0, with its observables.
func (b *Builder) Add(values iterator) {
	values(func(v observable.Value) bool {
		expressions(v, b.key, b.addr)
		return true
	})
	b.rows++
}

// iterator is iter.Seq[observable.Value].
type iterator = func(yield func(observable.Value) bool)

// Rows is how many rows were added.
func (b *Builder) Rows() int { return int(b.rows) }

// Postings is how many pairs of a row and an expression were added.
func (b *Builder) Postings() int { return len(b.keys) }

// WriteTo writes the index and empties the builder, which keeps its memory.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	b.spare = slices.Grow(b.spare[:0], len(b.keys))[:len(b.keys)]
	sortPostings(b.keys, b.spare)
	b.spareFour = slices.Grow(b.spareFour[:0], len(b.four))[:len(b.four)]
	b.four, b.spareFour = sortFour(b.four, b.spareFour)
	slices.SortFunc(b.six, func(x, y posting6) int {
		return cmpPosting6(x, y)
	})
	var x sections
	x.head.Rows = b.rows
	if err := x.putKeys(b.keys); err != nil {
		return 0, err
	}
	x.putFour(b.four)
	x.putSix(b.six)
	b.keys, b.four, b.six, b.rows = b.keys[:0], b.four[:0], b.six[:0], 0
	return x.write(w)
}

func cmpPosting6(x, y posting6) int {
	if c := slices.Compare(x.addr[:], y.addr[:]); c != 0 {
		return c
	}
	return int(int64(x.row) - int64(y.row))
}

// sections is an index in the making.
type sections struct {
	head                           header
	filter, keys, posts, four, six []byte
	rows                           []uint32
}

// putKeys writes the filter, and the distinct keys in blocks of blockKeys: the
// keys, for each where its rows are, and a checksum.
func (x *sections) putKeys(all []posting) error {
	distinct := make([]uint64, 0, len(all))
	for i, p := range all {
		if i == 0 || p.key != all[i-1].key {
			distinct = append(distinct, p.key)
		}
	}
	x.head.Keys = uint32(len(distinct))
	if len(distinct) == 0 {
		return nil
	}
	x.keys = make([]byte, 0, len(distinct)*13)
	refs := make([]uint32, 0, blockKeys)
	next := 0
	for from := 0; from < len(distinct); from += blockKeys {
		block := distinct[from:min(from+blockKeys, len(distinct))]
		start := len(x.keys)
		refs = refs[:0]
		for _, k := range block {
			x.rows = x.rows[:0]
			for ; next < len(all) && all[next].key == k; next++ {
				x.rows = append(x.rows, all[next].row)
			}
			refs = append(refs, putRows(&x.posts, x.rows))
			x.keys = binary.LittleEndian.AppendUint64(x.keys, k)
		}
		for _, r := range refs {
			x.keys = binary.LittleEndian.AppendUint32(x.keys, r)
		}
		x.keys = binary.LittleEndian.AppendUint32(x.keys, crc32.Checksum(x.keys[start:], castagnoli))
	}
	f, err := xorfilter.PopulateBinaryFuse8(distinct) // may reorder distinct, which is done with
	if err != nil {
		return fmt.Errorf("build the filter: %w", err)
	}
	x.head.Seed, x.head.FilterLength, x.head.FilterCount = f.Seed, f.SegmentLength, f.SegmentCount
	x.filter = f.Fingerprints
	return nil
}

// putRows returns a reference to the sorted rows: a single one itself, marked by
// the top bit, more of them as the place of their list in posts.
func putRows(posts *[]byte, rows []uint32) uint32 {
	rows = slices.Compact(rows)
	if len(rows) == 1 {
		return inline | rows[0]
	}
	at := len(*posts)
	b := binary.AppendUvarint(*posts, uint64(len(rows)))
	last := uint32(0)
	for _, r := range rows {
		b = binary.AppendUvarint(b, uint64(r-last))
		last = r
	}
	*posts = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
	return uint32(at)
}

func (x *sections) putFour(all []uint64) {
	for i := 0; i < len(all); {
		addr := all[i] >> 32
		x.rows = x.rows[:0]
		for ; i < len(all) && all[i]>>32 == addr; i++ {
			x.rows = append(x.rows, uint32(all[i]))
		}
		x.four = binary.BigEndian.AppendUint32(x.four, uint32(addr))
		x.four = binary.LittleEndian.AppendUint32(x.four, putRows(&x.posts, x.rows))
		x.head.Four++
	}
}

func (x *sections) putSix(all []posting6) {
	for i := 0; i < len(all); {
		addr := all[i].addr
		x.rows = x.rows[:0]
		for ; i < len(all) && all[i].addr == addr; i++ {
			x.rows = append(x.rows, all[i].row)
		}
		x.six = append(x.six, addr[:]...)
		x.six = binary.LittleEndian.AppendUint32(x.six, putRows(&x.posts, x.rows))
		x.head.Six++
	}
}

func (x *sections) write(w io.Writer) (int64, error) {
	if len(x.posts) >= inline {
		return 0, fmt.Errorf("index of %d bytes of rows: too large for one segment", len(x.posts))
	}
	x.head.Posts = uint32(len(x.posts))
	x.head.FilterSum = crc32.Checksum(x.filter, castagnoli)
	x.head.FourSum = crc32.Checksum(x.four, castagnoli)
	x.head.SixSum = crc32.Checksum(x.six, castagnoli)
	out := bufio.NewWriterSize(w, 1<<16)
	var total int64
	for _, part := range [][]byte{x.head.bytes(), x.filter, x.keys, x.four, x.six, x.posts} {
		n, err := out.Write(part)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, out.Flush()
}

// sortPostings sorts by key and keeps the order of rows within one: a radix
// sort, six passes of eleven bits. spare has the same length.
func sortPostings(a, spare []posting) {
	const bits, buckets = 11, 1 << 11
	if len(a) < 1<<10 {
		slices.SortStableFunc(a, func(x, y posting) int {
			if x.key < y.key {
				return -1
			}
			if x.key > y.key {
				return 1
			}
			return 0
		})
		return
	}
	from, to := a, spare
	for shift := 0; shift < 64; shift += bits { // an even number of passes: the result is in a
		var count [buckets]int
		for i := range from {
			count[from[i].key>>shift&(buckets-1)]++
		}
		at := 0
		for i, n := range count {
			count[i] = at
			at += n
		}
		for _, p := range from {
			slot := p.key >> shift & (buckets - 1)
			to[count[slot]] = p
			count[slot]++
		}
		from, to = to, from
	}
}

// sortFour sorts by address and keeps the order of rows within one, in three passes as above. The result is in spare, where
// there were that many: it returns both with the sorted one first.
func sortFour(a, spare []uint64) (sorted, other []uint64) {
	const bits, buckets = 11, 1 << 11
	if len(a) < 1<<10 {
		slices.Sort(a) // a row holds an address once, or the same twice
		return a, spare
	}
	for shift := 32; shift < 64; shift += bits {
		var count [buckets]int
		for _, v := range a {
			count[v>>shift&(buckets-1)]++
		}
		at := 0
		for i, n := range count {
			count[i] = at
			at += n
		}
		for _, v := range a {
			slot := v >> shift & (buckets - 1)
			spare[count[slot]] = v
			count[slot]++
		}
		a, spare = spare, a
	}
	return a, spare
}
