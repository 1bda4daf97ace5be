package api

import (
	"context"
	"encoding/json"
	"net/url"

	"entente/statement"
)

// AccordNode is the part of a node that keeps the accord: what waits for
// officers, and what follows from what was said.
type AccordNode interface {
	// AccordDraft keeps the exact bytes of a statement for officers to sign.
	AccordDraft(ctx context.Context, r AccordDraftRequest) (Pending, error)
	AccordDrafts(ctx context.Context) ([]Pending, error)
	AccordSheet(ctx context.Context, id string) (Sheet, error)
	AccordDiscard(ctx context.Context, id string) error
	// AccordApprove adds a signature; the one that makes it enough says the statement.
	AccordApprove(ctx context.Context, r ApproveRequest) (Pending, error)
	// AccordWatching lists what the watch looks for, for clauses and corrective actions.
	AccordWatching(ctx context.Context) ([]ClauseWatch, error)
	// AccordView is what follows from the record: see the Views.
	AccordView(ctx context.Context, q AccordQuery) (AccordView, error)
	// CaseFile is a case for a tool of the own side, as "stix" or "misp".
	CaseFile(ctx context.Context, id, format string) (CaseFile, error)
}

// LeafName names a statement as people do.
type LeafName struct {
	Party string `json:"party"` // empty: the own one
	Index uint64 `json:"index"`
}

// AccordDraftRequest is what somebody wants to say in the accord.
type AccordDraftRequest struct {
	Kind    statement.Kind  `json:"kind"`
	Case    string          `json:"case"` // empty: that of the first reference, else a new one
	Refs    []LeafName      `json:"refs"`
	Marking string          `json:"marking"` // empty: TLP:AMBER
	Body    json.RawMessage `json:"body"`
	Parts   [][]byte        `json:"parts"` // further parts, plaintext
	By      string          `json:"by"`
}

// Pending is a draft that waits for officers. Said is set once it is said.
type Pending struct {
	ID        string               `json:"id"`   // hex of the digest that officers sign
	Type      string               `json:"type"` // what a signer types: the first 12 characters of it
	Kind      statement.Kind       `json:"kind"`
	Case      string               `json:"case"`
	Refs      []statement.Ref      `json:"refs"`
	Marking   string               `json:"marking"`
	Body      json.RawMessage      `json:"body"`
	By        string               `json:"by"`
	At        int64                `json:"at"` // Unix milliseconds
	Approvals []statement.Approval `json:"approvals"`
	Power     string               `json:"power"`
	Officers  int                  `json:"officers"`
	Roles     []string             `json:"roles"`
	May       []string             `json:"may"`
	Said      *statement.Ref       `json:"said,omitempty"`
	Seen      *RowSeen             `json:"seen,omitempty"` // of what the watch drafted
}

// RowSeen is what the watch drafted a row of.
type RowSeen struct {
	Clause  int      `json:"clause"` // 0: a corrective action
	Count   int64    `json:"count"`  // lines
	AtLeast bool     `json:"at_least"`
	Sensors []string `json:"sensors"`
	From    int64    `json:"from"` // event times, Unix seconds
	To      int64    `json:"to"`
}

// ClauseWatch is how a clause or a corrective action is watched here.
type ClauseWatch struct {
	Party   string       `json:"party"` // whose text it is
	Index   uint64       `json:"index"`
	Clause  int          `json:"clause"` // 0: a corrective action
	From    int64        `json:"from"`   // Unix seconds
	Until   int64        `json:"until"`  // 0: without end
	Queries []QueryWatch `json:"queries"`
}

// QueryWatch says whether a query is run here, and what it has found.
type QueryWatch struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	Why      string `json:"why"`    // why nothing can be observed here; empty: it is run
	Detail   string `json:"detail"` // foreign text
	Found    int64  `json:"found"`  // lines
}

// Sheet is everything that a signer should see before signing.
type Sheet struct {
	Pending
	Act     []byte      `json:"act"` // the exact bytes that are signed
	Facts   []SheetFact `json:"facts"`
	Texts   []SheetText `json:"texts"`
	Effects []Effect    `json:"effects"`
}

// SheetFact is one field of what is signed that is no free text: of the act, or
// of the numbered part that it names. Words is the family of the console's
// catalogue whose codes the values are, as in "accord.level"; empty: data.
type SheetFact struct {
	Name   string   `json:"name"` // "level", "ask", "item/2", ...
	Words  string   `json:"words"`
	Values []string `json:"values"`
}

// SheetText is one text of what is signed, beside what it replaces.
type SheetText struct {
	Part    string   `json:"part"` // "title", "text", "clause/2", "stands-on", ...
	Lang    string   `json:"lang"`
	Text    string   `json:"text"`
	Changes []string `json:"changes"` // lines, each after "+", "-" or " "; null where nothing is replaced
}

