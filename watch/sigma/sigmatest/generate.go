package sigmatest

import (
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"

	"entente/watch/event"
	"entente/watch/sigma/condition"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/yamldoc"
)

// Made is an event with its line.
type Made struct {
	Event event.Event
	Raw   []byte
}

// maker builds one event.
type maker struct {
	n     *Naive
	route logsource.Route
	rng   *rand.Rand
	want  map[string][][]token // by event field
	lines []string
	wild  string // what wildcards become
}

const tries = 400

// Positive makes an event of a dataset that the rule must match: it chooses a way through the condition and writes the
// values that it asks for. ok is false if no try met the rule by the naive evaluator's judgement.
func (n *Naive) Positive(dataset string, route logsource.Route, rng *rand.Rand) (m Made, ok bool) {
	for i := range tries {
		k := &maker{n: n, route: route, rng: rng, want: make(map[string][][]token), wild: "Xy"[:1+i%2]}
		k.guards()
		k.condition(n.conds[rng.IntN(len(n.conds))], true)
		for _, apart := range []bool{false, true} {
			m := k.make(dataset, apart)
			if n.Match(route, &m.Event, m.Raw) {
				return m, true
			}
		}
	}
	return Made{}, false
}

// Negative changes a matching event until the rule must not match it: one field is altered or taken away,
// then more of them. ok is false if everything matches.
func (n *Naive) Negative(m Made, route logsource.Route) (Made, bool) {
	var names []string
	for _, f := range m.Event.Fields {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	guards := make(map[string]bool)
	for _, all := range route.Guards {
		for _, g := range all {
			for _, f := range g.Fields {
				guards[f] = true
			}
		}
	}
	for count := 1; count <= len(names); count++ {
		for start := range names {
			for _, alter := range []func(string) string{other, func(string) string { return "" }} {
				var changed Made
				changed.Event = event.Event{Dataset: m.Event.Dataset, Time: m.Event.Time}
				for _, f := range m.Event.Fields {
					at := (slices.Index(names, f.Name) - start + len(names)) % len(names)
					if at < count && !(guards[f.Name] && count < len(names)) {
						f.Value = alter(f.Value)
					}
					changed.Event.Add(f.Name, f.Value)
				}
				changed.Raw = line(changed.Event)
				if !n.Match(route, &changed.Event, changed.Raw) {
					return changed, true
				}
			}
		}
	}
	return n.spoiled(m, route)
}

// spoiled adds to an event that matches by what it lacks, one field that the rule names at a time.
func (n *Naive) spoiled(m Made, route logsource.Route) (Made, bool) {
	k := &maker{n: n, route: route, rng: rand.New(rand.NewPCG(2, 3)), wild: "x"}
	for _, id := range n.identifiers(condition.Expr{Op: condition.Of, Text: "*"}) {
		for _, key := range id.Keys {
			name, _, _ := strings.Cut(key.Name, "|")
			fields := route.Fields(name)
			if len(fields) == 0 {
				continue
			}
			k.want = make(map[string][][]token)
			k.item(key.Name, key.Value)
			if len(k.want) == 0 {
				k.ask(fields[0], tokens("here", true))
			}
			changed := k.make(m.Event.Dataset, false)
			for _, f := range m.Event.Fields {
				changed.Event.Add(f.Name, f.Value)
			}
			if changed.Raw = line(changed.Event); !n.Match(route, &changed.Event, changed.Raw) {
				return changed, true
			}
		}
	}
	return Made{}, false
}

// other changes every character of a value.
func other(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '~' {
			return '^'
		}
		return '~'
	}, s)
}

func line(ev event.Event) []byte {
	var all []string
	for _, f := range ev.Fields {
		all = append(all, f.Value)
	}
	return []byte(strings.Join(all, "\t"))
}

func (k *maker) guards() {
	if len(k.route.Guards) == 0 {
		return
	}
	for _, g := range k.route.Guards[k.rng.IntN(len(k.route.Guards))] {
		p := tokens(g.Values[k.rng.IntN(len(g.Values))], false)
		if len(g.Fields) == 0 {
			k.lines = append(k.lines, k.write(p))
			continue
		}
		k.want[g.Fields[0]] = append(k.want[g.Fields[0]], p)
	}
}

// condition asks for what makes a condition hold, or not hold by saying nothing.
func (k *maker) condition(c condition.Expr, want bool) {
	switch c.Op {
	case condition.Not:
		k.condition(c.Args[0], !want)
	case condition.And, condition.Or:
		if (c.Op == condition.And) == want {
			for _, a := range c.Args {
				k.condition(a, want)
			}
			return
		}
		k.condition(c.Args[k.rng.IntN(len(c.Args))], want)
	default:
		if !want {
			k.deny(c)
			return
		}
		all := k.n.identifiers(c)
		count := max(1, c.Count)
		if c.Count == condition.All {
			count = len(all)
		}
		for _, i := range k.rng.Perm(len(all))[:count] {
			k.identifier(all[i])
		}
	}
}

