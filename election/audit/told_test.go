package audit

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/statement"
)

// TestSaidToSome: what a party says to some only counts for nobody, so that those who
// see it and those who do not compute the same, and none blames the other; it is told
// once, and may be said again to all.
func TestSaidToSome(t *testing.T) {
	for _, what := range []string{StepCommit, StepOpen, StepClose, SealContest, SealEntries} {
		w := newWorld(t)
		var some []uint64
		hide := func(party string) {
			last := &w.log.Said[len(w.log.Said)-1]
			last.Without, some = []string{"observer"}, append(some, last.Index)
			if last.Party != party {
				t.Fatalf("%+v", last)
			}
		}
		w.sealAll()
		switch what {
		case SealContest:
			w.seal("south", SealContest, "Sheriff", "contest")
			hide("south")
		case SealEntries:
			w.seal("south", SealEntries, "blue", "entries")
			hide("south")
		}
		for i, step := range []string{StepCommit, StepOpen, StepClose, StepPublic} {
			for k, party := range all {
				if k == 2 && i < 2 || w.join().Seed != "" {
					continue
				}
				dice := fmt.Sprint(k + 1)
				if step == StepPublic {
					dice = "5"
				}
				if step == what && party == "south" {
					w.force("south", Step{Step: step, Dice: map[string]string{StepOpen: "9"}[step], Digest: statement.TaggedSum("test")})
					hide("south")
					w.hear("north", "south")
				}
				w.must(party, step, dice)
			}
			w.hearAll()
		}
		j := w.join()
		if len(j.Seed) != 20 || len(j.Faults) != 1 || j.Faults[0].Code != FaultHidden || j.Faults[0].Party != "south" || j.Faults[0].Void || !slices.Equal(j.Faults[0].Indices, some) || len(j.Entries) > 0 {
			t.Errorf("%s: %+v", what, j)
		}
		w.log.Said = slices.DeleteFunc(w.log.Said, func(s Said) bool { return len(s.Without) > 0 })
		blind := w.join()
		j.Faults = blind.Faults
		if d := cmp.Diff(j, blind); d != "" {
			t.Errorf("%s: who sees it and who does not differ: %s", what, d)
		}
	}
}

// TestSaidWithoutWhoLeft: who has left is told nothing more; that counts when it was
// known to have left, and not before.
func TestSaidWithoutWhoLeft(t *testing.T) {
	w := newWorld(t)
	w.append(Said{Party: "west", What: SaidLeft})
	w.seal("south", SealManifest, "", "m")
	w.log.Said[1].Without = []string{"west"}
	w.hear("north", "west")
	w.seal("north", SealManifest, "", "m")
	w.log.Said[2].Without = []string{"west"}
	if j := w.join(); len(j.Sealed) != 1 || j.Sealed[0].Party != "north" || len(j.Faults) != 1 || j.Faults[0].Party != "south" {
		t.Errorf("%+v", j)
	}
}

// TestFlooded: of one party not more counts than an audit can need, and the others'
// counts as before.
func TestFlooded(t *testing.T) {
	w := newWorld(t)
	w.sealAll()
	w.seal("north", SealEntries, "red", "entries")
	for i := range 3000 {
		w.seal("south", SealEntries, fmt.Sprint("blue", i), "entries")
		w.seal("south", SealContest, fmt.Sprint("contest", i), "contest")
		w.force("south", Step{Step: StepPublic, Dice: fmt.Sprint(i)})
	}
	w.seal("north", SealEntries, "white", "entries")
	j := w.join()
	if len(j.Sheets) != MaxSheets+2 || len(j.Entries) != MaxSheets+2 || len(j.Sealed) != 3+maxSeals || len(j.Faults) != maxTaken-1 {
		t.Errorf("%d sheets, %d entries, %d seals, %d faults", len(j.Sheets), len(j.Entries), len(j.Sealed), len(j.Faults))
	}
}
