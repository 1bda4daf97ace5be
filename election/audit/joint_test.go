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

// world is some parties' logs.
type world struct {
	t    testing.TB
	log  Log
	size map[string]uint64
	now  int64
	dice map[string]Opening
	with []string
}

func (w *world) join() Joint { return Join("night", w.log, w.with) }

func newWorld(t testing.TB) *world {
	return &world{t: t, size: map[string]uint64{}, now: 1_000_000, dice: map[string]Opening{}, with: []string{"north", "south"}}
}

func (w *world) append(s Said) uint64 {
	s.Index, s.Time = w.size[s.Party], w.now
	w.size[s.Party]++
	w.now++
	w.log.Said = append(w.log.Said, s)
	return s.Index
}

// hear lets a party's log record how long another's is.
func (w *world) hear(by, of string) {
	w.log.Heads = append(w.log.Heads, Head{by, w.size[by], of, w.size[of]})
	w.size[by]++
}

func (w *world) seal(party, what, name, content string) uint64 {
	return w.append(Said{Party: party, What: what, Name: name, Digest: statement.TaggedSum("test", []byte(content)), Size: 7})
}

// step takes a step as an honest party does; "" is no error.
func (w *world) step(party, step, dice string) string {
	s := Step{Audit: "night", Step: step}
	switch step {
	case StepCommit:
		o := opening(party, dice)
		w.dice[party] = o
		j := w.join()
		s.Digest, s.OpenBy, s.Parties = Commit(j.Binding, o), 2_000_000, j.Parties
	case StepOpen:
		s.Dice, s.Salt = w.dice[party].Dice, w.dice[party].Salt
	case StepPublic:
		s.Dice = dice
	}
	if _, err := Try("night", w.log, w.with, party, s, w.now); err != nil {
		return err.Error()
	}
	w.append(Said{Party: party, Step: s})
	return ""
}

// must takes a step that is due.
func (w *world) must(party, step, dice string) {
	w.t.Helper()
	if err := w.step(party, step, dice); err != "" {
		w.t.Fatalf("%s, %s: %s", party, step, err)
	}
}

// force takes a step that an honest party would not take.
func (w *world) force(party string, s Step) uint64 {
	s.Audit = "night"
	if s.Step == StepCommit && s.Parties == nil {
		s.Parties = w.with
	}
	return w.append(Said{Party: party, Step: s})
}

func (w *world) hearAll() {
	w.hear("north", "south")
	w.hear("south", "north")
}

func (w *world) sealAll() {
	for _, party := range []string{"north", "south"} {
		w.seal(party, SealManifest, "", "manifest")
		w.seal(party, SealRecords, "", "records")
		w.seal(party, SealContest, "Mayor", "contest")
	}
	w.hearAll()
}

// through goes as far as to a step.
func (w *world) through(last string) {
	w.t.Helper()
	w.sealAll()
	for _, step := range []string{StepCommit, StepOpen, StepClose, StepPublic} {
		for i, party := range []string{"north", "south"} {
			dice := ""
			if step == StepCommit {
				dice = []string{"314159", "271828"}[i]
			} else if step == StepPublic {
				dice = "161803"
			}
			w.must(party, step, dice)
		}
		w.hearAll()
		if step == last {
			return
		}
	}
}

