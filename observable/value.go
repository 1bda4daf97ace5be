// Package observable holds typed values that logs contain and indicators name, and the one normaliser that makes them comparable.
//
// Two values are the same exactly when their Values are equal with ==. There
// is one normalisation, used for indicators and for logs alike, so that a
// value cannot hide from its indicator behind another spelling. testdata/corpus.txt
// holds it by example; these are its rules.
//
// All types: surrounding white space is dropped. Defanging is undone: [.] (.)
// {.} [dot] (dot) {dot} become a dot, [@] (@) {@} [at] (at) {at} an at sign,
// [:] and [://] what they enclose, in any case and any of the three brackets;
// hxxp:// and hxxps:// are http:// and https://.
//
//   - ipv4-addr, ipv6-addr: RFC 5952 text. ::ffff:1.2.3.4 is the IPv4 address
//     1.2.3.4. An IPv6 address may stand in brackets. Refused: a zone (fe80::1%eth0),
//     octal, hexadecimal, integer or shortened IPv4 (010.8.8.8, 0x8.8.8.8, 134744072, 8.8).
//   - ipv4-net, ipv6-net: the address and its prefix length, host bits cleared;
//     a network of one address is that address, an address type given a prefix
//     is a network. ::ffff:0:0/96 and longer are IPv4 networks. Refused: netmasks and ranges.
//   - domain-name: ASCII lower case without a leading or trailing dot. Names
//     with other characters, and names with xn-- labels, pass the IDNA lookup
//     profile (UTS 46, non-transitional), so a U-label equals its A-label and
//     full-width letters, ideographic full stops and zero-width characters
//     vanish. Real names use underscores and hyphens anywhere in a label, so these are
//     kept. Refused: other characters (a wildcard, say), empty labels, a label over 63
//     octets, a name over 253, and a name that ends in a number, which is an address in another form.
//   - url: "host[:port]/path[?query]" without scheme, so that http and https
//     are one resource. The host is an address or a name as above (brackets
//     around IPv6, percent-escapes undone); user and password, the fragment, an empty
//     query, the ports 80 and 443, and 21 after ftp are dropped; an empty path
//     is "/". The path keeps its case; escapes get upper-case digits, escaped unreserved
//     characters are unescaped (RFC 3986, 6.2.2.2), dot segments are removed (6.2.2.3), a
//     backslash in it is a slash, all else that RFC 3986 does not allow is escaped. Schemes: http https ftp ftps ws wss, or none.
//   - md5, sha1, sha256: 32, 40 or 64 hexadecimal digits in lower case.
//   - email-addr: lower case, the domain as above; "Name <a@b>" and "mailto:a@b"
//     are a@b. Refused: quoted local parts and address literals.
//
// Normalise is idempotent: its canonical text has itself as its canonical text.
package observable

import (
	"strings"

	"entente/statement"
)

// Type names what a value is. The names are STIX 2.1 object types where STIX has
// one; networks and the single hashes are named apart because they compare differently.
type Type string

// The types. They are part of the wire format of indicators and sightings.
const (
	IPv4   Type = "ipv4-addr"
	IPv6   Type = "ipv6-addr"
	Net4   Type = "ipv4-net"
	Net6   Type = "ipv6-net"
	Domain Type = "domain-name"
	URL    Type = "url"
	MD5    Type = "md5"
	SHA1   Type = "sha1"
	SHA256 Type = "sha256"
	Email  Type = "email-addr"
)

// Types lists every type, in the order of the constants.
func Types() []Type {
	return []Type{IPv4, IPv6, Net4, Net6, Domain, URL, MD5, SHA1, SHA256, Email}
}

// Value is a typed value in canonical form. Values compare with == and serve as
// map keys. Only Normalise, Address and Detect make them.
type Value struct {
	Type      Type
	Canonical string
}

// String returns "type canonical".
func (v Value) String() string { return string(v.Type) + " " + v.Canonical }

// MaxRaw is the longest text, in bytes, that is looked at for any type.
const MaxRaw = 8192

// Normalise returns the canonical value of raw as a t. The result has another
// type than t in two documented cases: an IPv4 address written as IPv6, and an
// address written as a network or the reverse. The error is a *statement.Refusal
// with the code E_VALUE whose detail never quotes raw.
func Normalise(t Type, raw string) (Value, error) {
	if v, ok := plain(t, raw); ok {
		return v, nil
	}
	return normalise(t, raw)
}

// normalise is Normalise for any text, whether it is plain or not.
func normalise(t Type, raw string) (Value, error) {
	if len(raw) > MaxRaw {
		return refuse("longer than 8192 bytes")
	}
	s, err := refang(strings.TrimSpace(raw))
	if err != nil {
		return Value{}, err
	}
	if s == "" {
		return refuse("empty")
	}
	switch t {
	case IPv4, IPv6, Net4, Net6:
		return normaliseAddress(t, s)
	case Domain:
		return normaliseName(s)
	case URL:
		return normaliseURL(s)
	case MD5, SHA1, SHA256:
		return normaliseHash(t, s)
	case Email:
		return normaliseEmail(s)
	default:
		return refuse("unknown type")
	}
}

func refuse(detail string) (Value, error) {
	return Value{}, &statement.Refusal{Code: statement.CodeValue, Detail: detail} // nothing to format: logs are full of values that are none
}

// hashLength returns the number of hexadecimal digits of a hash type, 0 for other types.
func hashLength(t Type) int {
	switch t {
	case MD5:
		return 32
	case SHA1:
		return 40
	case SHA256:
		return 64
	default:
		return 0
	}
}

func normaliseHash(t Type, s string) (Value, error) {
	if len(s) != hashLength(t) {
		return refuse("wrong length for a hash of this type")
	}
	if !isHex(s) {
		return refuse("a hash has hexadecimal digits only")
	}
	return Value{t, strings.ToLower(s)}, nil
}

func isHex(s string) bool {
	for i := range len(s) {
		if _, ok := unhex(s[i]); !ok {
			return false
		}
	}
	return s != ""
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	default:
		return 0, false
	}
}
