package archive

import (
	"bytes"
	"encoding/binary"
)

// quoter finds values in their line, each behind the one before where it can.
type quoter struct {
	line []byte
	last int // end of the value found last
}

const (
	shortest = 2        // a shorter value is not looked for, in bytes
	short    = 8        // one shorter than this is only looked for ahead and nearby: to refer to it saves little, and moves where the next is expected
	nearby   = 96       // bytes
	window   = 16 << 10 // bytes of the line in which one value is looked for
	tries    = 4        // places of one value that are looked at
	pause    = 15       // records in which a value that stood nowhere is not looked for again
)

// append stores a value: twice its length and one more, and its distance, if it is a part of the line; else twice its length, and it.
func (q *quoter) append(dst []byte, value string, h *habit) []byte {
	if at := q.find(value, h); at >= 0 {
		if gap := int32(at - q.last); gap != h.gap {
			h.gap, h.older = gap, h.gap
		}
		dst = binary.AppendUvarint(dst, uint64(len(value))<<1|1)
		dst = binary.AppendVarint(dst, int64(h.gap))
		q.last = at + len(value)
		return dst
	}
	return append(binary.AppendUvarint(dst, uint64(len(value))<<1), value...)
}

func (q *quoter) find(value string, h *habit) int {
	if len(value) < shortest {
		return -1
	}
	for _, gap := range [...]int32{h.gap, h.older} {
		if at := q.last + int(gap); at >= 0 && at+len(value) <= len(q.line) && string(q.line[at:at+len(value)]) == value {
			return at
		}
	}
	if h.skip > 0 {
		h.skip--
		return -1
	}
	var few [64]byte // more is taken from the heap
	needle := append(few[:0], value...)
	reach := window
	if len(value) < short {
		reach = nearby
	}
	at := q.search(q.last, reach, needle)
	if at < 0 && q.last > 0 && len(value) >= short {
		at = q.search(0, reach, needle)
	}
	if at < 0 {
		h.skip = pause
	}
	return at
}

// search prefers a place where the value stands alone: which of equal texts is meant decides how much alike records of one
// kind are, nothing else.
func (q *quoter) search(from, reach int, needle []byte) int {
	found, until := -1, min(len(q.line), from+reach)
	for range tries {
		i := bytes.Index(q.line[from:until], needle)
		if i < 0 {
			return found
		}
		at := from + i
		if end := at + len(needle); (at == 0 || !word(q.line[at-1])) && (end == len(q.line) || !word(q.line[end])) {
			return at
		}
		if found < 0 {
			found = at
		}
		from = at + 1 // a needle has at least two bytes, so that is not beyond until
	}
	return found
}

func word(c byte) bool { return c|0x20-'a' < 26 || c-'0' <= 9 || c == '.' || c == '_' || c == '-' }