func TestJoint(t *testing.T) {
	w := newWorld(t)
	w.through(StepPublic)
	j := w.join()
	if len(j.Seed) != 20 || j.Void || len(j.Faults)+len(j.Waiting)+len(j.Silent) != 0 || len(j.Sealed) != 6 || len(j.Steps) != 8 {
		t.Fatalf("%+v", j)
	}
	// the seed is the ceremony's over the same things
	want, err := Ceremony(j.Binding, []Commitment{{"north", Commit(j.Binding, w.dice["north"])}, {"south", Commit(j.Binding, w.dice["south"])}}, []Opening{w.dice["north"], w.dice["south"]}, "161803")
	if err != nil || want.Digits != j.Seed {
		t.Errorf("%s, %v; want %s", j.Seed, err, want.Digits)
	}
	// in whatever order it is read
	chance := rand.New(rand.NewPCG(1, 1))
	chance.Shuffle(len(w.log.Said), func(a, b int) { w.log.Said[a], w.log.Said[b] = w.log.Said[b], w.log.Said[a] })
	chance.Shuffle(len(w.log.Heads), func(a, b int) { w.log.Heads[a], w.log.Heads[b] = w.log.Heads[b], w.log.Heads[a] })
	if d := cmp.Diff(j, w.join()); d != "" {
		t.Error(d)
	}
	// other seals would be another seed
	other := newWorld(t)
	for _, party := range []string{"north", "south"} {
		other.seal(party, SealManifest, "", "another manifest")
	}
	other.hearAll()
	if other.join().Binding == j.Binding {
		t.Error("dice are not bound to the seals")
	}
}

// TestJointOrder: a party that keeps the rules is refused a step that is not due.
func TestJointOrder(t *testing.T) {
	w := newWorld(t)
	refused := func(party, step, says string) {
		t.Helper()
		if err := w.step(party, step, "1"); !strings.Contains(err, says) || err == "" {
			t.Errorf("%s, %s: %q; want one that says %q", party, step, err, says)
		}
	}
	refused("north", StepCommit, "night waits for north: audit manifest")
	w.seal("north", SealManifest, "", "m")
	refused("north", StepCommit, "night waits for south: audit manifest")
	w.hear("south", "north")
	w.seal("south", SealManifest, "", "m")
	w.seal("south", SealContest, "Mayor", "c")
	refused("north", StepCommit, "night waits for north: audit contest Mayor")
	w.seal("north", SealContest, "Mayor", "c")
	refused("north", StepCommit, "before its log had recorded the seal")
	w.hearAll()
	w.must("north", StepCommit, "1")
	refused("north", StepCommit, "already")
	refused("north", StepOpen, "night waits for south: commit")
	w.must("south", StepCommit, "2")
	refused("north", StepOpen, "before its log had recorded the commit of south")
	w.hearAll()
	w.must("north", StepOpen, "")
	refused("north", StepClose, "closed before the deadline, and without the dice of south")
	w.must("south", StepOpen, "")
	refused("north", StepClose, "without the dice of south")
	w.hearAll()
	refused("north", StepPublic, "night waits for north: close")
	w.must("north", StepClose, "")
	w.must("south", StepClose, "")
	refused("south", StepPublic, "before its log had recorded the close of north")
	w.hearAll()
	w.must("north", StepPublic, "5")
	if j := w.join(); j.Seed != "" || len(j.Waiting) != 1 || j.Waiting[0] != (Due{"south", StepPublic}) {
		t.Errorf("%+v", j)
	}
	w.must("south", StepPublic, "5")
	refused("south", StepPublic, "already")
	if j := w.join(); j.Seed == "" {
		t.Errorf("%+v", j)
	}
}

// TestSilent: who does not open in time is named, and the seed comes without it.
func TestSilent(t *testing.T) {
	w := newWorld(t)
	w.through(StepCommit)
	w.must("north", StepOpen, "")
	w.hearAll()
	if err := w.step("north", StepClose, ""); !strings.Contains(err, "before the deadline") {
		t.Error(err)
	}
	w.now = 2_000_001
	w.must("north", StepClose, "")
	w.force("south", Step{Step: StepOpen, Dice: "271828", Salt: w.dice["south"].Salt}) // too late: north's log closed without it
	w.hearAll()
	w.must("north", StepPublic, "5")
	j := w.join()
	if len(j.Silent) != 1 || j.Silent[0] != "south" || len(j.Seed) != 20 || j.Void {
		t.Errorf("%+v", j)
	}
	w.force("south", Step{Step: StepClose})
	if d := cmp.Diff(j.Seed, w.join().Seed); d != "" {
		t.Error("who came too late changes the seed afterwards")
	}
}

