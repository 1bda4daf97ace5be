package stix

import (
	"strings"

	"entente/exchange/stix/pattern"
	"entente/observable"
)

// ReadPattern reads a pattern (STIX 2.1, section 9) for two matchers. A pattern that asks for one of some values
// (comparisons by '=', IN a list, or ISSUBSET of a network, joined by OR inside an observation expression or between
// several) is told apart: the values that the exact index finds come out as values, in order, and the comparisons that it
// does not know (file:name, say) as rest, a pattern of these alone. Every other pattern is rest as a whole, and nil is
// the rest of one that the values say completely. A pattern that package pattern refuses is refused.
func ReadPattern(text string) (values []Value, rest *pattern.Pattern, err error) {
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	tests, ok := p.Alternatives()
	if !ok {
		return nil, p, nil
	}
	var others []string
	for _, t := range tests {
		if more := exact(t); more != nil {
			values = append(values, more...)
		} else {
			others = append(others, t.String())
		}
	}
	switch {
	case len(values) == 0:
		return nil, p, nil
	case len(others) == 0:
		return values, nil, nil
	}
	rest, err = pattern.Parse("[" + strings.Join(others, " OR ") + "]")
	return values, rest, err
}

// exact returns the values of a comparison that the exact index evaluates, nil for any other.
func exact(t *pattern.Test) (values []Value) {
	typ, known := typeOf(t.Path)
	subset := t.Op == pattern.IsSubset && (typ == observable.IPv4 || typ == observable.IPv6)
	if !known || t.Not || t.Op != pattern.Equal && t.Op != pattern.In && !subset {
		return nil
	}
	for _, v := range t.Literals {
		if v.Kind != pattern.String {
			return nil
		}
		values = append(values, Value{typ, v.Text})
	}
	return values
}

// typeOf maps an object path to the type that logs are searched for; "" when the path leaves the type open.
func typeOf(path pattern.Path) (t observable.Type, known bool) {
	var b strings.Builder
	for i, s := range path.Steps {
		if s.Key == "" {
			return "", false
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.Key)
	}
	name := path.Type + ":" + b.String()
	switch name {
	case "ipv4-addr:value":
		return observable.IPv4, true
	case "ipv6-addr:value":
		return observable.IPv6, true
	case "domain-name:value":
		return observable.Domain, true
	case "url:value":
		return observable.URL, true
	case "email-addr:value", "email-message:from_ref.value", "email-message:sender_ref.value":
		return observable.Email, true
	case "network-traffic:dst_ref.value", "network-traffic:src_ref.value":
		return "", true
	}
	hash, ok := strings.CutPrefix(name, "file:hashes.")
	if !ok {
		return "", false
	}
	switch strings.ToUpper(strings.ReplaceAll(hash, "-", "")) {
	case "MD5":
		return observable.MD5, true
	case "SHA1":
		return observable.SHA1, true
	case "SHA256":
		return observable.SHA256, true
	default:
		return "", false
	}
}
