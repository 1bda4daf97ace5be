package observable

import (
	"strings"
)

// Detect finds the type of an untyped value, as plain lists hold them, and
// normalises it: an address or network, address:port (the port is dropped), a
// hash by its length, an e-mail address, a URL (has a scheme, a slash or a
// question mark), else a name of two labels or more (a port is dropped). A lone
// label is a name only behind a dot (".com"): anything could be one. The error is as with Normalise.
func Detect(raw string) (Value, error) {
	if len(raw) > MaxRaw {
		return refuse("longer than 8192 bytes")
	}
	s, err := refang(strings.TrimSpace(raw))
	if err != nil {
		return Value{}, err
	}
	if strings.ContainsFunc(s, isBlank) {
		return refuse("white space or a control character within a value")
	}
	if v, ok, err := detectAddress(s); ok {
		return v, err
	}
	if isHex(s) && len(s) >= hashLength(MD5) {
		return detectHash(s)
	}
	slash := strings.IndexAny(s, `/?\`)
	switch {
	case slash < 0 && strings.IndexByte(s, '@') >= 0:
		return detectHost(normaliseEmail(s))
	case slash >= 0:
		return detectHost(normaliseURL(s))
	default:
		return detectName(s)
	}
}

func isBlank(r rune) bool { return r <= ' ' || r == 0x7f }

// detectAddress judges everything that starts like an address; ok says that s can be nothing else.
func detectAddress(s string) (v Value, ok bool, err error) {
	bare, port, hasPort := cutPort(s)
	if v, err = Address(s); err == nil {
		return v, true, nil
	}
	if hasPort && isPort(port) {
		if v, err = Address(bare); err == nil {
			return v, true, nil
		}
	}
	head, length, isNet := strings.Cut(s, "/")
	if _, err = Address(head); isNet && err == nil && strings.Trim(length, "0123456789") == "" && length != "" {
		t := Net4
		if strings.IndexByte(head, ':') >= 0 {
			t = Net6
		}
		v, err = normaliseAddress(t, s)
		return v, true, err
	}
	return Value{}, false, nil
}

// cutPort splits "host:port" and "[v6]:port"; an unbracketed IPv6 address has no port.
func cutPort(s string) (host, port string, ok bool) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return s, "", false
	}
	host, port = s[:colon], s[colon+1:]
	if strings.IndexByte(host, ':') >= 0 && !strings.HasSuffix(host, "]") {
		return s, "", false
	}
	return host, port, true
}

func isPort(s string) bool {
	return s != "" && len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}

func detectHash(s string) (Value, error) {
	for _, t := range []Type{MD5, SHA1, SHA256} {
		if len(s) == hashLength(t) {
			return normaliseHash(t, s)
		}
	}
	return refuse("hexadecimal digits of no known hash length")
}

// detectHost accepts what was normalised only if its host is an address or a name that Detect would take for one.
func detectHost(v Value, err error) (Value, error) {
	if err != nil {
		return v, err
	}
	host, _ := v.Host()
	if host.Type == Domain && !looksLikeName(host.Canonical) {
		return refuse("not recognised as a value of any type")
	}
	return v, nil
}

func detectName(s string) (Value, error) {
	if host, port, ok := cutPort(s); ok && isPort(port) {
		s = host
	}
	v, err := normaliseName(s)
	if err != nil {
		return Value{}, err
	}
	if !looksLikeName(v.Canonical) && !(strings.HasPrefix(s, ".") && looksLikeTop(v.Canonical)) {
		return refuse("not recognised as a value of any type")
	}
	return v, nil
}

// looksLikeName asks for two labels and a last one that could be a top-level domain.
func looksLikeName(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && looksLikeTop(name[dot+1:])
}

func looksLikeTop(label string) bool {
	return strings.HasPrefix(label, "xn--") || len(label) >= 2 && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz") == ""
}
