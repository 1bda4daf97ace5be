// Package api is what a running node answers on the unix socket in its data folder: JSON types, handlers and a client.
//
// Whoever may open the socket (mode 0600 in a folder of mode 0700) is the
// party itself, so there are no users and no roles here. Requests are read
// strictly and under limits all the same: scripts make mistakes.
//
// Times are Unix milliseconds. Paths begin with /v1/.
package api

import (
	"context"
	"io"

	"entente/border"
	"entente/exchange/convert"
	"entente/record"
	"entente/statement"
)

// Limits of requests, in bytes.
const (
	MaxRequest = 1 << 20  // a JSON request
	MaxShare   = 64 << 20 // a file to share
	MaxStick   = 16 << 30 // a stick to read in
)

// Node is one running node. All methods are safe for concurrent use.
type Node interface {
	AccordNode
	Preserver
	ElectionNode
	MatchNode
	WatchlistNode
	Status(ctx context.Context) (Status, error)
	Share(ctx context.Context, r ShareRequest) (ShareResult, error)
	Accept(ctx context.Context, r AcceptRequest) (AcceptResult, error)
	Release(ctx context.Context, r ReleaseRequest) (ReleaseResult, error)
	// Events takes MISP events in, or says them to other parties.
	Events(ctx context.Context, r EventsRequest) (EventsResult, error)
	// Feed calls visit for every event that a feed may hold.
	Feed(ctx context.Context, q FeedQuery, visit func(FeedEvent) error) error
	// Defend writes the indicators that may be acted on for a tool of the own side.
	Defend(ctx context.Context, r DefendRequest) (DefendResult, error)
	Retract(ctx context.Context, r RetractionRequest) (RetractionResult, error)
	Retractions(ctx context.Context, q RetractionQuery) (Retractions, error)
	Objects(ctx context.Context, q StoredQuery) (StoredObjects, error)
	// ShareStored says own objects, drafts above all, to other parties as they were previewed; without a digest it shows what would go.
	ShareStored(ctx context.Context, r StoredShare) (StoredShared, error)
	// Export writes the last versions of what a scope holds as a STIX bundle.
	Export(ctx context.Context, scope string, w io.Writer) error
	Alerts(ctx context.Context, q AlertQuery) (Alerts, error)
	Incidents(ctx context.Context, q IncidentQuery) (Incidents, error)
	Rules(ctx context.Context) (Rules, error)
	// Incident exports one incident as "ocsf" or "stix".
	Incident(ctx context.Context, id, format string) ([]byte, error)
	Act(ctx context.Context, r ActRequest) error
	// Hunt looks for values in the archive; told, if not nil, hears how far it has come.
	Hunt(ctx context.Context, r HuntRequest, told func(done, total int64)) (HuntResult, error)
	// Search looks for a text in archive, alerts and statements; told, if not nil, hears how far the archive has been read.
	Search(ctx context.Context, r SearchRequest, told func(done, total int64)) (SearchResult, error)
	// Leak names whose copies of marked releases a leaked text comes from.
	Leak(ctx context.Context, text []byte) (LeakResult, error)
	// Push says which objects may go to a tool of the own side.
	Push(ctx context.Context, r PushRequest) (PushResult, error)
	// Exposure says what a party was shown, and the most that it can have learnt.
	Exposure(ctx context.Context, party string) (border.Exposure, error)
	// Givers returns the record of every party, the own one included.
	Givers(ctx context.Context) ([]border.GiverRecord, error)
	Statements(ctx context.Context, q StatementQuery) (Statements, error)
	Bundle(ctx context.Context, party string, index uint64) ([]byte, error)
	// Groups lists the groups that this node can read, each at its newest epoch.
	Groups(ctx context.Context) ([]Group, error)
	// SetGroup says who is in an own group from now on.
	SetGroup(ctx context.Context, r GroupRequest) (Group, error)
	// Receipts lists what borders decided, newest first, each held against the logs.
	Receipts(ctx context.Context, q ReceiptQuery) (Receipts, error)
	Seal(ctx context.Context, r SealRequest) (statement.Ref, error)
	Erase(ctx context.Context, r PartRequest) (statement.Ref, error)
	Open(ctx context.Context, r PartRequest) (statement.Ref, error)
	Withdraw(ctx context.Context, r ReasonRequest) (statement.Ref, error)
	Rotate(ctx context.Context) (statement.Ref, error)
	Override(ctx context.Context, r ReasonRequest) error
	Link(ctx context.Context, user string) (string, error)
	Users(ctx context.Context) ([]User, error)
	PutUser(ctx context.Context, u User) error
	RemoveUser(ctx context.Context, name string) error
	// Wire answers a GET path of the partner port from this node's own logs.
	Wire(ctx context.Context, path string) ([]byte, error)
	CarryOut(ctx context.Context, w io.Writer) error
	CarryIn(ctx context.Context, r io.Reader) (Carried, error)
	Backup(ctx context.Context, w io.Writer, archive bool) error
}

