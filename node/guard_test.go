package node

import (
	"entente/internal/regular"
)

// patient reads the files that guards read, without a node.
func patient() *guards { return &guards{files: &regular.Patient{Patience: guardPatience}} }

// guarded lets every guard of a node look once, and waits for what is looked at.
func (u *unit) guarded(name string) {
	u.t.Helper()
	g := u.node(name).guards
	u.ok(g.look(u.t.Context()))
	g.idle()
}
