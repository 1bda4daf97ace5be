package border

import (
	"strings"

	"entente/statement"
)

// PAP is a label of the Permissible Actions Protocol: what a recipient may do
// with what it knows, where TLP says to whom it may tell it. "" says nothing
// and restricts nothing.
type PAP string

// The labels, from open to strict (PAP 2.0; WHITE of the taxonomy before it is
// CLEAR).
const (
	PAPClear PAP = "PAP:CLEAR" // no restriction
	PAPGreen PAP = "PAP:GREEN" // active actions: block, ping, answer
	PAPAmber PAP = "PAP:AMBER" // passive ones, asking third parties included
	PAPRed   PAP = "PAP:RED"   // only what nobody outside can notice: own logs
)

// PAPs returns all labels, from open to strict.
func PAPs() []PAP { return []PAP{PAPClear, PAPGreen, PAPAmber, PAPRed} }

// ParsePAP reads a label in any letter case; anything else is refused with
// E_MARKING.
func ParsePAP(s string) (PAP, error) {
	if len(s) <= len(PAPGreen) {
		p := PAP(strings.ToUpper(s))
		if p == "PAP:WHITE" {
			return PAPClear, nil
		}
		if p != "" && p.strictness() <= PAPRed.strictness() {
			return p, nil
		}
	}
	return "", statement.Refuse(statement.CodeMarking, "unknown marking %.40q", s)
}

// strictness orders the labels; what is none is stricter than all, "" as open
// as CLEAR.
func (p PAP) strictness() int {
	if p == "" {
		return 0
	}
	for i, known := range PAPs() {
		if p == known {
			return i
		}
	}
	return len(PAPs())
}

// strictestPAP returns the stricter of two labels. Said beats unsaid.
func strictestPAP(a, b PAP) PAP {
	if a == "" || b != "" && b.strictness() > a.strictness() {
		return b
	}
	return a
}
