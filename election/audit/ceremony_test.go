package audit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/statement"
)

// TestSilent: who does not open in time is named, its commitment stays, and the
// seed comes without it, once two others say so.
func TestSilent(t *testing.T) {
	w := newWorld(t)
	w.through(StepCommit)
	w.must("north", StepOpen, "")
	w.hearAll()
	if err := w.step("north", StepClose, ""); err == "" {
		t.Error("closed before the deadline")
	}
	w.now = 2_000_001
	w.must("north", StepClose, "")
	if j := w.join(); len(j.Counted) > 0 {
		t.Errorf("one alone left out another: %+v", j)
	}
	w.must("observer", StepClose, "")
	w.force("south", Step{Step: StepOpen, Dice: "271828", Salt: w.dice["south"].Salt}) // too late
	w.hearAll()
	w.must("north", StepPublic, "5")
	if j := w.join(); j.Seed != "" {
		t.Error("one alone said what the public dice showed")
	}
	w.must("observer", StepPublic, "5")
	j := w.join()
	if len(j.Silent) != 1 || j.Silent[0].Party != "south" || j.Silent[0].Step != StepOpen || j.Silent[0].Index == nil || len(j.Seed) != 20 || j.Void || !slices.Equal(j.Counted, []string{"north"}) {
		t.Errorf("%+v", j)
	}
}

// TestNeverCommitted: who takes no dice at all cannot keep the others waiting.
func TestNeverCommitted(t *testing.T) {
	w := newWorld(t)
	w.sealAll()
	w.must("north", StepCommit, "1")
	w.hearAll()
	if w.step("north", StepOpen, "") == "" {
		t.Error("opened before the deadline")
	}
	w.now = 1_500_001
	w.must("north", StepOpen, "")
	w.hearAll()
	if err := w.step("south", StepCommit, "9"); err == "" {
		t.Error("south committed when it knew north's dice")
	}
	w.force("south", Step{Step: StepCommit, Digest: Commit(w.join().Binding, opening("south", "9"))})
	w.force("south", Step{Step: StepOpen, Dice: "9", Salt: opening("south", "9").Salt})
	w.hearAll()
	w.must("north", StepClose, "")
	w.must("observer", StepClose, "")
	w.hearAll()
	w.must("north", StepPublic, "5")
	w.must("observer", StepPublic, "5")
	if j := w.join(); len(j.Seed) != 20 || !slices.Equal(j.Counted, []string{"north"}) || len(j.Silent) != 1 || j.Silent[0].Step != StepCommit || j.Silent[0].Index != nil {
		t.Errorf("%+v", j)
	}
}

// TestClosingLeavesOutNobody: one that closes early, or over less than it has,
// leaves out nobody's dice: the others close over all.
func TestClosingLeavesOutNobody(t *testing.T) {
	w := newWorld(t)
	w.through(StepCommit)
	w.must("north", StepOpen, "")
	w.now = 2_000_001 // by north's word
	w.must("north", StepClose, "")
	w.now = 1_900_000
	w.must("south", StepOpen, "")
	w.hearAll()
	w.must("south", StepClose, "")
	w.must("observer", StepClose, "")
	w.hearAll()
	w.must("south", StepPublic, "5")
	w.must("observer", StepPublic, "5")
	if j := w.join(); !slices.Equal(j.Counted, []string{"north", "south"}) || len(j.Seed) != 20 || len(j.Silent) > 0 {
		t.Errorf("%+v", j)
	}
}

// TestTwoAlone: without an observer neither of two can make a seed without the
// other: whoever could, would choose it.
func TestTwoAlone(t *testing.T) {
	w := newWorld(t)
	w.with.Observers = []string{}
	w.sealAll()
	w.must("north", StepCommit, "1")
	w.must("south", StepCommit, "2")
	w.hearAll()
	w.must("north", StepOpen, "")
	w.now = 2_000_001
	w.must("north", StepClose, "")
	w.force("north", Step{Step: StepPublic, Dice: "4"})
	if j := w.join(); j.Seed != "" || len(j.Counted) > 0 || !slices.Contains(j.Waiting, Due{"south", StepClose}) {
		t.Errorf("%+v", j)
	}
}

// TestCommitOverOtherSeals: dice that were committed to over what was sealed then
// are not said over what is sealed now, as they could never be opened.
func TestCommitOverOtherSeals(t *testing.T) {
	w := newWorld(t)
	w.sealAll()
	j := w.join()
	s := Step{Audit: "night", Step: StepCommit, Digest: Commit(j.Binding, opening("north", "1")), CommitBy: 1_500_000, OpenBy: 2_000_000}
	for _, party := range all[:2] {
		w.seal(party, SealContest, "Sheriff", "c")
	}
	w.hearAll()
	if _, err := Take("night", w.log, w.with, "north", s, j.Binding, w.now); err == nil || !strings.Contains(err.Error(), "sealed for night meanwhile") {
		t.Error(err)
	}
	if _, err := Take("night", w.log, w.with, "north", s, w.join().Binding, w.now); err != nil {
		t.Error(err)
	}
}

