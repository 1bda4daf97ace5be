package console

import "time"

// View names one list of the Watch screen.
type View string

// The lists of the Watch screen.
const (
	ViewAlerts   View = "alerts"
	ViewHeld     View = "held_back"
	ViewReceived View = "received"
	ViewSources  View = "sources"
	ViewRules    View = "rules"
)

// WatchQuery asks for one page of one view. Zero fields do not filter.
type WatchQuery struct {
	View  View
	Text  string // substring of a value, name or file, letter case ignored; at most 200 bytes
	Giver string // party id that gave the indicator
	State State  // of the sighting; ViewAlerts only
	// Incident is a state of an incident; ViewIncidents only.
	Incident IncidentState
	Reason   string // reason code of the gate; ViewHeld only
	Offset   int    // rows to skip
	Limit    int    // rows wanted
}

// Watch is the Watch screen. Of Incidents (with Days and Givers), Alerts, HeldBack and
// Received only the asked view is filled; Ledger and the counts are always there.
type Watch struct {
	Ledger    []Ledger
	Incidents []Incident    // last seen first
	Days      []Bar         // lines of all incidents by day, oldest first
	Givers    []GiverRecord // what each giver's indicators were worth
	Alerts    []Alert       // last seen first
	HeldBack  []HeldBack    // newest first
	Received  []Received    // newest first
	Rules     []Rule        // those that cannot run first
	RuleSums  RuleSums      // with Rules
	Matching  int           // rows of the asked view that pass the filter
	Counts    struct{ Incidents, Alerts, HeldBack, Received, Rules int }
	// HeldWouldMatch is how many hits all that is held back would have made; one
	// line can be several.
	HeldWouldMatch uint64
	// HeldReasons are the reason codes present, for the filter.
	HeldReasons []string
}

// Indicator is one value that a party asked others to look for.
type Indicator struct {
	Type  string // observable type, for example "ipv4-addr"
	Value string // canonical value; of a rule its title
	Text  string // of a rule the whole of it, else empty
	Giver string // party id; the own one for own indicators
	List  string // name of the list that it came in
	Note  string // the giver's words, as given
	Basis string // told, observed, recorded, inferred or asserted
	// Observed and Until are the giver's dates; zero when not given.
	Observed, Until time.Time
	Ref             Ref // the statement that brought it
}

// Ref names a statement by its place in a log. A zero Party means none.
type Ref struct {
	Party string
	Index uint64
}

// Alert is one indicator that was met in the own logs.
type Alert struct {
	ID          string // URL-safe, at most 128 bytes, stable
	Indicator   Indicator
	Count       uint64 // hits
	First, Last time.Time
	Dwell       time.Duration // from First until the indicator was told; 0 where that was before, or not known
	Rule        string        // stable key of the rule, for example "match.equal"
	Sources     []string
	Sighting    Sighting
	Hits        []Hit // newest first; filled by Source.Alert only
}

// Hit is one log line that an indicator matched.
type Hit struct {
	Time   time.Time // of the event, as its log says
	File   string
	Line   uint64 // from 1
	Offset int64  // byte offset of the line in the file, from 0
	Format string // name of the log format
	Field  string // ECS field name that matched, for example "destination.ip"
	Seen   string // the value as it stands in the line
	Rule   string // as in Alert
	Raw    string // the line
}

// State says how far a statement, or the sighting of an alert, has come.
type State string

// The states. The last four are the words that are used everywhere.
const (
	StateNone         State = "none"         // nothing can go back: the indicator is our own
	StateWaiting      State = "waiting"      // not released: looks like no match to the giver
	StateLogged       State = "logged"       // durable here
	StateWitnessed    State = "witnessed"    // under a checkpoint that the quorum cosigned
	StateHeld         State = "held"         // stored by every other node
	StateAcknowledged State = "acknowledged" // named by an ack in the recipient's log
)

// Progress is how far a statement has come, and since when. Zero times are not
// reached, or not known.
type Progress struct {
	State                                 State
	Logged, Witnessed, Held, Acknowledged time.Time
	Witnesses                             []string // who cosigned
	Holders                               []string // who stores it
	Missing                               []string // who does not store it yet
	Verdict                               string   // of the ack, for example "accepted" or a code
	Disputed                              bool     // depends on a log that was forked
}

// Sighting is what the giver of an indicator was told about an alert.
type Sighting struct {
	Progress
	Ref      Ref       // the statement; zero while not released
	By       string    // the officer or policy that released it
	Released time.Time // zero while not released
}

// HeldBack is an indicator that the gate holds back: it never alerts before a
// person accepts it.
type HeldBack struct {
	ID         string // URL-safe, at most 128 bytes, stable
	Indicator  Indicator
	Received   time.Time
	Reasons    []Reason
	WouldMatch uint64 // hits that it would have made in the own logs
}

// Reason is why the gate holds an indicator back.
type Reason struct {
	Code   string // for example "HELD_UNDATED"
	Detail string // for example the name and entry of a warning list
}

// Received is a sighting that a partner told us of.
type Received struct {
	From        string // party id
	Type, Value string
	Count       uint64
	First, Last time.Time
	Basis       string
	Received    time.Time
	Ref         Ref // the partner's statement
	Progress    Progress
}

// Ledger is the account of one log source: Read is the sum of the other four.
type Ledger struct {
	Name                                    string
	File                                    string
	Format                                  string
	Read, Matched, Clean, Unparsed, Dropped uint64
	Lag                                     int64     // bytes that are there and not read yet
	Last                                    time.Time // of the last line read
	State                                   SourceState
	Absent                                  time.Time // since when, when State is SourceAbsent
	Fault                                   string    // what is wrong, when State is SourceBroken
}

// Adds reports whether every line read is accounted for.
func (l Ledger) Adds() bool { return l.Read == l.Matched+l.Clean+l.Unparsed+l.Dropped }

// SourceState says what a log source does.
type SourceState string

// What a log source can be doing.
const (
	SourceFollowing SourceState = "following" // at the end, waiting for more
	SourceReading   SourceState = "reading"   // behind the end
	SourceDone      SourceState = "done"      // read to the end once
	SourceBroken    SourceState = "broken"    // cannot be read: see Fault
	SourceAbsent    SourceState = "absent"    // not there, and looked for again
)
