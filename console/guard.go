package console

import (
	"context"
	"time"

	"entente/election/audit"
	"entente/election/campaign"
	"entente/election/inventory"
	"entente/election/roll"
	"entente/statement"
)

// Guards is the part of a node that shows what stands around an election beside
// its results pages. What is of the own side alone is shown to nobody else: then
// lists are empty.
type Guards interface {
	// Audits are the joint audits of the record, the newest step first.
	Audits(ctx context.Context) ([]AuditRow, error)
	// Audit is one of them, or ErrNotFound.
	Audit(ctx context.Context, name string) (AuditView, error)
	// Names are the look-alikes in the own logs.
	Names(ctx context.Context) (NamesView, error)
	// MarkName says of one of them that it is benign, or watches it; ErrNotFound if
	// it was not seen.
	MarkName(ctx context.Context, by User, name, state string) error
	// Rolls are the voter rolls, by site.
	Rolls(ctx context.Context) ([]RollView, error)
	// SealRoll says the keyed root of a site's day in the own log.
	SealRoll(ctx context.Context, by User, site, day string) error
	// RollSince compares the newest export of a site with that of a named day; it can
	// take seconds.
	RollSince(ctx context.Context, site, since string) (RollDifference, error)
	// Posts are the exports of posts that the inventory names.
	Posts(ctx context.Context) ([]PostsView, error)
	// Folders are the folders that were committed to, with their decoys that own logs have shown.
	Folders(ctx context.Context) ([]FolderView, error)
	// Lists are the lists of what is guarded that parties told each other.
	Lists(ctx context.Context) (ListsView, error)
	// TellList tells the others what of the own list is shared.
	TellList(ctx context.Context, by User) error
	// GuardList takes up into the own list what a party told.
	GuardList(ctx context.Context, by User, party string) error
}

// GuardFile is a file of the inventory that could not be read, and why.
type GuardFile struct {
	Name   string
	Detail string // foreign text
}

// AuditRow is one joint audit in a list.
type AuditRow struct {
	Joint    audit.Joint
	Last     time.Time // of its newest step or commitment, as claimed; zero: sealed only
	Contests []AuditContest
}

// AuditView is how far a joint audit has come.
type AuditView struct {
	Joint    audit.Joint
	Contests []AuditContest
	Broken   []GuardFile
	Whom     inventory.Person // who is called; nobody if it has no name
}

// What a measurement of a contest still lacks: words of the catalogue below
// "audit.need.".
const (
	NeedSeed     = "seed"     // the ceremony has not made one
	NeedContest  = "contest"  // no declared file is the contest that was sealed
	NeedManifest = "manifest" // likewise
	NeedRecords  = "records"  // likewise
	NeedBoards   = "boards"   // two boards have to commit to what they read
	NeedReadings = "entries"  // what both boards read is not among the declared files
	NeedApart    = "apart"    // one board may have known what the other read
	NeedSettle   = "settle"   // the boards differ, and nobody has settled where
)

// AuditContest is one contest of an audit, as it is measured from the files of the
// inventory that are what was sealed.
type AuditContest struct {
	Name    string
	Contest *audit.Contest // nil: its file is not here
	Rounds  []AuditRound
	Course  []audit.Point // of the newest round that could be measured
	Rows    []AuditCard   // its cards, in the order of the draws
	Needs   []string
	Detail  string // why a measurement failed, foreign text
}

// Newest is the newest round that could be measured; nil if none could.
func (c AuditContest) Newest() *audit.Outcome {
	for i := len(c.Rounds) - 1; i >= 0; i-- {
		if c.Rounds[i].Outcome != nil {
			return c.Rounds[i].Outcome
		}
	}
	return nil
}

// AuditRound is one reading of the cards drawn so far.
type AuditRound struct {
	audit.Round
	Outcome *audit.Outcome // nil: not measured
}

