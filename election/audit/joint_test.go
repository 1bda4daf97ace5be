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
	with Seats
}

func (w *world) join() Joint {
	w.compare()
	return Join("night", w.log, w.with)
}

// lies is what a party would close over now.
func (w *world) lies(party string) statement.Digest {
	w.compare()
	log, _ := w.log.asOf(party, next)
	return fold("night", log, w.with).lies()
}

// all are the seats of the world's ceremonies.
var all = []string{"north", "south", "observer"}

func newWorld(t testing.TB) *world {
	return &world{t: t, size: map[string]uint64{}, now: 1_000_000, dice: map[string]Opening{}, with: Seats{[]string{"north", "south"}, []string{"observer"}}}
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
	w.log.Heads = append(w.log.Heads, Head{by, w.size[by], of, w.size[of], RootStands})
	w.size[by]++
}

// claim lets a party's log record that another's is longer than it is, with a root
// that it will never have.
func (w *world) claim(by, of string, more uint64) {
	w.log.Heads = append(w.log.Heads, Head{by, w.size[by], of, w.size[of] + more, RootOther})
	w.size[by]++
}

// compare holds heads against logs: whose root is another is found when the log is
// as long, and not before.
func (w *world) compare() {
	for i, h := range w.log.Heads {
		switch {
		case h.Root == RootAhead && h.Size <= w.size[h.Party]:
			w.log.Heads[i].Root = RootOther
		case h.Root == RootOther && h.Size > w.size[h.Party]:
			w.log.Heads[i].Root = RootAhead
		}
	}
}

func (w *world) seal(party, what, name, content string) uint64 {
	return w.append(Said{Party: party, What: what, Name: name, Digest: statement.TaggedSum("test", []byte(content)), Size: 7})
}

