package observable

// plain returns the value of a text that is canonical as it stands, as nearly all names and hashes in logs are. It is false for all
// else, and for what takes longer to tell.
func plain(t Type, s string) (Value, bool) {
	switch t {
	case Domain:
		return PlainName(s)
	case MD5, SHA1, SHA256:
		return Value{t, s}, len(s) == hashLength(t) && isLowerHex(s)
	default:
		return Value{}, false
	}
}

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
