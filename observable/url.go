package observable

import (
	"strconv"
	"strings"
)

// normaliseURL repeats the rewriting until it changes nothing, because an
// unescaped character can complete another rewriting: (%64ot), say. URLs
// without escapes and brackets settle at once.
func normaliseURL(s string) (Value, error) {
	for range settlePasses {
		out, err := rewriteURL(s)
		if err != nil {
			return Value{}, err
		}
		if out == s || !strings.ContainsAny(s, "%[({\\") {
			return Value{URL, out}, nil
		}
		if s, err = refang(out); err != nil {
			return Value{}, err
		}
	}
	return refuse("escapes within escapes")
}

func rewriteURL(s string) (string, error) {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return urlError("a URL has no control characters")
		}
	}
	scheme, rest, err := cutScheme(s)
	if err != nil {
		return "", err
	}
	end := strings.IndexAny(rest, `/?#\`)
	if end < 0 {
		end = len(rest)
	}
	authority, err := rewriteAuthority(scheme, rest[:end])
	if err != nil {
		return "", err
	}
	rest, _, _ = strings.Cut(rest[end:], "#")
	path, query, _ := strings.Cut(rest, "?")

	b := make([]byte, 0, len(authority)+len(rest)+8)
	b = append(b, authority...)
	b = append(b, removeDotSegments(string(appendEscaped(nil, path, true)))...)
	if query != "" {
		b = append(b, '?')
		b = appendEscaped(b, query, false)
	}
	if len(b) > MaxRaw {
		return urlError("longer than 8192 bytes")
	}
	return string(b), nil
}

func urlError(detail string) (string, error) {
	_, err := refuse(detail)
	return "", err
}

// cutScheme returns the scheme in lower case and what follows "://". The scheme is "" for "host/path" and "//host/path".
func cutScheme(s string) (scheme, rest string, err error) {
	before, after, found := strings.Cut(s, "://")
	if !found || strings.ContainsAny(before, `/?#\@[`) {
		return "", strings.TrimPrefix(s, "//"), nil
	}
	switch scheme = strings.ToLower(before); scheme {
	case "http", "https", "ftp", "ftps", "ws", "wss":
		return scheme, after, nil
	default:
		_, err = urlError("not a scheme of the web")
		return "", "", err
	}
}

func rewriteAuthority(scheme, s string) (string, error) {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		if scheme == "" {
			return urlError("a user before the host needs a scheme")
		}
		s = s[at+1:]
	}
	host, port := s, ""
	if colon := strings.LastIndexByte(s, ':'); colon > strings.LastIndexByte(s, ']') {
		host, port = s[:colon], s[colon+1:]
		if port == "" && scheme == "" {
			return urlError("an empty port needs a scheme")
		}
	}
	host, err := rewriteHost(host)
	if err != nil || port == "" {
		return host, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '+' {
		return urlError("not a port")
	}
	if n == 80 || n == 443 || (n == 21 && scheme == "ftp") {
		return host, nil
	}
	return host + ":" + strconv.FormatUint(n, 10), nil
}

func rewriteHost(s string) (string, error) {
	if strings.HasPrefix(s, "[") {
		v, err := normaliseAddress(IPv6, s)
		if err != nil || v.Type == IPv4 {
			return v.Canonical, err
		}
		return "[" + v.Canonical + "]", nil
	}
	if strings.IndexByte(s, '%') >= 0 {
		s = unescape(s)
	}
	if v, err := normaliseAddress(IPv4, s); err == nil && v.Type == IPv4 {
		return v.Canonical, nil
	}
	v, err := normaliseName(s)
	return v.Canonical, err
}

// unescape decodes every valid percent-escape and leaves the rest.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if c, ok := escapeAt(s, i); ok {
			b = append(b, c)
			i += 2
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// escapeAt decodes the percent-escape that starts at s[i], if one does.
func escapeAt(s string, i int) (byte, bool) {
	if s[i] != '%' || i+2 >= len(s) {
		return 0, false
	}
	high, ok1 := unhex(s[i+1])
	low, ok2 := unhex(s[i+2])
	return high<<4 | low, ok1 && ok2
}

// appendEscaped appends a path or query in which unreserved characters stand
// plain, all that RFC 3986, 3.3 and 3.4, does not allow is escaped, and other escapes are kept.
func appendEscaped(b []byte, s string, inPath bool) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		decoded, escaped := escapeAt(s, i)
		switch {
		case escaped && isUnreserved(decoded):
			b = append(b, decoded)
		case escaped:
			b = appendEscape(b, decoded)
		case c == '\\' && inPath:
			b = append(b, '/')
		case isUnreserved(c) || strings.IndexByte("/?:@!$&'()*+,;=", c) >= 0:
			b = append(b, c)
		default:
			b = appendEscape(b, c)
		}
		if escaped {
			i += 2
		}
	}
	return b
}

func appendEscape(b []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// removeDotSegments is RFC 3986, 5.2.4, for a path that is empty or starts with a slash.
func removeDotSegments(path string) string {
	if path == "" {
		return "/"
	}
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
			fallthrough
		case ".":
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// Host returns the host of a URL (an address or a name) or the domain of an
// e-mail address. It is false for all other types.
func (v Value) Host() (Value, bool) {
	switch v.Type {
	case Email:
		return Value{Domain, v.Canonical[strings.LastIndexByte(v.Canonical, '@')+1:]}, true
	case URL:
		host := v.Canonical
		if slash := strings.IndexByte(host, '/'); slash >= 0 {
			host = host[:slash]
		}
		if strings.HasPrefix(host, "[") {
			return Value{IPv6, host[1:strings.IndexByte(host, ']')]}, true
		}
		if colon := strings.IndexByte(host, ':'); colon >= 0 {
			host = host[:colon]
		}
		if endsInNumber(host) {
			return Value{IPv4, host}, true
		}
		return Value{Domain, host}, true
	default:
		return Value{}, false
	}
}

// DomainName is the domain that a value is, or the domain of its URL or e-mail
// address; "" where there is none, as in a URL of an address.
func (v Value) DomainName() string {
	if v.Type == Domain {
		return v.Canonical
	}
	if host, ok := v.Host(); ok && host.Type == Domain {
		return host.Canonical
	}
	return ""
}
