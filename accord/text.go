package accord

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"entente/statement"
)

// Texts is one text in several languages, by BCP 47 tag in lower case. Where
// several are authentic, all of them are signed.
type Texts map[string]string

// Languages returns the tags in order.
func (t Texts) Languages() []string { return slices.Sorted(maps.Keys(t)) }

// In returns the text in the language or, if there is none, in the first one.
func (t Texts) In(lang string) string {
	if s, ok := t[lang]; ok {
		return s
	}
	for _, l := range t.Languages() {
		return t[l]
	}
	return ""
}

// CheckTexts accepts texts in at least one language, each at most limit bytes
// and plain. Words that mix scripts are refused in strict texts (clauses and
// titles, where two readers must see one word); elsewhere Mixed flags them.
func CheckTexts(what string, t Texts, limit int, strict bool) error {
	if len(t) == 0 || len(t) > 12 {
		return refuse("%s: a text in 1 to 12 languages", what)
	}
	for _, lang := range t.Languages() {
		s := t[lang]
		if err := checkLanguage(lang); err != nil {
			return err
		}
		if strings.TrimSpace(s) == "" || len(s) > limit {
			return refuse("%s in %s: 1 to %d bytes", what, lang, limit)
		}
		if err := plain(what, s); err != nil {
			return err
		}
		if w := Mixed(s); strict && w != "" {
			return statement.Refuse(statement.CodeValue, "%s in %s: the word %q mixes Latin, Cyrillic or Greek letters", what, lang, w)
		}
		if strict {
			if err := noActiveMarkup(what, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkLanguage(tag string) error {
	if len(tag) < 2 || len(tag) > 35 || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || tag[0] < 'a' || tag[0] > 'z' {
		return refuse("language %.40q: a BCP 47 tag in lower case", tag)
	}
	return nil
}

// plain refuses what a reader does not see: text that is not in normal form
// C, bidirectional controls, invisible characters and control characters.
func plain(what, s string) error {
	if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
		return statement.Refuse(statement.CodeUTF8, "%s: text in Unicode normal form C", what)
	}
	for _, r := range s {
		if r != '\n' && r != '\t' && invisible(r) {
			return statement.Refuse(statement.CodeValue, "%s: the character U+%04X cannot be seen", what, r)
		}
	}
	return nil
}

// invisible covers categories Cc, Cf, Co, Cs, Zl, Zp and the characters of
// other categories that render as nothing (UTS 39 section 3.1, default
// ignorables).
func invisible(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return true
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	case r == 0x2800, r == 0x00A0, r == 0x202F: // braille blank, no-break spaces
		return true
	}
	return false
}

// Mixed returns the first word that has letters of more than one of the
// scripts that look alike, or "".
func Mixed(s string) string {
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }) {
		scripts := 0
		for _, table := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek} {
			if strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(table, r) }) {
				scripts++
			}
		}
		if scripts > 1 {
			return w
		}
	}
	return ""
}

// noActiveMarkup refuses HTML, images and links: what is signed is what is seen,
// and a link's target can change after the signature.
func noActiveMarkup(what, s string) error {
	if i := strings.IndexByte(s, '<'); i >= 0 && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '!' || s[i+1] >= 'A' && s[i+1] <= 'z') {
		return statement.Refuse(statement.CodeValue, "%s: no HTML in a signed text", what)
	}
	if strings.Contains(s, "](") || strings.Contains(s, "]:") || strings.Contains(s, "![") {
		return statement.Refuse(statement.CodeValue, "%s: no links or images in a signed text; write the address out, or attach an exhibit", what)
	}
	return nil
}

// Typed is a text as the person meant who typed or pasted it: one kind of line
// end, normal form C, plain spaces in place of those that do not break, none
// around it. What it makes is what is shown to be signed.
func Typed(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u202f", " ").Replace(s)
	return strings.TrimSpace(norm.NFC.String(s))
}
