package jsonline

import (
	"encoding/binary"
	"math"
	"slices"
)

// Bounds of what is remembered of the text between values.
const (
	maxSteps = 2 * MaxPlaces
	maxAfter = 16  // steps behind values of one kind in one place
	maxText  = 128 // bytes
	rarely   = 8   // so often one that has no room takes that of another
)

// step is what stands between two values that follow each other: the quote that ends the one, commas, brackets, keys, and the quote
// that begins the other. The lines of a log are much alike, so nearly all that is not value has been read before; it
// need not be taken apart again. In the same place and behind the same kind of value, the same bytes mean the same.
type step struct {
	// Up to 24 bytes of text are compared as three words: its first eight, its last eight, and those in the middle. They overlap where
	// it has fewer.
	first, middle, last uint64
	mask                uint64 // what of these counts: not all, if there are fewer than eight bytes
	mid, tail           int    // where middle and last begin
	need                int    // bytes that a line must have for that; too many where that is not all

	to    *place // of the value behind it; nil at the line's end
	name  *Name  // of to
	kind  int    // of that value, see after
	next  *step  // the first of to.after[kind], once there is one
	text  string
	marks int     // of package quote, in text
	ended []*Name // objects that end in text
}

// after are the steps from a place, behind a value that is no string or behind one. The more a step was taken, the nearer
// it comes to the front.
type after []*step

// The kinds of values, as far as steps from them differ.
const (
	literal = 0 // a number or a word
	quoted  = 1
)

// expect returns the step that is at line[at], nil if that is none.
func (a after) expect(line []byte, at int) *step {
	for i, s := range a {
		if s.stands(line, at) {
			if i > 0 {
				a[i-1], a[i] = s, a[i-1]
			}
			return s
		}
	}
	return nil
}

// stands says that the step is at line[at].
func (s *step) stands(line []byte, at int) bool {
	end := at + len(s.text)
	switch {
	case end > len(line) || string(line[at:end]) != s.text:
		return false
	case s.to == nil:
		return end == len(line)
	}
	return s.kind == quoted || end < len(line) && beginsLiteral(line[end]) // else it may be another, longer step
}

// leads is stands for nearly all steps, without a call, over what is left of the line. It may be false for one that stands.
func (s *step) leads(rest []byte) bool {
	return len(rest) >= s.need &&
		((binary.LittleEndian.Uint64(rest)^s.first)|(binary.LittleEndian.Uint64(rest[s.mid:])^s.middle)|(binary.LittleEndian.Uint64(rest[s.tail:])^s.last))&s.mask == 0 &&
		(s.kind == quoted || beginsLiteral(rest[len(s.text)]))
}

func beginsLiteral(c byte) bool {
	return c-'0' <= 9 || c == '-' || c == 't' || c == 'f' || c == 'n'
}

// learn remembers a step behind another, if there is room for it.
func (p *places) learn(behind *step, text []byte, marks int, to *place, kind int, ended []*Name) *step {
	list := &behind.to.after[behind.kind]
	last := len(*list) - 1
	if free := last+1 < maxAfter && p.steps < maxSteps; free {
		p.steps++
		*list = append(*list, nil)
		last++
	} else if p.late++; last < 0 || p.late%rarely > 0 {
		return p.forgotten(to, kind)
	}
	s := newStep(string(text), marks, to, kind, slices.Clone(ended))
	(*list)[last] = s
	return s
}

// forgotten is a step that is not remembered.
func (p *places) forgotten(to *place, kind int) *step {
	p.unknown = step{to: to, kind: kind}
	return &p.unknown
}

func newStep(text string, marks int, to *place, kind int, ended []*Name) *step {
	s := &step{text: text, marks: marks, to: to, kind: kind, ended: ended, mask: math.MaxUint64}
	n := len(text)
	s.tail = max(n-8, 0)
	s.mid = min(8, s.tail)
	s.need = math.MaxInt
	if to != nil {
		s.name = to.name
		if n <= 24 {
			s.need = max(n+1, 8)
		}
	}
	if n < 8 {
		s.mask = 1<<(8*n) - 1
	}
	padded := append([]byte(text), 0, 0, 0, 0, 0, 0, 0, 0)
	word := func(at int) uint64 { return binary.LittleEndian.Uint64(padded[at:]) }
	s.first, s.middle, s.last = word(0), word(s.mid), word(s.tail)
	return s
}
