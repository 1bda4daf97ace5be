package accord

import (
	"cmp"
	"strings"
	"time"

	"entente/charter"
	"entente/statement"
)

// Said is one statement of one log, opened and checked by its kind.
type Said struct {
	Ref       statement.Ref
	Party     string // id of the log's owner
	Claimed   int64  // Unix milliseconds by its author: shown, never reckoned with
	Act       statement.Act
	Approvals []statement.Approval // verified over the act
	// Parts are the further parts as far as this node may read them: number
	// (from 1) to plaintext, whether sealed to it, released or disclosed.
	Parts map[int][]byte
	// Digests are the salted digests of all parts, as the leaf commits to them.
	Digests []statement.Digest
	// Wrong are the leaves that claim to open a part and show another text, in order,
	// as far as this node may read them.
	Wrong []Leaf
}

// Leaf is a place in a log.
type Leaf struct {
	Origin string
	Index  uint64
}

func compareLeaves(a, b Leaf) int {
	return cmp.Or(strings.Compare(a.Origin, b.Origin), cmp.Compare(a.Index, b.Index))
}

// Moment says that the owner of a log signed a checkpoint of so many leaves at
// Owner, and that another node cosigned it at At. Both are Unix seconds, each
// by its signer, verified. Owner is a lower bound only for what the owner
// does not contest, At is the upper bound that a stranger may rely on.
type Moment struct {
	Origin string
	Size   uint64
	Owner  int64
	By     string // party id of the cosigner
	At     int64
	Root   statement.Digest // of the checkpoint: printed where a size is, decides nothing
	// Logged is how many leaves of the cosigner's own log it takes to read that it
	// cosigned: the index of its times/v1 with this note, plus one; 0 where the
	// note stands in no times/v1 of the cosigner itself. A log only grows, so
	// what a node recorded first is the same for every reader: that is how a
	// cooling-off begins at one instant everywhere.
	Logged uint64
}

// Fork says that the owner of a log provably contradicted itself.
type Fork struct {
	Origin string
	Proof  statement.Ref // the evidence/v1 that holds the proof
}

// World is all that a state is computed from. Order and repetition of its
// lists do not matter.
type World struct {
	Charter charter.Charter
	Said    []Said
	Moments []Moment
	Forks   []Fork
	// Sizes is how many leaves of each log (by origin) were read: "lapsed" and
	// "not answered" are said with it. Said and Moments hold everything of the
	// accord within them; a log that is not named counts as not read, and what
	// needs it is never confirmed.
	Sizes map[string]uint64
	// Now is the reader's own clock. It decides only what is still open: whether
	// a window has run out without an answer, never whether something binds.
	Now time.Time
}

// The kinds of this package.
const (
	KindProposal   statement.Kind = "proposal/v1"
	KindPosition   statement.Kind = "position/v1"
	KindNotice     statement.Kind = "notice/v1"
	KindAccount    statement.Kind = "account/v1"
	KindAssessment statement.Kind = "assessment/v1"
	KindExhibit    statement.Kind = "exhibit/v1"
	KindOfficers   statement.Kind = "officers/v1"   // who may sign what for a party
	KindTimes      statement.Kind = "times/v1"      // checkpoints with the times that were signed on them
	KindDisclosure statement.Kind = "disclosure/v1" // an observer opens what was deposited with it
)

// Kinds returns the specs of this package's kinds.
func Kinds() []statement.Spec {
	return []statement.Spec{
		{Kind: KindProposal, Check: checks(ParseProposal)},
		{Kind: KindPosition, Check: checks(ParsePosition)},
		{Kind: KindNotice, Check: checks(ParseNotice)},
		{Kind: KindAccount, Check: checks(ParseAccount)},
		{Kind: KindAssessment, Check: checks(ParseAssessment)},
		{Kind: KindExhibit, Check: checks(ParseExhibit)},
		{Kind: KindOfficers, Check: checks(ParseOfficers)},
		{Kind: KindTimes, Check: checks(ParseTimes), Housekeeping: true},
		{Kind: KindDisclosure, Check: checks(ParseDisclosure)},
	}
}

func checks[T any](parse func([]byte) (T, error)) func([]byte) error {
	return func(body []byte) error {
		_, err := parse(body)
		return err
	}
}
