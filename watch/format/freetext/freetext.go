// Package freetext finds the values that an indicator could name in text that nobody structured: URLs, IP addresses, e-mail addresses and hashes.
//
// Names are not looked for: every file name looks like one. Formats hand over
// the fields in which names stand.
package freetext

import (
	"strings"

	"entente/watch/event"
)

// Scan observes what it finds in text under a field's name. It takes time linear in the length of text.
func Scan(ev *event.Event, field, text string) {
	text = withoutEscapes(text)
	for text != "" {
		sep := strings.Index(text, "://")
		if sep < 0 {
			scanTokens(ev, field, text)
			return
		}
		start := schemeStart(text, sep)
		scanTokens(ev, field, text[:start])
		end := sep + len("://")
		if isWebScheme(text[start:sep]) {
			end += urlLength(text[end:])
			ev.Observe(field, text[start:end], event.URL)
		}
		text = text[end:]
	}
}

// withoutEscapes puts a space in place of every terminal escape (ECMA-48 control sequence): "\x1b[31m192.0.2.1" holds an address.
func withoutEscapes(text string) string {
	const csi = "\x1b["
	if !strings.Contains(text, csi) {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, csi)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte(' ')
		text = after
		if end := strings.IndexFunc(after, func(r rune) bool { return r < '0' || r > '?' }); end >= 0 && '@' <= after[end] && after[end] <= '~' {
			text = after[end+1:]
		}
	}
}

// schemeStart returns where the letters that end at sep start; no scheme here is longer than five.
func schemeStart(text string, sep int) int {
	start := sep
	for start > 0 && sep-start < len("hxxps") && isLetter(text[start-1]) {
		start--
	}
	return start
}

func isWebScheme(s string) bool {
	switch strings.ToLower(s) {
	case "http", "https", "hxxp", "hxxps", "ftp":
		return true
	default:
		return false
	}
}

// urlLength returns how far a URL goes: to white space, a quote or a bracket that URLs do not have, less the punctuation of the sentence around it.
func urlLength(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"'`<>{}|^", r) })
	if end < 0 {
		end = len(s)
	}
	return len(strings.TrimRight(s[:end], ".,;:!?)]"))
}

func scanTokens(ev *event.Event, field, text string) {
	start, weight := 0, 0
	for i := range len(text) {
		switch w := weights[text[i]]; {
		case w > 0:
			weight += int(w - 1)
			continue
		case weight >= tells || i-start >= shortestHash:
			token(ev, field, text[start:i])
		}
		start, weight = i+1, 0
	}
	if weight >= tells || len(text)-start >= shortestHash {
		token(ev, field, text[start:])
	}
}

const (
	tells        = 3 // a token of less weight holds at most a hash
	shortestHash = 32
)

// weights holds for each byte of a token one more than its weight, and 0 for all others: three dots can be an address, and so
// can two colons; an at sign can be an e-mail address. One colon has the weight of two dots and is no address with one, which token finds out.
var weights = func() (t [256]uint8) {
	for c := range len(t) {
		if isTokenByte(byte(c)) {
			t[c] = 1
		}
	}
	t['.'], t[':'], t['@'] = 2, 3, 4
	return t
}()

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

func isTokenByte(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte(".:@-_+%", c) >= 0
}

func token(ev *event.Event, field, s string) {
	if len(s) < len("::1") || len(s) > 320 {
		return
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		if domain := strings.TrimRight(s[at+1:], ".:-"); strings.IndexByte(domain, '.') > 0 {
			ev.Observe(field, strings.TrimLeft(s[:at], ".:-%")+"@"+withoutSuffix(domain), event.Email)
		}
		return
	}
	start := 0
	for i := range len(s) {
		if c := s[i]; c == '-' || c == '_' || c == '+' || c == '%' {
			plainToken(ev, field, s[start:i])
			start = i + 1
		}
	}
	plainToken(ev, field, s[start:])
}

// withoutSuffix cuts a port or the like from a domain.
func withoutSuffix(domain string) string {
	domain, _, _ = strings.Cut(domain, ":")
	return domain
}

// plainToken judges a run of letters, digits, dots and colons.
func plainToken(ev *event.Event, field, s string) {
	s = strings.TrimRight(s, ".")
	s = strings.TrimLeft(s, ".")
	switch colons := strings.Count(s, ":"); {
	case colons >= 2:
		if !strings.HasSuffix(s, "::") {
			s = strings.TrimSuffix(s, ":")
		}
		if strings.Contains(s, "::") || strings.Count(s, ":") >= 6 {
			ev.Observe(field, s, event.Address)
		}
	case colons == 1:
		before, after, _ := strings.Cut(s, ":")
		plainToken(ev, field, before)
		plainToken(ev, field, after)
	case isIPv4Shape(s):
		ev.Observe(field, s, event.Address)
	case len(s) == 32 || len(s) == 40 || len(s) == 64:
		ev.Observe(field, s, event.Hash)
	}
}

// isIPv4Shape asks for digits and exactly three dots.
func isIPv4Shape(s string) bool {
	dots := 0
	for i := range len(s) {
		switch {
		case s[i] == '.':
			dots++
		case !isDigit(s[i]):
			return false
		}
	}
	return dots == 3
}
