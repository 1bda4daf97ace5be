package observed

import (
	"strings"

	"entente/exchange/stix/pattern"
	"entente/observable"
)

// Respell returns a pattern with its constants spelled as Map spells values, since equality in patterns is of code
// points: addresses without /32 or /128 and in the form of RFC 5952, names and mail addresses in the normal form of
// package observable, hashes in lower case. Only "=", "!=" and IN on the value of an address, name or mail address, on
// the value behind a reference, and on hashes are concerned; a constant that is no such value stays as it is.
func Respell(p *pattern.Pattern) (*pattern.Pattern, error) {
	return p.WithEqualities(func(path pattern.Path, text string) string {
		last := path.Steps[len(path.Steps)-1]
		switch {
		case path.Steps[0].Key == "hashes" && len(path.Steps) == 2:
			return strings.ToLower(text)
		case last.Key != "value":
			return text
		case len(path.Steps) > 1 && behindReference(path.Steps):
			if v, err := observable.Detect(text); err == nil && v.Type != observable.URL {
				return v.Canonical
			}
		case len(path.Steps) == 1:
			return respell(path.Type, text)
		}
		return text
	})
}

// behindReference reports whether the last property is one of a referred object.
func behindReference(steps []pattern.Step) bool {
	for i := len(steps) - 2; i >= 0; i-- {
		if key := steps[i].Key; key != "" {
			return strings.HasSuffix(key, "_ref") || strings.HasSuffix(key, "_refs")
		}
	}
	return false
}

func respell(objectType, text string) string {
	var t observable.Type
	switch objectType {
	case "ipv4-addr":
		t = observable.Net4
	case "ipv6-addr":
		t = observable.Net6
	case "domain-name":
		t = observable.Domain
	case "email-addr":
		t = observable.Email
	default:
		return text
	}
	v, err := observable.Normalise(t, text)
	if err != nil {
		return text
	}
	return v.Canonical
}
