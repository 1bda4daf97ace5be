package sieve

import (
	"math"
	"math/bits"
	"unicode/utf8"

	"entente/watch/format/jsonline"
	"entente/watch/quote"
)

// Lines of a log have few forms: the same keys in the same order, and between them the same values but for some. A form is what
// lines that were judged clear have in common, with holes where they differ. A line that is of a form but for what stands in the
// holes is judged by that alone, without its quotes being indexed or its grammar being read again.
//
// That is so because the walk judges a value by nothing but its bytes, the key that it stands below and the set, and takes a
// text, or a number or word, wherever it takes another; and because what is in a hole is held to be one text, or one number
// or word, here as there. The kind of a line is in no hole, nor is a key.

// hole is what may stand behind the text of a step.
type hole uint8

const (
	lineEnd hole = iota
	ofScalar
	ofText // and the quote behind it is the first byte of the next step's text
)

// likeness is what stood in a hole when it was learnt: that is tried first.
type likeness uint8

const (
	likeNone likeness = iota
	likeNumber
	likeTime
	likeDotted // an IPv4 address
	likeName
	likeWord // a short text that may be an address, were it longer
	likeHash
)

// step is a piece of a form: text, and a hole behind it. Steps are a tree, in one array: forms that begin alike share their
// first steps.
type step struct {
	// Three words of the text, the first at its begin; those of a text of up to 24 bytes are all of it.
	first, middle, last uint64
	mask                uint64 // what counts of these words: not all, if the text is shorter
	text                string
	middleAt, lastAt    int32
	next                int32 // the first of the steps that may come then
	other               int32 // the next of those that may stand here, 0 if there is none
	class               Class
	role                role
	hole                hole
	like                likeness
}

// inWords is the longest text that is known by three words.
const inWords = 24

// ahead is how many bytes are read behind the text of a step before it is known what they are.
const ahead = len(usual) + 9

// newStep makes a step.
func newStep(text string, h hole, like likeness, c Class, r role) step {
	st := step{text: text, hole: h, like: like, class: c, role: r, mask: math.MaxUint64}
	n := len(text)
	switch {
	case n < 8:
		st.mask = 1<<(8*uint(n)) - 1
	case n <= 16:
		st.lastAt = int32(n - 8)
	default:
		st.middleAt, st.lastAt = 8, int32(n-8)
	}
	padded := []byte(text + "\x00\x00\x00\x00\x00\x00\x00\x00")
	st.first, st.middle, st.last = load(padded, 0), load(padded, int(st.middleAt)), load(padded, int(st.lastAt))
	return st
}

// follows returns how long the line that begins at line[begin] is, if it is of a form and clear but for the looks that are added to
// those that wait; else -1. The data may go on behind it.
func (s *Sieve) follows(line []byte, begin int) int {
	pos, steps := begin, s.forms.steps
	for i := s.forms.root; i > 0 && int(i) < len(steps); {
		st := &steps[i]
		end := pos + len(st.text)
		if end+ahead > len(line) {
			if end > len(line) || string(line[pos:end]) != st.text {
				i = st.other
				continue
			}
		} else {
			if ((load(line, pos)^st.first)|(load(line, pos+int(st.middleAt))^st.middle)|(load(line, pos+int(st.lastAt))^st.last))&st.mask != 0 ||
				len(st.text) > inWords && string(line[pos:end]) != st.text {
				i = st.other
				continue
			}
			switch st.like {
			case likeNumber:
				to := end + 8
				if m := noDigit(load(line, end)); m != 0 {
					to = end + bits.TrailingZeros64(m)/8
				} else {
					to = digits(line, to)
				}
				if c := line[to]; (c == ',' || c == '}') && to > end && (to == end+1 || line[end] != '0') {
					pos, i = to, st.next
					continue
				}
			case likeTime:
				if s.usualTime(line, end) {
					pos, i = end+len(usual), st.next
					continue
				}
			case likeDotted:
				if first, second, to := dottedAt(line, end); to > 0 && !s.nets && (st.class == Address || isQuad(line, end, to)) {
					s.waits = append(s.waits, wait{s.set.LookDotted(first, second), int32(end), i})
					pos, i = to, st.next
					continue
				}
			case likeName: // one that ends in a letter cannot be an address
				if look, to := s.set.LookName(line, end); to > 0 && line[to] == '"' && line[to-1] > '9' && (st.class&Port == 0 || !s.urls) {
					s.waits = append(s.waits, wait{look, int32(end), i})
					pos, i = to, st.next
					continue
				}
			case likeWord:
				if to := wordEnd(line, end); to > 0 && !mayBegin(line, end, to) {
					pos, i = to, st.next
					continue
				}
			case likeHash:
				if first, second, to := hashAt(line, end); to > 0 {
					s.waits = append(s.waits, wait{s.set.LookHash(first, second), int32(end), i})
					pos, i = to, st.next
					continue
				}
			}
		}
		switch st.hole {
		case lineEnd:
			return end - begin
		case ofScalar:
			pos = s.scalarHole(st, line, end)
		default:
			pos = s.textHole(st, line, end)
		}
		if pos < 0 {
			return -1
		}
		i = st.next
	}
	return -1
}

