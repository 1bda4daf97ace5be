package stix

import (
	"strings"
	"time"
)

// Identifiers and timestamps (STIX 2.1, sections 2.9 and 2.16), as text: what
// was signed is the spelling.

// maxID is the longest identifier: a type of 250 bytes, two hyphens, a UUID.
const maxID = 250 + 2 + 36

// IDType returns the type in front of an identifier: "indicator" of
// "indicator--<UUID>". ok is false of what is none: the UUID must be of version
// 1 to 5 (RFC 4122) and in lower case, since identifiers are compared byte for
// byte everywhere.
func IDType(id string) (typ string, ok bool) {
	if len(id) > maxID || len(id) < 3+2+36 {
		return "", false
	}
	typ, uuid := id[:len(id)-38], id[len(id)-36:]
	if id[len(id)-38:len(id)-36] != "--" || !isUUID(uuid) || !isTypeName(typ) {
		return "", false
	}
	return typ, true
}

// isTypeName accepts what section 2.9 allows in front of the hyphens and
// section 3.1 as a type.
func isTypeName(s string) bool {
	if len(s) < 3 || len(s) > 250 || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' && s[i-1] != '-') {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		case 14:
			if c < '1' || c > '5' {
				return false
			}
		case 19:
			if c != '8' && c != '9' && c != 'a' && c != 'b' {
				return false
			}
		default:
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
				return false
			}
		}
	}
	return true
}

const maxTime = 40 // bytes; nobody measures twenty digits of a second

// IsTime reports whether s is a timestamp: RFC 3339 in UTC with a capital Z, any
// number of digits behind the second, a day that exists and no leap second.
func IsTime(s string) bool {
	if len(s) < 20 || len(s) > maxTime || s[len(s)-1] != 'Z' {
		return false
	}
	if _, err := time.Parse("2006-01-02T15:04:05", s[:19]); err != nil {
		return false
	}
	fraction := s[19 : len(s)-1]
	if fraction == "" {
		return true
	}
	return len(fraction) > 1 && fraction[0] == '.' && strings.Trim(fraction[1:], "0123456789") == ""
}

// isMillis reports whether a timestamp has at least three digits behind the
// second, as created and modified must (section 3.2).
func isMillis(s string) bool { return IsTime(s) && len(s) >= len("2006-01-02T15:04:05.000Z") }

// CompareTimes orders two timestamps (IsTime) as instants, without rounding: -1,
// 0 or 1. "…:00Z" and "…:00.000Z" are one instant.
func CompareTimes(a, b string) int {
	if c := strings.Compare(a[:19], b[:19]); c != 0 {
		return c
	}
	return strings.Compare(fractionOf(a), fractionOf(b))
}

func fractionOf(s string) string {
	return strings.TrimRight(strings.TrimPrefix(s[19:len(s)-1], "."), "0")
}