// AuditCard is a drawn card. What a board read stands here only when both have
// committed to it.
type AuditCard struct {
	audit.Drawn
	First, Second string
}

// SeenAt is where in the own logs something was first seen.
type SeenAt struct {
	Source string
	Line   int64
	Field  string
	At     int64 // Unix milliseconds
}

// SeenName is a name in own logs that resembles a protected one.
type SeenName struct {
	Name      string
	Protected string
	Kind      string // a lookalike.Kind
	Count     int64
	First     SeenAt
	Last      int64  // Unix milliseconds
	Mark      string // what somebody here said of it; empty: nothing yet
	By        string // who
}

// What somebody can say of a name.
const (
	NameBenign  = "benign"
	NameWatched = "watched" // it stands on the own watchlist
)

// NamesView is what own logs have shown of look-alike names, the most telling first.
type NamesView struct {
	Rows      []SeenName
	Protected int         // names that are looked for
	Since     int64       // Unix milliseconds: logs read before were not looked at; 0: none is looked at yet
	Left      int64       // sightings of names beyond those that are kept
	Odd       []GuardFile // names of the inventory that none like can be told of
	Whom      inventory.Person
}

// SeenTouch is a decoy of a sealed folder that own logs have shown.
type SeenTouch struct {
	Folder    string
	Recipient string // who alone was given it
	Value     string
	Count     int64
	First     SeenAt
	Last      int64
}

// FolderView is a folder that was committed to, from the owner's secret of it.
type FolderView struct {
	Name      string // in the inventory
	Title     string // to others; empty: not read
	Documents int    // names that were committed to, decoys left out
	Decoys    int
	Root      statement.Digest
	Sealed    *Ref // own statement with the root; nil: the others have not witnessed it
	Touched   []SeenTouch
	More      int    // decoys that were met and are not listed
	Passed    int64  // sightings of decoys, of any folder, beyond those that are kept
	Detail    string // why it cannot be read
	Whom      inventory.Person
}

// RollView is a registration site's voter roll, from its declared exports.
type RollView struct {
	Site   string
	Days   []RollDay // the newest first
	More   int       // days that are not listed
	Broken []GuardFile
	Whom   inventory.Person
}

// RollDay is one export. No voter is in it.
type RollDay struct {
	Header roll.Header
	Root   statement.Digest
	Since  string          // the day of the export before; empty for the first
	Counts *roll.Published // what may leave the office; nil for the first
	Alarms []roll.Alarm
	Sealed *Ref // own statement with the root; nil: it has not left the office
	Here   bool // its export is still here
}

// RollDifference is what is otherwise on the newest day than on a named one.
type RollDifference struct {
	Old, New roll.Header
	Changes  map[string]int // voters by roll.Added, roll.Removed and roll.Changed
	Counts   roll.Published
}

// PostsView is an export of posts, and which of its accounts behaved alike beyond
// chance. It does not say who they are or why.
type PostsView struct {
	Name        string
	Read        bool   // else it was not yet, or could not be
	Detail      string // why it could not be read, foreign text
	Rows        int
	Without     int    // posts that carry nothing to compare
	Unread      int    // rows that are broken
	First       string // of them, foreign text
	Params      campaign.Params
	Posts       int
	Tested      int // accounts
	Named       int
	Least       int // accounts that must be named together, with so many shuffles
	Joined      int // texts that count as the same as another
	Groups      []PostsGroup
	More, Alone int // groups that are not shown; named accounts that are in none
	Techniques  []string
	PostsDigest string
	Bundle      statement.Digest // of the result, which is the same wherever it is computed
	Whom        inventory.Person
}

// PostsGroup is some accounts that acted together.
type PostsGroup struct {
	Size     int
	Accounts []PostsAccount // those that did most
	Quotes   []campaign.Quote
}

// PostsAccount is a named account. Its name is foreign text.
type PostsAccount struct {
	campaign.Account
	Adjusted float64 // p-value after the control of false names
}
