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
	"entente/watch/event"
)

// MaxRows is the most rows of one segment.
const MaxRows = 1 << 28

// Builder collects the expressions of a segment's records and writes its Index.
type Builder struct {
	keys   pile     // of one row after the other; not of IPv4 addresses, which are made when all are known
	counts []uint32 // for each row its keys
	four   pile     // address in the upper half, row in the lower, with the bit bare for one that is no expression
	bare   int      // how many have it
	six    []posting6
	key    func(uint64)
	addr   func(netip.Prefix)
}

// bare marks the first address of a seen network. It is no bit of a row.
const bare = inline

type posting6 struct {
	addr [16]byte
	row  uint32
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	b := &Builder{}
	b.key = b.keys.add
	b.addr = func(p netip.Prefix) {
		a := p.Addr()
		if !a.Is4() {
			if p.IsSingleIP() {
				b.keys.add(addressKey(a))
			}
			b.six = append(b.six, posting6{a.As16(), b.row()})
			return
		}
		v, mark := a.As4(), uint32(0)
		if !p.IsSingleIP() {
			mark = bare
			b.bare++
		}
		b.add4(binary.BigEndian.Uint32(v[:]), mark)
	}
	return b
}

// row is the number of the row that is being added.
func (b *Builder) row() uint32 { return uint32(len(b.counts)) }

func (b *Builder) add4(addr, mark uint32) { b.four.add(uint64(addr)<<32 | uint64(b.row()|mark)) }

// Add enters the next row, numbered from 0, with its observables.
func (b *Builder) Add(seen []event.Observable) {
	before := b.keys.len()
	for i := range seen {
		v := &seen[i].Value
		if v.Type == observable.IPv4 { // most are
			if addr, ok := observable.ParseIPv4(v.Canonical); ok {
				b.add4(addr, 0)
				continue
			}
		}
		expressions(*v, b.key, b.addr)
	}
	b.counts = append(b.counts, uint32(b.keys.len()-before))
}

// Rows is how many rows were added.
func (b *Builder) Rows() int { return len(b.counts) }

// Postings is how many pairs of a row and an expression were added.
func (b *Builder) Postings() int { return b.keys.len() + b.four.len() - b.bare }

// WriteTo writes the index and empties the builder.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	slices.SortFunc(b.six, func(x, y posting6) int {
		return cmpPosting6(x, y)
	})
	var x sections
	x.head.Rows = b.row()
	addresses := x.putFour(sortFour(&b.four))
	if err := x.putKeys(sortKeys(&b.keys, b.counts, addresses)); err != nil {
		return 0, err
	}
	x.putSix(b.six)
	b.keys, b.four, b.bare, b.six, b.counts = pile{}, pile{}, 0, b.six[:0], b.counts[:0]
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
// keys, for each where its rows are, and a checksum. It uses all up.
func (x *sections) putKeys(all postings) error {
	x.head.Keys = distinct(all.keys)
	if x.head.Keys == 0 {
		return nil
	}
	out, once := make([]byte, 0, x.head.keysSize()), all.keys[:0]
	var refs [blockKeys]uint32
	for i := 0; i < len(all.keys); {
		start, n := len(out), 0
		for ; n < blockKeys && i < len(all.keys); n++ {
			k, from := all.keys[i], i
			for i++; i < len(all.keys) && all.keys[i] == k; i++ {
			}
			if refs[n] = all.refs[from]; i > from+1 {
				refs[n] = x.unite(all.refs[from:i])
			}
			once, out = append(once, k), binary.LittleEndian.AppendUint64(out, k)
		}
		for _, r := range refs[:n] {
			out = binary.LittleEndian.AppendUint32(out, r)
		}
		out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out[start:], castagnoli))
	}
	x.keys = out
	f, err := xorfilter.PopulateBinaryFuse8(once) // may reorder them, which are done with
	if err != nil {
		return fmt.Errorf("build the filter: %w", err)
	}
	x.head.Seed, x.head.FilterLength, x.head.FilterCount = f.Seed, f.SegmentLength, f.SegmentCount
	x.filter = f.Fingerprints
	return nil
}

// distinct counts the different ones of sorted keys.
func distinct(keys []uint64) (n uint32) {
	for i, k := range keys {
		if i == 0 || k != keys[i-1] {
			n++
		}
	}
	return n
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

// putFour returns the keys of the addresses too, each once: its rows are the same, and need be stated but once.
func (x *sections) putFour(all []uint64) (keys postings) {
	for i, v := range all {
		if i == 0 || v>>32 != all[i-1]>>32 {
			x.head.Four++
		}
	}
	out := make([]byte, 0, x.head.fourSize())
	keys = postings{make([]uint64, 0, x.head.Four), make([]uint32, 0, x.head.Four)}
	for i := 0; i < len(all); {
		addr, from := all[i]>>32, i
		bares := 0
		for ; i < len(all) && all[i]>>32 == addr; i++ {
			bares += int(all[i] / bare & 1)
		}
		ref := inline | uint32(all[from])
		if i > from+1 {
			ref = x.putRowsOf(all[from:i], 0)
		}
		out = binary.LittleEndian.AppendUint32(binary.BigEndian.AppendUint32(out, uint32(addr)), ref)
		if bares == i-from {
			continue
		}
		if bares > 0 {
			ref = x.putRowsOf(all[from:i], bare)
		}
		keys.keys, keys.refs = append(keys.keys, addressKey4(uint32(addr))), append(keys.refs, ref)
	}
	x.four = out
	return keys
}

// putRowsOf is putRows of those addresses' rows that have no bit of without.
func (x *sections) putRowsOf(addresses []uint64, without uint64) uint32 {
	x.rows = x.rows[:0]
	for _, v := range addresses {
		if v&without == 0 {
			x.rows = append(x.rows, uint32(v)&^bare)
		}
	}
	return putRows(&x.posts, x.rows)
}

// unite returns a reference to all rows of several references.
func (x *sections) unite(refs []uint32) uint32 {
	x.rows = x.rows[:0]
	for _, ref := range refs {
		if ref&inline != 0 {
			x.rows = append(x.rows, ref&^inline)
			continue
		}
		// An address, and a text that has the same key.
		list := x.posts[ref:]
		count, at := binary.Uvarint(list)
		row := uint32(0)
		for range count {
			d, n := binary.Uvarint(list[at:])
			row, at = row+uint32(d), at+n
			x.rows = append(x.rows, row)
		}
	}
	if !slices.IsSorted(x.rows) {
		slices.Sort(x.rows)
	}
	return putRows(&x.posts, x.rows)
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
