package parquet

import (
	"math/bits"
	"strings"
)

// Bounds of one dictionary.
const (
	dictValues = 8 << 10
	dictBytes  = 256 << 10
)

// dictionary numbers the values of a column in the order in which they come. What follows a value is nearly always what followed
// it last time.
type dictionary struct {
	numbers map[string]int32
	values  []string
	next    []int32
	last    int32
	bytes   int
	full    bool
	lately  [1 << latelyBits]int32 // a number that was found for texts of this slot
}

const latelyBits = 8

// find returns the number of a value, -1 from the value on for which there is no room.
func (d *dictionary) find(s string) int32 {
	if len(d.values) == 0 {
		return d.enter(s)
	}
	if g := d.next[d.last]; d.values[g] == s {
		d.last = g
		return g
	}
	at := &d.lately[slot(s)]
	if d.values[*at] != s {
		id, ok := d.numbers[s]
		if !ok {
			return d.enter(s)
		}
		*at = id
	}
	d.next[d.last], d.last = *at, *at
	return *at
}

// enter gives a value its number.
func (d *dictionary) enter(s string) int32 {
	id := int32(len(d.values))
	if id >= dictValues || d.bytes+len(s) > dictBytes {
		d.full = true
		return -1
	}
	if d.numbers == nil {
		d.numbers = make(map[string]int32)
	}
	s = strings.Clone(s)
	d.numbers[s] = id
	d.values, d.next = append(d.values, s), append(d.next, 0)
	d.bytes += len(s)
	d.next[d.last], d.last = id, id
	return id
}

// slot is cheap: it looks at the length and at both ends of a text.
func slot(s string) uint64 {
	n := len(s)
	h := uint64(n)
	switch {
	case n >= 8:
		h += load(s, 0) ^ bits.RotateLeft64(load(s, n-8), 23)
	case n >= 2:
		h += uint64(s[0])<<8 | uint64(s[n/2])<<16 | uint64(s[n-1])<<24
	case n == 1:
		h += uint64(s[0]) << 8
	}
	return h * 0x9e3779b97f4a7c15 >> (64 - latelyBits)
}

func load(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

func (d *dictionary) reset() {
	clear(d.numbers)
	clear(d.values)
	clear(d.lately[:])
	d.values, d.next, d.last, d.bytes, d.full = d.values[:0], d.next[:0], 0, 0, false
}
