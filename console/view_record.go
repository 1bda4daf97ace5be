package console

import "time"

// RecordQuery asks for one page of statements, newest first. Zero fields do
// not filter.
type RecordQuery struct {
	Party  string // whose log
	Kind   string // kind of statement, for example "sighting/v1"
	All    bool   // housekeeping too: heads, acks, refusals; asked for anyway where Kind is set
	Text   string // substring of an id, kind or recipient; at most 200 bytes
	State  State
	Offset int // rows to skip
	Limit  int // rows wanted
}

// Record is the Record screen.
type Record struct {
	Own        Log
	Partners   []Log // one per other party and observer, in charter order
	Statements []StatementRow
	Matching   int      // statements that pass the filter
	Kinds      []string // kinds present, for the filter
}

// Log is the log of one party as this node knows it.
type Log struct {
	Party      string
	Origin     string
	Observer   bool
	Size       uint64
	Root       string    // lower-case hex; empty while none is known
	Checkpoint time.Time // owner's time on the newest checkpoint; zero when none
	// Witnesses are the cosigners of the newest checkpoint that has any, with
	// the size that each has cosigned.
	Witnesses []Mark
	// Holders are the mirrors, with the size that each says it stores.
	Holders []Mark
	// WitnessedTo is how many leaves stand under a checkpoint with the quorum of
	// the charter.
	WitnessedTo uint64
	// UnwitnessedSince is the time of the oldest statement that the quorum has
	// not cosigned; zero when there is none.
	UnwitnessedSince time.Time
	// Silent is set while the party does not answer.
	Silent   Silence
	Refusals []CodeCount // what we refused of it, or it of us
	Forks    []Fork
	// Counts of the four words, each including the later ones; own log only.
	Logged, Witnessed, Held, Acknowledged int
}

// Mark says how much of a log one other node has cosigned or stored.
type Mark struct {
	Party string
	Size  uint64
	Time  time.Time
}

// Silence is an unanswered question: it is never consent and never admission.
type Silence struct {
	Since time.Time // last answer; zero when it answers now
	Asks  int       // questions since then
	Never bool      // it never answered this process; Since is then its start
}

// CodeCount counts refusals with one reason code.
type CodeCount struct {
	Code  string
	Count uint64
	Last  time.Time
}

// Fork is the proof that a party signed two histories.
type Fork struct {
	Found        time.Time
	SizeA, SizeB uint64
	RootA, RootB string // lower-case hex
	File         string // name of the proof file
}

// StatementRow is one statement in a list.
type StatementRow struct {
	Party      string
	Index      uint64
	ID         string // lower-case hex
	Kind       string // empty when the act is not readable here
	Understood bool   // whether this version knows the kind and format
	Claimed    time.Time
	Marking    string // for example "TLP:AMBER"
	Recipients []string
	Progress   Progress
}

// Statement is the page of one statement.
type Statement struct {
	StatementRow
	Origin    string
	Format    string // of the leaf
	Charter   string // digest of the charter it was made under
	Case      string
	KeyID     string
	Seq       uint64
	LogSize   uint64 // size of the newest checkpoint that covers it
	Refs      []Ref
	Act       []byte // exact bytes of the act; nil when not readable here
	Approvals []Approval
	Parts     []Part
	Bundle    bool // whether Source.Bundle has something to give
}

// Approval is an officer's signature over the act.
type Approval struct{ Officer, Key string }

// Part is one sealed part of a statement.
type Part struct {
	Number int
	Digest string // lower-case hex
	Size   int64  // of the ciphertext in bytes
	State  PartState
}

// PartState says what this node can do with a part.
type PartState string

// What this node can do with a part.
const (
	PartOpen   PartState = "open"   // readable here
	PartSealed PartState = "sealed" // stored here, addressed to others
	PartAbsent PartState = "absent" // not stored here
	PartErased PartState = "erased" // ciphertext and salt deleted, digest kept
)
