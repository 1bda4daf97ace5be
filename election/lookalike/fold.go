package lookalike

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"go.mau.fi/util/confusable"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// unknown stands for a letter that looks like none of ASCII's.
const unknown = '?'

// Fold is what a reader takes a label for: lower case without hyphens and dots,
// punycode decoded, marks stripped, look-alikes after UTS 39 replaced, and the
// pairs of ASCII that look like one letter made that letter.
func Fold(label string) string { return string(appendFold(nil, label, true)) }

// plain maps the bytes of ASCII labels; 0 is left out.
var plain = func() (t [256]byte) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = byte(c), byte(c)
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = byte(c)
	}
	t['0'], t['1'], t['i'], t['I'] = 'o', 'l', 'l', 'l'
	t['_'] = '_'
	return t
}()

// appendFold appends the fold; without pairs those of ASCII stay two letters, since
// a letter put between them would hide them.
func appendFold(to []byte, label string, pairs bool) []byte {
	if !ascii(label) || strings.Contains(label, "xn--") {
		label = letters(label)
	}
	start := len(to)
	for i := 0; i < len(label); i++ {
		c := plain[label[i]]
		if label[i] == unknown {
			c = unknown
		}
		if c == 0 {
			continue
		}
		if n := len(to); n > start && pairs {
			switch last := to[n-1]; {
			case last == 'r' && c == 'n':
				to[n-1] = 'm'
				continue
			case last == 'v' && c == 'v':
				to[n-1] = 'w'
				continue
			case last == 'c' && c == 'l':
				to[n-1] = 'd'
				continue
			}
		}
		to = append(to, c)
	}
	return to
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// letters turns what is not ASCII into the ASCII that it looks like.
func letters(s string) string {
	if u, err := idna.Punycode.ToUnicode(s); err == nil {
		s = u
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		if to, ok := strokes[r]; ok {
			b.WriteString(to)
			continue
		}
		b.WriteString(skeleton(r))
	}
	return b.String()
}

// skeleton is one letter's skeleton in lower-case ASCII, or the mark of an unknown one.
func skeleton(r rune) string {
	to := confusable.GetReplacement(r)
	if to == "" {
		return string(unknown)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(to)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case strokes[r] != "":
			b.WriteString(strokes[r])
		default:
			b.WriteByte(unknown)
		}
	}
	return b.String()
}

// strokes are letters with hooks, tails and strokes, which neither decompose
// nor stand in UTS 39's table under their plain letter.
var strokes = func() map[rune]string {
	out := make(map[rune]string)
	for to, list := range map[string]string{
		"a": "ɑɐᴀⱥаαӕ", "b": "ƀɓƃʙᖯɃⴆьƅ", "c": "ƈȼᴄϲсⅽćʗ", "d": "đɖɗƌᴅȡԁժ", "e": "ɇɘɛəєеҽⱸᴇ", "f": "ƒꞙẝϝғ",
		"g": "ǥɠɡɢցᶃ", "h": "ħɦհһⱨʜ", "i": "ɨıɩɪιіⅰӏ", "j": "ɉʝϳјʲȷ", "k": "ƙᴋⱪκĸ", "l": "łƚɫɬɭȴʟⅼ", "m": "ɱᴍⅿ",
		"n": "ŋɲɳƞȵɴոպղ", "o": "øɵºοօоσᴏ", "p": "ƥᵽρрᴘ", "q": "ʠɋզԛ", "r": "ɍɼɽɾʀᴦг", "s": "ʂșѕꜱƽ", "t": "ŧƫƭʈțȶᴛτ",
		"u": "ʉʊυսᴜ", "v": "ʋνѵᴠⅴ", "w": "ѡԝᴡⱳω", "x": "хⅹ×", "y": "ƴɏʏγуү", "z": "ƶȥʐʑᴢ",
	} {
		for _, r := range list {
			out[r] = to
		}
	}
	return out
}()
