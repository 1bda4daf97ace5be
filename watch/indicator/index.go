package indicator

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/FastFilter/xorfilter"
)

// index holds values by their keys: a filter of about nine bits a key, which nearly always says at once that a key is
// absent, and behind it everything in the order of the keys, found by their first bits.
type index struct {
	filter  xorfilter.BinaryFuse[uint8]
	shift   uint     // a key's bucket is key>>shift
	buckets []uint32 // where each bucket begins in what follows, and the end
	tags    []uint32 // the low half of each key
	ids     []uint32
	ends    []uint32 // where each value ends in text, which has its realm first
	text    []byte
}

// row is one value on its way into an index. The text stays the caller's.
type row struct {
	key   uint64
	id    uint32
	at    uint32 // where it came in the caller's order
	realm realm
	text  string
}

// count is how many rows are of a realm.
func count(rows []row, r realm) (n int) {
	for i := range rows {
		if rows[i].realm == r {
			n++
		}
	}
	return n
}

// maxText bounds the text of one index, so that positions fit 32 bits.
const maxText = math.MaxUint32

// newIndex builds the index of rows, and may reorder them; keys are further ones for the filter alone. Rows of
// one key keep their order. Rows beyond maxText are left out; the count says how many are in.
func newIndex(rows []row, keys []uint64) (index, int) {
	for i := range rows {
		rows[i].at = uint32(i)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at))
	})
	size, n := 0, 0
	for n < len(rows) && size+len(rows[n].text) < maxText {
		size += 1 + len(rows[n].text)
		n++
	}
	rows = rows[:n]
	width := bits.Len(uint(n) / 2) // about two values a bucket
	x := index{
		shift: uint(64 - width), buckets: make([]uint32, 1<<width+1),
		tags: make([]uint32, n), ids: make([]uint32, n), ends: make([]uint32, n), text: make([]byte, 0, size),
	}
	all := make([]uint64, 0, n+len(keys))
	for i, r := range rows {
		x.text = append(append(x.text, byte(r.realm)), r.text...)
		x.tags[i], x.ids[i], x.ends[i] = uint32(r.key), r.id, uint32(len(x.text))
		x.buckets[r.key>>x.shift+1] = uint32(i + 1)
		all = append(all, r.key)
	}
	for i := 1; i < len(x.buckets); i++ { // empty buckets end where the one before does
		x.buckets[i] = max(x.buckets[i], x.buckets[i-1])
	}
	all = append(all, keys...)
	slices.Sort(all)
	x.fill(slices.Compact(all))
	return x, n
}

func (x *index) fill(keys []uint64) {
	if len(keys) == 0 {
		return
	}
	filter, err := xorfilter.NewBinaryFuse[uint8](keys)
	if err != nil {
		return // less likely than a broken machine; without a filter every key is looked up
	}
	x.filter = *filter
	x.filter.Fingerprints = bytes.Clone(filter.Fingerprints)
}

// may is false if key is surely absent. It is the filter's own Contains, which TestFilter compares, in a form that the compiler
// makes one piece with its callers.
func (x *index) may(key uint64) bool {
	f := &x.filter
	h := key + f.Seed
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	hi, _ := bits.Mul64(h, uint64(f.SegmentCountLength))
	h0 := uint32(hi)
	h1 := (h0 + f.SegmentLength) ^ uint32(h>>18)&f.SegmentLengthMask
	h2 := (h0 + 2*f.SegmentLength) ^ uint32(h)&f.SegmentLengthMask
	prints := f.Fingerprints
	if uint(h2) >= uint(len(prints)) || uint(h1) >= uint(len(prints)) || uint(h0) >= uint(len(prints)) {
		return true // there is no filter
	}
	return uint8(h^h>>32) == prints[h0]^prints[h1]^prints[h2]
}

// has reports whether a row has the key, but for one chance in some billions.
func (x *index) has(key uint64) bool {
	if !x.may(key) {
		return false
	}
	b := key >> x.shift
	return slices.Contains(x.tags[x.buckets[b]:x.buckets[b+1]], uint32(key))
}

// each calls f with the id of every row that has the key, the realm and the text, in their order.
func (x *index) each(key uint64, r realm, text string, f func(id uint32)) {
	if !x.may(key) {
		return
	}
	b := key >> x.shift
	for i := x.buckets[b]; i < x.buckets[b+1]; i++ {
		if x.tags[i] != uint32(key) {
			continue
		}
		begin := uint32(0)
		if i > 0 {
			begin = x.ends[i-1]
		}
		if own := x.text[begin:x.ends[i]]; own[0] == byte(r) && string(own[1:]) == text {
			f(x.ids[i])
		}
	}
}