// TestStranger: who is not named takes no part, whatever it says under that name.
func TestStranger(t *testing.T) {
	w := newWorld(t)
	w.seal("mallory", SealManifest, "", "mallory's")
	w.force("mallory", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 7, Parties: []string{"mallory", "north", "south"}})
	w.through(StepPublic)
	w.force("mallory", Step{Step: StepPublic, Dice: "1"})
	if j := w.join(); j.Void || len(j.Seed) != 20 || len(j.Faults) > 0 || len(j.Parties) != 2 || len(j.Sealed) != 6 {
		t.Errorf("%+v", j)
	}
}

// TestFaults: what a party does against the others is told, with its statements.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		play func(w *world)
		code string
		who  string
		void bool
		says string
	}{
		"another manifest after the seed": {func(w *world) {
			w.through(StepPublic)
			w.seal("south", SealManifest, "", "another")
		}, FaultChanged, "south", false, "it sealed another manifest"},
		"another thing after the commitment": {func(w *world) {
			w.through(StepCommit)
			w.seal("south", SealContest, "Sheriff", "new")
		}, FaultChanged, "south", false, "it sealed a contest"},
		"another manifest before its own, after the other's commitment": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "1")
			w.hearAll()
			w.seal("south", SealManifest, "", "another")
		}, FaultChanged, "south", true, "when its log had the commitment of north"},
		"different manifests": {func(w *world) {
			w.seal("north", SealManifest, "", "one")
			w.seal("south", SealManifest, "", "two")
		}, FaultDiffer, "south", true, "they do not audit the same"},
		"committed unseen": {func(w *world) {
			w.seal("north", SealManifest, "", "one")
			w.force("north", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 5})
			w.seal("south", SealManifest, "", "one")
		}, FaultEarly, "north", true, "before its log had recorded the seal 0 of south"},
		"other dice": {func(w *world) {
			w.through(StepCommit)
			o := opening("south", "999999")
			w.must("north", StepOpen, "")
			w.force("south", Step{Step: StepOpen, Dice: o.Dice, Salt: o.Salt})
		}, FaultOpening, "south", false, "what it had not committed to"},
		"committed twice": {func(w *world) {
			w.through(StepCommit)
			w.force("south", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 2_000_000})
		}, FaultTwice, "south", false, "the first counts"},
		"opened unseen": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "1")
			w.must("south", StepCommit, "2")
			w.force("south", Step{Step: StepOpen, Dice: "2", Salt: w.dice["south"].Salt})
		}, FaultEarly, "south", true, "it said open before its log had recorded the commit of north"},
		"public dice before all closed": {func(w *world) {
			w.through(StepOpen)
			w.must("north", StepClose, "")
			w.must("south", StepClose, "")
			w.force("south", Step{Step: StepPublic, Dice: "4"})
		}, FaultEarly, "south", true, "it said public before its log had recorded the close of north"},
		"closed early": {func(w *world) {
			w.through(StepCommit)
			w.must("north", StepOpen, "")
			w.force("north", Step{Step: StepClose})
		}, FaultEarly, "north", true, "without the dice of south"},
		"two public dice": {func(w *world) {
			w.through(StepClose)
			w.must("north", StepPublic, "4")
			w.force("south", Step{Step: StepPublic, Dice: "5"})
		}, FaultDice, "south", true, "it saw the public dice show 5, others 4"},
		"two deadlines": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "4")
			w.force("south", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 7})
		}, FaultDeadline, "south", true, "another deadline"},
		"other parties": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "4")
			w.force("south", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 2_000_000, Parties: []string{"mallory", "south"}})
		}, FaultParties, "south", true, "it named other parties with its commitment: mallory, south"},
		"a fork": {func(w *world) {
			w.through(StepPublic)
			w.log.Forks = []string{"south"}
		}, FaultFork, "south", true, "contradicts itself"},
	} {
		w := newWorld(t)
		c.play(w)
		j := w.join()
		if j.Void != c.void || !slices.ContainsFunc(j.Faults, func(f Fault) bool {
			return f.Code == c.code && (f.Party == c.who || c.who == "") && strings.Contains(f.Says, c.says)
		}) {
			t.Errorf("%s: void %v, %+v", name, j.Void, j.Faults)
		}
		if j.Void && j.Seed != "" {
			t.Errorf("%s: a void ceremony has a seed", name)
		}
	}
}