// scalarHole judges the number or word at pos and returns where it ends, -1 if it may not stand there.
func (s *Sieve) scalarHole(st *step, line []byte, pos int) int {
	if pos >= len(line) {
		return -1
	}
	end := scalar(line, pos)
	if end < 0 || st.class&^Address != 0 && line[pos] != 'n' || st.role == isTime && !(s.layout.Epoch && epoch(line[pos:end])) {
		return -1
	}
	return end
}

// textHole judges the text that begins at pos and returns where its closing quote stands, -1 if it is not clear.
func (s *Sieve) textHole(st *step, line []byte, pos int) int {
	end, ascii := quote.End(line, pos)
	if end < 0 {
		return -1
	}
	if ascii && line[end] == '"' && st.class == Address && st.role == inner {
		if mayBegin(line, pos, end) && !noAddress(line, pos, end) && s.address(line, pos, end) {
			return -1
		}
		return end
	}
	b, from, to := line, pos, end
	if line[end] != '"' {
		if end, ascii = escapedEnd(line, end, ascii); end < 0 {
			return -1
		}
		var ok bool
		if s.plain, ok = jsonline.Unescape(s.plain[:0], line[pos:end]); !ok {
			return -1
		}
		b, from, to = s.plain, 0, len(s.plain)
	}
	if !ascii && !utf8.Valid(line[pos:end]) {
		return -1
	}
	if (st.class != Address || mayBegin(b, from, to)) && s.look(st.class, b, from, to) {
		return -1
	}
	if st.role == isTime && !s.time(line[pos:end]) {
		return -1
	}
	return end
}

// mayBegin says that b[from:to] begins as an address could.
func mayBegin(b []byte, from, to int) bool {
	return to-from >= len("::") && shape[b[from]]&(shape[b[from+1]]|doubtful&^taken) != refused
}

// wordEnd returns where the text that begins at pos has its closing quote, if that is one of the next eight bytes and the text is
// plain ASCII; else -1. It reads eight bytes.
func wordEnd(line []byte, pos int) int {
	w := load(line, pos)
	low := w &^ high // adding to seven bits cannot carry into the next byte
	closing := (low ^ ones*'"') + (high - ones)
	slash := (low ^ ones*'\\') + (high - ones)
	control := low + (high - ones*0x20)
	m := (^(closing & slash & control) | w) & high // and all that is not ASCII
	end := pos + trailing(m&-m)
	if m == 0 || line[end] != '"' {
		return -1
	}
	return end
}

// noAddress says that the text line[pos:end], which is ASCII, surely is no address, whatever around one is taken away: among its
// first bytes are five letters and digits in a row, and no group of an address has so many.
func noAddress(line []byte, pos, end int) bool {
	if end-pos < 8 {
		return false
	}
	w := load(line, pos)
	small := w | 0x20*ones
	letter := (small + (0x80-'a')*ones) &^ (small + (0x80-'z'-1)*ones)
	digit := (w + (0x80-'0')*ones) &^ (w + (0x80-'9'-1)*ones)
	two := (letter | digit) & high
	two &= two >> 8
	return two&(two>>16)&(two>>24) != 0
}

// escapedEnd reads on in a text that has a backslash or a control character at pos, up to its closing quote; -1 if it has none.
func escapedEnd(line []byte, pos int, ascii bool) (int, bool) {
	for pos >= 0 && line[pos] == '\\' {
		more := false
		if pos+2 > len(line) {
			return -1, false
		}
		pos, more = quote.End(line, pos+2)
		ascii = ascii && more
	}
	if pos < 0 || line[pos] != '"' {
		return -1, false
	}
	return pos, ascii
}
