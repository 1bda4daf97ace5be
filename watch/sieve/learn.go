package sieve

import (
	"slices"
	"strings"
)

// forms are the forms of one source's lines, judged by one set, and what they are learnt from.
type forms struct {
	steps []step // the first is none
	root  int32

	nodes     node // its next are the beginnings
	count     int  // of nodes
	text      int  // bytes that they keep
	lines     int  // clear lines that were of no form
	lessons   int
	due       int // at how many lessons the steps are made again, if something has changed
	changed   bool
	reluctant bool // there were too many forms once
	room      int  // bytes that the texts of steps may still have, while they are made
}

const (
	eagerly  = 256 // of so many lines one in four teaches, then one in sixteen
	firstDue = eagerly / 4
	moreDue  = 32

	maxForm   = 16 << 10 // bytes of a line that teaches
	maxHoles  = 512
	maxNodes  = 4096
	maxText   = 512 << 10 // bytes
	maxMade   = 1 << 20   // bytes of the texts of steps, of which several may have a part in common
	maxOthers = 16        // steps that may stand at one place
	maxSame   = 64        // bytes of a value that is not in a hole
	sameAfter = 4         // lines that have the same value, before it is taken for the form's
)

// node is a step as it is learnt: every value stands in a hole of its own, the kind of the line excepted.
type node struct {
	text   string
	hole   hole
	class  Class
	role   role
	like   likeness
	seen   int
	value  string // what stood in the hole each time
	varies bool
	next   []*node
}

// teaches says whether this line, which is clear and of no form, should be learnt.
func (f *forms) teaches() bool {
	f.lines++
	if f.lines < eagerly && !f.reluctant {
		return f.lines%4 == 0
	}
	return f.lines%16 == 0
}

// learn takes a line that was judged clear: its grammar is right and its keys are known.
func (f *forms) learn(k *keys, line []byte) {
	if len(line) > maxForm {
		return
	}
	l := lesson{keys: k, line: line}
	if end := l.value(0, 0, inner, -1); end != len(line) || len(l.gaps) > maxHoles {
		return
	}
	f.lessons++
	if f.count+len(l.gaps)+1 > maxNodes || f.text+2*len(line) > maxText {
		*f = forms{reluctant: true}
	}
	at, from := &f.nodes, 0
	for _, g := range l.gaps {
		at = f.step(at, string(line[from:g.from]), g)
		f.see(at, string(line[g.from:g.to]))
		from = g.to
	}
	f.step(at, string(line[from:]), gap{}).seen++
	if f.changed && f.lessons >= max(f.due, firstDue) {
		f.due, f.changed = f.lessons+moreDue, false
		f.make()
	}
}

// step goes from a node to the one behind text.
func (f *forms) step(n *node, text string, g gap) *node {
	for _, next := range n.next {
		if next.hole == g.hole && next.class == g.class && next.role == g.role && next.text == text {
			return next
		}
	}
	fresh := &node{text: text, hole: g.hole, like: g.like, class: g.class, role: g.role}
	n.next = append(n.next, fresh)
	f.count++
	f.text += len(text)
	f.changed = true
	return fresh
}

// see counts a value.
func (f *forms) see(n *node, value string) {
	if n.seen++; n.varies {
		return
	}
	switch {
	case n.seen == 1 && len(value) <= maxSame:
		n.value = value
		f.text += len(value)
	case n.seen == 1 || n.value != value:
		f.changed = f.changed || n.seen > sameAfter
		n.value, n.varies = "", true
	case n.seen == sameAfter:
		f.changed = true
	}
}

// make makes the steps of what was learnt.
func (f *forms) make() {
	f.steps, f.room = make([]step, 1, f.count+1), maxMade
	f.root = f.others(f.flat(nil, f.nodes.next, nil))
}

// start is a node whose text has more before it.
type start struct {
	*node
	text string
}

// flat appends the nodes that may come behind text, those seen most often first. One whose value is always the same is text
// itself, with those behind it.
func (f *forms) flat(to []start, nodes []*node, text []byte) []start {
	slices.SortStableFunc(nodes, func(a, b *node) int { return b.seen - a.seen })
	for _, n := range nodes {
		if len(to) > 4*maxOthers {
			return to
		}
		all := append(text, n.text...) // the bytes behind text are whose turn it is
		if n.hole != lineEnd && !n.varies && n.seen < sameAfter {
			continue // it cannot be told yet what varies, and no line that is of a form would tell
		}
		if n.hole != lineEnd && !n.varies {
			to = f.flat(to, n.next, append(all, n.value...))
		} else if f.room -= len(all); f.room >= 0 {
			to = append(to, start{n, string(all)})
		}
	}
	return to
}

