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

	What   string // of a seal, SaidEntries or SaidLeft; empty for a step
	Name   string // of a seal: behind the audit's name
	Digest statement.Digest
	Size   int64

	Entries Entries // of SaidEntries: what is shown

	Step Step // where What is empty

	// Without are those to whom it was not addressed: it counts only if all of them
	// had left, and their withdrawals were in its party's log. Else what one sees and
	// another does not would make them differ, and each blame the other.
	Without []string
}

// SaidLeft is what a Said is of that is its party's withdrawal.
const SaidLeft = "left"

// A Head says that a party's log records, at Index, that it had cosigned
// another's log of this size: what stands there below Size was there before.
type Head struct {
	By    string
	Index uint64
	Party string
	Size  uint64
	Root  Root
}

// A Root is how the root that a head names stands to the other's log.
type Root int

const (
	RootStands Root = iota // the log has it at that size
	RootAhead              // the log is not here as far: nobody here can tell yet
	RootOther              // the log has another: the head proves nothing
)

// A Moment says that a party signed a checkpoint of its log of this size at
// Owner, and that By cosigned it at At (Unix seconds), as By's own log records.
type Moment struct {
	Party string
	Size  uint64
	Owner int64
	By    string
	At    int64
}

// A Log is what all logs say of one audit. Order does not matter. What is said
// and the heads decide what comes of it; moments only show who was too early or too
// late, so that a time which comes to light late changes no seed.
type Log struct {
	Said    []Said
	Heads   []Head
	Moments []Moment
	Forks   []string // parties whose logs provably contradict themselves
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
	Time  int64  `json:"time"`           // claimed, Unix seconds
	Seen  int64  `json:"seen,omitempty"` // when another first cosigned it; 0: not recorded
	Step  string `json:"step"`
	Dice  string `json:"dice,omitempty"`
}

// A Due is a step that is waited for.
type Due struct {
	Party string `json:"party"`
	Step  string `json:"step"` // or the seal that is missing
}

// A Silence is a party whose dice do not count, as it did not commit or open in
// time. Its commitment stays in its log.
type Silence struct {
	Party string  `json:"party"`
	Step  string  `json:"step"` // that it did not take in time
	By    int64   `json:"by"`   // until when, Unix seconds
	Index *uint64 `json:"index,omitempty"`
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
	FaultParties  = "other-parties"  // they named different parties or observers
	FaultTable    = "other-dice"     // it closed over other dice than its log had
	FaultLeft     = "left-out"       // it closed without dice that it had cosigned in time
	FaultDice     = "public-dice"    // it saw other public dice than most
	FaultFork     = "fork"           // its log contradicts itself
	FaultHidden   = "hidden"         // it said something to some only, which counts for nobody
	FaultEntries  = "other-entries"  // it showed entries that its board had not sealed, or had read otherwise before
)

// A Joint is how far a joint audit has come, computed from the logs alone: every
// node that holds them computes the same.
type Joint struct {
	Audit     string           `json:"audit"`
	Parties   []string         `json:"parties"`   // that take part
	Observers []string         `json:"observers"` // that say what they saw
	Binding   string           `json:"binding"`   // what dice are committed to: the name and all seals
	CommitBy  int64            `json:"commit_by"` // Unix seconds; 0 before a commitment
	OpenBy    int64            `json:"open_by"`
	Sealed    []Sealed         `json:"sealed"`
	Entries   []Sealed         `json:"entries"` // what boards committed to
	Sheets    []Sheet          `json:"sheets"`  // and of it what they showed
	Steps     []Taken          `json:"steps"`
	Waiting   []Due            `json:"waiting"`
	Faults    []Fault          `json:"faults"`
	Void      bool             `json:"void"`
	Table     statement.Digest `json:"table"`   // what more than half closed over; zero before
	Counted   []string         `json:"counted"` // whose dice count; none before
	Silent    []Silence        `json:"silent"`
	Seed      string           `json:"seed"`  // empty until more than half have said the same public dice
	Words     int              `json:"words"` // how many have said them
}

