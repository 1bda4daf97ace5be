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

// usual is how most writers write a time.
const usual = "2006-01-02T15:04:05.999999+0000"

// day is what the time of a line has in common with that of most lines before: the first eleven bytes, and the zone with the
// quote behind it.
type day struct{ first, last, zone uint64 }

// dayOf reads the time at the begin of b, which has a byte behind it.
func dayOf(b []byte) day {
	_ = b[len(usual)]
	return day{load(b, 0), load(b, len("200")), load(b, len(usual)-7) >> 16}
}

// time reads what event.ParseTime does.
func (s *Sieve) time(v []byte) bool {
	if _, ok := event.ParseTime(string(v)); !ok {
		return false
	}
	if zone := len(usual) - len("+0000"); len(v) == len(usual) && (v[zone] == '+' || v[zone] == '-') { // else digits may stand where the zone begins
		s.day = dayOf(append([]byte(string(v)), '"'))
	}
	return true
}

// usualTime reports that a time stands at line[pos], with a quote behind it, that is of the same day and zone as one that was
// read before, and written in the usual way. The line has a byte behind that quote.
func (s *Sieve) usualTime(line []byte, pos int) bool {
	t := line[pos : pos+len(usual)+1]
	if dayOf(t) != s.day {
		return false
	}
	const (
		most      = 0x0905000905000902 // of each byte of "15:04:05" above "00:00:00"
		mostBelow = 0x0009090909090900 // of each byte of ".999999" above ".000000"
		clock     = 0x30303a30303a3030 // "00:00:00"
		below     = 0x003030303030302e // ".000000"
		any       = 0xff00000000000000
	)
	c, f := load(t, 11)^clock, (load(t, 19)^below)&^any
	return (c|f|(c+(ones*0x7f-most))|(f+(ones*0x7f-mostBelow)&^any))&high == 0 && c&0xff*10+c>>8&0xff < 24
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
