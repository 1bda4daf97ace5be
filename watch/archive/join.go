package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"net/netip"
	"sort"
)

// Join calls hit for each needle and each row that may hold it: needle is its
// place (Needles.Place), rows of one needle come in order. What is named but by
// a collision of 64-bit hashes, and a seen network wider than the indicated
// one, is sorted out by who matches the rows. The cost depends on the number
// of needles and hits, hardly on the size of the segment.
func (x *Index) Join(n *Needles, hit func(needle int, row uint32)) error {
	var b block
	rows := make([]uint32, 0, 64)
	for i, key := range n.keys {
		if x.head.Keys == 0 || !x.filter.Contains(key) {
			continue
		}
		ref, ok, err := x.find(&b, key)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if rows, err = x.rowsOf(ref, rows[:0]); err != nil {
			return err
		}
		for _, r := range rows {
			hit(i, r)
		}
	}
	return x.joinNets(n, hit)
}

// find looks a key up. Keys are hashes, so where it lies is guessed well; where
// somebody chose his values so that it is not, halving finds it all the same.
func (x *Index) find(b *block, key uint64) (ref uint32, ok bool, err error) {
	lo, hi := int64(0), (int64(x.head.Keys)-1)/blockKeys
	guess, _ := bits.Mul64(key, uint64(x.head.Keys))
	at := int64(guess) / blockKeys
	for step := int64(1); ; step *= 2 {
		if err := x.load(b, at); err != nil {
			return 0, false, err
		}
		switch {
		case key < b.key(0):
			if hi = at - 1; hi < lo {
				return 0, false, nil
			}
			at = max(lo, at-step)
		case key > b.key(b.n-1):
			if lo = at + 1; lo > hi {
				return 0, false, nil
			}
			at = min(hi, at+step)
		default:
			i := sort.Search(b.n, func(i int) bool { return b.key(i) >= key })
			if i < b.n && b.key(i) == key {
				return b.ref(i), true, nil
			}
			return 0, false, nil
		}
		if step > 4 {
			at = (lo + hi) / 2
		}
	}
}

// rowsOf appends the rows behind a reference.
func (x *Index) rowsOf(ref uint32, rows []uint32) ([]uint32, error) {
	if ref&inline != 0 {
		if row := ref &^ inline; row < x.head.Rows {
			return append(rows, row), nil
		}
		return rows, damaged(errors.New("a row beyond the segment"))
	}
	if ref >= x.head.Posts {
		return rows, damaged(errors.New("a list beyond the index"))
	}
	// Most lists are short: one read has all of it.
	buf := make([]byte, min(256, int64(x.head.Posts)-int64(ref)))
	if _, err := x.r.ReadAt(buf, x.posts+int64(ref)); err != nil {
		return rows, damaged(err)
	}
	count, w := binary.Uvarint(buf)
	if w <= 0 || count == 0 || count > uint64(x.head.Rows) {
		return rows, damaged(errors.New("a list of rows that cannot be"))
	}
	most := min(int64(w)+int64(count)*5+4, int64(x.head.Posts)-int64(ref))
	if int64(len(buf)) < most {
		buf = make([]byte, most)
		if _, err := x.r.ReadAt(buf, x.posts+int64(ref)); err != nil {
			return rows, damaged(err)
		}
	}
	return x.decodeRows(buf, w, count, rows)
}

func (x *Index) decodeRows(buf []byte, at int, count uint64, rows []uint32) ([]uint32, error) {
	row := uint64(0)
	for range count {
		d, w := binary.Uvarint(buf[at:])
		if w <= 0 || row+d >= uint64(x.head.Rows) {
			return rows, damaged(errors.New("a list of rows that cannot be"))
		}
		row += d
		at += w
		rows = append(rows, uint32(row))
	}
	if len(buf) < at+4 || crc32.Checksum(buf[:at], castagnoli) != binary.LittleEndian.Uint32(buf[at:]) {
		return rows, damaged(errors.New("a list of rows is not what was written"))
	}
	return rows, nil
}

// joinNets finds the addresses within each network, and seen networks that
// begin in it.
func (x *Index) joinNets(n *Needles, hit func(needle int, row uint32)) error {
	var four, six []byte
	var err error
	for i, p := range n.nets {
		size, table := 20, &six
		if p.Addr().Is4() {
			size, table = 8, &four
		}
		if *table == nil {
			if size == 8 {
				four, err = x.section(x.fourAt, x.head.fourSize(), x.head.FourSum)
			} else {
				six, err = x.section(x.sixAt, x.head.sixSize(), x.head.SixSum)
			}
			if err != nil {
				return err
			}
		}
		if err := x.within(*table, size, p, func(row uint32) { hit(len(n.keys)+i, row) }); err != nil {
			return err
		}
	}
	return nil
}

// within goes through the entries of a table, each an address and a reference, that lie in p.
func (x *Index) within(table []byte, size int, p netip.Prefix, hit func(row uint32)) error {
	first := p.Masked().Addr().AsSlice()
	width := size - 4
	from := sort.Search(len(table)/size, func(i int) bool { return bytes.Compare(table[i*size:i*size+width], first) >= 0 })
	var rows []uint32
	for at := from * size; at < len(table); at += size {
		a, _ := netip.AddrFromSlice(table[at : at+width])
		if !p.Contains(a) {
			return nil
		}
		var err error
		if rows, err = x.rowsOf(binary.LittleEndian.Uint32(table[at+width:]), rows[:0]); err != nil {
			return err
		}
		for _, r := range rows {
			hit(r)
		}
	}
	return nil
}