// Status is one node at one moment.
type Status struct {
	Party     string          `json:"party"`
	Role      string          `json:"role"`
	Origin    string          `json:"origin"`
	Version   string          `json:"version"`
	Started   int64           `json:"started"`
	Charter   CharterStatus   `json:"charter"`
	Head      Head            `json:"head"`
	Words     Words           `json:"words"`
	Partners  []PartnerStatus `json:"partners"`
	Refusals  []RefusalCount  `json:"refusals"`
	Evidence  []string        `json:"evidence"` // files that prove a contradiction
	Watch     WatchStatus     `json:"watch"`
	ReadOnly  string          `json:"read_only"` // why the node does not write; empty when it does
	Peer      string          `json:"peer"`
	Console   string          `json:"console"`
	Withdrawn bool            `json:"withdrawn"`
}

// CharterStatus names the charter that a node works under.
type CharterStatus struct {
	Name        string           `json:"name"`
	Digest      statement.Digest `json:"digest"`
	Fingerprint string           `json:"fingerprint"`
	Epoch       uint64           `json:"epoch"`
}

// Head is a log's tree.
type Head struct {
	Size uint64           `json:"size"`
	Root statement.Digest `json:"root"`
}

// Words counts own statements, housekeeping left out. Each number includes
// those of the later words, but for acknowledged.
type Words struct {
	Logged       int `json:"logged"`
	Witnessed    int `json:"witnessed"`
	Held         int `json:"held"`
	Acknowledged int `json:"acknowledged"`
}

// PartnerStatus is what a node knows of another one.
type PartnerStatus struct {
	Party    string `json:"party"`
	Role     string `json:"role"`
	Size     uint64 `json:"size"`     // leaves mirrored here
	Heard    int64  `json:"heard"`    // when it last proved a head, 0 never
	Silent   int64  `json:"silent"`   // silent since, 0 when it is not
	Asks     int    `json:"asks"`     // unanswered since it was last heard
	Disputed bool   `json:"disputed"` // there is evidence against it
	Left     bool   `json:"left"`
	Damaged  int    `json:"damaged"`    // places in the mirror that nobody could put right yet
	Healed   uint64 `json:"healed"`     // leaves of it put right since the start
	SentDay  int    `json:"sent_today"` // sightings that went to it today
}

// RefusalCount is how often one party was refused for one reason since the start.
type RefusalCount struct {
	Party string         `json:"party"`
	Code  statement.Code `json:"code"`
	Count uint64         `json:"count"`
}

// WatchStatus is what a node sees in its own logs.
type WatchStatus struct {
	Sources    []Source `json:"sources"`
	Total      Source   `json:"total"`
	Lists      int      `json:"lists"`
	Indicators int      `json:"indicators"` // values in lists, those that the gate holds back too
	Rules      int      `json:"rules"`      // Sigma rules and STIX patterns, of lists and of the configuration
	Alerts     int      `json:"alerts"`
	HeldBack   int      `json:"held_back"` // indicators that the gate holds back
	HeldHits   int64    `json:"held_hits"` // lines that they would have matched
	Sent       int      `json:"sent"`      // sightings told
	Received   int      `json:"received"`  // sightings told by others
	Policy     string   `json:"policy"`    // officer or automatic
	PerDay     int      `json:"per_day"`   // sightings to one partner in one day
	Troubles   []string `json:"troubles"`  // what went wrong with sources
	// Waits is since when reading waits for room on the disk, Unix
	// milliseconds; 0 while it does not.
	Waits int64 `json:"waits_since"`

	Archive ArchiveStatus `json:"archive"`
}

