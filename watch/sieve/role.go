package sieve

import (
	"entente/watch/event"
	"entente/watch/format/jsonline"
)

// take judges the time or the kind of the line, which must come once.
func (s *Sieve) take(r role, value []byte, isText bool) bool {
	switch {
	case r == isKind && isText && !s.kinded && len(value) > 0:
		s.kinded = true
		return s.layout.KindValid(value)
	case r == isTime && !s.timed:
		s.timed = true
		if isText {
			return s.time(value)
		}
		return s.layout.Epoch && epoch(value)
	}
	return false
}

// time reads what event.ParseTime does. The day is nearly always that of the line before.
func (s *Sieve) time(v []byte) bool {
	const usual = len("2006-01-02T15:04:05.999999+0000")
	if len(v) == usual && string(v[:len(s.day)]) == string(s.day[:]) &&
		two(v, 11) < 24 && v[13] == ':' && two(v, 14) < 60 && v[16] == ':' && two(v, 17) < 60 &&
		v[19] == '.' && digitsEnd(v, 20, 26) == 26 && (v[26] == '+' || v[26] == '-') && two(v, 27) < 24 && two(v, 29) < 60 {
		return true
	}
	if _, ok := event.ParseTime(string(v)); !ok {
		return false
	}
	copy(s.day[:], v)
	return true
}

// two reads two digits, 100 if there are none.
func two(v []byte, i int) int {
	a, b := v[i]-'0', v[i+1]-'0'
	if a > 9 || b > 9 {
		return 100
	}
	return int(a)*10 + int(b)
}

// epoch takes seconds since 1970 up to the year 2286, with a fraction or without.
func epoch(v []byte) bool {
	end := digitsEnd(v, 0, len(v))
	if end == 0 || end > 10 {
		return false
	}
	return end == len(v) || v[end] == '.' && len(v)-end <= 32 && digitsEnd(v, end+1, len(v)) == len(v)
}

// escaped reads on in a string that began at from and has its first backslash or control character at position i of
// at. It leaves the plain text in s.plain and returns the next i and where the closing quote stands, -1 if there is none.
func (s *Sieve) escaped(line []byte, at []uint32, i, from int) (next, end int) {
	for {
		p := int(at[i])
		i++
		if p >= len(line) {
			return i, -1
		}
		switch line[p] {
		case '"':
			var ok bool
			if s.plain, ok = jsonline.Unescape(s.plain[:0], line[from:p]); !ok {
				return i, -1
			}
			return i, p
		case '\\':
			if int(at[i]) == p+1 { // what it escapes; a control character is refused by Unescape
				i++
			}
		default:
			return i, -1
		}
	}
}