// The effects that a sheet names.
const (
	EffectDecideBy   = "decide-by"   // until when the others may consent; a consent is firm until then
	EffectCoolingOff = "cooling-off" // seconds after the last consent in which any party may revoke
	EffectUndo       = "undo-until"
	EffectFrom       = "effective"
	EffectNotice     = "takes-effect" // of a suspension or exit
	EffectEnds       = "until"
	EffectAckBy      = "ack-by" // of a notice: until when the others are to say that they saw it
	EffectAnswerBy   = "answer-by"
	EffectCommitBy   = "commit-by" // until when the others are asked for theirs
	EffectRevealBy   = "reveal-by" // from when the depositary opens what is sealed
	EffectDue        = "due"
	EffectWatched    = "watched-until"
	EffectLater      = "shown-at"    // of what is withheld
	EffectHappened   = "happened"    // when what it tells of began
	EffectHappenedTo = "happened-to" // and ended
	EffectFinal      = "no-undo"     // nothing is recalled; a correction is a new statement
)

// Effect is when something happens: At in Unix seconds, or Seconds after what it
// follows.
type Effect struct {
	Name    string `json:"name"`
	At      int64  `json:"at"`
	Seconds int64  `json:"seconds"`
}

// ApproveRequest brings an officer's signature.
type ApproveRequest struct {
	ID       string             `json:"id"`
	Approval statement.Approval `json:"approval"`
}

// The views of the accord.
const (
	ViewInstruments  = "instruments"
	ViewCase         = "case"
	ViewCompare      = "compare"
	ViewReport       = "report"
	ViewConduct      = "conduct"
	ViewOfficers     = "officers"
	ViewRefused      = "refused"      // of the instruments those that came to nothing, with who refused when
	ViewClocks       = "clocks"       // what is waited for, the next first
	ViewCalendar     = "calendar"     // the same as iCalendar
	ViewRules        = "rules"        // in force, and which amendment made them
	ViewRegistration = "registration" // of one instrument, as a depositary asks for it
)

// AccordQuery asks for a view.
type AccordQuery struct {
	What string
	Case string // of case (empty: all) and compare; of a registration PARTY/N
	Day  string // of report: 2026-01-31; empty: today
	At   string // RFC 3339: as the record could be known then; empty: now
	Lang string // en or ru

	Reader string // the party that reads: what it cannot see is said of a charge
}

// AccordView is a view for people and for programs.
type AccordView struct {
	Text string          `json:"text"`
	Data json.RawMessage `json:"data"`
}

// CaseFile is what of a case may go to a tool.
type CaseFile struct {
	Data []byte `json:"data"`
	Left int    `json:"left"` // statements that said something and are not in it
}

func accordRoutes(mux *board, n Node) {
	post(mux, "accord/drafts", n.AccordDraft)
	post(mux, "accord/approve", n.AccordApprove)
	post(mux, "accord/discard", func(ctx context.Context, r struct {
		ID string `json:"id"`
	},
	) (struct{}, error) {
		return struct{}{}, n.AccordDiscard(ctx, r.ID)
	})
	get(mux, "accord/drafts", bare(n.AccordDrafts))
	get(mux, "accord/watching", bare(n.AccordWatching))
	get(mux, "accord/sheet", named("id", n.AccordSheet))
	get(mux, "accord/case", func(ctx context.Context, v *query) (CaseFile, error) {
		return n.CaseFile(ctx, v.Get("case"), v.Get("format"))
	})
	get(mux, "accord/view", func(ctx context.Context, v *query) (AccordView, error) {
		return n.AccordView(ctx, AccordQuery{What: v.Get("what"), Case: v.Get("case"), Day: v.Get("day"), At: v.Get("at"), Lang: v.Get("lang")})
	})
}

// AccordDraft implements Node, as the methods below do.
func (c *Client) AccordDraft(ctx context.Context, r AccordDraftRequest) (p Pending, err error) {
	return p, c.post(ctx, "accord/drafts", r, &p)
}

// AccordDrafts lists what waits.
func (c *Client) AccordDrafts(ctx context.Context) (p []Pending, err error) {
	return p, c.get(ctx, "accord/drafts", nil, &p)
}

// AccordWatching lists what the watch looks for.
func (c *Client) AccordWatching(ctx context.Context) (w []ClauseWatch, err error) {
	return w, c.get(ctx, "accord/watching", nil, &w)
}

// AccordSheet returns what a signer should see.
func (c *Client) AccordSheet(ctx context.Context, id string) (s Sheet, err error) {
	return s, c.get(ctx, "accord/sheet", url.Values{"id": {id}}, &s)
}

// AccordDiscard drops a draft.
func (c *Client) AccordDiscard(ctx context.Context, id string) error {
	var none struct{}
	return c.post(ctx, "accord/discard", map[string]string{"id": id}, &none)
}

// AccordApprove brings a signature.
func (c *Client) AccordApprove(ctx context.Context, r ApproveRequest) (p Pending, err error) {
	return p, c.post(ctx, "accord/approve", r, &p)
}

// AccordView asks for a view.
func (c *Client) AccordView(ctx context.Context, q AccordQuery) (v AccordView, err error) {
	return v, c.get(ctx, "accord/view", url.Values{"what": {q.What}, "case": {q.Case}, "day": {q.Day}, "at": {q.At}, "lang": {q.Lang}}, &v)
}

// CaseFile exports a case.
func (c *Client) CaseFile(ctx context.Context, id, format string) (f CaseFile, err error) {
	return f, c.get(ctx, "accord/case", url.Values{"case": {id}, "format": {format}}, &f)
}
