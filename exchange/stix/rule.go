package stix

import (
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// fault is why a value is not what its property must be, and where in it.
type fault struct{ path, why string }

func bad(why string) *fault { return &fault{why: why} }

// in says that the fault is in the value below key.
func (f *fault) in(key string) *fault {
	if f.path != "" {
		key += "." + f.path
	}
	return &fault{key, f.why}
}

// rule is what the specification says of the value of one property.
type rule func(v *node) *fault

func text(v *node) *fault {
	if v.kind != '"' {
		return bad("no string")
	}
	return nil
}

func boolean(v *node) *fault {
	if v.kind != 't' && v.kind != 'f' {
		return bad("neither true nor false")
	}
	return nil
}

func numeric(v *node) *fault {
	if v.kind != '0' {
		return bad("no number")
	}
	return nil
}

// integer accepts digits alone: 1.0 and 1e2 are integers to some readers only.
func integer(v *node) *fault {
	if v.kind != '0' || strings.Trim(v.text, "-0123456789") != "" {
		return bad("no integer")
	}
	return nil
}

func between(least, most int64) rule {
	return func(v *node) *fault {
		if f := integer(v); f != nil {
			return f
		}
		if i, err := strconv.ParseInt(v.text, 10, 64); err != nil || i < least || i > most {
			return bad("not from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10))
		}
		return nil
	}
}

func within(least, most float64) rule {
	return func(v *node) *fault {
		if f := numeric(v); f != nil {
			return f
		}
		if x, err := strconv.ParseFloat(v.text, 64); err != nil || x < least || x > most {
			return bad("out of range")
		}
		return nil
	}
}

func timestamp(v *node) *fault {
	if v.kind != '"' || !IsTime(v.text) {
		return bad("no timestamp in UTC")
	}
	return nil
}

func oneOf(words ...string) rule {
	return func(v *node) *fault {
		if v.kind != '"' || !slices.Contains(words, v.text) {
			return bad("not one of " + strings.Join(words, ", "))
		}
		return nil
	}
}

// idOf accepts an identifier of one of the types, of any if there are none.
func idOf(types ...string) rule {
	return func(v *node) *fault {
		typ, ok := IDType(v.text)
		if v.kind != '"' || !ok {
			return bad("no identifier")
		}
		if len(types) > 0 && !slices.Contains(types, typ) {
			return bad("an identifier of the type " + typ)
		}
		return nil
	}
}

func idNotOf(types ...string) rule {
	return func(v *node) *fault {
		if typ, ok := IDType(v.text); v.kind != '"' || !ok || slices.Contains(types, typ) {
			return bad("no identifier of a type that may stand here")
		}
		return nil
	}
}

// list accepts a list with something in it (section 2.11 forbids empty ones).
func list(of rule) rule {
	return func(v *node) *fault {
		if v.kind != '[' || len(v.items) == 0 {
			return bad("no list with something in it")
		}
		for i := range v.items {
			if f := of(&v.items[i]); f != nil {
				return f.in("[" + strconv.Itoa(i) + "]")
			}
		}
		return nil
	}
}

// dictionary accepts an object with keys of section 2.3, each value held to of.
func dictionary(of rule) rule {
	return func(v *node) *fault {
		if v.kind != '{' || len(v.members) == 0 {
			return bad("no dictionary with something in it")
		}
		for i := range v.members {
			m := &v.members[i]
			if !isKey(m.key, 0) {
				return bad("a key with other characters than letters, digits, hyphen and underscore")
			}
			if f := of(&m.node); f != nil {
				return f.in(m.key)
			}
		}
		return nil
	}
}

func isKey(s string, least int) bool {
	for i := range len(s) {
		if !isTypeByte(s[i]) && s[i] != '_' {
			return false
		}
	}
	return len(s) >= least && len(s) <= 250
}

// something accepts what a property may hold at all: no null, no empty list.
func something(v *node) *fault {
	if v.kind == 'n' || v.kind == '[' && len(v.items) == 0 {
		return bad("null or an empty list")
	}
	return nil
}

// part accepts an object of the shape; what it has beyond that is anything.
func part(s shape) rule {
	return func(v *node) *fault {
		return s.check(v, func(string, *node) *fault { return nil })
	}
}

func hexText(v *node) *fault {
	if _, err := hex.DecodeString(v.text); v.kind != '"' || err != nil || v.text == "" {
		return bad("no hexadecimal text")
	}
	return nil
}

func base64Text(v *node) *fault {
	if v.kind != '"' || v.text == "" || strings.ContainsAny(v.text, "\r\n") {
		return bad("no base64")
	}
	if _, err := base64.StdEncoding.DecodeString(v.text); err != nil {
		return bad("no base64")
	}
	return nil
}

func ipv4(v *node) *fault {
	if a, ok := address(v); !ok || !a.Is4() {
		return bad("no IPv4 address or network")
	}
	return nil
}

func ipv6(v *node) *fault {
	if a, ok := address(v); !ok || !a.Is6() {
		return bad("no IPv6 address or network")
	}
	return nil
}

func address(v *node) (netip.Addr, bool) {
	if v.kind != '"' {
		return netip.Addr{}, false
	}
	if strings.Contains(v.text, "/") {
		p, err := netip.ParsePrefix(v.text)
		return p.Addr(), err == nil
	}
	a, err := netip.ParseAddr(v.text)
	return a, err == nil
}

func macAddress(v *node) *fault {
	if len(v.text) != 17 || v.kind != '"' {
		return bad("no MAC address")
	}
	for i := range len(v.text) {
		if c := v.text[i]; i%3 == 2 && c != ':' || i%3 != 2 && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return bad("no MAC address in lower case")
		}
	}
	return nil
}
