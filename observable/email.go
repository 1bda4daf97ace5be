package observable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLocal is the longest local part in bytes; RFC 5321, 4.5.3.1.1, says 64, but longer ones are delivered.
const maxLocal = 128

func normaliseEmail(s string) (Value, error) {
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		s = strings.TrimSpace(s[open+1 : len(s)-1])
	}
	const scheme = "mailto:"
	if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
		s = s[len(scheme):]
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return refuse("not an e-mail address in the form local@domain")
	}
	local := strings.ToLower(s[:at])
	if len(local) > maxLocal || !utf8.ValidString(s[:at]) || strings.IndexFunc(local, notInLocal) >= 0 {
		return refuse("not a plain local part")
	}
	domain, err := normaliseName(s[at+1:])
	if err != nil {
		return Value{}, err
	}
	return Value{Email, local + "@" + domain.Canonical}, nil
}

func notInLocal(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>()[]{}\,;:"@`, r)
}