// ArchiveStatus is what a node keeps for indicators that come later.
type ArchiveStatus struct {
	Off      bool   `json:"off"` // by configuration
	Segments int    `json:"segments"`
	Events   int64  `json:"events"`
	Bytes    int64  `json:"bytes"`
	Since    int64  `json:"since"`   // time of the earliest event in a segment, 0 where there is none
	Stopped  string `json:"stopped"` // why nothing is archived at present; matching goes on
}

// Source is one line of the source ledger.
type Source struct {
	ID       string `json:"id"`
	Path     string `json:"path"`
	Format   string `json:"format"`
	Read     int64  `json:"read"`
	Matched  int64  `json:"matched"`
	Clean    int64  `json:"clean"`
	Unparsed int64  `json:"unparsed"`
	Dropped  int64  `json:"dropped"`
	Lost     string `json:"lost"`
	Done     bool   `json:"done"`
	State    string `json:"state,omitempty"` // "absent", or "no line yet" of one that has given nothing
	Since    int64  `json:"since,omitempty"` // absent since, Unix milliseconds; it is looked for again
}

// ShareRequest is a file of indicators and to whom it goes. Over HTTP, Data is
// the body and the rest are parameters.
type ShareRequest struct {
	Name    string   // of the list, as people call it; required
	Source  string   // where the giver has it from
	Basis   string   // one of indicator.Bases; empty means told
	Marking string   // a TLP label; empty means TLP:AMBER, or what the file says if that is stricter
	To      []string // party ids, or one group as "@name" or "@party/name"
	Officer string   // who lets it go, for the receipt
	Canary  bool     // each recipient gets a marked copy of its own, with decoys
	Data    []byte
}

// ShareResult says what was said, one reference for each sheet.
type ShareResult struct {
	Refs    []statement.Ref `json:"refs"`
	Case    string          `json:"case"`
	Marking string          `json:"marking"`
	To      []string        `json:"to"`
	Group   string          `json:"group,omitempty"`
	Report  convert.Report  `json:"report"`
	Objects int             `json:"objects"` // of a bundle, handed on as they are
	Left    []convert.Skip  `json:"left"`    // of a bundle: objects that were not, with the reason
	// Of a marked release: the statement that commits to who gets what, and how many decoys each copy has.
	Canary *statement.Ref `json:"canary,omitempty"`
	Decoys int            `json:"decoys,omitempty"`
}

// LeakResult says what a leaked text holds of marked releases.
type LeakResult struct {
	Looked   int      `json:"looked"`   // releases
	Releases []Leaked `json:"releases"` // those that it holds something of
}

// Leaked is one of them.
type Leaked struct {
	Canary  statement.Ref  `json:"canary"`
	Name    string         `json:"name"` // of the list
	Case    string         `json:"case"`
	Time    int64          `json:"time"` // claimed
	Tracing border.Tracing `json:"tracing"`
	Proof   []byte         `json:"proof,omitempty"` // a file for anybody with the charter; none if nobody is named
}

// AcceptRequest names held-back items: by their ids, or all of one list (party
// and index), of every list of a name, or of the lists that were made from a
// file with this SHA-256. With All every held-back item is meant.
type AcceptRequest struct {
	Officer string            `json:"officer"`
	Reason  string            `json:"reason"`
	Reject  bool              `json:"reject"` // take an earlier acceptance back
	IDs     []string          `json:"ids"`
	Party   string            `json:"party"`
	Index   *uint64           `json:"index"`
	Name    string            `json:"name"`
	Digest  *statement.Digest `json:"digest"`
	All     bool              `json:"all"`
}

// AcceptResult counts what was decided.
type AcceptResult struct {
	Items int             `json:"items"`
	Refs  []statement.Ref `json:"refs"` // the decisions
}

// ReleaseRequest names alerts whose sightings go back to the givers.
type ReleaseRequest struct {
	Officer string   `json:"officer"`
	IDs     []string `json:"ids"`
	All     bool     `json:"all"`
}

// ReleaseResult counts what went, what the day's budget kept, and what cannot go.
type ReleaseResult struct {
	Sent       int `json:"sent"`
	OverBudget int `json:"over_budget"`
	Kept       int `json:"kept"`
}

