package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"entente/watch/sigma/yamldoc"
)

// Limits of one rule.
const (
	MaxValues   = 50_000 // values after expansion
	MaxPattern  = 8192   // bytes of one value
	MaxRegexp   = 1024   // bytes of one regular expression
	MaxProgram  = 2000   // instructions of one
	MaxDistinct = 256    // search identifiers
)

// testKind says how an item's value is compared.
type testKind uint8

const (
	isPattern testKind = iota
	isRegexp
	isNetwork
	isNumber // compare, or a part of a date
	isExists
	isNull
	isEmpty
	isField // compares with another field
)

// test is one value of an item. A value may stand for several patterns, of which one must fit.
type test struct {
	kind     testKind
	patterns []pattern // folded unless cased; dashes folded with dash
	cased    bool
	dash     bool
	re       *regexp.Regexp
	cost     int // instructions of re
	network  netip.Prefix
	compare  string // "", lt, lte, gt, gte
	number   float64
	part     string // "", minute, hour, day, week, month, year
	exists   bool
	field    string // the other field
	shape    shape  // how the other field's value compares
}

// item is one entry of a search identifier: a field, or every text of the event, against values.
type item struct {
	field string // "" for keywords
	all   bool   // every test, not one of them
	not   bool   // neq
	tests []test
	key   string // as the rule has it
	line  int
}

// itemParser reads one item.
type itemParser struct {
	lists  map[string][]string // placeholders
	budget *int                // values left of the rule
	item   item
	mods   []string
	at     *yamldoc.Node

	part, compare, network, re, exists, ref bool
	cased, dash                             bool
	flags                                   string
}

// modifiers are the names of the specification and what they do to the parser.
var modifiers = []string{
	"all", "startswith", "endswith", "contains", "exists", "cased", "neq", "windash", "re", "i", "m", "s",
	"base64", "base64offset", "utf16le", "utf16be", "utf16", "wide", "lt", "lte", "gt", "gte",
	"minute", "hour", "day", "week", "month", "year", "cidr", "expand", "fieldref",
}

func known(mod string) bool {
	for _, m := range modifiers {
		if m == mod {
			return true
		}
	}
	return false
}

// refuse makes a refusal at a node.
func refuse(n *yamldoc.Node, construct, why string, args ...any) *Refusal {
	r := &Refusal{Construct: construct, Why: fmt.Sprintf(why, args...)}
	if n != nil {
		r.Line, r.Column = n.Line, n.Column
	}
	return r
}

func (p *itemParser) has(mod string) bool {
	for _, m := range p.mods {
		if m == mod {
			return true
		}
	}
	return false
}

// parse reads "field|modifier|modifier: value".
func (p *itemParser) parse(key string, value *yamldoc.Node) *Refusal {
	parts := strings.Split(key, "|")
	p.item = item{field: strings.TrimSpace(parts[0]), key: key, line: value.Line}
	p.mods, p.at = parts[1:], value
	if r := p.readModifiers(); r != nil {
		return r
	}
	values := []*yamldoc.Node{value}
	if value.Kind == yamldoc.List {
		values = value.Items
		if len(values) == 0 {
			return refuse(value, "empty list", "%s has no value", key)
		}
	}
	for _, v := range values {
		if v.Kind == yamldoc.Null && len(values) > 1 {
			return refuse(v, "null in a list", "null shares no type with other values; give it a search identifier of its own")
		}
		tests, r := p.value(v)
		if r != nil {
			return r
		}
		for _, t := range tests {
			*p.budget -= max(1, len(t.patterns), t.cost/10)
		}
		if *p.budget < 0 {
			return refuse(v, "values", "more than %d values in one rule", MaxValues)
		}
		p.item.tests = append(p.item.tests, tests...)
	}
	return nil
}

func (p *itemParser) readModifiers() *Refusal {
	for i, m := range p.mods {
		if !known(m) {
			return refuse(p.at, "modifier "+m, "no modifier of Sigma 2.1")
		}
		switch m {
		case "all":
			p.item.all = true
		case "neq":
			p.item.not = true
		case "cased":
			p.cased = true
		case "windash":
			p.dash = true
		case "re":
			p.re = true
		case "i", "m", "s":
			if !p.re {
				return refuse(p.at, "modifier "+m, "follows re only")
			}
			p.flags += m
		case "cidr":
			p.network = true
		case "exists":
			p.exists = true
		case "fieldref":
			p.ref = true
		case "lt", "lte", "gt", "gte":
			p.compare = true
		case "minute", "hour", "day", "week", "month", "year":
			p.part = true
		}
		for _, other := range p.mods[:i] {
			if other == m {
				return refuse(p.at, "modifier "+m, "stands twice")
			}
		}
	}
	return p.conflicts()
}

