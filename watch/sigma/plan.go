package sigma

import (
	"slices"
	"strings"

	"entente/watch/sigma/logsource"
)

const (
	noSlot   = -1
	textSlot = 0 // every text of the event
)

// slot is one field of a rule, or several that mean the same.
type slot struct {
	scanner scanner
	names   string // the event's fields, for explanations
	used    bool   // textSlot alone may not be
}

// target is one slot that a field of the event goes to, whole or a part of it.
type target struct {
	slot int32
	part func(string) string // nil for the whole
}

// bound is one rule in a plan.
type bound struct {
	rule int // of the set
	root node
}

// plan is all that is prepared for the events of one dataset. It is never changed once built.
type plan struct {
	slots   []slot
	byName  map[string]int32    // slots by their joined field names
	targets map[string][]target // by the event's field name
	clock   []int32             // slots of the event's time
	rules   []bound
	atoms   int
	texts   []atomKey // of each atom
	wake    [][]int32 // by atom: the rules in the plan that it makes worth judging
	always  []int32   // rules in the plan that nothing wakes
}

func newPlan() *plan {
	return &plan{slots: make([]slot, 1), byName: make(map[string]int32), targets: make(map[string][]target)}
}

// slot returns the slot of some fields together.
func (p *plan) slot(fields []string) int32 {
	key := strings.Join(fields, "\x00")
	if id, ok := p.byName[key]; ok {
		return id
	}
	id := int32(len(p.slots))
	p.slots = append(p.slots, slot{names: strings.ReplaceAll(strings.Join(fields, " "), "~", "")})
	p.byName[key] = id
	for _, f := range fields {
		if f == logsource.Timestamp {
			p.clock = append(p.clock, id)
			continue
		}
		from, part, ok := logsource.Derive(f)
		if !ok {
			from = f
		}
		p.targets[from] = append(p.targets[from], target{id, part})
	}
	return id
}

// finish chooses for each rule what wakes it, and builds the scanners.
func (p *plan) finish() {
	uses := make([]int, p.atoms)
	for i := range p.rules {
		for _, a := range atomsOf(&p.rules[i].root, nil) {
			uses[a]++
		}
	}
	p.wake = make([][]int32, p.atoms)
	for i := range p.rules {
		w, ok := p.witness(&p.rules[i].root, uses)
		if !ok {
			p.always = append(p.always, int32(i))
			continue
		}
		for _, a := range w.atoms {
			p.wake[a] = append(p.wake[a], int32(i))
		}
	}
	for i := range p.slots {
		p.slots[i].scanner.build()
	}
	p.slots[textSlot].used = p.slots[textSlot].used || len(p.slots[textSlot].scanner.atoms) > 0
}

func atomsOf(n *node, out []int32) []int32 {
	if n.op == isAtom {
		out = append(out, n.atom)
	}
	out = append(out, n.need...)
	for i := range n.kids {
		out = atomsOf(&n.kids[i], out)
	}
	return out
}

// witness is a set of atoms of which at least one holds whenever a node does.
type witness struct {
	atoms []int32
	cost  float64
}

// witness finds the cheapest such set; ok is false if there is none. The cost is a guess at how often one of
// them is met: texts that are short, or that many rules ask for, are common.
func (p *plan) witness(n *node, uses []int) (w witness, ok bool) {
	switch n.op {
	case isAtom:
		return p.priced([]int32{n.atom}, uses), true
	case isLazy:
		return p.priced(n.need, uses), n.need != nil
	case allOf, someOf:
		// To hold count of the kids, at least one of any len-count+1 must hold.
		take := 1
		if n.op == someOf {
			take = len(n.kids) - n.count + 1
		}
		var found []witness
		for i := range n.kids {
			if k, ok := p.witness(&n.kids[i], uses); ok {
				found = append(found, k)
			}
		}
		if len(found) < take {
			return witness{}, false
		}
		slices.SortStableFunc(found, func(a, b witness) int {
			switch {
			case a.cost < b.cost:
				return -1
			case a.cost > b.cost:
				return 1
			}
			return 0
		})
		for _, k := range found[:take] {
			w.atoms = append(w.atoms, k.atoms...)
			w.cost += k.cost
		}
		slices.Sort(w.atoms)
		w.atoms = slices.Compact(w.atoms)
		return w, true
	}
	return witness{}, false
}

func (p *plan) priced(atoms []int32, uses []int) witness {
	w := witness{atoms: atoms}
	for _, a := range atoms {
		n := float64(len(p.texts[a].text))
		w.cost += float64(uses[a])
		if p.texts[a].shape == exact {
			w.cost += 4 / n
		} else {
			w.cost += 64 / (n * n)
		}
	}
	return w
}