// deny gives a field that must not be what a selection says another value, so that the event is not just empty.
func (k *maker) deny(c condition.Expr) {
	for _, id := range k.n.identifiers(c) {
		for id.Kind == yamldoc.List && len(id.Items) > 0 {
			id = id.Items[0]
		}
		for _, key := range id.Keys {
			name, mods, _ := strings.Cut(key.Name, "|")
			if fields := k.route.Fields(name); len(fields) > 0 && mods != "exists" && len(k.want[fields[0]]) == 0 && key.Value.Kind != yamldoc.Null {
				k.ask(fields[0], tokens("198.51.100.7", true))
			}
		}
	}
}

func (k *maker) identifier(n *yamldoc.Node) {
	switch n.Kind {
	case yamldoc.List:
		k.identifier(n.Items[k.rng.IntN(len(n.Items))])
	case yamldoc.Map:
		for _, key := range n.Keys {
			k.item(key.Name, key.Value)
		}
	default:
		k.item("", n)
	}
}

func (k *maker) item(key string, n *yamldoc.Node) {
	name, chain, _ := strings.Cut(key, "|")
	mods := strings.Split(chain, "|")
	values := []*yamldoc.Node{n}
	if n.Kind == yamldoc.List {
		values = n.Items
	}
	if !slices.Contains(mods, "all") {
		i := k.rng.IntN(len(values))
		values = values[i : i+1]
	}
	fields := k.route.Fields(name)
	field := ""
	if len(fields) > 0 {
		field = fields[k.rng.IntN(len(fields))]
	}
	for _, v := range values {
		p, ok := k.sample(v, name == "", mods)
		switch {
		case !ok:
		case name == "":
			k.lines = append(k.lines, k.write(p))
		case field != "":
			k.ask(field, p)
		}
	}
}

// ask wants a value of a field, or of what the field is derived from.
func (k *maker) ask(field string, p []token) {
	from, _, derived := logsource.Derive(field)
	if derived {
		switch field {
		case "~url.extension":
			p = append(tokens("*/a.", false), p...)
		case "~url.query":
			p = append(tokens("/a?", true), p...)
		case "~firewall.action", "~firewall.blocked":
			p = tokens("allowed", true)
		}
		field = from
	}
	if field != logsource.Timestamp {
		k.want[field] = append(k.want[field], p)
	}
}

// sample turns one value of a rule into what an event could hold; false if it asks for nothing to be there.
func (k *maker) sample(n *yamldoc.Node, keyword bool, mods []string) ([]token, bool) {
	has := func(m string) bool { return slices.Contains(mods, m) }
	switch {
	case n.Kind == yamldoc.Null, has("exists") && n.Value != "true", n.Value == "" && len(mods[0]) == 0:
		return nil, false
	case has("neq"):
		return tokens("something else", true), true
	case has("exists"):
		return tokens("here", true), true
	case has("re"):
		re, err := syntax.Parse(n.Value, syntax.Perl)
		if err != nil {
			return nil, false
		}
		return tokens(k.regexp(re.Simplify()), true), true
	case has("cidr"):
		address, _, _ := strings.Cut(n.Value, "/")
		return tokens(address, true), true
	}
	all := patterns(n, keyword, mods)
	return all[k.rng.IntN(len(all))], true
}

// regexp writes a text that the expression matches, but for its anchors within.
func (k *maker) regexp(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if lo := max(re.Rune[i], '!'); lo <= re.Rune[i+1] {
				return string(min(re.Rune[i+1], max(lo, 'b')))
			}
		}
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "z"
	case syntax.OpCapture, syntax.OpPlus:
		return k.regexp(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		return strings.Repeat(k.regexp(re.Sub[0]), k.rng.IntN(2))
	case syntax.OpRepeat:
		return strings.Repeat(k.regexp(re.Sub[0]), max(re.Min, 1))
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(k.regexp(sub))
		}
		return b.String()
	case syntax.OpAlternate:
		return k.regexp(re.Sub[k.rng.IntN(len(re.Sub))])
	}
	return ""
}

// write makes a text of a pattern, in another case now and then.
func (k *maker) write(p []token) string {
	var b strings.Builder
	for _, t := range p {
		if t.wild {
			b.WriteString(k.wild)
		} else {
			b.WriteRune(t.r)
		}
	}
	s := b.String()
	switch k.rng.IntN(6) {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	}
	return s
}

// make writes the event: all that is wanted of a field in one value where that can be, else apart.
func (k *maker) make(dataset string, apart bool) Made {
	m := Made{Event: event.Event{Dataset: dataset}}
	names := make([]string, 0, len(k.want))
	for name := range k.want {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		ps := k.want[name]
		if one, ok := together(ps); ok && !apart {
			ps = [][]token{one}
		}
		for _, p := range ps {
			m.Event.Add(name, k.write(p))
		}
	}
	if len(k.lines) > 0 {
		m.Event.Add("message", strings.Join(k.lines, " "))
	}
	m.Raw = line(m.Event)
	return m
}

// together puts several patterns into one value: what begins it, what is somewhere within, what ends it.
func together(ps [][]token) ([]token, bool) {
	if len(ps) == 1 {
		return ps[0], true
	}
	var first, middle, last []token
	for _, p := range ps {
		before := len(p) > 0 && p[0] == token{'*', true}
		after := len(p) > 0 && p[len(p)-1] == token{'*', true}
		switch {
		case before && after:
			middle = append(middle, p...)
		case after && first == nil:
			first = p
		case before && last == nil:
			last = p
		default:
			return nil, false
		}
	}
	return slices.Concat(first, middle, last), true
}
