package api

import (
	"context"
	"net/url"

	"entente/match"
	"entente/observable"
	"entente/statement"
)

// MaxMatch is the largest request with files of items, in bytes; of a file, its
// base64 counts.
const MaxMatch = 192 << 20

// MatchNode is the part of a node that finds what both hold.
type MatchNode interface {
	MatchGroupNode
	// MatchStock commits to items, so that it can be shown later since when they
	// are held.
	MatchStock(ctx context.Context, r MatchStock) (MatchStocked, error)
	MatchOffer(ctx context.Context, r MatchOffer) (MatchMade, error)
	MatchConsent(ctx context.Context, r MatchConsent) (MatchMade, error)
	MatchAgree(ctx context.Context, r MatchAgree) (MatchRun, error)
	// MatchLists are the warning lists that both sides of a run may leave out.
	MatchLists(ctx context.Context) ([]MatchList, error)
	MatchRuns(ctx context.Context) ([]MatchRun, error)
	MatchRun(ctx context.Context, id string) (MatchRun, error)
	// MatchBudgets says how many items each side may still bring, by partner and
	// class, in this epoch of the charter.
	MatchBudgets(ctx context.Context) ([]MatchBudget, error)
}

func matchRoutes(mux *board, n Node) {
	postUpTo(mux, "match/stock", MaxMatch, n.MatchStock)
	postUpTo(mux, "match/offer", MaxMatch, n.MatchOffer)
	postUpTo(mux, "match/consent", MaxMatch, n.MatchConsent)
	post(mux, "match/agree", n.MatchAgree)
	matchGroupRoutes(mux, n)
	get(mux, "match/runs", bare(n.MatchRuns))
	get(mux, "match/run", named("run", n.MatchRun))
	get(mux, "match/lists", bare(n.MatchLists))
	get(mux, "match/budgets", bare(n.MatchBudgets))
}

// MatchStock implements Node.
func (c *Client) MatchStock(ctx context.Context, r MatchStock) (out MatchStocked, err error) {
	return out, c.post(ctx, "match/stock", r, &out)
}

// MatchOffer implements Node.
func (c *Client) MatchOffer(ctx context.Context, r MatchOffer) (out MatchMade, err error) {
	return out, c.post(ctx, "match/offer", r, &out)
}

// MatchConsent implements Node.
func (c *Client) MatchConsent(ctx context.Context, r MatchConsent) (out MatchMade, err error) {
	return out, c.post(ctx, "match/consent", r, &out)
}

// MatchAgree implements Node.
func (c *Client) MatchAgree(ctx context.Context, r MatchAgree) (out MatchRun, err error) {
	return out, c.post(ctx, "match/agree", r, &out)
}

// MatchRuns implements Node.
func (c *Client) MatchRuns(ctx context.Context) (out []MatchRun, err error) {
	return out, c.get(ctx, "match/runs", nil, &out)
}

// MatchRun implements Node.
func (c *Client) MatchRun(ctx context.Context, id string) (out MatchRun, err error) {
	return out, c.get(ctx, "match/run", url.Values{"run": {id}}, &out)
}

// MatchBudgets implements Node.
func (c *Client) MatchBudgets(ctx context.Context) (out []MatchBudget, err error) {
	return out, c.get(ctx, "match/budgets", nil, &out)
}

// MatchLists implements Node.
func (c *Client) MatchLists(ctx context.Context) (out []MatchList, err error) {
	return out, c.get(ctx, "match/lists", nil, &out)
}

// MatchList is a warning list that this node holds.
type MatchList struct {
	Name    string           `json:"name"`
	Kind    string           `json:"kind"`
	Entries int              `json:"entries"`
	Digest  statement.Digest `json:"digest"` // of its content: both sides must hold it alike
}

