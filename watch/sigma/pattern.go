package sigma

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// piece is a run of plain text, or one wildcard.
type piece struct {
	text string
	wild byte // 0 for text; '*' any characters, '?' one character, '%' the placeholder called text
}

// pattern is the value of a rule: pieces in their order, no two texts and no two stars side by side.
type pattern []piece

func (p pattern) add(q piece) pattern {
	if n := len(p); n > 0 {
		switch last := &p[n-1]; {
		case q.wild == 0 && last.wild == 0:
			last.text += q.text
			return p
		case q.wild == '*' && last.wild == '*':
			return p
		}
	}
	if q.wild == 0 && q.text == "" {
		return p
	}
	return append(p, q)
}

// parsePattern reads the wildcards and escapes of a value; with placeholders also %name% and \%.
// Source: Sigma Rules Specification 2.1.0, sections String Wildcard, Escape Character and Placeholders.
func parsePattern(s string, placeholders bool) pattern {
	var p pattern
	start := 0
	flush := func(end int) { p = p.add(piece{text: s[start:end]}) }
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (strings.IndexByte(`\*?`, s[i+1]) >= 0 || placeholders && s[i+1] == '%'):
			flush(i)
			start, i = i+1, i+2
		case c == '*' || c == '?':
			flush(i)
			p = p.add(piece{wild: c})
			start, i = i+1, i+1
		case c == '%' && placeholders:
			end := strings.IndexByte(s[i+1:], '%')
			if end <= 0 {
				i++
				continue
			}
			flush(i)
			p = p.add(piece{text: s[i+1 : i+1+end], wild: '%'})
			i += end + 2
			start = i
		default:
			i++
		}
	}
	flush(len(s))
	return p
}

// literal returns the text of a pattern without wildcards.
func (p pattern) literal() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].wild == 0:
		return p[0].text, true
	}
	return "", false
}

func literalPattern(s string) pattern { return pattern(nil).add(piece{text: s}) }

// around puts stars where startswith, endswith and contains want them.
func (p pattern) around(before, after bool) pattern {
	var out pattern
	if before {
		out = out.add(piece{wild: '*'})
	}
	for _, q := range p {
		out = out.add(q)
	}
	if after {
		out = out.add(piece{wild: '*'})
	}
	return out
}

// mapText changes the texts of a pattern.
func (p pattern) mapText(f func(string) string) pattern {
	var out pattern
	for _, q := range p {
		if q.wild == 0 {
			q.text = f(q.text)
		}
		out = out.add(q)
	}
	return out
}

// wide encodes the texts in 16 bits and leaves the wildcards where they are.
func (p pattern) wide(order byteOrder) pattern {
	return p.mapText(func(s string) string { return order.encode(s) })
}

// shape is how a pattern without inner wildcards compares.
type shape uint8

const (
	exact shape = iota
	prefix
	suffix
	within
	glob // anything else
)

// simple returns the text and shape of a pattern that is one text with stars around it, if any.
func (p pattern) simple() (text string, s shape) {
	switch {
	case len(p) == 0:
		return "", exact
	case len(p) == 1 && p[0].wild == 0:
		return p[0].text, exact
	case len(p) == 2 && p[0].wild == 0 && p[1].wild == '*':
		return p[0].text, prefix
	case len(p) == 2 && p[0].wild == '*' && p[1].wild == 0:
		return p[1].text, suffix
	case len(p) == 3 && p[0].wild == '*' && p[1].wild == 0 && p[2].wild == '*':
		return p[1].text, within
	}
	return "", glob
}

// longest returns the longest text of a pattern that holds none of the characters to avoid; any string that the
// pattern fits contains it.
func (p pattern) longest(avoid string) string {
	best := ""
	for _, q := range p {
		if q.wild != 0 {
			continue
		}
		for part := range strings.FieldsFuncSeq(q.text, func(r rune) bool { return strings.ContainsRune(avoid, r) }) {
			if len(part) > len(best) {
				best = part
			}
		}
	}
	return best
}

// fits reports whether the whole of s is what the pattern says.
func (p pattern) fits(s string) bool {
	star, from := -1, 0
	at, rest := 0, s
	for {
		if at < len(p) {
			switch q := p[at]; {
			case q.wild == '*':
				star, at = at, at+1
				from = len(s) - len(rest)
				continue
			case q.wild == '?' && rest != "":
				_, n := utf8.DecodeRuneInString(rest)
				at, rest = at+1, rest[n:]
				continue
			case q.wild == 0 && strings.HasPrefix(rest, q.text):
				at, rest = at+1, rest[len(q.text):]
				continue
			}
		} else if rest == "" {
			return true
		}
		if star < 0 || from >= len(s) {
			return false
		}
		// The last star takes one character more.
		if next := star + 1; next < len(p) && p[next].wild == 0 {
			skip := strings.Index(s[from+1:], p[next].text)
			if skip < 0 {
				return false
			}
			from += 1 + skip
		} else {
			_, n := utf8.DecodeRuneInString(s[from:])
			from += n
		}
		at, rest = star+1, s[from:]
	}
}

// String writes the pattern as a rule would.
func (p pattern) String() string {
	var b strings.Builder
	for i, q := range p {
		switch q.wild {
		case 0:
			for j, r := range q.text {
				next := j + utf8.RuneLen(r)
				wildAfter := next == len(q.text) && i+1 < len(p)
				if r == '*' || r == '?' || r == '\\' && (wildAfter || next < len(q.text) && strings.IndexByte(`\*?`, q.text[next]) >= 0) {
					b.WriteByte('\\')
				}
				b.WriteRune(r)
			}
		case '%':
			b.WriteString("%" + q.text + "%")
		default:
			b.WriteByte(q.wild)
		}
	}
	return b.String()
}

// fold makes what differs in case only equal. ASCII, which nearly everything is, costs one pass.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

// foldRune takes upper case first: some letters have two lower-case forms, such as the long s.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// dashes are the characters that windash makes equal: hyphen, slash, en dash, em dash, horizontal bar.
const dashes = "-/\u2013\u2014\u2015"

func foldDashes(s string) string {
	if !strings.ContainsAny(s, dashes[1:]) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(dashes, r) {
			return '-'
		}
		return r
	}, s)
}

// dashForms writes a text with each of the dashes in every place of one, as an encoding needs them; ok is false
// where there would be too many.
func dashForms(s string) (forms []string, ok bool) {
	const most = 625 // four dashes
	forms = []string{""}
	for _, r := range s {
		if !strings.ContainsRune(dashes, r) {
			for i := range forms {
				forms[i] += string(r)
			}
			continue
		}
		if len(forms)*5 > most {
			return nil, false
		}
		var more []string
		for _, f := range forms {
			for _, d := range dashes {
				more = append(more, f+string(d))
			}
		}
		forms = more
	}
	return forms, true
}

type byteOrder uint8

const (
	littleEndian byteOrder = iota
	bigEndian
	withMark // little-endian after a byte order mark
)

func (o byteOrder) encode(s string) string {
	var b []byte
	if o == withMark {
		b = append(b, 0xff, 0xfe)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if o == bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

func encode64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// offsets64 returns the part of each of the three encodings that does not depend on what stands around the text.
// Source: Sigma Modifiers Appendix, base64offset.
func offsets64(s string) []string {
	var out []string
	for i := range 3 {
		e := encode64(strings.Repeat(" ", i) + s)
		start := [3]int{0, 2, 3}[i]
		end := len(e) - [3]int{0, 3, 2}[(len(s)+i)%3]
		if start < end {
			out = append(out, e[start:end])
		}
	}
	return out
}