// AlertQuery asks for one page of alerts, or of held-back indicators.
type AlertQuery struct {
	Held          bool
	Limit, Offset int
}

// Alerts is one page.
type Alerts struct {
	Total int     `json:"total"`
	Items []Alert `json:"items"`
	// Canaries are own decoys that own logs met: no findings, but somebody who
	// was given them, or has them from there, looked for them.
	Canaries []Alert `json:"canaries"`
}

// Alert is one indicator that met own logs, or one that the gate holds back.
type Alert struct {
	ID      string   `json:"id"`
	Type    string   `json:"type"`
	Value   string   `json:"value"`
	Giver   string   `json:"giver"`
	List    string   `json:"list"`
	Note    string   `json:"note"`
	Count   uint64   `json:"count"` // hits; of a held-back one those that it would have had
	First   int64    `json:"first"`
	Last    int64    `json:"last"`
	Dwell   int64    `json:"dwell"`   // milliseconds from the first to now; 0 where no line has a time
	State   string   `json:"state"`   // of the sighting: none, waiting, or how far it has come
	Reasons []string `json:"reasons"` // why it is held back
	Hits    []Hit    `json:"hits"`    // the newest one
}

// Hit is one line.
type Hit struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Offset int64  `json:"offset"`
	Field  string `json:"field"`
	Seen   string `json:"seen"`
	Rule   string `json:"rule"`
	Raw    string `json:"raw"`
	Time   int64  `json:"time"`
}

// StatementQuery asks for one page of statements, newest first.
type StatementQuery struct {
	Party         string
	Kind          string
	All           bool // housekeeping too
	Index         *uint64
	Limit, Offset int
}

// Statements is one page.
type Statements struct {
	Total int         `json:"total"`
	Items []Statement `json:"items"`
}

// Statement is one statement and how far it has come.
type Statement struct {
	Party      string           `json:"party"`
	Index      uint64           `json:"index"`
	ID         statement.Digest `json:"id"`
	Time       int64            `json:"time"` // claimed
	State      string           `json:"state"`
	Code       statement.Code   `json:"code"`
	Kind       statement.Kind   `json:"kind"`
	Marking    string           `json:"marking"`
	Recipients []string         `json:"recipients"`
	Case       string           `json:"case"`
	Parts      int              `json:"parts"`
	Word       record.Word      `json:"word"`
	Reached    record.Word      `json:"reached"` // acks left aside: logged, witnessed or held
	Acks       []Ack            `json:"acks"`
	Witnesses  []string         `json:"witnesses"`
	Holders    []string         `json:"holders"`
	Disputed   bool             `json:"disputed"`
}

// Ack is one party's verdict.
type Ack struct {
	Party   string         `json:"party"`
	Verdict string         `json:"verdict"`
	Code    statement.Code `json:"code"`
}

// SealRequest puts the digest of something outside into the record.
type SealRequest struct {
	What   string           `json:"what"`
	Name   string           `json:"name"`
	Size   int64            `json:"size"`
	Digest statement.Digest `json:"digest"`
}

// PartRequest names one part of an own statement: to erase it, or to open it
// to more parties (To, Marking).
type PartRequest struct {
	Index   uint64   `json:"index"`
	Part    int      `json:"part"`
	Reason  string   `json:"reason"`
	To      []string `json:"to"`
	Marking string   `json:"marking"`
	Officer string   `json:"officer"`
}

// ReasonRequest is an officer's word with its reason.
type ReasonRequest struct {
	Officer string `json:"officer"`
	Reason  string `json:"reason"`
}

// User is a named local user of the console.
type User struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
	// Clearance is the strictest marking that the user may see; empty: all.
	Clearance string `json:"clearance,omitempty"`
}

// Carried says what a stick brought.
type Carried struct {
	From     string   `json:"from"` // who says to have written it
	Made     int64    `json:"made"`
	Logs     int      `json:"logs"`
	Leaves   uint64   `json:"leaves"` // new ones
	Asks     int      `json:"asks"`   // checkpoints to cosign
	Answers  int      `json:"answers"`
	Held     int      `json:"held"`     // mirror cosignatures on own statements
	Refusals []string `json:"refusals"` // what was refused, each with its code
}