// MatchFile is a file of items of the own side. It never leaves the machine.
type MatchFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// MatchOffer asks a partner for a run.
type MatchOffer struct {
	To       string            `json:"to"`
	Purpose  string            `json:"purpose"`
	Count    bool              `json:"count"` // how many both hold, and never which
	Types    []observable.Type `json:"types"`
	Files    []MatchFile       `json:"files"`
	Exclude  []string          `json:"exclude"`  // warning lists that both leave out: names, or beginnings of digests
	Observer string            `json:"observer"` // party id, or empty
	Release  bool              `json:"release"`  // the observer's node takes both lists of names, and gives them out together
	Audit    int               `json:"audit"`    // unmatched items that each side opens; 0: as many as the rules demand
	Sees     string            `json:"sees"`     // who sees them: partner, observer, or empty for the partner
	Step     int64             `json:"step"`     // seconds that one side may let the other wait; 0: an hour
	// UpTo is up to how many matches the own side agrees, without asking anybody,
	// to learn and show which they are.
	UpTo int `json:"up_to"`
}

// MatchConsent accepts a partner's offer.
type MatchConsent struct {
	Run   string      `json:"run"` // a run's id, or the beginning of it
	Files []MatchFile `json:"files"`
	UpTo  int         `json:"up_to"`
}

// MatchStock commits to items in the own log, so that it can be shown later
// since when they are held.
type MatchStock struct {
	Types []observable.Type `json:"types"`
	Files []MatchFile       `json:"files"`
}

// MatchStocked is what became of it.
type MatchStocked struct {
	Ref   statement.Ref    `json:"ref"`
	Root  statement.Digest `json:"root"`
	Items int              `json:"items"`
	Read  MatchRead        `json:"read"`
}

// MatchRead is what was read of files.
type MatchRead struct {
	Items    int `json:"items"`    // distinct, of the types of the run
	Other    int `json:"other"`    // of other types
	Common   int `json:"common"`   // left out: on a warning list, or one's own
	Excluded int `json:"excluded"` // on a list that both leave out
	Skipped  int `json:"skipped"`  // rows without a value
	NotAged  int `json:"not_aged"` // in no stock that is old enough
}

// MatchMade is a run that was offered or consented to, or waits for that as a
// draft: then officers must sign, and of an offer there is no run yet.
type MatchMade struct {
	Run   MatchRun  `json:"run"`
	Draft *Pending  `json:"draft,omitempty"`
	Items int       `json:"items"` // of the own list, dummies included
	Read  MatchRead `json:"read"`
}

