package border

import (
	"slices"

	"entente/statement"
)

// Viewer is who wants to read: an account of the own side, or the guest of a
// party.
type Viewer struct {
	Account   string
	Clearance Marking  // the strictest marking that it may see
	Scopes    []string // what it may do: "taxii:read"
	Guest     string   // party id: it sees what that party may have; "" is the own side
}

// Owner is the own side's person at the machine: whoever may open the control
// socket or sign in to the console sees everything.
func Owner(name string) Viewer {
	return Viewer{Account: name, Clearance: Red, Scopes: []string{scopeAll}}
}

const scopeAll = "*"

// Lens is the capability to read, without which nothing that stores objects
// gives any out: who reads, and what for. Only See makes one that shows
// anything; the zero Lens shows nothing. A store asks it for each row, or puts
// Ceiling and Guest into the query, so that what the viewer may not see
// changes no count, no page, no order and no error.
type Lens struct {
	viewer Viewer
	use    Use
	given  bool
}

// See gives a viewer the lens for one scope, or refuses with E_CLEARANCE. use
// is UsePassive, UseActive or UsePublish where what is read leaves for tools,
// and empty where a person or an account reads it.
func See(v Viewer, scope string, use Use) (Lens, error) {
	if v.Account == "" || !slices.Contains(v.Scopes, scope) && !slices.Contains(v.Scopes, scopeAll) {
		return Lens{}, statement.Refuse(statement.CodeClearance, "this account has no right %.40q", scope)
	}
	if v.Clearance.strictness() < 0 {
		return Lens{}, statement.Refuse(statement.CodeClearance, "this account has no clearance")
	}
	if use != "" && use != UsePassive && use != UseActive && use != UsePublish {
		return Lens{}, statement.Refuse(statement.CodeRequest, "unknown use %.20q", use)
	}
	v.Scopes = slices.Clone(v.Scopes)
	return Lens{viewer: v, use: use, given: true}, nil
}

// Ceiling is the highest Marking.Level that the lens shows, -1 for none. What
// nobody has marked yet, a draft, is shown to the own side's highest clearance.
func (l Lens) Ceiling() int {
	if !l.given {
		return -1
	}
	top := l.viewer.Clearance
	switch l.use {
	case UsePublish:
		top = Clear
	case UsePassive, UseActive:
		top = Marking(Markings()[min(top.strictness(), AmberStrict.strictness())])
	}
	if top == Red && l.viewer.Guest == "" {
		return Marking("").Level()
	}
	return top.Level()
}

// PAPs are the labels of PAP, "" among them, that the use of the lens allows.
func (l Lens) PAPs() []PAP {
	var out []PAP
	for _, p := range append([]PAP{""}, PAPs()...) {
		switch {
		case !l.given,
			l.use == UsePublish && p.strictness() > PAPClear.strictness(),
			l.use == UseActive && p.strictness() > PAPGreen.strictness():
		default:
			out = append(out, p)
		}
	}
	return out
}

// Whole reports whether the lens shows everything to the own side: what speaks
// of everything at once is for such a viewer alone.
func (l Lens) Whole() bool {
	return l.given && l.use == "" && l.viewer.Guest == "" && l.viewer.Clearance == Red
}

// Guest is the party as whose guest the viewer reads, "" for the own side.
func (l Lens) Guest() string { return l.viewer.Guest }

// Account is who reads.
func (l Lens) Account() string { return l.viewer.Account }

// Sight is what a lens needs to know of one stored thing.
type Sight struct {
	Label      Label
	Said       bool     // it stands in a statement to parties; false for drafts and decisions
	Signer     string   // party that said it; "" is the own side
	Recipients []string // of the statement that it stands in
	Only       []string // see Piece
}

// Shows reports whether the viewer may see it: within the clearance, and for a
// guest only what its party has or may have by the way out.
func (l Lens) Shows(s Sight) bool {
	if s.Label.TLP.Level() > l.Ceiling() || !slices.Contains(l.PAPs(), s.Label.PAP) {
		return false
	}
	guest := l.viewer.Guest
	switch {
	case guest == "":
		return true
	case !s.Said:
		return false // nobody has let it out
	case s.Signer == guest:
		return true // its own word
	case s.Only != nil && !slices.Contains(s.Only, guest):
		return false
	}
	return slices.Contains(s.Recipients, guest)
}
