// Package sigmatest is the suite of the Sigma engine: a slow evaluator written from the specification's words alone, and a maker of events that a rule must and must not match.
package sigmatest

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"entente/watch/event"
	"entente/watch/sigma/condition"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/yamldoc"
)

// Naive judges events by a rule's YAML, item by item and value by value. It shares the reading of YAML, of
// conditions and of field names with the engine, and nothing else.
type Naive struct {
	root  *yamldoc.Node
	conds []condition.Expr
	lists map[string][]string
}

// New takes a detection rule that the engine has loaded.
func New(root *yamldoc.Node, lists map[string][]string) (*Naive, error) {
	n := &Naive{root: root, lists: lists}
	c := root.Get("detection").Get("condition")
	items := []*yamldoc.Node{c}
	if c.Kind == yamldoc.List {
		items = c.Items
	}
	for _, v := range items {
		e, err := condition.Parse(v.Value)
		if err != nil {
			return nil, err
		}
		n.conds = append(n.conds, e)
	}
	return n, nil
}

// Source returns the rule's logsource.
func (n *Naive) Source() logsource.Source {
	l := n.root.Get("logsource")
	return logsource.Source{Product: l.Text("product"), Category: l.Text("category"), Service: l.Text("service")}
}

// Match judges one event.
func (n *Naive) Match(route logsource.Route, ev *event.Event, raw []byte) bool {
	s := subject{route, ev, string(raw), n.lists}
	return s.guarded() && slices.ContainsFunc(n.conds, func(c condition.Expr) bool { return n.condition(s, c) })
}

func (n *Naive) identifiers(c condition.Expr) (all []*yamldoc.Node) {
	for _, k := range n.root.Get("detection").Keys {
		if k.Name == "condition" || k.Name == "timeframe" {
			continue
		}
		if c.Op == condition.Name && c.Text == k.Name || c.Op == condition.Of && condition.Fits(c.Text, k.Name) {
			all = append(all, k.Value)
		}
	}
	return all
}

func (n *Naive) condition(s subject, c condition.Expr) bool {
	switch c.Op {
	case condition.And:
		return !slices.ContainsFunc(c.Args, func(a condition.Expr) bool { return !n.condition(s, a) })
	case condition.Or:
		return slices.ContainsFunc(c.Args, func(a condition.Expr) bool { return n.condition(s, a) })
	case condition.Not:
		return !n.condition(s, c.Args[0])
	}
	all := n.identifiers(c)
	count := 0
	for _, id := range all {
		if s.identifier(id) {
			count++
		}
	}
	switch {
	case c.Op == condition.Name:
		return count == 1
	case c.Count == condition.All:
		return count == len(all)
	}
	return count >= c.Count
}

// subject is one event as a rule sees it.
type subject struct {
	route logsource.Route
	ev    *event.Event
	raw   string
	lists map[string][]string
}

func (s subject) guarded() bool {
	if len(s.route.Guards) == 0 {
		return true
	}
	return slices.ContainsFunc(s.route.Guards, func(all []logsource.Guard) bool {
		return !slices.ContainsFunc(all, func(g logsource.Guard) bool {
			values, around := s.texts(), "*"
			if len(g.Fields) > 0 {
				values, around = s.values(g.Fields), ""
			}
			return !slices.ContainsFunc(g.Values, func(v string) bool {
				re := compile(tokens(around+v+around, false), false)
				return slices.ContainsFunc(values, re.MatchString)
			})
		})
	})
}

// texts are what keywords are looked for in: every field, and the line.
func (s subject) texts() (all []string) {
	for _, f := range s.ev.Fields {
		all = append(all, f.Value)
	}
	return append(all, s.raw)
}

func (s subject) values(fields []string) (all []string) {
	for _, name := range fields {
		from, part, derived := logsource.Derive(name)
		if !derived {
			from = name
		}
		if from == logsource.Timestamp && !s.ev.Time.IsZero() {
			all = append(all, s.ev.Time.UTC().Format(time.RFC3339Nano))
		}
		for _, f := range s.ev.Fields {
			if strings.ReplaceAll(f.Name, " ", "") != from {
				continue
			}
			v := f.Value
			if derived {
				v = part(v)
			}
			if v != "" {
				all = append(all, v)
			}
		}
	}
	return all
}

