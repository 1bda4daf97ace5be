package audit

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entente/statement"
)

// A Said is a seal or a step of one audit in a party's log.
type Said struct {
	Party string
	Index uint64 // in its log
	Time  int64  // claimed, Unix seconds

	What   string // of a seal; empty for a step
	Name   string // of a seal: behind the audit's name
	Digest statement.Digest
	Size   int64

	Step Step // where What is empty
}

// A Head says that a party's log records, at Index, that it had cosigned
// another's log of this size: what stands there below Size was there before.
// Its root must be that of the other's log, else it proves nothing.
type Head struct {
	By    string
	Index uint64
	Party string
	Size  uint64
}

// A Log is what all parties' logs say of one audit. Order does not matter.
type Log struct {
	Said  []Said
	Heads []Head
	Forks []string // parties whose logs provably contradict themselves
}

// A Sealed is a seal that counts: the last before its party committed to dice.
type Sealed struct {
	Party  string           `json:"party"`
	Index  uint64           `json:"index"`
	What   string           `json:"what"`
	Name   string           `json:"name"`
	Digest statement.Digest `json:"digest"`
	Size   int64            `json:"size"`
}

// A Taken is a step that a party took.
type Taken struct {
	Party string `json:"party"`
	Index uint64 `json:"index"`
	Time  int64  `json:"time"` // claimed, Unix seconds
	Step  string `json:"step"`
	Dice  string `json:"dice,omitempty"`
}

// A Due is a step that is waited for.
type Due struct {
	Party string `json:"party"`
	Step  string `json:"step"` // or the seal that is missing
}

// A Fault is what a party did that the others can prove. The numbers are those
// of its statements: their bundles are the proof.
type Fault struct {
	Party   string   `json:"party"`
	Indices []uint64 `json:"indices"`
	Code    string   `json:"code"`
	Says    string   `json:"says"`
	Void    bool     `json:"void"` // no seed comes of the ceremony
}

// The faults.
const (
	FaultChanged  = "changed-seal"   // another manifest, records or contest after the commitment
	FaultDiffer   = "differ"         // the parties sealed different things
	FaultEarly    = "early"          // a step before another party's that must come first was in its log
	FaultTwice    = "twice"          // a step taken twice, with different contents
	FaultOpening  = "opening"        // it opened what it had not committed to
	FaultDeadline = "other-deadline" // the parties named different deadlines
	FaultParties  = "other-parties"  // the parties named different parties
	FaultDice     = "public-dice"    // the parties saw different public dice
	FaultFork     = "fork"           // its log contradicts itself
)

// A Joint is how far a joint audit has come, computed from the logs alone: every
// node that holds them computes the same.
type Joint struct {
	Audit   string   `json:"audit"`
	Parties []string `json:"parties"` // that take part
	Binding string   `json:"binding"` // what dice are committed to: the name and all seals
	OpenBy  int64    `json:"open_by"` // Unix seconds; 0 before a commitment
	Sealed  []Sealed `json:"sealed"`
	Entries []Sealed `json:"entries"` // what boards committed to
	Steps   []Taken  `json:"steps"`
	Waiting []Due    `json:"waiting"`
	Faults  []Fault  `json:"faults"`
	Void    bool     `json:"void"`
	Seed    string   `json:"seed"`   // empty until all have said the same public dice
	Silent  []string `json:"silent"` // committed, and not opened before the others closed
}

// joining computes a Joint.
type joining struct {
	Joint
	log   Log
	steps map[string]map[string]Said // party, step: the first
	heads map[[2]string][]Head       // by, of: in the order of by's log
}

