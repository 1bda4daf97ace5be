// Package console is the web console of one party's node: server-rendered pages, live, in English and Russian, under a strict content security policy.
//
// The console owns the interface it needs (Source) and the plain structures
// that its pages show; a node satisfies the one and fills the others. It keeps
// no facts of its own: sessions and one-time links live in memory, named users
// are data that the node loads and saves.
//
// Every text that a structure of this package carries (values, lines, notes,
// names given by a partner) is taken as hostile: it reaches the page as text
// only, with control, bidirectional and invisible characters made visible.
package console

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound is returned by a Source for an alert, statement or bundle that
// does not exist here. It becomes a page with status 404.
var ErrNotFound = errors.New("not found")

// Node is one party's node.
type Node interface {
	// As returns the node as a user sees it just now: up to the user's
	// clearance, and no answer of it depends on anything above that.
	As(ctx context.Context, u User) (Source, error)
}

// Source is one party's node as one user sees it. All methods are safe for
// concurrent use and answer from local state: none waits for a partner.
//
// An error that is a *statement.Refusal is shown to the user with its code; an
// ErrNotFound is shown as such; any other error is reported through
// Config.Report and shown only as "internal".
type Source interface {
	// Border is the part of it that shows what crosses.
	Border() Border
	// Accord is the part that shows joint acts.
	Accord() Accord
	// Cases is the part that shows cases and days.
	Cases() Cases
	// Lines is the part that shows the line and how each has acted.
	Lines() Lines
	// Election is the part that shows what is guarded around an election.
	Election() Election
	// Guards is the part that shows audits and the other guards of an election.
	Guards() Guards
	// Matches is the part that finds with a partner what both hold.
	Matches() Matches
	// Header returns what the top of every page says of the party.
	Header(ctx context.Context) (Header, error)
	// Watch returns the Watch screen: the whole source ledger and one page of
	// the asked view.
	Watch(ctx context.Context, q WatchQuery) (Watch, error)
	// Incident returns one incident with its acts and newest lines (at most MaxHits).
	Incident(ctx context.Context, id string) (Incident, error)
	// Act puts incidents (at most MaxBatch) into a state, as the word of by. All or none.
	Act(ctx context.Context, by User, ids []string, state IncidentState, reason string) error
	// ExportIncident gives one incident in the format "ocsf" or "stix", without
	// any text of a line or of a partner beyond the value that was looked for.
	ExportIncident(ctx context.Context, id, format string) ([]byte, error)
	// Alert returns one alert with its newest hits (at most MaxHits).
	Alert(ctx context.Context, id string) (Alert, error)
	// Record returns the Record screen: every log and one page of statements,
	// newest first.
	Record(ctx context.Context, q RecordQuery) (Record, error)
	// Statement returns one statement of the log of party.
	Statement(ctx context.Context, party string, index uint64) (Statement, error)
	// Bundle returns the offline proof bundle of one statement.
	Bundle(ctx context.Context, party string, index uint64) ([]byte, error)
	// Accept lets indicators that the gate holds back (HeldBack.ID, at most MaxBatch)
	// take part in matching, as the recorded decision of by with its reason. All
	// are accepted or none.
	Accept(ctx context.Context, by User, ids []string, reason string) error
	// Release tells the givers of the indicators of these alerts (Alert.ID, at
	// most MaxBatch) that they were seen here, under the day's budget, as the
	// decision of by. All are released or none.
	Release(ctx context.Context, by User, ids []string) error
	// Story returns the last events worth a sentence, oldest first, at most max.
	Story(ctx context.Context, max int) ([]Event, error)
	// Subscribe returns a channel that yields after something changed, until ctx
	// ends. It may merge changes and must never wait for its reader.
	Subscribe(ctx context.Context) <-chan Change
}

