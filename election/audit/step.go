package audit

import (
	"slices"
	"strings"

	"entente/statement"
)

// KindCeremony is a step of the ceremony that makes the seed of a joint audit.
const KindCeremony statement.Kind = "ceremony/v1"

// The steps, in their order. All parties take one before any takes the next.
const (
	StepCommit = "commit" // to dice of its own
	StepOpen   = "open"   // what was committed to
	StepClose  = "close"  // whose dice count, by what its log had
	StepPublic = "public" // what the public dice showed, thrown when more than half have closed over the same
)

// What the seals (seal/v1) of a joint audit are of. Their name is that of the
// audit, and where there may be several, "/" and a name of the thing.
const (
	SealManifest = "audit manifest" // Manifest.Root; size: cards
	SealRecords  = "audit records"  // the root over cast vote records; size: records
	SealContest  = "audit contest"  // SHA-256 of Contest as JSON; size: cards
	SealEntries  = "audit entries"  // Entries.Commit, by a board; size: entries
)

// Seats say who takes part: parties, who throw dice of their own, and observers,
// who throw none. Both say whose dice count and what the public dice showed.
type Seats struct {
	Parties   []string
	Observers []string
}

// All are the parties and the observers, sorted.
func (s Seats) All() []string {
	all := append(slices.Clone(s.Parties), s.Observers...)
	slices.Sort(all)
	return all
}

func (s Seats) equal(o Seats) bool {
	return slices.Equal(s.Parties, o.Parties) && slices.Equal(s.Observers, o.Observers)
}

// Step is the body of ceremony/v1.
type Step struct {
	Audit    string           `json:"audit"`
	Step     string           `json:"step"`
	Digest   statement.Digest `json:"digest"`    // of commit: Commit of what will be opened; of close: what it closes over; else zero
	Dice     string           `json:"dice"`      // of open and public; else empty
	Salt     statement.Digest `json:"salt"`      // of open; else zero
	CommitBy int64            `json:"commit_by"` // of commit: Unix seconds until when all commit; else 0
	OpenBy   int64            `json:"open_by"`   // of commit: Unix seconds until when all open, later; else 0
	// Parties and Observers are, of commit and close, the ids of all who take
	// part, each list sorted, none in both; else none.
	Parties   []string `json:"parties"`
	Observers []string `json:"observers"`
}

func (s Step) seats() Seats { return Seats{s.Parties, s.Observers} }

// maxSeats is how many may take part.
const maxSeats = 64

// CheckStep checks the body of ceremony/v1.
func CheckStep(body []byte) error {
	_, err := ParseStep(body)
	return err
}

// ParseStep decodes and checks it; its error is a *statement.Refusal.
func ParseStep(body []byte) (Step, error) {
	var s Step
	if err := statement.Decode(body, statement.MaxAct, &s); err != nil {
		return s, err
	}
	var none statement.Digest
	if !ValidName(s.Audit) {
		return s, statement.Refuse(statement.CodeField, "the name of an audit: 1 to 100 bytes, without slashes, blanks around it or control characters")
	}
	commits, dice := s.Step == StepCommit, s.Step == StepOpen || s.Step == StepPublic
	names := commits || s.Step == StepClose
	switch {
	case !names && !dice:
		return s, statement.Refuse(statement.CodeField, "step %.40q", s.Step)
	case dice != (s.Dice != "") || dice && CheckSeed(s.Dice) != nil:
		return s, statement.Refuse(statement.CodeField, "1 to 64 digits of dice with open and public, and only there")
	case names != (s.Digest != none) || (s.Step == StepOpen) != (s.Salt != none):
		return s, statement.Refuse(statement.CodeField, "a digest with commit and close, a salt with open, and only there")
	case commits != (s.CommitBy > 0) || commits != (s.OpenBy > s.CommitBy) || !commits && s.OpenBy != 0 || s.CommitBy < 0 || s.OpenBy > statement.MaxTime/1000:
		return s, statement.Refuse(statement.CodeField, "two deadlines, to open after to commit, with commit and only there")
	case names != (len(s.Parties) > 0) || !names && len(s.Observers) > 0 || !s.seats().valid():
		return s, statement.Refuse(statement.CodeField, "1 to %d parties and observers, each list sorted, with commit and close and only there", maxSeats)
	}
	return s, nil
}

// valid says that both lists are there, sorted, and that nobody is in them twice.
func (s Seats) valid() bool {
	all := s.All()
	return s.Parties != nil && s.Observers != nil && len(all) <= maxSeats && slices.IsSorted(s.Parties) && slices.IsSorted(s.Observers) &&
		len(slices.Compact(slices.Clone(all))) == len(all) && !slices.Contains(all, "")
}

// same says whether two steps say the same.
func (s Step) same(o Step) bool {
	return s.seats().equal(o.seats()) && s.Audit == o.Audit && s.Step == o.Step && s.Digest == o.Digest && s.Dice == o.Dice && s.Salt == o.Salt && s.CommitBy == o.CommitBy && s.OpenBy == o.OpenBy
}

// ValidName says whether an audit may be called so.
func ValidName(s string) bool {
	clean, err := word(s)
	return err == nil && s != "" && clean == s && len(s) <= 100 && !strings.Contains(s, "/")
}