// play lets the honest ones act at any time and hear of each other at any time,
// while a liar says whatever it likes, until there is a seed; then it goes on for
// a while and returns all tables and seeds that there were.
func play(w *world, chance *rand.Rand, honest []string, lie func()) (tables, seeds []string) {
	mark := func() {
		j := w.join()
		if j.Table != (statement.Digest{}) && (len(tables) == 0 || tables[len(tables)-1] != j.Table.String()) {
			tables = append(tables, j.Table.String())
		}
		if (j.Seed != "" || len(seeds) > 0 && len(w.log.Forks) == 0) && (len(seeds) == 0 || seeds[len(seeds)-1] != j.Seed) {
			seeds = append(seeds, j.Seed) // one that is gone again is another
		}
	}
	heard := make(map[string]uint64)
	for i := range 600 {
		if i%150 == 149 {
			w.now += 400_000
		}
		p := honest[chance.IntN(len(honest))]
		switch k := chance.IntN(6); {
		case k < 2:
			if of := all[chance.IntN(3)]; heard[p+of] != w.size[of] {
				heard[p+of] = w.size[of]
				w.hear(p, of)
			}
		case k == 2:
			lie()
		default:
			step := []string{StepCommit, StepOpen, StepClose, StepPublic}[chance.IntN(4)]
			dice := "5"
			if step == StepCommit {
				dice = fmt.Sprint(chance.IntN(1000))
			}
			w.step(p, step, dice)
		}
		if i%10 == 0 || len(tables) > 0 {
			mark()
		}
		if len(seeds) > 0 && i > 400 {
			break
		}
	}
	mark()
	return tables, seeds
}

// TestHonestNeverAtFault: those that keep the rules, whose logs hear of each other
// at any time and who act at any time, are never at fault and get a seed.
func TestHonestNeverAtFault(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(t)
		w.sealAll()
		_, seeds := play(w, rand.New(rand.NewPCG(seed, 9)), all, func() {})
		if j := w.join(); len(j.Faults) > 0 || len(seeds) != 1 {
			t.Fatalf("seed %d: %v, %+v", seed, seeds, j)
		}
	}
}

// TestLiarChoosesNothing: whatever one party says, forks, withholds or says too
// late, a table once fixed and a seed once made stay what they are; nobody else is
// at fault; and while it does not spoil the ceremony before anybody closes, the
// others get their seed without it.
func TestLiarChoosesNothing(t *testing.T) {
	made := 0
	for seed := range uint64(9) {
		chance := rand.New(rand.NewPCG(seed, 77))
		w := newWorld(t)
		w.sealAll()
		liar, honest := all[seed%3], slices.DeleteFunc(slices.Clone(all), func(p string) bool { return p == all[seed%3] })
		late := seed%2 == 0 // it keeps the rules until a table is fixed
		lie := func() {
			fixed := len(w.join().Counted) > 0
			if late && !fixed {
				if chance.IntN(2) == 0 {
					w.hear(liar, all[chance.IntN(3)])
				} else {
					w.step(liar, []string{StepCommit, StepOpen, StepClose}[chance.IntN(3)], "7")
				}
				return
			}
			switch chance.IntN(9) {
			case 8:
				w.claim(liar, all[chance.IntN(3)], uint64(chance.IntN(12)))
			case 0:
				w.seal(liar, SealManifest, "", fmt.Sprint("m", chance.IntN(3)))
			case 1:
				w.seal(liar, SealContest, "Sheriff", "c")
			case 2:
				w.force(liar, Step{Step: StepCommit, Digest: statement.TaggedSum("x"), CommitBy: chance.Int64N(9), OpenBy: 9})
			case 3:
				o := w.dice[liar]
				w.force(liar, Step{Step: StepOpen, Dice: cmpOr(o.Dice, "1"), Salt: o.Salt})
			case 4:
				w.force(liar, Step{Step: StepClose, Digest: w.lies(liar)})
			case 5:
				w.force(liar, Step{Step: StepPublic, Dice: fmt.Sprint(chance.IntN(9))})
			case 6:
				if fixed && late {
					w.log.Forks = []string{liar}
				}
			default:
				w.see(liar, honest[0], w.now-chance.Int64N(900_000))
			}
		}
		tables, seeds := play(w, chance, honest, lie)
		j := w.join()
		for _, f := range j.Faults {
			if slices.Contains(honest, f.Party) && f.Code != FaultDiffer {
				t.Errorf("seed %d: an honest party is at fault: %+v", seed, f)
			}
		}
		if len(tables) > 1 || len(seeds) > 1 {
			t.Errorf("seed %d: %d tables, %d seeds", seed, len(tables), len(seeds))
		}
		if late && len(seeds) != 1 {
			t.Errorf("seed %d: no seed without %s: %+v", seed, liar, j)
		}
		made += len(seeds)
		// and in whatever order it is read
		chance.Shuffle(len(w.log.Said), func(a, b int) { w.log.Said[a], w.log.Said[b] = w.log.Said[b], w.log.Said[a] })
		chance.Shuffle(len(w.log.Heads), func(a, b int) { w.log.Heads[a], w.log.Heads[b] = w.log.Heads[b], w.log.Heads[a] })
		if d := cmp.Diff(j, w.join()); d != "" {
			t.Errorf("seed %d: %s", seed, d)
		}
	}
	if made < 5 {
		t.Errorf("only %d seeds", made)
	}
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
