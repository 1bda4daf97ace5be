package stix

import (
	"maps"
	"strings"
)

// shape is what the specification says of an object: of each of its own
// properties, of those that must be there, and of some together.
type shape struct {
	rules    map[string]rule
	need     []string
	together func(n *node) *fault
}

// check holds the members of n to the shape. Properties that it does not have
// are shown to other.
func (s shape) check(n *node, other func(key string, v *node) *fault) *fault {
	if n.kind != '{' {
		return bad("no object")
	}
	for i := range n.members {
		m := &n.members[i]
		check, known := s.rules[m.key]
		if !known {
			check = func(v *node) *fault { return other(m.key, v) }
		}
		if f := check(&m.node); f != nil {
			return f.in(m.key)
		}
	}
	for _, key := range s.need {
		if n.member(key) == nil {
			return bad("missing").in(key)
		}
	}
	if s.together != nil {
		return s.together(n)
	}
	return nil
}

// What is the same for many types (sections 2 and 3 of STIX 2.1).

// read stands for properties that readNames, readVersion and readMarkings hold
// to more than a rule can say.
func read(*node) *fault { return nil }

var (
	commonRules = map[string]rule{
		"type": read, "id": read, "spec_version": read, "object_marking_refs": read, "granular_markings": read,
	}
	domainRules = map[string]rule{
		"created": read, "modified": read, "created_by_ref": read, "revoked": read,
		"labels": list(text), "confidence": between(0, 100), "lang": text, "external_references": list(externalReference),
	}
	observableRules = map[string]rule{"defanged": boolean}
)

// domain is the shape of a domain or relationship object with these properties.
func domain(rules map[string]rule, need ...string) shape {
	return shape{rules: merged(commonRules, domainRules, rules), need: need}
}

// cyber is the shape of a cyber-observable object with these properties.
func cyber(rules map[string]rule, need ...string) shape {
	return shape{rules: merged(commonRules, observableRules, rules), need: need}
}

// with adds what some properties must be together.
func (s shape) with(together ...func(*node) *fault) shape {
	s.together = func(n *node) *fault {
		for _, t := range together {
			if f := t(n); f != nil {
				return f
			}
		}
		return nil
	}
	return s
}

func merged(all ...map[string]rule) map[string]rule {
	out := make(map[string]rule)
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// notBefore says that the second time, if both are there, is not before the first.
func notBefore(first, second string) func(*node) *fault {
	return ordered(first, second, 0, "before ")
}

// after says that the second time, if both are there, is later than the first.
func after(first, second string) func(*node) *fault { return ordered(first, second, 1, "not after ") }

func ordered(first, second string, least int, why string) func(*node) *fault {
	return func(n *node) *fault {
		a, b := n.member(first), n.member(second)
		if a != nil && b != nil && CompareTimes(b.text, a.text) < least {
			return bad(why + first).in(second)
		}
		return nil
	}
}

func atLeastOne(keys ...string) func(*node) *fault {
	return func(n *node) *fault {
		for _, key := range keys {
			if n.member(key) != nil {
				return nil
			}
		}
		return bad("none of " + strings.Join(keys, ", "))
	}
}

// needs says that key does not come without other.
func needs(key, other string) func(*node) *fault {
	return func(n *node) *fault {
		if n.member(key) != nil && n.member(other) == nil {
			return bad("without " + other).in(key)
		}
		return nil
	}
}

func excludes(key, other string) func(*node) *fault {
	return func(n *node) *fault {
		if n.member(key) != nil && n.member(other) != nil {
			return bad("together with " + other).in(key)
		}
		return nil
	}
}

var killChainPhases = list(part(shape{
	rules: map[string]rule{"kill_chain_name": text, "phase_name": text}, need: []string{"kill_chain_name", "phase_name"},
}))

var externalShape = shape{
	rules: map[string]rule{"source_name": text, "description": text, "url": text, "external_id": text, "hashes": externalHashes},
	need:  []string{"source_name"}, together: atLeastOne("external_id", "description", "url"),
}

// externalReference is section 2.5, with the two well-known sources.
func externalReference(v *node) *fault {
	if f := part(externalShape)(v); f != nil {
		return f
	}
	id := v.member("external_id")
	switch v.member("source_name").text {
	case "cve":
		if id == nil || !isNumbered(id.text, "CVE-", true) {
			return bad("no CVE number").in("external_id")
		}
	case "capec":
		if id == nil || !isNumbered(id.text, "CAPEC-", false) {
			return bad("no CAPEC number").in("external_id")
		}
	}
	return nil
}

// isNumbered accepts CAPEC-digits, and CVE-year-digits of four or more.
func isNumbered(s, prefix string, year bool) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	if year {
		y, number, dash := strings.Cut(rest, "-")
		ok = ok && dash && len(y) == 4 && isDigits(y) && len(number) >= 4 && (number[0] != '0' || len(number) == 4)
		rest = number
	}
	return ok && isDigits(rest)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func externalHashes(v *node) *fault {
	if f := hashes(v); f != nil {
		return f
	}
	for i := range v.members {
		key := v.members[i].key
		if _, known := hashDigits[key]; !known && key != "SSDEEP" && key != "TLSH" {
			return bad("no algorithm of section 10.7").in(key)
		}
	}
	return nil
}

// extensionTypes are the words of section 7.3.
var extensionTypes = oneOf("new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension")

// extensions is section 7.3: keys that name an extension definition or end in
// -ext, values that are objects. Those that the specification defines for the
// type are held to their shape.
func extensions(known map[string]rule) rule {
	return func(v *node) *fault {
		if v.kind != '{' || len(v.members) == 0 {
			return bad("no dictionary with something in it")
		}
		for i := range v.members {
			m := &v.members[i]
			if f := extension(m.key, &m.node, known[m.key]); f != nil {
				return f.in(m.key)
			}
		}
		return nil
	}
}

func extension(key string, v *node, known rule) *fault {
	typ, isID := IDType(key)
	defined := isID && typ == "extension-definition"
	if !defined && !(isTypeName(key) && strings.HasSuffix(key, "-ext")) {
		return bad("neither an extension definition nor a name that ends in -ext")
	}
	if v.kind != '{' || len(v.members) == 0 {
		return bad("no object with something in it")
	}
	for i := range v.members {
		m := &v.members[i]
		if defined && m.key == "extension_type" {
			if f := extensionTypes(&m.node); f != nil {
				return f.in(m.key)
			}
		}
		if f := custom(m.key, &m.node); f != nil {
			return f.in(m.key)
		}
	}
	if defined && v.member("extension_type") == nil {
		return bad("missing").in("extension_type")
	}
	if known != nil {
		return known(v)
	}
	return nil
}

// custom holds a property that this version does not know to section 11.1 and
// the types that its name promises (2.1, 2.8).
func custom(key string, v *node) *fault {
	if key != "id" && (len(key) < 3 || len(key) > 250 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || key[0] < 'a') {
		return bad("a name that no property may have")
	}
	switch {
	case strings.HasSuffix(key, "_bin"):
		return base64Text(v)
	case strings.HasSuffix(key, "_hex"):
		return hexText(v)
	}
	return something(v)
}