// identifier: a map is AND, a list is OR of maps and of keywords.
func (s subject) identifier(n *yamldoc.Node) bool {
	switch n.Kind {
	case yamldoc.Map:
		return !slices.ContainsFunc(n.Keys, func(k yamldoc.Key) bool { return !s.item(k.Name, k.Value) })
	case yamldoc.List:
		return slices.ContainsFunc(n.Items, s.identifier)
	}
	return s.item("", n)
}

func (s subject) item(key string, n *yamldoc.Node) bool {
	name, chain, _ := strings.Cut(key, "|")
	mods := strings.Split(chain, "|")
	values := []*yamldoc.Node{n}
	if n.Kind == yamldoc.List {
		values = n.Items
	}
	fields := s.route.Fields(name)
	seen := s.values(fields)
	if name == "" {
		seen = s.texts()
	}
	count, total := 0, 0
	for _, v := range values {
		for _, one := range s.placeholders(v, mods) {
			total++
			if s.value(name, seen, one, mods) {
				count++
			}
		}
	}
	met := count > 0
	if slices.Contains(mods, "all") {
		met = count == total
	}
	return met != slices.Contains(mods, "neq")
}

// placeholders writes out "expand".
func (s subject) placeholders(n *yamldoc.Node, mods []string) []*yamldoc.Node {
	if !slices.Contains(mods, "expand") {
		return []*yamldoc.Node{n}
	}
	texts := []string{n.Value}
	for name, list := range s.lists {
		var next []string
		for _, t := range texts {
			if !strings.Contains(t, "%"+name+"%") {
				next = append(next, t)
				continue
			}
			for _, v := range list {
				next = append(next, strings.ReplaceAll(t, "%"+name+"%", v))
			}
		}
		texts = next
	}
	var out []*yamldoc.Node
	for _, t := range texts {
		out = append(out, &yamldoc.Node{Kind: yamldoc.Text, Value: strings.ReplaceAll(t, `\%`, "%")})
	}
	return out
}

func (s subject) value(name string, seen []string, n *yamldoc.Node, mods []string) bool {
	has := func(m string) bool { return slices.Contains(mods, m) }
	switch {
	case has("exists"):
		return (len(seen) > 0) == (strings.ToLower(n.Value) == "true")
	case n.Kind == yamldoc.Null:
		return len(seen) == 0
	case has("cidr"):
		return slices.ContainsFunc(seen, func(v string) bool { return inNetwork(n.Value, v) })
	case has("lt"), has("lte"), has("gt"), has("gte"), slices.ContainsFunc(mods, isPart):
		return slices.ContainsFunc(seen, func(v string) bool { return number(n.Value, v, mods) })
	case has("fieldref"):
		return s.fieldref(seen, n.Value, mods)
	case has("re"):
		flags := ""
		for _, f := range []string{"i", "m", "s"} {
			if has(f) {
				flags += f
			}
		}
		expr := n.Value
		if flags != "" {
			expr = "(?" + flags + ")" + expr
		}
		return slices.ContainsFunc(seen, regexp.MustCompile(expr).MatchString)
	case n.Value == "" && name != "" && !has("contains") && !has("startswith") && !has("endswith"):
		return len(seen) == 0 || slices.Contains(seen, "")
	}
	for _, p := range patterns(n, name == "", mods) {
		if slices.ContainsFunc(seen, compile(p, has("cased")).MatchString) {
			return true
		}
	}
	return false
}

func (s subject) fieldref(seen []string, other string, mods []string) bool {
	for _, a := range seen {
		for _, b := range s.values(s.route.Fields(other)) {
			if !slices.Contains(mods, "cased") {
				a, b = strings.ToLower(a), strings.ToLower(b)
			}
			starts, ends := slices.Contains(mods, "startswith"), slices.Contains(mods, "endswith")
			switch {
			case slices.Contains(mods, "contains"), starts && ends:
				if strings.Contains(a, b) {
					return true
				}
			case starts && strings.HasPrefix(a, b), ends && strings.HasSuffix(a, b), a == b:
				return true
			}
		}
	}
	return false
}

// token is one character of a value: itself, or a wildcard.
type token struct {
	r    rune
	wild bool
}

// tokens reads wildcards and escapes, character by character.
func tokens(s string, plain bool) (out []token) {
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		switch {
		case !plain && rs[i] == '\\' && i+1 < len(rs) && strings.ContainsRune(`\*?`, rs[i+1]):
			i++
			out = append(out, token{rs[i], false})
		case !plain && (rs[i] == '*' || rs[i] == '?'):
			out = append(out, token{rs[i], true})
		default:
			out = append(out, token{rs[i], false})
		}
	}
	return out
}

