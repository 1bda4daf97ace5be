package stix

import "strings"

// hashDigits are how many hexadecimal digits the algorithms of section 2.7 give.
var hashDigits = map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}

// hashes accepts a dictionary of hashes: each of a well-known algorithm has the
// form of that algorithm.
func hashes(v *node) *fault {
	if v.kind != '{' || len(v.members) == 0 {
		return bad("no dictionary of hashes")
	}
	for i := range v.members {
		m := &v.members[i]
		if !isKey(m.key, 3) || m.kind != '"' || !isHash(m.key, m.text) {
			return bad("no hash of this algorithm").in(m.key)
		}
	}
	return nil
}

func isHash(algorithm, s string) bool {
	switch algorithm {
	case "SSDEEP":
		return s != "" && len(s) <= 128 && only(s, "/+:.")
	case "TLSH":
		return len(s) == 70 && only(s, "")
	}
	digits, known := hashDigits[algorithm]
	return !known || len(s) == digits && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// only reports whether s is of letters, digits and the signs.
func only(s, signs string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(signs, r))
	}) < 0
}
