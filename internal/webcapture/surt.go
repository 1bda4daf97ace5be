package webcapture

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

var www = regexp.MustCompile(`^www[0-9]*\.`)

// surt is the sort-friendly form of an address, org,example)/path?query, in
// which addresses that archives take for one are equal: without www, the usual
// port and a last slash, in lower case, with the query's parts in order. Session
// ids, which they also take out, stay.
func surt(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	labels := strings.Split(www.ReplaceAllString(strings.ToLower(u.Hostname()), ""), ".")
	slices.Reverse(labels)
	s := strings.Join(labels, ",")
	if p := u.Port(); p != "" && u.Scheme+p != "http80" && u.Scheme+p != "https443" {
		s += ":" + p
	}
	s += ")" + strings.ToLower(escaped(path.Clean("/"+unescaped(u.EscapedPath()))))
	if u.RawQuery == "" {
		return s
	}
	parts := strings.Split(strings.ToLower(escaped(unescaped(u.RawQuery))), "&")
	slices.SortFunc(parts, func(a, b string) int { return slices.Compare(strings.SplitN(a, "=", 2), strings.SplitN(b, "=", 2)) })
	return s + "?" + strings.Join(parts, "&")
}

// unescaped undoes percent signs until none is left that means a byte; each
// round shortens the text, and more than a few are nobody's address.
func unescaped(s string) string {
	for range 8 {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if high, low := digit(s, i+1), digit(s, i+2); s[i] == '%' && high >= 0 && low >= 0 {
				b.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
			b.WriteByte(s[i])
		}
		if b.Len() == len(s) {
			break
		}
		s = b.String()
	}
	return s
}

// digit is the value of a hexadecimal digit, -1 if there is none.
func digit(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	v := strings.IndexByte("0123456789abcdefABCDEF", s[i])
	if v > 15 {
		v -= 6
	}
	return v
}

func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '%' {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
