package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fewest letters that words must hold to be compared: shorter ones, "yes" and
// "good morning", are alike by chance.
const fewest = 20

// Words is what two posts must share to have the same words: the digest of the
// text as normal has it. It is empty for fewer than 20 letters.
func Words(text string) string {
	text = normal(text)
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// normal is a text in lower case without addresses, mentions and a mark of
// reposting, with letters and digits alone kept and blanks made one. It is empty
// for fewer than 20 letters.
func normal(text string) string {
	var b strings.Builder
	letters := 0
	for i, f := range strings.Fields(strings.ToLower(text)) {
		if strings.HasPrefix(f, "http://") || strings.HasPrefix(f, "https://") || strings.HasPrefix(f, "@") || i == 0 && f == "rt" {
			continue
		}
		word := strings.Map(func(r rune) rune {
			if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				return r
			}
			return -1
		}, f)
		if word == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		letters += utf8.RuneCountInString(word)
	}
	if letters < fewest {
		return ""
	}
	return b.String()
}
