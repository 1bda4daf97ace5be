package node

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"

	"entente/accord"
	"entente/statement"
)

// heldAlike: what each node keeps in memory, and has added to piece by piece, is what
// it would read from its view as a whole.
func (u *unit) heldAlike() {
	u.t.Helper()
	for _, name := range u.names {
		n := u.node(name)
		var kept *accord.Record
		var w, whole accord.World
		u.eventually(name+" has read what its view holds", func() bool { // the view grows meanwhile
			u.ok(n.takeOwn(u.t.Context()))
			kept = must(n.Accord(u.t.Context()))(u.t)
			w = kept.World()
			whole = must(ReadWorld(u.t.Context(), n.view, n.roster, w.Now))(u.t)
			return reflect.DeepEqual(w.Sizes, whole.Sizes) && slices.Equal(timesOf(w), timesOf(whole))
		})
		fresh := accord.NewRecord(whole)
		for s := range fresh.All() {
			if have, ok := kept.Said(s.Ref); !ok || !reflect.DeepEqual(have, s) {
				u.t.Errorf("%s keeps of %s/%d\n%+v\nand its view has\n%+v", name, s.Party, s.Ref.Index, have, s)
			}
		}
		if kept.Len() != fresh.Len() || !reflect.DeepEqual(kept.Instruments(), fresh.Instruments()) {
			u.t.Errorf("%s: %d statements are kept of %d, or their states differ", name, kept.Len(), fresh.Len())
		}
	}
}

func timesOf(w accord.World) []accord.Moment {
	list := slices.Clone(w.Moments)
	slices.SortFunc(list, func(a, b accord.Moment) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.At, b.At), cmp.Compare(a.By, b.By), cmp.Compare(a.Logged, b.Logged), slices.Compare(a.Root[:], b.Root[:]))
	})
	return slices.Compact(list)
}

// TestHeldWorld: a node reads its record once; what is said, shown and seen after that is
// added, and a statement that costs the reading of one is there at once.
func TestHeldWorld(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	u.heldAlike()
	by := time.Now().Add(72 * time.Hour)
	text := u.utter(north, u.groupProposal(by, "We work together.", north, south), staff...)
	if _, ok := must(u.node(north).Accord(t.Context()))(t).Said(text); !ok {
		t.Error("what was just said is not in the record")
	}
	u.settle()
	u.utter(south, draft{kind: accord.KindPosition, refs: []statement.Ref{text}, body: accord.Position{Stance: accord.Discuss, Capacity: "official"}}, staff...)
	u.settle()
	u.heldAlike()
}
