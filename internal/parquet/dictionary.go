package parquet

import "strings"

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
}

// find returns the number of a value, -1 from the value on for which there is no room.
func (d *dictionary) find(s string) int32 {
	if len(d.values) > 0 {
		if g := d.next[d.last]; d.values[g] == s {
			d.last = g
			return g
		}
	}
	id, ok := d.numbers[s]
	if !ok {
		if id = int32(len(d.values)); id >= dictValues || d.bytes+len(s) > dictBytes {
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
	}
	d.next[d.last], d.last = id, id
	return id
}

func (d *dictionary) reset() {
	clear(d.numbers)
	clear(d.values)
	d.values, d.next, d.last, d.bytes, d.full = d.values[:0], d.next[:0], 0, 0, false
}
