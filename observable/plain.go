package observable

import "strings"

// plain returns the value of a text that is canonical as it stands, as nearly all names and hashes in logs are. It is false for all
// else, and for what takes longer to tell.
func plain(t Type, s string) (Value, bool) {
	switch t {
	case Domain:
		return PlainName(s)
	case MD5, SHA1, SHA256:
		return Value{t, s}, len(s) == hashLength(t) && isLowerHex(s)
	case URL:
		return plainURL(s)
	default:
		return Value{}, false
	}
}

// plainURL returns the value of a URL of http or https with a plain host, no port, and a path and query of which nothing is rewritten.
func plainURL(s string) (Value, bool) {
	rest, ok := strings.CutPrefix(s, "http://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "https://")
	}
	slash := strings.IndexByte(rest, '/')
	if !ok || slash < 0 || len(s) > MaxRaw || s[len(s)-1] == '?' {
		return Value{}, false
	}
	host := rest[:slash]
	if _, ok = PlainName(host); !ok {
		if _, ok = ParseIPv4(host); !ok {
			return Value{}, false
		}
	}
	for i := slash; i < len(rest); i++ {
		if c := rest[i]; !inPlainURL[c] || c == '.' && rest[i-1] == '/' {
			return Value{}, false
		}
	}
	return Value{URL, rest}, true
}

// inPlainURL holds the bytes that stay in a path and in a query as they are, but for the bracket with which a dot may be defanged.
var inPlainURL = func() (t [256]bool) {
	for c := range len(t) {
		t[c] = isUnreserved(byte(c)) || strings.IndexByte("/?:@!$&')*+,;=", byte(c)) >= 0
	}
	return t
}()

// PlainName returns the value of a domain name in its canonical spelling. It is false for all else, and for a name with two hyphens
// together or a digit at the start of its last label.
func PlainName(s string) (Value, bool) {
	if len(s) > maxName {
		return Value{}, false
	}
	label := 0 // where it starts
	for i := range len(s) {
		switch c := s[i]; {
		case c-'a' < 26, c-'0' < 10, c == '_':
		case c == '-' && (i == 0 || s[i-1] != '-'):
		case c == '.' && i > label && i-label <= maxLabel:
			label = i + 1
		default:
			return Value{}, false
		}
	}
	if label == len(s) || len(s)-label > maxLabel || s[label]-'a' >= 26 {
		return Value{}, false
	}
	return Value{Domain, s}, true
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; c-'0' >= 10 && c-'a' >= 6 {
			return false
		}
	}
	return true
}
