package indicator

import (
	"strings"

	"entente/observable"
)

// Rule says why a seen value meets an indicator. Every rule is exact: there
// are no scores.
type Rule uint8

const (
	// Equal: the same type and the same canonical value.
	Equal Rule = iota + 1
	// InNetwork: the address (or smaller network) lies in the indicated network.
	InNetwork
	// Subdomain: the name lies below the indicated name, which has at least
	// two labels: a top-level domain stands for itself only.
	Subdomain
	// URLPrefix: the URL goes on where the indicated one ends, at a '/' or a
	// '?'; an indicated URL with a query is met by itself only.
	URLPrefix
	// HostOfURL: the URL's host is the indicated name or address, lies below
	// the name or in the network.
	HostOfURL
	// HostOfEmail: the e-mail address is at the indicated name or below it.
	HostOfEmail
)

// Rules returns every rule, in order.
func Rules() []Rule {
	return []Rule{Equal, InNetwork, Subdomain, URLPrefix, HostOfURL, HostOfEmail}
}

// Code returns the stable key of the rule, "match.equal" and so on: catalogues
// of translations and stored alerts use it.
func (r Rule) Code() string {
	code, _ := r.text()
	return code
}

// String returns the code.
func (r Rule) String() string { return r.Code() }

func (r Rule) text() (code, english string) {
	switch r {
	case Equal:
		return "match.equal", "{seen} is the indicated value"
	case InNetwork:
		return "match.in_network", "{seen} lies in the indicated network {indicator}"
	case Subdomain:
		return "match.subdomain", "{seen} lies below the indicated name {indicator}"
	case URLPrefix:
		return "match.url_prefix", "{seen} continues the indicated URL {indicator}"
	case HostOfURL:
		return "match.host_of_url", "the host of {seen} meets the indicated {type} {indicator}"
	case HostOfEmail:
		return "match.host_of_email", "the address {seen} is at the indicated name {indicator} or below it"
	default:
		return "match.unknown", "{seen} meets {indicator} by a rule that this version does not know"
	}
}

// Param is one named value of an explanation.
type Param struct{ Name, Value string }

// Explanation is a sentence in a form that can be translated: a key and its
// parameters, always the same ones in the same order: indicator, seen, type.
type Explanation struct {
	Code   string
	Params []Param

	english string
}

// Explain says why seen meets indicator under the rule.
func (r Rule) Explain(indicator, seen observable.Value) Explanation {
	code, english := r.text()
	return Explanation{
		Code: code,
		Params: []Param{
			{"indicator", indicator.Canonical},
			{"seen", seen.Canonical},
			{"type", string(indicator.Type)},
		},
		english: english,
	}
}

// String returns the English sentence.
func (e Explanation) String() string { return e.Format(e.english) }

// Format fills a template in any language: {indicator}, {seen} and {type}
// stand for the parameters.
func (e Explanation) Format(template string) string {
	pairs := make([]string, 0, 2*len(e.Params))
	for _, p := range e.Params {
		pairs = append(pairs, "{"+p.Name+"}", p.Value)
	}
	return strings.NewReplacer(pairs...).Replace(template) // one pass: a value holding "{seen}" stays as it is
}
