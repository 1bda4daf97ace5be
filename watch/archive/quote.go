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
	pause    = 15       // records in which a value that stood nowhere is not looked for again; then twice as many
	longest  = 255      // and no more than so many
)

// append stores a value: twice its length and one more, and its distance, if it is a part of the line; else twice its length, and it.
func (q *quoter) append(dst []byte, value string, h *habit) []byte {
	at := q.last + int(h.gap)
	if !q.stands(at, value) { // it mostly does
		if at = q.find(value, h); at < 0 {
			return append(binary.AppendUvarint(dst, uint64(len(value))<<1), value...)
		}
		if gap := int32(at - q.last); gap != h.gap {
			h.gap, h.older = gap, h.gap
		}
	}
	q.last = at + len(value)
	if n := len(value)<<1 | 1; n < 1<<7 && uint32(h.gap+1<<6) < 1<<7 { // both are one byte
		return append(dst, byte(n), byte(h.gap<<1^h.gap>>31))
	}
	return binary.AppendVarint(binary.AppendUvarint(dst, uint64(len(value))<<1|1), int64(h.gap))
}

// stands reports whether a value that is looked for is that part of the line which begins at a place.
func (q *quoter) stands(at int, value string) bool {
	n := len(value)
	if n < shortest || uint(at) > uint(len(q.line)) || n > len(q.line)-at {
		return false
	}
	part := q.line[at : at+n]
	switch { // the usual ones without a call
	case n > 16:
		return string(part) == value
	case n >= 8:
		return eight(part) == eight(value) && eight(part[n-8:]) == eight(value[n-8:])
	case n >= 4:
		return four(part) == four(value) && four(part[n-4:]) == four(value[n-4:])
	default:
		return part[0] == value[0] && part[1] == value[1] && part[n-1] == value[n-1]
	}
}

func eight[T string | []byte](b T) uint64 {
	b = b[:8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func four[T string | []byte](b T) uint32 {
	b = b[:4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// find looks for a value that does not stand where that of the last record did.
func (q *quoter) find(value string, h *habit) int {
	if len(value) < shortest {
		return -1
	}
	if at := q.last + int(h.older); q.stands(at, value) {
		return at
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
		h.pause = min(max(2*h.pause, pause), longest)
		h.skip = h.pause
	} else {
		h.pause = 0
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