// Join says how far an audit has come. Who takes part is what commitments say;
// while there is none, those in with, or without them who has sealed. What others
// say of an audit of that name counts for nothing.
func Join(name string, log Log, with []string) Joint {
	j := joining{Joint: Joint{Audit: name}, log: log, steps: map[string]map[string]Said{}, heads: map[[2]string][]Head{}}
	for _, h := range log.Heads {
		j.heads[[2]string{h.By, h.Party}] = append(j.heads[[2]string{h.By, h.Party}], h)
	}
	for _, list := range j.heads {
		slices.SortFunc(list, func(a, b Head) int { return cmp.Compare(a.Index, b.Index) })
	}
	said := slices.Clone(log.Said)
	slices.SortFunc(said, func(a, b Said) int { return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index)) })
	j.who(said, with)
	for _, s := range said {
		switch {
		case s.What == SealEntries:
			j.Entries = append(j.Entries, sealedOf(s))
		case s.What == "" && j.steps[s.Party] != nil:
			j.take(s)
		}
	}
	for _, party := range log.Forks {
		if slices.Contains(j.Parties, party) {
			j.fault(Fault{Party: party, Code: FaultFork, Says: "its log contradicts itself: what it sealed is whatever it likes", Void: true})
		}
	}
	j.seals(said)
	j.agree()
	j.walk()
	j.Joint.fill()
	return j.Joint
}

// who finds who takes part: a list that all in it have named with their
// commitments; while there is none, those in with, unless one of them has named
// others. So a stranger who names others with itself changes nothing.
func (j *joining) who(said []Said, with []string) {
	named, sealed := make(map[string][]string), []string{}
	for _, s := range said {
		if _, twice := named[s.Party]; s.What == "" && s.Step.Step == StepCommit && !twice {
			named[s.Party] = s.Step.Parties
		}
		if s.What != SealEntries && !slices.Contains(sealed, s.Party) {
			sealed = append(sealed, s.Party)
		}
	}
	j.Parties = slices.Clone(with)
	if len(with) == 0 {
		j.Parties = sealed
	}
	slices.Sort(j.Parties)
	var odd string // one of them who named others
	for _, party := range j.Parties {
		if named[party] != nil && !slices.Equal(named[party], j.Parties) {
			odd = cmp.Or(odd, party)
		}
	}
	for _, party := range slices.Sorted(maps.Keys(named)) {
		whole := !slices.ContainsFunc(named[party], func(p string) bool { return !slices.Equal(named[p], named[party]) })
		if whole && slices.Contains(named[party], party) && (odd != "" || len(with) == 0) {
			j.Parties, odd = slices.Clone(named[party]), ""
			break
		}
	}
	if odd != "" && len(with) == 0 {
		j.Parties, odd = slices.Clone(named[odd]), ""
	}
	if odd != "" {
		j.fault(Fault{Party: odd, Code: FaultParties, Says: "it named other parties with its commitment: " + strings.Join(named[odd], ", "), Void: true})
	}
	for _, party := range j.Parties {
		j.steps[party] = make(map[string]Said)
	}
}

// fill leaves no list nil, so that JSON shows none.
func (j *Joint) fill() {
	j.Parties, j.Sealed, j.Entries = append([]string{}, j.Parties...), append([]Sealed{}, j.Sealed...), append([]Sealed{}, j.Entries...)
	j.Steps, j.Waiting = append([]Taken{}, j.Steps...), append([]Due{}, j.Waiting...)
	j.Faults, j.Silent = append([]Fault{}, j.Faults...), append([]string{}, j.Silent...)
}

func sealedOf(s Said) Sealed { return Sealed{s.Party, s.Index, s.What, s.Name, s.Digest, s.Size} }

func (j *joining) fault(f Fault) {
	j.Faults = append(j.Faults, f)
	j.Void = j.Void || f.Void
}

// take keeps the first of each step.
func (j *joining) take(s Said) {
	first, twice := j.steps[s.Party][s.Step.Step]
	if !twice {
		j.steps[s.Party][s.Step.Step] = s
		j.Steps = append(j.Steps, Taken{s.Party, s.Index, s.Time, s.Step.Step, s.Step.Dice})
		return
	}
	if !first.Step.same(s.Step) {
		j.fault(Fault{s.Party, []uint64{first.Index, s.Index}, FaultTwice, fmt.Sprintf("it said %s twice, with different contents; the first counts", s.Step.Step), false})
	}
}