func text(ts []token) (string, bool) {
	var b strings.Builder
	for _, t := range ts {
		if t.wild {
			return "", false
		}
		b.WriteRune(t.r)
	}
	return b.String(), true
}

// patterns applies the modifiers in their order.
func patterns(n *yamldoc.Node, keyword bool, mods []string) [][]token {
	all := [][]token{tokens(n.Value, n.Kind == yamldoc.Number)}
	if i, err := strconv.ParseInt(n.Value, 0, 64); n.Kind == yamldoc.Number && err == nil {
		all = append(all, tokens(strconv.FormatInt(i, 10), true))
	}
	star := token{'*', true}
	for _, m := range mods {
		var next [][]token
		for _, p := range all {
			switch m {
			case "startswith":
				next = append(next, append(slices.Clone(p), star))
			case "endswith":
				next = append(next, append([]token{star}, p...))
			case "contains":
				next = append(next, append(append([]token{star}, p...), star))
			case "windash":
				next = append(next, permute(p)...)
			case "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide":
				s, _ := text(p)
				for _, e := range encode(m, s) {
					next = append(next, tokens(e, true))
				}
			default:
				next = append(next, p)
			}
		}
		all = next
	}
	if keyword {
		for i := range all {
			all[i] = append(append([]token{star}, all[i]...), star)
		}
	}
	return all
}

// permute writes each of the five dashes in each place of one.
func permute(p []token) [][]token {
	out := [][]token{{}}
	for _, t := range p {
		var next [][]token
		for _, head := range out {
			if t.wild || !strings.ContainsRune("-/–—―", t.r) {
				next = append(next, append(slices.Clone(head), t))
				continue
			}
			for _, d := range "-/–—―" {
				next = append(next, append(slices.Clone(head), token{d, false}))
			}
		}
		out = next
	}
	return out
}

// encode writes bytes as the characters of the same number, so that tokens can hold them.
func encode(mod, s string) []string {
	if mod == "base64" {
		return []string{base64.StdEncoding.EncodeToString([]byte(s))}
	}
	if mod == "base64offset" {
		var out []string
		for i := range 3 {
			padded := append(make([]byte, i), s...)
			e := base64.StdEncoding.EncodeToString(padded)
			first := (i*8 + 5) / 6      // characters that hold a bit of the padding
			last := len(padded) * 8 / 6 // characters that hold no bit of what follows
			if first < last {
				out = append(out, e[first:last])
			}
		}
		return out
	}
	var b []byte
	if mod == "utf16" {
		b = append(b, 0xff, 0xfe)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if mod == "utf16be" {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return []string{string(b)}
}

func compile(ts []token, cased bool) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s")
	if !cased {
		b.WriteString("i")
	}
	b.WriteString(")^")
	for _, t := range ts {
		switch {
		case t.wild && t.r == '*':
			b.WriteString(".*")
		case t.wild:
			b.WriteString(".")
		default:
			fmt.Fprintf(&b, `\x{%x}`, t.r)
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

func inNetwork(network, v string) bool {
	if !strings.Contains(network, "/") {
		a, err := netip.ParseAddr(v)
		return err == nil && a.String() == network
	}
	p, err := netip.ParsePrefix(network)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(v)
	return err == nil && p.Masked().Contains(a)
}

func isPart(m string) bool {
	return slices.Contains([]string{"minute", "hour", "day", "week", "month", "year"}, m)
}

func number(want, v string, mods []string) bool {
	w, err := strconv.ParseFloat(want, 64)
	if err != nil {
		return false
	}
	var x float64
	if i := slices.IndexFunc(mods, isPart); i >= 0 {
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return false
		}
		_, week := t.ISOWeek()
		x = map[string]float64{"minute": float64(t.Minute()), "hour": float64(t.Hour()), "day": float64(t.Day()), "week": float64(week), "month": float64(t.Month()), "year": float64(t.Year())}[mods[i]]
	} else if x, err = strconv.ParseFloat(v, 64); err != nil {
		return false
	}
	switch {
	case slices.Contains(mods, "lt"):
		return x < w
	case slices.Contains(mods, "lte"):
		return x <= w
	case slices.Contains(mods, "gt"):
		return x > w
	case slices.Contains(mods, "gte"):
		return x >= w
	}
	return x == w
}