// conflicts refuses chains that mean nothing.
func (p *itemParser) conflicts() *Refusal {
	kinds := 0
	for _, on := range []bool{p.re, p.network, p.exists, p.ref, p.compare || p.part} {
		if on {
			kinds++
		}
	}
	text := p.has("base64") || p.has("base64offset") || p.has("utf16") || p.has("utf16le") || p.has("utf16be") || p.has("wide") || p.dash
	around := p.has("startswith") || p.has("endswith") || p.has("contains")
	switch {
	case kinds > 1:
		return refuse(p.at, "modifiers "+strings.Join(p.mods, "|"), "two types of value at once")
	case kinds == 1 && (text || around && !p.ref):
		return refuse(p.at, "modifiers "+strings.Join(p.mods, "|"), "changes of a text beside a value that is none")
	case p.has("expand") && (p.exists || p.ref || p.compare || p.part):
		return refuse(p.at, "modifier expand", "nothing to expand")
	case p.exists && (p.item.all || p.item.not || p.cased):
		return refuse(p.at, "modifier exists", "stands alone")
	case p.item.field == "" && kinds > 0 && !p.re:
		return refuse(p.at, "modifiers "+strings.Join(p.mods, "|"), "keywords have no field")
	}
	return nil
}

// value reads one value; a placeholder may make several of it.
func (p *itemParser) value(v *yamldoc.Node) ([]test, *Refusal) {
	switch {
	case v.Kind == yamldoc.List || v.Kind == yamldoc.Map:
		return nil, refuse(v, "value", "a %s within the values of %s", v.Kind, p.item.key)
	case len(v.Value) > MaxPattern:
		return nil, refuse(v, "value", "%d bytes, at most %d", len(v.Value), MaxPattern)
	case p.exists:
		if v.Kind != yamldoc.Bool && !strings.EqualFold(v.Value, "true") && !strings.EqualFold(v.Value, "false") {
			return nil, refuse(v, "modifier exists", "needs true or false")
		}
		return []test{{kind: isExists, exists: strings.EqualFold(v.Value, "true")}}, nil
	case v.Kind == yamldoc.Null:
		if len(p.mods) > 0 && !(len(p.mods) == 1 && p.item.not) || p.item.field == "" {
			return nil, refuse(v, "null", "takes no modifier and needs a field")
		}
		return []test{{kind: isNull}}, nil
	case p.network:
		return p.networkValue(v)
	case p.compare || p.part:
		return p.numberValue(v)
	case p.ref:
		if v.Value == "" {
			return nil, refuse(v, "modifier fieldref", "needs the name of a field")
		}
		return []test{{kind: isField, field: v.Value, cased: p.cased, shape: p.asked()}}, nil
	case p.re:
		return p.regexpValue(v)
	}
	return p.textValue(v)
}

// asked is the shape that startswith, endswith and contains ask for.
func (p *itemParser) asked() shape {
	switch {
	case p.has("contains"), p.has("startswith") && p.has("endswith"):
		return within
	case p.has("startswith"):
		return prefix
	case p.has("endswith"):
		return suffix
	}
	return exact
}

func (p *itemParser) networkValue(v *yamldoc.Node) (tests []test, r *Refusal) {
	forms, r := p.expand(v)
	if r != nil {
		return nil, r
	}
	for _, text := range forms {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			a, errA := netip.ParseAddr(text)
			if errA != nil {
				return nil, refuse(v, "modifier cidr", "%.64q is no network", text)
			}
			network = netip.PrefixFrom(a, a.BitLen())
		}
		tests = append(tests, test{kind: isNetwork, network: network.Masked()})
	}
	return tests, nil
}

func (p *itemParser) numberValue(v *yamldoc.Node) ([]test, *Refusal) {
	t := test{kind: isNumber}
	for _, m := range p.mods {
		switch m {
		case "lt", "lte", "gt", "gte":
			if t.compare != "" {
				return nil, refuse(v, "modifier "+m, "a second comparison")
			}
			t.compare = m
		case "minute", "hour", "day", "week", "month", "year":
			if t.part != "" {
				return nil, refuse(v, "modifier "+m, "a second part of a date")
			}
			t.part = m
		}
	}
	x, err := strconv.ParseFloat(v.Value, 64)
	if err != nil || x != x {
		return nil, refuse(v, "modifier "+t.compare+t.part, "%.64q is no number", v.Value)
	}
	t.number = x
	return []test{t}, nil
}

// regexpValue compiles a regular expression by RE2's rules: no look-around, no references back.
func (p *itemParser) regexpValue(v *yamldoc.Node) (tests []test, r *Refusal) {
	forms, r := p.expand(v)
	if r != nil {
		return nil, r
	}
	for _, text := range forms {
		if len(text) > MaxRegexp {
			return nil, refuse(v, "modifier re", "%d bytes, at most %d", len(text), MaxRegexp)
		}
		if p.flags != "" {
			text = "(?" + p.flags + ")" + text
		}
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return nil, refuse(v, "modifier re", "not of RE2: %v", err)
		}
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil || len(prog.Inst) > MaxProgram {
			return nil, refuse(v, "modifier re", "a program of more than %d instructions", MaxProgram)
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, refuse(v, "modifier re", "not of RE2: %v", err)
		}
		tests = append(tests, test{kind: isRegexp, re: re, cost: len(prog.Inst)})
	}
	return tests, nil
}
