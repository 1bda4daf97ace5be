package detect

import (
	"strings"
	"unicode/utf8"
)

const (
	rounds   = 3    // of decoding: a proxy before a server before a program
	maxValue = 4096 // bytes of one value that are looked at
)

// unfold decodes a value as often as servers may: percent signs, once and again,
// %u0027, and a plus for a blank where plus says so. Zero bytes go, wide forms
// of ASCII become ASCII, letters small.
func unfold(s string, plus bool) string {
	s = s[:min(len(s), maxValue)]
	for range rounds {
		if plus {
			s = strings.ReplaceAll(s, "+", " ")
		}
		next := percent(s)
		if next == s {
			break
		}
		s = next
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0:
			return -1
		case r >= '！' && r <= '～':
			r = r - '！' + '!'
		case r == 'ʼ':
			r = '\''
		case r == '\u00a0' || r == '\u3000' || r == utf8.RuneError:
			r = ' '
		}
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// percent decodes once. What is no escape stays.
func percent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if v, ok := hexNumber(s, i+1, 2); ok {
			b.WriteByte(byte(v))
			i += 2
			continue
		}
		if i+1 < len(s) && (s[i+1] == 'u' || s[i+1] == 'U') {
			if v, ok := hexNumber(s, i+2, 4); ok {
				b.WriteRune(rune(v))
				i += 5
				continue
			}
		}
		b.WriteByte('%')
	}
	return b.String()
}

// hexNumber reads n hex digits at i.
func hexNumber(s string, i, n int) (v int, ok bool) {
	if i+n > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[i : i+n]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | int(c)
	}
	return v, true
}