// step takes a step as an honest party does; "" is no error.
func (w *world) step(party, step, dice string) string {
	s := Step{Audit: "night", Step: step}
	var o Opening
	switch step {
	case StepCommit:
		o = opening(party, dice)
		s.Digest, s.CommitBy, s.OpenBy = Commit(w.join().Binding, o), 1_500_000, 2_000_000
	case StepOpen:
		s.Dice, s.Salt = w.dice[party].Dice, w.dice[party].Salt
	case StepPublic:
		s.Dice = dice
	}
	w.compare()
	s, err := Take("night", w.log, w.with, party, s, w.join().Binding, w.now)
	if err != nil {
		return err.Error()
	}
	if step == StepCommit {
		w.dice[party] = o
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
	if s.Step == StepCommit || s.Step == StepClose {
		if s.Parties == nil {
			s.Parties, s.Observers = w.with.Parties, w.with.Observers
		}
		if s.CommitBy == 0 && s.Step == StepCommit {
			s.CommitBy, s.OpenBy = 1_500_000, 2_000_000
		}
	}
	return w.append(Said{Party: party, Step: s})
}

// hearAll lets all record what all have.
func (w *world) hearAll() {
	for _, by := range w.with.All() {
		for _, of := range w.with.All() {
			if by != of {
				w.hear(by, of)
			}
		}
	}
}

// see lets by cosign what of has now, and record it.
func (w *world) see(by, of string, at int64) {
	w.log.Moments = append(w.log.Moments, Moment{Party: of, Size: w.size[of], Owner: at, By: by, At: at})
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
		for i, party := range all {
			switch {
			case step == StepCommit && i < 2:
				w.must(party, step, []string{"314159", "271828"}[i])
			case step == StepOpen && i < 2 || step == StepClose:
				w.must(party, step, "")
			case step == StepPublic && w.join().Seed == "":
				w.must(party, step, "161803")
			}
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
	if len(j.Seed) != 20 || j.Void || len(j.Faults)+len(j.Waiting)+len(j.Silent) != 0 || len(j.Sealed) != 6 || len(j.Steps) != 9 || j.Words != 2 {
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

// TestJointOrder: who keeps the rules is refused a step that is not due.
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
	refused("observer", StepCommit, "observer has no commit to say")
	w.must("north", StepCommit, "1")
	refused("north", StepCommit, "already")
	refused("north", StepOpen, "night waits for south: commit")
	w.must("south", StepCommit, "2")
	refused("north", StepOpen, "night waits for south: commit")
	w.hearAll()
	w.must("north", StepOpen, "")
	refused("north", StepClose, "night waits for south: open")
	w.must("south", StepOpen, "")
	refused("north", StepClose, "night waits for south: open")
	refused("observer", StepClose, "night waits for north: open")
	w.hearAll()
	refused("north", StepPublic, "night waits for north: close")
	w.must("north", StepClose, "")
	refused("north", StepPublic, "night waits for observer: close")
	w.must("south", StepClose, "")
	refused("south", StepPublic, "before its log had recorded that more than half had closed")
	w.hearAll()
	w.must("observer", StepClose, "") // late, and no harm
	w.must("north", StepPublic, "5")
	if j := w.join(); j.Seed != "" || len(j.Waiting) != 2 || j.Waiting[1] != (Due{"south", StepPublic}) {
		t.Errorf("%+v", j)
	}
	w.must("south", StepPublic, "5")
	refused("south", StepPublic, "already")
	if j := w.join(); j.Seed == "" {
		t.Errorf("%+v", j)
	}
}

// TestStranger: who is not named takes no part, whatever it says under that name.
func TestStranger(t *testing.T) {
	w := newWorld(t)
	w.seal("mallory", SealManifest, "", "mallory's")
	w.force("mallory", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), CommitBy: 6, OpenBy: 7, Parties: []string{"mallory", "north", "south"}, Observers: []string{}})
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
		}, FaultChanged, "south", true, "when north had committed to dice"},
		"different manifests": {func(w *world) {
			w.seal("north", SealManifest, "", "one")
			w.seal("south", SealManifest, "", "two")
		}, FaultDiffer, "south", true, "they do not audit the same"},
		"committed unseen": {func(w *world) {
			w.seal("north", SealManifest, "", "one")
			w.force("north", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 5, CommitBy: 4})
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
			w.force("south", Step{Step: StepCommit, Digest: statement.TaggedSum("test")})
		}, FaultTwice, "south", false, "the first counts"},
		"opened unseen": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "1")
			w.must("south", StepCommit, "2")
			w.force("south", Step{Step: StepOpen, Dice: "2", Salt: w.dice["south"].Salt})
		}, FaultEarly, "south", false, "it said open before its log had recorded the commit of north"},
		"opened unseen, and says it was late": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "1")
			w.must("south", StepCommit, "2")
			w.now = 1_600_000
			w.force("south", Step{Step: StepOpen, Dice: "2", Salt: w.dice["south"].Salt})
			w.see("observer", "south", 1_499_990)
		}, FaultEarly, "south", false, "another had cosigned it 10 s before"},
		"public dice before it is closed": {func(w *world) {
			w.through(StepOpen)
			w.must("north", StepClose, "")
			w.must("south", StepClose, "")
			w.force("south", Step{Step: StepPublic, Dice: "4"})
		}, FaultEarly, "south", false, "it said public before its log had recorded that more than half"},
		"closed early": {func(w *world) {
			w.through(StepCommit)
			w.must("north", StepOpen, "")
			w.force("north", Step{Step: StepClose, Digest: w.lies("north")})
		}, FaultEarly, "north", false, "without the dice of south"},
		"closed early, and says it was late": {func(w *world) {
			w.through(StepCommit)
			w.must("north", StepOpen, "")
			w.now = 2_000_100
			w.must("north", StepClose, "")
			w.see("observer", "north", 1_999_000)
		}, FaultEarly, "north", false, "another had cosigned it 1000 s before"},
		"left out what it had cosigned": {func(w *world) {
			w.through(StepCommit)
			w.must("north", StepOpen, "")
			w.must("south", StepOpen, "")
			w.see("north", "south", 1_900_000)
			w.see("south", "north", 1_950_000)
			w.now = 2_000_100
			if err := w.step("north", StepClose, ""); !strings.Contains(err, "whose log it had cosigned") {
				w.t.Error(err)
			}
			w.force("north", Step{Step: StepClose, Digest: w.lies("north")})
		}, FaultLeft, "north", false, "without the dice of south"},
		"closed over dice of its own choice": {func(w *world) {
			w.through(StepOpen)
			w.force("south", Step{Step: StepClose, Digest: statement.TaggedSum("test")})
		}, FaultTable, "south", false, "it closed over other dice"},
		"other public dice": {func(w *world) {
			w.through(StepClose)
			w.must("north", StepPublic, "4")
			w.force("south", Step{Step: StepPublic, Dice: "5"})
			w.must("observer", StepPublic, "4")
		}, FaultDice, "south", false, "it saw the public dice show 5, others 4"},
		"three public dice": {func(w *world) {
			w.through(StepClose)
			w.must("north", StepPublic, "4")
			w.force("south", Step{Step: StepPublic, Dice: "5"})
			w.force("observer", Step{Step: StepPublic, Dice: "6"})
		}, FaultDice, "", true, "no more than half"},
		"two deadlines": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "4")
			w.force("south", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), OpenBy: 7, CommitBy: 6})
		}, FaultDeadline, "south", true, "another deadline"},
		"other parties": {func(w *world) {
			w.sealAll()
			w.must("north", StepCommit, "4")
			w.force("south", Step{Step: StepCommit, Digest: statement.TaggedSum("test"), Parties: []string{"north", "south"}, Observers: []string{}})
		}, FaultParties, "south", true, "it named others than north, observer, south with its commitment: north, south"},
		"a fork before it is closed": {func(w *world) {
			w.through(StepOpen)
			w.log.Forks = []string{"south"}
			w.must("north", StepClose, "")
			w.must("observer", StepClose, "")
		}, FaultFork, "south", false, "contradicts itself"},
		"two forks": {func(w *world) {
			w.through(StepOpen)
			w.must("south", StepClose, "")
			w.log.Forks = []string{"south", "observer"}
		}, FaultTable, "", true, "no more than half can close"},
		"a fork after it is closed": {func(w *world) {
			w.through(StepClose)
			w.log.Forks = []string{"south"}
			w.must("north", StepPublic, "4")
			w.must("observer", StepPublic, "4")
		}, FaultFork, "south", false, "contradicts itself"},
	} {
		w := newWorld(t)
		c.play(w)
		j := w.join()
		if j.Void != c.void || !slices.ContainsFunc(j.Faults, func(f Fault) bool {
			return f.Code == c.code && f.Party == c.who && strings.Contains(f.Says, c.says)
		}) {
			t.Errorf("%s: void %v, %+v", name, j.Void, j.Faults)
		}
		if j.Void && j.Seed != "" {
			t.Errorf("%s: a void ceremony has a seed", name)
		}
	}
}

