package audit

import (
	"slices"
	"strings"
	"testing"
)

// TestFalseHeadFramesNobody: a party opens when its log says to have seen more of
// another's than there is. The lie comes out when that log is as long, after the
// seed: it changes no seed, and is nobody else's fault.
func TestFalseHeadFramesNobody(t *testing.T) {
	w := newWorld(t)
	w.sealAll()
	w.must("north", StepCommit, "1")
	w.must("south", StepCommit, "2")
	w.claim("south", "north", 20) // it has not heard of north's commitment
	w.force("south", Step{Step: StepOpen, Dice: "2", Salt: w.dice["south"].Salt})
	w.hear("north", "south")
	w.hear("observer", "south")
	w.must("north", StepOpen, "")
	w.hear("observer", "north")
	for _, step := range []string{StepClose, StepPublic} {
		w.must("north", step, "5")
		w.must("observer", step, "5")
		w.hear("north", "observer")
		w.hear("observer", "north")
	}
	want := w.join()
	if len(want.Seed) != 20 || !slices.Equal(want.Counted, []string{"north", "south"}) || len(want.Faults) > 0 {
		t.Fatalf("%+v", want)
	}
	for range 20 {
		w.hear("north", "observer")
	}
	j := w.join()
	if j.Seed != want.Seed || j.Table != want.Table || j.Void {
		t.Errorf("the seed %q became %q, void %v", want.Seed, j.Seed, j.Void)
	}
	if slices.ContainsFunc(j.Faults, func(f Fault) bool { return f.Party != "south" }) || !slices.ContainsFunc(j.Faults, func(f Fault) bool { return f.Code == FaultEarly }) {
		t.Errorf("%+v", j.Faults)
	}
}

// TestFutureIsNotSeen: a closing or a word by a party whose log says to have seen
// more of another's than there is counts for nothing yet: what comes would change
// what it had closed over, and take a seed away that all know.
func TestFutureIsNotSeen(t *testing.T) {
	for _, step := range []string{StepClose, StepPublic} {
		w := newWorld(t)
		w.through(StepCommit)
		w.must("north", StepOpen, "")
		w.hearAll()
		w.now = 2_000_001 // and south keeps its dice to itself
		w.must("north", StepClose, "")
		if step == StepPublic {
			w.must("south", StepClose, "")
		}
		w.claim("south", "north", 50)
		s := Step{Step: step, Dice: "5"}
		if step == StepClose {
			s.Dice, s.Digest = "", w.lies("south")
		}
		w.force("south", s)
		j := w.join()
		switch {
		case len(j.Faults) > 0 || j.Void:
			t.Errorf("%s: %+v", step, j.Faults)
		case step == StepClose && len(j.Counted) > 0, j.Words > 0:
			t.Errorf("%s: what south says to have seen counts: %+v", step, j)
		case !slices.Contains(j.Waiting, Due{"south", step}):
			t.Errorf("%s waits for %v", step, j.Waiting)
		}
	}
}

// TestTakesNothingUnread: an honest party closes over nothing while its log has
// recorded more of another's than it has read.
func TestTakesNothingUnread(t *testing.T) {
	w := newWorld(t)
	w.through(StepOpen)
	w.claim("north", "south", 1)
	if err := w.step("north", StepClose, ""); !strings.Contains(err, "than has been read of them here yet") {
		t.Error(err)
	}
}
