package sigma

import (
	"regexp/syntax"
	"strings"

	"entente/watch/sigma/condition"
	"entente/watch/sigma/logsource"
)

// nodeOp is what a node of a bound rule does.
type nodeOp uint8

const (
	no nodeOp = iota
	yes
	isAtom // the scanner found it
	isLazy // judged when asked
	allOf
	someOf // at least count
	negated
)

// node is a rule bound to the slots and atoms of one plan.
type node struct {
	op    nodeOp
	kids  []node
	count int
	atom  int32
	slot  int32
	other int32 // the slot of the other field
	test  *test
	pat   pattern // of a lazy pattern
	need  []int32 // atoms of which one must hold for a lazy test; nil where unknown

	selection string // for explanations: the search identifier that begins here
	key       string // the item that begins here
}

// join makes a node of several, and leaves out what does not matter.
func join(op nodeOp, count int, kids []node) node {
	switch op {
	case allOf:
		count = len(kids)
	case negated:
		switch kids[0].op {
		case yes:
			return node{op: no}
		case no:
			return node{op: yes}
		}
		return node{op: negated, kids: kids}
	}
	var left []node
	for _, k := range kids {
		switch k.op {
		case yes:
			count--
		case no:
		default:
			left = append(left, k)
		}
	}
	switch {
	case count <= 0:
		return node{op: yes}
	case count > len(left):
		return node{op: no}
	case count == len(left) && len(left) == 1:
		return left[0]
	case count == len(left):
		return node{op: allOf, kids: left}
	}
	return node{op: someOf, count: count, kids: left}
}

// binder binds rules to one dataset's plan.
type binder struct {
	plan  *plan
	route logsource.Route
	found map[atomKey]int32
	miss  map[string]bool // fields that the dataset cannot have, as the rule names them
}

type atomKey struct {
	slot int32
	atom
}

func (b *binder) condition(c condition.Expr, selections []selection, dead func(string)) node {
	switch c.Op {
	case condition.And, condition.Or, condition.Not:
		var kids []node
		for _, a := range c.Args {
			kids = append(kids, b.condition(a, selections, dead))
		}
		switch c.Op {
		case condition.And:
			return join(allOf, 0, kids)
		case condition.Or:
			return join(someOf, 1, kids)
		}
		return join(negated, 0, kids)
	}
	var kids []node
	for i := range selections {
		if names(c, selections[i].name) {
			n := b.selection(&selections[i])
			if n.op == no {
				dead(selections[i].name)
			}
			kids = append(kids, n)
		}
	}
	if c.Count == condition.All {
		return join(allOf, 0, kids)
	}
	return join(someOf, max(1, c.Count), kids)
}

func (b *binder) selection(s *selection) node {
	var any []node
	for i := range s.any {
		var all []node
		for j := range s.any[i] {
			all = append(all, b.item(&s.any[i][j]))
		}
		any = append(any, join(allOf, 0, all))
	}
	n := join(someOf, 1, any)
	return label(n, s.name, "")
}

// label names what begins at a node. A node that has another name already gets one above it.
func label(n node, selection, key string) node {
	if n.op == yes || n.op == no {
		return n
	}
	if selection != "" && n.selection != "" || key != "" && n.key != "" {
		n = node{op: allOf, kids: []node{n}}
	}
	if selection != "" {
		n.selection = selection
	} else {
		n.key = key
	}
	return n
}

func (b *binder) item(it *item) node {
	slot := int32(textSlot)
	if it.field != "" {
		slot = b.slot(it.field)
	} else {
		b.plan.slots[textSlot].used = true
	}
	var kids []node
	for i := range it.tests {
		kids = append(kids, b.test(slot, &it.tests[i]))
	}
	count := 1
	if it.all {
		count = len(kids)
	}
	n := join(someOf, count, kids)
	if it.not {
		n = join(negated, 0, []node{n})
	}
	key := it.key
	if key == "" {
		key = "keywords"
	}
	return label(n, "", key)
}

// slot returns the slot of a rule's field, noSlot if the dataset cannot have it.
func (b *binder) slot(name string) int32 {
	fields := b.route.Fields(name)
	if len(fields) == 0 {
		b.miss[name] = true
		return noSlot
	}
	return b.plan.slot(fields)
}

func (b *binder) test(slot int32, t *test) node {
	if slot == noSlot {
		if t.kind == isNull || t.kind == isEmpty || t.kind == isExists && !t.exists {
			return node{op: yes}
		}
		return node{op: no}
	}
	switch t.kind {
	case isPattern:
		var any []node
		for _, p := range t.patterns {
			any = append(any, b.pattern(slot, t, p))
		}
		return join(someOf, 1, any)
	case isField:
		other := b.slot(t.field)
		if other == noSlot {
			return node{op: no}
		}
		return node{op: isLazy, slot: slot, other: other, test: t}
	case isRegexp:
		return node{op: isLazy, slot: slot, test: t, need: b.needs(slot, t.re.String())}
	}
	return node{op: isLazy, slot: slot, test: t}
}

// pattern makes an atom of a folded text with nothing but stars around it, and of everything else a lazy test that
// is asked only where the longest text of the pattern is found.
func (b *binder) pattern(slot int32, t *test, p pattern) node {
	text, s := p.simple()
	if s != glob && text != "" && !t.cased && !t.dash {
		return node{op: isAtom, atom: b.atom(slot, atom{s, text})}
	}
	n := node{op: isLazy, slot: slot, test: t, pat: p}
	avoid := ""
	if t.dash {
		avoid = dashes
	}
	if text := fold(p.longest(avoid)); text != "" {
		n.need = []int32{b.atom(slot, atom{within, text})}
	}
	return n
}

func (b *binder) atom(slot int32, a atom) int32 {
	key := atomKey{slot, a}
	if id, ok := b.found[key]; ok {
		return id
	}
	id := int32(b.plan.atoms)
	b.plan.atoms++
	b.plan.texts = append(b.plan.texts, key)
	b.plan.slots[slot].scanner.add(a, id)
	b.found[key] = id
	return id
}

// needs finds texts of which one is in everything that a regular expression matches.
func (b *binder) needs(slot int32, expr string) []int32 {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	texts := required(tree.Simplify())
	var ids []int32
	for _, text := range texts {
		ids = append(ids, b.atom(slot, atom{within, text}))
	}
	return ids
}

// required returns folded texts of at least two bytes of which every match contains one, nil if there are none.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if text := fold(string(re.Rune)); len(text) >= 2 && !strings.ContainsRune(text, '\uFFFD') {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if texts := required(sub); better(texts, best) {
				best = texts
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts := required(sub)
			if texts == nil || len(all)+len(texts) > 64 {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	}
	return nil
}

// better prefers few and long texts.
func better(a, b []string) bool {
	if a == nil || b == nil {
		return a != nil
	}
	return len(a) < len(b) || len(a) == len(b) && len(a[0]) > len(b[0])
}