func TestStep(t *testing.T) {
	zero, one := strings.Repeat("0", 64), strings.Repeat("1", 64)
	body := func(audit, step, digest, dice, salt, by string) string {
		parties, observers, commitBy := "[]", "[]", "0"
		if step == "commit" || step == "close" {
			parties, observers = `["north","south"]`, `["observer"]`
		}
		if by != "0" {
			commitBy = "4"
		}
		return fmt.Sprintf(`{"audit":%q,"step":%q,"digest":%q,"dice":%q,"salt":%q,"commit_by":%s,"open_by":%s,"parties":%s,"observers":%s}`, audit, step, digest, dice, salt, commitBy, by, parties, observers)
	}
	for _, good := range []string{
		body("night", "commit", one, "", zero, "5"), body("night", "open", zero, "314", one, "0"), body("night", "close", one, "", zero, "0"), body("night", "public", zero, "27", zero, "0"),
	} {
		if err := CheckStep([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		body("", "close", one, "", zero, "0"), body("a/b", "close", one, "", zero, "0"), body(" a", "close", one, "", zero, "0"), body("night", "close", zero, "", zero, "0"), body("night", "commit", one, "", zero, "4"), body("night", "throw", zero, "", zero, "0"),
		body("night", "commit", zero, "", zero, "5"), body("night", "commit", one, "", zero, "0"), body("night", "commit", one, "1", zero, "5"),
		body("night", "open", zero, "six", one, "0"), body("night", "open", zero, "1", zero, "0"), body("night", "public", zero, "", zero, "0"), body("night", "close", one, "", zero, "-1"), "{}", "",
		strings.Replace(body("night", "commit", one, "", zero, "5"), `["north","south"]`, `["south","north"]`, 1), strings.Replace(body("night", "commit", one, "", zero, "5"), `["north","south"]`, `[]`, 1),
		strings.Replace(body("night", "open", zero, "1", one, "0"), `[]`, `["north"]`, 1), strings.Replace(body("night", "open", zero, "1", one, "0"), `[]`, `null`, 1),
		strings.Replace(body("night", "close", one, "", zero, "0"), `["observer"]`, `["north"]`, 1), strings.Replace(body("night", "close", one, "", zero, "0"), `["observer"]`, `null`, 1),
	} {
		if err := CheckStep([]byte(bad)); err == nil {
			t.Errorf("%s is a step", bad)
		}
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte(`{"audit":"night","step":"close","digest":"` + strings.Repeat("1", 64) + `","dice":"","salt":"` + strings.Repeat("0", 64) + `","commit_by":0,"open_by":0,"parties":["north"],"observers":[]}`))
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
