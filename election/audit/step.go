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
	StepClose  = "close"  // of what others open from now on nothing counts
	StepPublic = "public" // what the public dice showed, thrown when all have closed
)

// What the seals (seal/v1) of a joint audit are of. Their name is that of the
// audit, and where there may be several, "/" and a name of the thing.
const (
	SealManifest = "audit manifest" // Manifest.Root; size: cards
	SealRecords  = "audit records"  // the root over cast vote records; size: records
	SealContest  = "audit contest"  // SHA-256 of Contest as JSON; size: cards
	SealEntries  = "audit entries"  // Entries.Commit, by a board; size: entries
)

// Step is the body of ceremony/v1.
type Step struct {
	Audit  string           `json:"audit"`
	Step   string           `json:"step"`
	Digest statement.Digest `json:"digest"`  // of commit: Commit of what will be opened; else zero
	Dice   string           `json:"dice"`    // of open and public; else empty
	Salt   statement.Digest `json:"salt"`    // of open; else zero
	OpenBy int64            `json:"open_by"` // of commit: Unix seconds until when all open; else 0
	// Parties are, of commit, the ids of all who take part, sorted; else none.
	Parties []string `json:"parties"`
}

// maxParties is how many may take part.
const maxParties = 64

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
	dice := s.Step == StepOpen || s.Step == StepPublic
	switch {
	case s.Step != StepCommit && s.Step != StepClose && !dice:
		return s, statement.Refuse(statement.CodeField, "step %.40q", s.Step)
	case dice != (s.Dice != "") || dice && CheckSeed(s.Dice) != nil:
		return s, statement.Refuse(statement.CodeField, "1 to 64 digits of dice with open and public, and only there")
	case (s.Step == StepCommit) != (s.Digest != none) || (s.Step == StepOpen) != (s.Salt != none):
		return s, statement.Refuse(statement.CodeField, "a digest with commit, a salt with open, and only there")
	case (s.Step == StepCommit) != (s.OpenBy != 0) || s.OpenBy < 0 || s.OpenBy > statement.MaxTime/1000:
		return s, statement.Refuse(statement.CodeField, "a deadline with commit and only there")
	case (s.Step == StepCommit) != (len(s.Parties) > 0) || s.Parties == nil || len(s.Parties) > maxParties || !slices.IsSorted(s.Parties) || len(slices.Compact(slices.Clone(s.Parties))) != len(s.Parties) || slices.Contains(s.Parties, ""):
		return s, statement.Refuse(statement.CodeField, "1 to %d parties, sorted, with commit and only there", maxParties)
	}
	return s, nil
}

// same says whether two steps say the same.
func (s Step) same(o Step) bool {
	return slices.Equal(s.Parties, o.Parties) && s.Audit == o.Audit && s.Step == o.Step && s.Digest == o.Digest && s.Dice == o.Dice && s.Salt == o.Salt && s.OpenBy == o.OpenBy
}

// ValidName says whether an audit may be called so.
func ValidName(s string) bool {
	clean, err := word(s)
	return err == nil && s != "" && clean == s && len(s) <= 100 && !strings.Contains(s, "/")
}
