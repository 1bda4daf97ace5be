package misp

import (
	"slices"
	"strings"

	"entente/observable"
)

// kinds is what one part of an attribute type is: the observable types that
// it may be. Nil: this version does not look for it in logs.
func kinds(name string) []observable.Type {
	switch name {
	case "ip-src", "ip-dst", "ip":
		return []observable.Type{observable.IPv4, observable.IPv6, observable.Net4, observable.Net6}
	case "domain", "hostname":
		return []observable.Type{observable.Domain}
	case "url", "uri":
		return []observable.Type{observable.URL}
	case "md5":
		return []observable.Type{observable.MD5}
	case "sha1":
		return []observable.Type{observable.SHA1}
	case "sha256":
		return []observable.Type{observable.SHA256}
	case "email", "email-src", "email-dst", "email-reply-to":
		return []observable.Type{observable.Email}
	default:
		return nil
	}
}

// The types whose values are rules.
const (
	TypePattern = "stix2-pattern"
	TypeSigma   = "sigma"
)

// IsRule says whether the values of a type are rules.
func IsRule(typ string) bool { return typ == TypePattern || typ == TypeSigma }

// Parts cuts the value of a composite type ("domain|ip", "ip-dst|port",
// "filename|sha256") at the bars, from the right: the one part that may hold a
// bar itself is a file name. The value of another type has itself as its part.
func Parts(typ, value string) []string {
	if typ == "malware-sample" { // "filename|md5" under its own name
		typ = "filename|md5"
	}
	parts := make([]string, strings.Count(typ, "|")+1)
	for i := len(parts) - 1; i > 0; i-- {
		bar := strings.LastIndexByte(value, '|')
		if bar < 0 {
			break
		}
		value, parts[i] = value[:bar], value[bar+1:]
	}
	parts[0] = value
	return parts
}

// Values reads an attribute (MISP core format, section 2.4.2.3): the values of
// it that are looked for. Parts that are not (ports, file names) are left out;
// read is false if that leaves none.
func Values(typ, value string) (values []Value, read bool) {
	if typ == "malware-sample" {
		typ = "filename|md5"
	}
	parts := Parts(typ, value)
	for i, name := range strings.Split(typ, "|") {
		k := kinds(name)
		if k == nil {
			continue
		}
		read = true
		v := Value{Text: strings.TrimSpace(parts[i])}
		if len(k) == 1 {
			v.Type = k[0]
		}
		if v.Text != "" {
			values = append(values, v)
		}
	}
	return values, read
}

// listTypes maps the matching attributes of a warning list. A composite type
// adds nothing: it stands there beside its parts, and alone it would widen a
// list of mail providers ("domain|ip") to all names. all is true for a list
// that names none.
func listTypes(attributes []string) (types []observable.Type, all bool) {
	for _, a := range attributes {
		if a == "ALL" {
			return nil, true
		}
		for _, t := range kinds(a) {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	return types, len(attributes) == 0
}
