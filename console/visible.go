package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown bounds how many bytes of one foreign text a page shows.
const maxShown = 8 << 10

// segment is a run of foreign text: plain, a made-visible character, or the
// place that matched.
type segment struct {
	Text string
	Mark bool // Text names a character that would not be visible as itself
	Hit  bool // Text is what an indicator matched
}

// hidden returns a name for a character that must not reach the page as
// itself: controls, terminal escapes, bidirectional and invisible ones.
func hidden(r rune, size int, raw byte, block bool) (string, bool) {
	switch {
	case r == utf8.RuneError && size == 1:
		return fmt.Sprintf("\\x%02X", raw), true
	case block && (r == '\n' || r == '\t'):
		return "", false
	case r == '\n':
		return "\\n", true
	case r == '\t':
		return "\\t", true
	case r == '\r':
		return "\\r", true
	case r == 0x1b:
		return "ESC", true
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return fmt.Sprintf("\\x%02X", r), true
	case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp),
		unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r),
		r != ' ' && unicode.Is(unicode.Zs, r):
		return fmt.Sprintf("U+%04X", r), true
	case !unicode.IsGraphic(r):
		return fmt.Sprintf("U+%04X", r), true
	}
	return "", false
}

// split cuts s into segments. In a block, line ends and tabs stand as they are.
func split(s string, block bool) []segment {
	cut := 0
	if len(s) > maxShown {
		end := maxShown
		for end > maxShown-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		cut, s = len(s)-end, s[:end]
	}
	var out []segment
	start := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if name, ok := hidden(r, size, s[i], block); ok {
			if start < i {
				out = append(out, segment{Text: s[start:i]})
			}
			out = append(out, segment{Text: name, Mark: true})
			start = i + size
		}
		i += size
	}
	if start < len(s) {
		out = append(out, segment{Text: s[start:]})
	}
	if cut > 0 {
		out = append(out, segment{Text: fmt.Sprintf("… +%d", cut), Mark: true})
	}
	return out
}

// splitHit is split with the first place of seen marked, ASCII case ignored.
func splitHit(raw, seen string) []segment {
	i := -1
	if seen != "" {
		i = strings.Index(lowerASCII(raw), lowerASCII(seen))
	}
	if i < 0 {
		return split(raw, false)
	}
	out := split(raw[:i], false)
	for _, s := range split(raw[i:i+len(seen)], false) {
		s.Hit = true
		out = append(out, s)
	}
	return append(out, split(raw[i+len(seen):], false)...)
}

// lowerASCII keeps every byte in its place, unlike strings.ToLower.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// plain is foreign text for attributes and sentences: on one line, with
// characters that would not be visible replaced by their names.
func plain(s string) string {
	var b strings.Builder
	for _, g := range split(s, false) {
		if g.Mark {
			b.WriteString("⟨" + g.Text + "⟩")
		} else {
			b.WriteString(g.Text)
		}
	}
	return b.String()
}

// isolate keeps text that holds right-to-left letters from reordering the
// sentence around it.
func isolate(s string) string {
	rightToLeft := func(r rune) bool {
		return r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff ||
			r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
	}
	if !strings.ContainsFunc(s, rightToLeft) {
		return s
	}
	return "\u2068" + s + "\u2069"
}
