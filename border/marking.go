package border

import (
	"strings"

	"entente/statement"
)

// Marking is a label of the Traffic Light Protocol, version 2.0 (FIRST, 2022),
// in its canonical spelling.
type Marking string

// The markings, from open to strict.
const (
	Clear       Marking = "TLP:CLEAR"
	Green       Marking = "TLP:GREEN"
	Amber       Marking = "TLP:AMBER"
	AmberStrict Marking = "TLP:AMBER+STRICT"
	Red         Marking = "TLP:RED"
)

// Markings returns all of them, from open to strict.
func Markings() []Marking { return []Marking{Clear, Green, Amber, AmberStrict, Red} }

// Level is the place of a marking among them, from 0, as tables keep it. What
// is no marking lies above all: it is as strict as nothing that anybody said.
func (m Marking) Level() int {
	if s := m.strictness(); s >= 0 {
		return s
	}
	return len(Markings())
}

// ParseMarking reads a label in any letter case. TLP:WHITE of version 1 is
// TLP:CLEAR. Anything else, the empty text above all, is refused: what nobody
// marked does not leave.
func ParseMarking(s string) (Marking, error) {
	if len(s) <= len(AmberStrict) {
		m := Marking(strings.ToUpper(s))
		if m == "TLP:WHITE" {
			return Clear, nil
		}
		if m.strictness() >= 0 {
			return m, nil
		}
	}
	if s == "" {
		return "", statement.Refuse(statement.CodeMarking, "not marked")
	}
	return "", statement.Refuse(statement.CodeMarking, "unknown marking %.40q", s)
}

// strictness orders the markings; -1 for what is none.
func (m Marking) strictness() int {
	for i, known := range Markings() {
		if m == known {
			return i
		}
	}
	return -1
}

// Strictest returns the strictest of the markings. A value that is no marking
// counts as Red, so that a slip never opens anything; of none it is Red too.
func Strictest(markings ...Marking) Marking {
	strictest := -1
	for _, m := range markings {
		s := m.strictness()
		if s < 0 {
			return Red
		}
		strictest = max(strictest, s)
	}
	if strictest < 0 {
		return Red
	}
	return Markings()[strictest]
}