// TestHonestNeverAtFault: three parties that keep the rules, whose logs hear of each
// other at any time and who act at any time, are never at fault and get a seed.
func TestHonestNeverAtFault(t *testing.T) {
	parties := []string{"east", "north", "south"}
	for seed := range uint64(12) {
		chance := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(t)
		w.with = parties
		for _, p := range parties {
			w.seal(p, SealManifest, "", "m")
		}
		for range 4000 {
			p := parties[chance.IntN(3)]
			if chance.IntN(3) == 0 {
				w.hear(p, parties[chance.IntN(3)])
				continue
			}
			step := []string{StepCommit, StepOpen, StepClose, StepPublic}[chance.IntN(4)]
			dice := "5"
			if step == StepCommit {
				dice = fmt.Sprint(chance.IntN(1000))
				if _, done := w.dice[p]; done {
					continue
				}
				if w.step(p, step, dice) != "" {
					delete(w.dice, p)
				}
				continue
			}
			w.step(p, step, dice)
			if w.join().Seed != "" {
				break
			}
		}
		if j := w.join(); len(j.Faults) > 0 || j.Seed == "" || len(j.Silent) > 0 {
			t.Fatalf("seed %d: %+v", seed, j)
		}
	}
}

func TestStep(t *testing.T) {
	zero, one := strings.Repeat("0", 64), strings.Repeat("1", 64)
	body := func(audit, step, digest, dice, salt, by string) string {
		parties := "[]"
		if step == "commit" {
			parties = `["north","south"]`
		}
		return fmt.Sprintf(`{"audit":%q,"step":%q,"digest":%q,"dice":%q,"salt":%q,"open_by":%s,"parties":%s}`, audit, step, digest, dice, salt, by, parties)
	}
	for _, good := range []string{
		body("night", "commit", one, "", zero, "5"), body("night", "open", zero, "314", one, "0"), body("night", "close", zero, "", zero, "0"), body("night", "public", zero, "27", zero, "0"),
	} {
		if err := CheckStep([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		body("", "close", zero, "", zero, "0"), body("a/b", "close", zero, "", zero, "0"), body(" a", "close", zero, "", zero, "0"), body("night", "throw", zero, "", zero, "0"),
		body("night", "commit", zero, "", zero, "5"), body("night", "commit", one, "", zero, "0"), body("night", "commit", one, "1", zero, "5"),
		body("night", "open", zero, "six", one, "0"), body("night", "open", zero, "1", zero, "0"), body("night", "public", zero, "", zero, "0"), body("night", "close", zero, "", zero, "-1"), "{}", "",
		strings.Replace(body("night", "commit", one, "", zero, "5"), `["north","south"]`, `["south","north"]`, 1), strings.Replace(body("night", "commit", one, "", zero, "5"), `["north","south"]`, `[]`, 1),
		strings.Replace(body("night", "close", zero, "", zero, "0"), `[]`, `["north"]`, 1), strings.Replace(body("night", "close", zero, "", zero, "0"), `[]`, `null`, 1),
	} {
		if err := CheckStep([]byte(bad)); err == nil {
			t.Errorf("%s is a step", bad)
		}
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte(`{"audit":"night","step":"close","digest":"` + strings.Repeat("0", 64) + `","dice":"","salt":"` + strings.Repeat("0", 64) + `","open_by":0,"parties":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStep(data)
		if err != nil {
			return
		}
		w := newWorld(t)
		w.sealAll()
		w.append(Said{Party: "north", Step: s})
		if j := w.join(); j.Seed != "" {
			t.Fatal("one step makes a seed")
		}
	})
}