// seats are who takes part.
func (j Joint) seats() Seats { return Seats{j.Parties, j.Observers} }

// joining computes a Joint.
type joining struct {
	Joint
	log     Log
	said    []Said                     // in order, without what was said to some only
	steps   map[string]map[string]Said // party, step: the first
	heads   map[[2]string][]heard      // by, of: in the order of by's log
	commits map[string]Said            // that count
	opened  map[string]Said            // whose dice count, as far as this log goes
	hidden  []Said                     // what was said to some only

	unsealed bool // something is not sealed by all
}

// Join says how far an audit has come. Who takes part is who sits in with, or whom
// at least two parties of with have named alike with their commitments; then these
// are told as a fault. What others say of an audit of that name counts for nothing.
func Join(name string, log Log, with Seats) Joint {
	seats, odd := who(name, log, with)
	j := fold(name, log, seats)
	for _, f := range odd {
		j.fault(f)
	}
	for _, s := range j.hidden {
		if j.steps[s.Party] == nil || slices.ContainsFunc(j.Faults, func(f Fault) bool { return f.Party == s.Party && f.Code == FaultHidden }) {
			continue // a stranger, or told already
		}
		j.fault(Fault{s.Party, []uint64{s.Index}, FaultHidden, fmt.Sprintf("it said something of %s without telling %s, which counts for nobody", name, strings.Join(s.Without, ", ")), false})
	}
	j.forks()
	j.times()
	j.table()
	j.sheets()
	j.Joint.fill()
	return j.Joint
}

// fold goes as far as to what was opened.
func fold(name string, log Log, seats Seats) *joining {
	j := &joining{Joint: Joint{Audit: name, Parties: seats.Parties, Observers: seats.Observers}, log: log, steps: map[string]map[string]Said{}, heads: map[[2]string][]heard{}}
	j.hear()
	for _, party := range seats.All() {
		j.steps[party] = make(map[string]Said)
	}
	j.read()
	for _, s := range j.said {
		switch {
		case s.What == SealEntries:
			j.Entries = append(j.Entries, sealedOf(s))
		case s.What == "" && j.steps[s.Party] != nil:
			j.take(s)
		}
	}
	j.seals()
	j.agree()
	j.walk()
	return j
}

func (l Log) sorted() []Said {
	said := slices.Clone(l.Said)
	slices.SortFunc(said, func(a, b Said) int { return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index)) })
	return said
}

// fill leaves no list nil, so that JSON shows none.
func (j *Joint) fill() {
	j.Parties, j.Observers = append([]string{}, j.Parties...), append([]string{}, j.Observers...)
	j.Sealed, j.Sheets = append([]Sealed{}, j.Sealed...), append([]Sheet{}, j.Sheets...)
	j.Entries = append([]Sealed{}, j.Entries...)
	j.Steps, j.Waiting = append([]Taken{}, j.Steps...), append([]Due{}, j.Waiting...)
	j.Faults, j.Silent, j.Counted = append([]Fault{}, j.Faults...), append([]Silence{}, j.Silent...), append([]string{}, j.Counted...)
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
		j.Steps = append(j.Steps, Taken{s.Party, s.Index, s.Time, j.log.seen(s), s.Step.Step, s.Step.Dice})
		return
	}
	if !first.Step.same(s.Step) {
		j.fault(Fault{s.Party, []uint64{first.Index, s.Index}, FaultTwice, fmt.Sprintf("it said %s twice, with different contents; the first counts", s.Step.Step), false})
	}
}

// seals takes of each party the last of each thing before its commitment. One
// that is other after it is told, and counts for nothing.
func (j *joining) seals() {
	kept := make(map[string]int)
	for _, s := range j.said {
		if s.What == "" || s.What == SealEntries || s.What == SaidEntries || s.What == SaidLeft || !slices.Contains(j.Parties, s.Party) {
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
				j.Waiting, j.unsealed = append(j.Waiting, Due{party, strings.TrimSpace(key[0] + " " + key[1])}), true
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