// others makes steps that may stand at one place, those seen most often first, but none behind one whose text it begins with.
func (f *forms) others(all []start) int32 {
	slices.SortStableFunc(all, func(a, b start) int { return b.seen - a.seen })
	all = all[:min(len(all), maxOthers)]
	for i := range all {
		for j := range i {
			if strings.HasPrefix(all[i].text, all[j].text) {
				all = slices.Insert(slices.Delete(slices.Clone(all), i, i+1), j, all[i])
				break
			}
		}
	}
	first := int32(len(f.steps))
	for _, s := range all {
		f.steps = append(f.steps, newStep(s.text, s.hole, s.like, s.class, s.role))
	}
	for i, s := range all {
		at := int(first) + i
		if i+1 < len(all) {
			f.steps[at].other = int32(at + 1)
		}
		if s.hole != lineEnd {
			next := f.others(f.flat(nil, s.next, nil))
			f.steps[at].next = next
		}
	}
	if len(all) == 0 {
		return 0
	}
	return first
}

// gap is where a value stands in the line that teaches.
type gap struct {
	from, to int
	hole     hole
	class    Class
	role     role
	like     likeness
}

// lesson reads one line.
type lesson struct {
	keys *keys
	line []byte
	gaps []gap
}

// value reads the value at pos and returns what is behind it, -1 to stop. The outermost object is at level -1.
func (l *lesson) value(pos int, c Class, r role, level int) int {
	if len(l.gaps) > maxHoles {
		return -1
	}
	switch l.line[pos] {
	case '{':
		return l.members(pos, level+1)
	case '[':
		if pos = blank(l.line, pos+1); l.line[pos] == ']' {
			return pos + 1
		}
		for {
			if pos = l.value(blank(l.line, pos), c, inner, level+1); pos < 0 {
				return -1
			}
			if pos = blank(l.line, pos) + 1; l.line[pos-1] == ']' {
				return pos
			}
		}
	case '"':
		end := l.text(pos)
		if r != isKind {
			l.gaps = append(l.gaps, gap{pos + 1, end - 1, ofText, c, r, likenessOf(l.line, pos+1, end-1, c, r)})
		}
		return end
	}
	end := scalar(l.line, pos)
	if r != isKind && end > 0 {
		like := likeNone
		if c&^Address == 0 && r == inner {
			like = likeNumber
		}
		l.gaps = append(l.gaps, gap{pos, end, ofScalar, c, r, like})
	}
	return end
}

// likenessOf says what a text is like. What is tried in place of the whole judgement must be as good as it: digits and dots
// are an address in one spelling or none, an address is nothing else in these classes, a time is none, a plain name is only that, and a hash has too many digits for an address.
func likenessOf(line []byte, from, to int, c Class, r role) likeness {
	if c == Address && to-from == len(usual) && line[from+10] == 'T' {
		return likeTime
	}
	if _, ok := parse4(line, from, to); ok && r == inner && c&Address != 0 && c&(Port|Target|URL|Always) == 0 {
		return likeDotted
	}
	if r == inner && c&Name != 0 && c&^(Name|Address|Port) == 0 {
		return likeName
	}
	if r == inner && c&^Address == Hash {
		if _, _, end := hashAt(line, from); end == to {
			return likeHash
		}
	}
	if r == inner && c == Address && to-from < 8 {
		return likeWord
	}
	return likeNone
}

// members reads the object at pos.
func (l *lesson) members(pos, level int) int {
	if pos = blank(l.line, pos+1); l.line[pos] == '}' {
		return pos + 1
	}
	for {
		pos = blank(l.line, pos)
		end := l.text(pos)
		_, k := l.keys.slot(l.line, pos+1, end-1)
		if k == nil {
			return -1
		}
		r := inner
		if level == 0 {
			r = k.role
		}
		if pos = l.value(blank(l.line, blank(l.line, end)+1), k.class, r, level); pos < 0 {
			return -1
		}
		if pos = blank(l.line, pos) + 1; l.line[pos-1] == '}' {
			return pos
		}
	}
}

// text returns what is behind the text whose quote is at pos.
func (l *lesson) text(pos int) int {
	for pos++; l.line[pos] != '"'; pos++ {
		if l.line[pos] == '\\' {
			pos++
		}
	}
	return pos + 1
}