// MatchRun is one run as it stands in the logs, with what only the own side
// knows.
type MatchRun struct {
	ID       string            `json:"id"` // of the offer: SHA-256
	SID      string            `json:"sid,omitempty"`
	From     string            `json:"from"`
	To       string            `json:"to"`
	Purpose  string            `json:"purpose"`
	Mode     string            `json:"mode"`
	Types    []observable.Type `json:"types"`
	State    match.State       `json:"state"`
	Offered  int64             `json:"offered"`
	Items    map[string]int    `json:"items"` // of each side, by party, dummies included
	Observer string            `json:"observer,omitempty"`
	// Exclude are the digests of the warning lists that both leave out.
	Exclude []statement.Digest `json:"exclude,omitempty"`
	// Release is the observer's word, where names go through it; by itself whether they do.
	Release  string   `json:"release,omitempty"`  // waits, released, or the code of why not
	Withheld []string `json:"withheld,omitempty"` // parties whom it names for that
	// Void are the offer and the consents that are not the position of those in
	// whose logs they stand: they move nothing.
	Void []MatchVoid `json:"void,omitempty"`
	// Guesses is how many items the partner may test in this run, and Left what
	// remains of its budget towards the own side in this epoch.
	Guesses int `json:"guesses"`
	Left    int `json:"left"`
	// Own is whether this side takes part. Guesses, Left and what follows as far as
	// File are known to it alone; the rest is in the logs.
	Own     bool         `json:"own"`
	Waits   string       `json:"waits,omitempty"` // for what: consent, count, partner
	Done    int          `json:"done"`            // chunks
	Total   int          `json:"total"`
	Locked  int          `json:"locked,omitempty"`  // own items, while the list is being locked
	ToLock  int          `json:"to_lock,omitempty"` // 0: it is
	TimeMS  int64        `json:"time_left_ms,omitempty"`
	Count   int          `json:"count"` // of what both hold; -1 if not known
	Fault   string       `json:"fault,omitempty"`
	Guilty  string       `json:"guilty,omitempty"` // party
	Matches []MatchFound `json:"matches,omitempty"`
	Audited int          `json:"audited"`        // of the partner's unmatched items
	File    string       `json:"file,omitempty"` // the transcript, in the data folder

	Class string `json:"class,omitempty"` // empty: none that this side knows
	Epoch uint64 `json:"epoch"`           // of the charter
	Step  int64  `json:"step"`            // seconds that one side may let the other wait
	Aged  int64  `json:"aged"`            // seconds that an item must have stood in the log
	Audit int    `json:"audit"`           // unmatched items that each side opens
	Sees  string `json:"sees"`            // who sees them
	// Consented is when the offer was consented to, and Expires when the consent
	// no longer counts if nobody has begun; Ended is the last word of the logs on a
	// run that is over. Unix milliseconds, by the claim of whoever said it; 0: not.
	Consented int64       `json:"consented,omitempty"`
	Expires   int64       `json:"expires,omitempty"`
	Ended     int64       `json:"ended,omitempty"`
	Code      string      `json:"code,omitempty"` // reason code of the fault, or of the abort in the logs
	Sides     []MatchSide `json:"sides"`          // who offered, then the other
	Trail     []MatchMark `json:"trail"`
}

// MatchSide is what one side brings to a run, by its own word in the log.
type MatchSide struct {
	Party  string `json:"party"`
	Items  int    `json:"items"`  // dummies included; 0: not said yet
	Stocks int    `json:"stocks"` // earlier commitments that it names
	// Left and After are how many items the other side may still bring towards
	// this one, before the run and after it.
	Left  int `json:"left"`
	After int `json:"after"`
}

// MatchMark is one statement of a run in the logs.
type MatchMark struct {
	What  string `json:"what"` // offer, consent, begin, commit, returned, closing, abort
	Party string `json:"party"`
	Index uint64 `json:"index"`
	Time  int64  `json:"time"` // claimed, Unix milliseconds
	// Code and Blames are of an abort: why, and who answers for it, if anybody.
	Code   string `json:"code,omitempty"`
	Blames string `json:"blames,omitempty"`
}

// MatchBudget is how many items two parties may still bring towards each other
// in one class and epoch. A run counts from the moment both sides have signed.
type MatchBudget struct {
	Party string            `json:"party"` // the partner
	Class string            `json:"class"`
	Types []observable.Type `json:"types"`
	Epoch uint64            `json:"epoch"`
	Most  int               `json:"most"` // that the partner may bring in an epoch; a bound of 2^53-1 is none
	Left  int               `json:"left"` // of them, by the record
	// Ours is how many this side may still bring, as the partner last said, and Said
	// when: Unix milliseconds, 0 if it has not in this epoch.
	Ours int   `json:"ours"`
	Said int64 `json:"said,omitempty"`
}

// MatchVoid is an offer or a consent that moves nothing.
type MatchVoid struct {
	Party string `json:"party"`
	Index uint64 `json:"index"` // in its log
	Why   string `json:"why"`   // no-power, repeated
}

// MatchFound is an item that both hold.
type MatchFound struct {
	Type  observable.Type `json:"type"`
	Value string          `json:"value"`
	// Ours and Theirs are since when each side's log commits to it, Unix
	// milliseconds; 0: not before the run.
	Ours   int64 `json:"ours"`
	Theirs int64 `json:"theirs"`
}

// MatchAgree answers the count of a run: show and learn which items they are.
type MatchAgree struct {
	Run  string `json:"run"`
	Stop bool   `json:"stop"` // end the run instead
}
