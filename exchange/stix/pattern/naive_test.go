package pattern_test

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/exchange/stix/pattern"
)

// The naive evaluator below was written from section 9 of the specification alone and shares nothing with the
// package: it holds patterns as data of its own, lists every set of observations that satisfies each part, and
// combines them. It is exponential, and for a handful of observations only.

// term is an observation expression: exactly one of its parts is in use.
type term struct {
	leaf    func(person) bool
	op      string // AND OR FOLLOWEDBY
	parts   []term
	within  int // seconds
	repeats int
	start   int // START and STOP, in seconds; stop 0: none
	stop    int
	text    string
}

// person is what is observed: who, how old, when.
type person struct {
	name string
	age  int
	at   int // seconds
}

// sets returns all sets of observations (bits) that satisfy a term.
func (t term) sets(world []person) []uint {
	var out []uint
	switch {
	case t.leaf != nil:
		for i, p := range world {
			if t.leaf(p) {
				out = append(out, 1<<i)
			}
		}
	case t.op == "OR":
		for _, p := range t.parts {
			out = append(out, p.sets(world)...)
		}
	case t.op != "":
		out = t.parts[0].sets(world)
		for _, p := range t.parts[1:] {
			out = pairs(world, out, p.sets(world), t.op == "FOLLOWEDBY")
		}
	case t.repeats > 0:
		one := t.parts[0].sets(world)
		out = one
		for range t.repeats - 1 { // "a AND a AND ..."
			out = pairs(world, out, one, false)
		}
	default:
		for _, s := range t.parts[0].sets(world) {
			first, last := span(world, s)
			switch {
			case t.within > 0 && last >= first+t.within:
			case t.stop > 0 && (first < t.start || last >= t.stop):
			default:
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pairs joins disjoint sets; in time order if asked for.
func pairs(world []person, a, b []uint, ordered bool) (out []uint) {
	for _, x := range a {
		for _, y := range b {
			if x&y != 0 {
				continue
			}
			_, last := span(world, x)
			first, _ := span(world, y)
			if !ordered || first >= last {
				out = append(out, x|y)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func span(world []person, set uint) (first, last int) {
	first, last = 1<<30, -1
	for s := set; s != 0; s &= s - 1 {
		at := world[bits.TrailingZeros(s)].at
		first, last = min(first, at), max(last, at)
	}
	return first, last
}

// Random worlds and patterns.

func genPerson() *rapid.Generator[person] {
	return rapid.Custom(func(t *rapid.T) person {
		return person{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), rapid.IntRange(0, 2).Draw(t, "age"), rapid.IntRange(0, 8).Draw(t, "at")}
	})
}

func genLeaf(t *rapid.T) term {
	name, age := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "n"), rapid.IntRange(0, 2).Draw(t, "a")
	switch rapid.IntRange(0, 3).Draw(t, "leaf") {
	case 0:
		return term{text: fmt.Sprintf("[p:name = '%s']", name), leaf: func(p person) bool { return p.name == name }}
	case 1:
		return term{text: fmt.Sprintf("[p:name IN ('%s', 'a') AND p:age >= %d]", name, age), leaf: func(p person) bool { return (p.name == name || p.name == "a") && p.age >= age }}
	case 2:
		return term{text: fmt.Sprintf("[p:name = '%s' OR p:age = %d]", name, age), leaf: func(p person) bool { return p.name == name || p.age == age }}
	default:
		return term{text: fmt.Sprintf("[p:name LIKE 'pre%%' OR p:age NOT != %d]", age), leaf: func(p person) bool { return p.age == age }}
	}
}

func genTerm(t *rapid.T, depth int) term {
	kind := rapid.IntRange(0, 7).Draw(t, "kind")
	if depth == 0 || kind == 0 {
		return genLeaf(t)
	}
	if kind <= 4 {
		op := []string{"", "AND", "OR", "FOLLOWEDBY", "AND"}[kind]
		out := term{op: op}
		var texts []string
		for range rapid.IntRange(2, 3).Draw(t, "terms") {
			p := genTerm(t, depth-1)
			out.parts = append(out.parts, p)
			texts = append(texts, "("+p.text+")")
		}
		out.text = strings.Join(texts, " "+op+" ")
		return out
	}
	inner := genTerm(t, depth-1)
	out := term{parts: []term{inner}}
	var q string
	switch kind {
	case 5:
		out.within = rapid.IntRange(1, 5).Draw(t, "within")
		q = fmt.Sprintf("WITHIN %d SECONDS", out.within)
	case 6:
		out.repeats = rapid.IntRange(1, 3).Draw(t, "repeats")
		q = fmt.Sprintf("REPEATS %d TIMES", out.repeats)
	default:
		out.start = rapid.IntRange(0, 6).Draw(t, "start")
		out.stop = out.start + rapid.IntRange(1, 6).Draw(t, "stop")
		q = fmt.Sprintf("START %s STOP %s", stamp(out.start), stamp(out.stop))
	}
	out.text = "(" + inner.text + ") " + q
	return out
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func stamp(s int) string {
	return "t'" + epoch.Add(time.Duration(s)*time.Second).Format("2006-01-02T15:04:05Z") + "'"
}

func (p person) observe(key int) pattern.Observation {
	return pattern.Observation{
		Key: fmt.Sprint(key), First: epoch.Add(time.Duration(p.at) * time.Second),
		Objects: []pattern.Object{{Type: "p", Value: pattern.Value{Kind: pattern.Dict, Fields: []pattern.Field{
			{Name: "name", Value: pattern.Text(p.name)}, {Name: "age", Value: pattern.Number(int64(p.age))},
		}}}},
	}
}

// TestAgreement: the naive evaluator, the search over a list and the matcher that sees one observation after the
// other find a match in the same cases, in whatever order the observations come; and what the two name is a match.
func TestAgreement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		world := rapid.SliceOfN(genPerson(), 0, 6).Draw(t, "world")
		pat := genTerm(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		p, err := pattern.Parse(pat.text)
		if err != nil {
			t.Fatalf("%s: %v", pat.text, err)
		}
		sets := pat.sets(world)
		var list []pattern.Observation
		for i, w := range world {
			list = append(list, w.observe(i))
		}
		found, complete := p.Match(list, 0)
		if !complete {
			t.Skip("more work than a search may do")
		}
		used := uint(0)
		for _, b := range found {
			used |= 1 << b.Observation
		}
		if (len(found) > 0) != (len(sets) > 0) || found != nil && !slices.Contains(sets, used) {
			t.Fatalf("%s\nover %v: found %v, of %b", p, world, found, sets)
		}
		live(t, p, list, sets)
	})
}

func live(t *rapid.T, p *pattern.Pattern, list []pattern.Observation, sets []uint) {
	m, refused := pattern.NewMatcher([]pattern.Rule{{ID: "r", Pattern: p}}, pattern.Limits{})
	if refused[0] != nil {
		return // a LIKE or MATCHES too wide for live use
	}
	var hits []pattern.Hit
	for i := range list {
		hits = m.Observe(&list[i], epoch.Add(time.Hour), hits)
	}
	stats := m.Stats()
	if stats.Cut > 0 {
		return
	}
	if (len(hits) > 0) != (len(sets) > 0) || stats.Evicted+stats.Late+stats.Forgotten != 0 {
		t.Fatalf("%s\nover %v: %v, but %b\n%+v", p, list, hits, sets, stats)
	}
	taken := uint(0)
	for _, h := range hits {
		used := uint(0)
		for _, s := range h.Seen {
			used |= 1 << (s.Key[0] - '0')
		}
		if !slices.Contains(sets, used) || taken&used != 0 {
			t.Fatalf("%s\nover %v: the hit %v is none of %b, or uses %b again", p, list, h, sets, taken)
		}
		taken |= used
	}
}

// TestLeavesAgree is the same for what stands between brackets: objects of two types, joined in any way.
func TestLeavesAgree(t *testing.T) {
	type object struct {
		typ  string
		x, y int
	}
	type cond func(choice map[string]*object) bool
	var gen func(t *rapid.T, depth int) (string, cond)
	gen = func(t *rapid.T, depth int) (string, cond) {
		if depth == 0 || rapid.IntRange(0, 2).Draw(t, "k") == 0 {
			typ, prop, n := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "type"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "prop"), rapid.IntRange(0, 2).Draw(t, "n")
			return fmt.Sprintf("%s:%s = %d", typ, prop, n), func(c map[string]*object) bool {
				o := c[typ]
				return o != nil && (prop == "x" && o.x == n || prop == "y" && o.y == n)
			}
		}
		l, lc := gen(t, depth-1)
		r, rc := gen(t, depth-1)
		if rapid.Bool().Draw(t, "and") {
			return "(" + l + ") AND (" + r + ")", func(c map[string]*object) bool { return lc(c) && rc(c) }
		}
		return "(" + l + ") OR (" + r + ")", func(c map[string]*object) bool { return lc(c) || rc(c) }
	}
	rapid.Check(t, func(t *rapid.T) {
		text, holds := gen(t, 3)
		p, err := pattern.Parse("[" + text + "]")
		if err != nil {
			t.Fatal(err)
		}
		var obs pattern.Observation
		byType := map[string][]*object{"a": {nil}, "b": {nil}} // nil: none of that type
		for range rapid.IntRange(0, 5).Draw(t, "objects") {
			o := &object{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "t"), rapid.IntRange(0, 2).Draw(t, "x"), rapid.IntRange(0, 2).Draw(t, "y")}
			byType[o.typ] = append(byType[o.typ], o)
			obs.Objects = append(obs.Objects, pattern.Object{Type: o.typ, Value: pattern.Value{Kind: pattern.Dict, Fields: []pattern.Field{
				{Name: "x", Value: pattern.Number(int64(o.x))}, {Name: "y", Value: pattern.Value{Kind: pattern.Float, Float: float64(o.y)}},
			}}})
		}
		want := false
		for _, a := range byType["a"] {
			for _, b := range byType["b"] {
				want = want || holds(map[string]*object{"a": a, "b": b})
			}
		}
		found, _ := p.Match([]pattern.Observation{obs}, 0)
		m, _ := pattern.NewMatcher([]pattern.Rule{{ID: "r", Pattern: p}}, pattern.Limits{})
		hits := m.Observe(&obs, epoch, nil)
		if (found != nil) != want || (len(hits) > 0) != want {
			t.Fatalf("%s over %+v: %v and %v, want %v", p, obs.Objects, found, hits, want)
		}
	})
}
