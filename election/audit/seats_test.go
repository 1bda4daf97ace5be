package audit

import (
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

// alone lets a party name some parties and go through the ceremony by its own
// rules, as far as its public dice.
func (w *world) alone(with Seats) {
	w.t.Helper()
	mine := *w
	mine.with = with
	for _, step := range []string{StepCommit, StepOpen, StepClose, StepPublic} {
		for _, party := range with.Parties {
			mine.must(party, step, "777")
		}
		for _, by := range with.Parties {
			for _, of := range with.Parties {
				if by != of {
					mine.hear(by, of)
				}
			}
		}
	}
	w.log, w.now = mine.log, mine.now
}

// others is the fault of a party that named others.
func others(j Joint, party string) *Fault {
	at := slices.IndexFunc(j.Faults, func(f Fault) bool { return f.Party == party && f.Code == FaultParties })
	if at < 0 {
		return nil
	}
	return &j.Faults[at]
}

// TestNamedAlone: a party that names itself alone makes no seed, before and after
// another has committed, and is told.
func TestNamedAlone(t *testing.T) {
	for _, party := range []string{"north", "south"} {
		w := newWorld(t)
		w.sealAll()
		w.alone(Seats{[]string{party}, []string{}})
		check := func(when string) {
			t.Helper()
			j := w.join()
			if f := others(j, party); f == nil || !f.Void || !strings.HasSuffix(f.Says, "with its commitment: "+party) || !j.Void || j.Seed != "" || !slices.Equal(j.Parties, w.with.Parties) {
				t.Errorf("%s alone, %s: %+v", party, when, j)
			}
		}
		check("before the other has committed")
		w.hearAll()
		other := map[string]string{"north": "south", "south": "north"}[party]
		w.force(other, Step{Step: StepCommit, Digest: Commit(w.join().Binding, opening(other, "1"))})
		check("when the other has committed")
		if err := w.step("observer", StepClose, ""); !strings.Contains(err, "void") {
			t.Errorf("the observer closes: %s", err)
		}
	}
}

// TestNamedWithStrangers: names of nobody in the charter, or of observers as if
// they were parties, are no second voice.
func TestNamedWithStrangers(t *testing.T) {
	for _, second := range []string{"mallory", "observer"} {
		w := newWorld(t)
		w.sealAll()
		list := []string{"south", second}
		slices.Sort(list)
		for _, party := range list {
			w.force(party, Step{Step: StepCommit, Digest: statement.TaggedSum("test"), Parties: list, Observers: []string{}})
		}
		if j := w.join(); !j.Void || others(j, "south") == nil || !slices.Equal(j.Parties, w.with.Parties) {
			t.Errorf("with %s: %+v", second, j)
		}
	}
}

// TestNamedLate: when more than half have closed without a party, it changes
// nothing of the seed by naming itself, alone or with another.
func TestNamedLate(t *testing.T) {
	for _, late := range [][]string{{"south"}, {"east", "south"}} {
		w := newWorld(t)
		w.with = Seats{[]string{"east", "north", "south"}, []string{"o1", "o2"}}
		for _, party := range w.with.Parties {
			w.seal(party, SealManifest, "", "manifest")
		}
		w.hearAll()
		w.must("north", StepCommit, "1")
		w.now = 1_500_001
		w.must("north", StepOpen, "")
		w.hearAll()
		for _, step := range []string{StepClose, StepPublic} {
			for _, party := range []string{"north", "o1", "o2"} {
				w.must(party, step, "5")
			}
			w.hearAll()
		}
		want := w.join()
		if len(want.Seed) != 20 {
			t.Fatalf("%+v", want)
		}
		w.alone(Seats{late, []string{}})
		j := w.join()
		if f := others(j, "south"); f == nil || f.Void || j.Void || j.Seed != want.Seed || !slices.Equal(j.Counted, []string{"north"}) {
			t.Errorf("%v: %+v", late, j)
		}
	}
}

// TestNamedBySome: a list that two of the charter's parties have named counts, and
// whoever expected others is told; two lists of one audit are none.
func TestNamedBySome(t *testing.T) {
	w := newWorld(t)
	w.with = Seats{[]string{"east", "north", "south", "west"}, []string{}}
	for _, party := range []string{"north", "south"} {
		w.seal(party, SealManifest, "", "manifest")
	}
	w.hearAll()
	some := Seats{[]string{"north", "south"}, []string{}}
	w.alone(some)
	j := w.join()
	if f := others(j, "south"); f == nil || f.Void || !strings.Contains(f.Says, "others than east, north, south, west") || len(j.Seed) != 20 || !slices.Equal(j.Parties, some.Parties) {
		t.Errorf("%+v", j)
	}
	if j := Join("night", w.log, some); len(j.Faults) > 0 || len(j.Seed) != 20 {
		t.Errorf("who expects these: %+v", j)
	}
	for _, party := range []string{"east", "west"} {
		w.seal(party, SealManifest, "", "manifest")
	}
	w.hearAll()
	w.alone(Seats{[]string{"east", "west"}, []string{}})
	if j = w.join(); !j.Void || j.Seed != "" || !slices.Equal(j.Parties, w.with.Parties) {
		t.Errorf("two lists: %+v", j)
	}
}

// TestNamedWithout: two of three do not make the seed without the third, of whatever
// it has a part in, and before it has said so either.
func TestNamedWithout(t *testing.T) {
	two := Seats{[]string{"east", "south"}, []string{}}
	for _, part := range []string{SealManifest, StepCommit} {
		w := newWorld(t)
		w.with = Seats{[]string{"east", "north", "south"}, []string{"observer"}}
		for _, party := range w.with.Parties {
			if party != "north" || part == SealManifest {
				w.seal(party, SealManifest, "", "manifest")
			}
		}
		w.hearAll()
		if part == StepCommit {
			w.force("north", Step{Step: StepCommit, Digest: statement.TaggedSum("test")})
		}
		w.alone(two)
		if j := w.join(); j.Seed != "" || !j.Void || others(j, "south") == nil || others(j, "east") == nil || !slices.Equal(j.Parties, w.with.Parties) {
			t.Errorf("a third that has a part by its %s: %+v", part, j)
		}
		if j := Join("night", w.log, two); len(j.Seed) != 20 {
			t.Errorf("who expects two alone: %+v", j)
		}
	}
}
