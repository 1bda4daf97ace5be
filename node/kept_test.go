package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/border"
	"entente/statement"
)

// TestKeptSurvives: what was kept is counted in a receipt also when the node dies
// before that is written, and once.
func TestKeptSurvives(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n, ctx := u.node(north), t.Context()
	no := statement.Refuse(statement.CodeMarking, "red")
	n.clerk.receipting.Lock() // no receipt before it dies
	n.out.count(border.UseShare, "anna", no)
	n.out.count(border.UseShare, "anna", no)
	n.out.count(border.UseShare, "boris", no)
	want := []border.Refused{{Use: border.UseShare, Code: statement.CodeMarking, Officer: "anna", Count: 2}, {Use: border.UseShare, Code: statement.CodeMarking, Officer: "boris", Count: 1}}
	died := func() []border.Refused { // what a process finds that begins now
		g := newEgress(n.self, n.roster, n.view, n.watch, n.present)
		u.ok(g.recall(ctx))
		return g.refusals()
	}
	u.eventually("what was kept is written down", func() bool { return cmp.Equal(died(), want) })
	n.clerk.receipting.Unlock()
	must(n.clerk.receipts(ctx))(t)
	u.eventually("the receipt is written, and what it counts is not counted again", func() bool { return len(died()) == 0 })
	said := uint64(0)
	for _, r := range u.receipts(north, north) {
		for _, k := range r.Refusals {
			if k.Use == border.UseShare && k.Code == statement.CodeMarking {
				said += k.Count
			}
		}
	}
	if said != 3 {
		t.Errorf("%d stand in receipts", said)
	}
}