// seals takes of each party the last of each thing before its commitment. One
// that is other after it is told, and counts for nothing.
func (j *joining) seals(said []Said) {
	kept := make(map[string]int)
	for _, s := range said {
		if s.What == "" || s.What == SealEntries || j.steps[s.Party] == nil {
			continue
		}
		key := strings.Join([]string{s.Party, s.What, s.Name}, "\n")
		commit, committed := j.steps[s.Party][StepCommit]
		at, known := kept[key]
		switch {
		case committed && s.Index > commit.Index && known && j.Sealed[at].Digest == s.Digest:
		case committed && s.Index > commit.Index:
			f := Fault{s.Party, []uint64{commit.Index, s.Index}, FaultChanged, fmt.Sprintf("it sealed %s, %s, after it had committed to dice", article(s.What), s.Digest), false}
			if known {
				f.Indices = []uint64{j.Sealed[at].Index, commit.Index, s.Index}
				f.Says = fmt.Sprintf("it sealed another %s, %s, after it had committed to dice; the first, %s, counts", strings.TrimPrefix(s.What, "audit "), s.Digest, j.Sealed[at].Digest)
			}
			j.fault(f)
		case known:
			j.Sealed[at] = sealedOf(s)
		default:
			kept[key] = len(j.Sealed)
			j.Sealed = append(j.Sealed, sealedOf(s))
		}
	}
}

func article(what string) string { return "a " + strings.TrimPrefix(what, "audit ") }

// agree compares what the parties sealed, and binds the dice to it.
func (j *joining) agree() {
	things := make(map[[2]string]map[string]Sealed)
	for _, s := range j.Sealed {
		key := [2]string{s.What, s.Name}
		if things[key] == nil {
			things[key] = make(map[string]Sealed)
		}
		things[key][s.Party] = s
	}
	manifest := [2]string{SealManifest, ""}
	if things[manifest] == nil {
		things[manifest] = make(map[string]Sealed)
	}
	h := sha256.New()
	for _, key := range slices.SortedFunc(maps.Keys(things), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		var first *Sealed
		for _, party := range j.Parties {
			s, ok := things[key][party]
			switch {
			case !ok:
				j.Waiting = append(j.Waiting, Due{party, strings.TrimSpace(key[0] + " " + key[1])})
				continue
			case first == nil:
				first = &s
			case s.Digest != first.Digest:
				j.fault(Fault{party, []uint64{s.Index}, FaultDiffer, fmt.Sprintf("it sealed %s %s, %s sealed %s: they do not audit the same", article(s.What), s.Digest, first.Party, first.Digest), true})
			}
			fmt.Fprintf(h, "%q %q %q %s\n", s.Party, s.What, s.Name, s.Digest)
		}
	}
	j.Binding = fmt.Sprintf("%s %x", j.Audit, h.Sum(nil))
}

// Try says how far the audit would be if a party took a step now, and refuses one
// that is not due, or that others could hold against it.
func Try(name string, log Log, with []string, party string, step Step, now int64) (Joint, error) {
	have := Join(name, log, with)
	if err := have.due(party, step.Step); err != nil {
		return have, err
	}
	said := Said{Party: party, Index: 1 << 62, Time: now, Step: step}
	then := Join(name, Log{append(slices.Clone(log.Said), said), log.Heads, log.Forks}, with)
	if len(then.Faults) > len(have.Faults) {
		for _, f := range then.Faults {
			if f.Party == party && slices.Contains(f.Indices, said.Index) {
				return have, fmt.Errorf("too early or wrong: %s", f.Says)
			}
		}
		return have, fmt.Errorf("too early or wrong: %s", then.Faults[len(then.Faults)-1].Says)
	}
	if step.Step == StepCommit && !slices.Equal(then.Parties, step.Parties) {
		return have, fmt.Errorf("others have committed with %s", strings.Join(then.Parties, ", "))
	}
	return then, nil
}

// due says whether a party may take a step, and if not what it waits for.
func (j Joint) due(party, step string) error {
	taken := slices.ContainsFunc(j.Steps, func(t Taken) bool { return t.Party == party && t.Step == step })
	switch {
	case taken:
		return fmt.Errorf("%s said %s already", party, step)
	case j.Void:
		return fmt.Errorf("the ceremony of %s is void: %s", j.Audit, j.Faults[0].Says)
	case slices.Contains(j.Waiting, Due{party, step}):
		return nil
	case len(j.Waiting) > 0:
		return fmt.Errorf("%s waits for %s: %s", j.Audit, j.Waiting[0].Party, j.Waiting[0].Step)
	case j.Seed != "":
		return fmt.Errorf("%s has its seed", j.Audit)
	}
	return fmt.Errorf("nothing is sealed for %s", j.Audit)
}