// Limits of what a console asks of a Source and shows of it.
const (
	MaxHits   = 100 // hits shown on the page of one alert
	MaxBatch  = 200 // items in one Accept or Release
	MaxReason = 500 // bytes in the reason of an Accept
	PerPage   = 50  // rows on one page of a list
)

// Change says which screens have something new.
type Change struct{ Watch, Record, Match bool }

// With is both changes in one.
func (c Change) With(d Change) Change {
	return Change{c.Watch || d.Watch, c.Record || d.Record, c.Match || d.Match}
}

// Header is what the top of every page says of the party.
type Header struct {
	Party    string // party id, for example "north"
	Observer bool   // whether the charter names it as an observer
	Version  string // of the software, for example "0.1.0"
	Charter  Charter
	Policy   Policy    // who lets sightings go back
	Budgets  []Budget  // sightings that may go back today, one per partner
	Partners []string  // ids of the other parties and observers, in charter order
	Troubled []string  // of Partners: silent, or caught signing two histories
	ReadOnly bool      // the node does not write until its own log is whole again
	Waits    time.Time // since when reading waits for room on the disk; zero while it does not
	Totals   Totals    // counters since the start of the log
	Now      time.Time // the node's clock
}

// Charter names the agreement that a node works under.
type Charter struct {
	Name        string
	Fingerprint string    // short form that people read to each other
	Version     uint64    // epoch, from 1
	InForce     bool      // consented by every party and past its instant
	From        time.Time // instant of effect; zero while none is known
}

// Policy says who lets a sighting go back to the giver of an indicator.
type Policy string

// The two policies that a node can work under.
const (
	PolicyOfficer   Policy = "officer"   // an officer releases each one
	PolicyAutomatic Policy = "automatic" // released at once, within the budget
)

// Budget is how many sightings may still go to one partner today.
type Budget struct {
	Partner     string
	Used, Limit int
}

// Totals are the counters of one node.
type Totals struct {
	Lines      uint64 // log lines read
	Alerts     int    // alerts, one per indicator that matched
	HeldBack   int    // indicators that the gate holds back
	Sent       int    // sightings told to partners
	Received   int    // sightings told by partners
	Statements int    // in the own log; heads, ack and refusal are not counted
	Witnessed  int    // of Statements
	Held       int    // of Statements, stored by every other node
	Forks      int    // proofs that a partner signed two histories
}

// Event is one sentence of the story of a node.
type Event struct {
	Time    time.Time
	Kind    EventKind
	Partner string // the other party; where it is empty, all of them are meant
	Count   int    // how many, where it counts
	Detail  string // a name or value, where there is one
}

// EventKind selects the sentence of an Event.
type EventKind string

// The sentences that a story is made of. In brackets: the fields that each uses.
const (
	EventCharter   EventKind = "charter"   // charter in force (Detail: its name)
	EventReading   EventKind = "reading"   // logs read (Count lines)
	EventShared    EventKind = "shared"    // indicators shared (Count, Partner)
	EventTaken     EventKind = "taken"     // indicators taken in (Count, Partner)
	EventHeldBack  EventKind = "held_back" // indicators held back (Count, Partner)
	EventAccepted  EventKind = "accepted"  // held ones accepted (Count, Detail: officer)
	EventMatched   EventKind = "matched"   // indicators met in own logs (Count)
	EventReleased  EventKind = "released"  // sightings released (Count, Partner)
	EventSighted   EventKind = "sighted"   // sightings received (Count, Partner)
	EventWitnessed EventKind = "witnessed" // own log witnessed (Count, Partner)
	EventHeld      EventKind = "held"      // own statements held everywhere (Count)
	EventMirrored  EventKind = "mirrored"  // partner's log mirrored (Count, Partner)
	EventRefused   EventKind = "refused"   // refusals (Count, Partner, Detail: code)
	EventSilent    EventKind = "silent"    // partner does not answer (Partner, Count asks)
	EventFork      EventKind = "fork"      // two histories (Partner, Detail: file)
)
