package api

import (
	"context"
	"net/http"
	"net/url"

	"entente/observable"
	"entente/statement"
)

// MaxMatch is the largest request with files of items, in bytes; of a file, its
// base64 counts.
const MaxMatch = 192 << 20

// MatchNode is the part of a node that finds what both hold.
type MatchNode interface {
	// MatchStock commits to items, so that it can be shown later since when they
	// are held.
	MatchStock(ctx context.Context, r MatchStock) (MatchStocked, error)
	MatchOffer(ctx context.Context, r MatchOffer) (MatchMade, error)
	MatchConsent(ctx context.Context, r MatchConsent) (MatchMade, error)
	MatchAgree(ctx context.Context, r MatchAgree) (MatchRun, error)
	MatchRuns(ctx context.Context) ([]MatchRun, error)
	MatchRun(ctx context.Context, id string) (MatchRun, error)
}

func matchRoutes(mux *board, n Node) {
	large(mux, "match/stock", n.MatchStock)
	large(mux, "match/offer", n.MatchOffer)
	large(mux, "match/consent", n.MatchConsent)
	post(mux, "match/agree", n.MatchAgree)
	mux.HandleFunc("GET /v1/match/runs", func(w http.ResponseWriter, r *http.Request) {
		v, err := n.MatchRuns(r.Context())
		answer(w, v, err)
	})
	mux.HandleFunc("GET /v1/match/run", func(w http.ResponseWriter, r *http.Request) {
		v, err := n.MatchRun(r.Context(), r.URL.Query().Get("run"))
		answer(w, v, err)
	})
}

// large is post for requests that hold files.
func large[Q, A any](mux *board, path string, f func(context.Context, Q) (A, error)) {
	mux.HandleFunc("POST /v1/"+path, func(w http.ResponseWriter, r *http.Request) {
		var q Q
		body, err := readAll(w, r, MaxMatch)
		if err == nil {
			err = statement.Decode(body, MaxMatch, &q)
		}
		if err != nil {
			answer(w, nil, err)
			return
		}
		v, err := f(r.Context(), q)
		answer(w, v, err)
	})
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
	Observer string            `json:"observer"` // party id, or empty
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
	Items   int `json:"items"`    // distinct, of the types of the run
	Other   int `json:"other"`    // of other types
	Common  int `json:"common"`   // left out: on a warning list, or one's own
	Skipped int `json:"skipped"`  // rows without a value
	NotAged int `json:"not_aged"` // in no stock that is old enough
}

// MatchMade is a run that was offered or consented to.
type MatchMade struct {
	Run  MatchRun  `json:"run"`
	Read MatchRead `json:"read"`
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
	State    string            `json:"state"` // offered, consented, agreed, committed, compared, closed, aborted
	Offered  int64             `json:"offered"`
	Items    map[string]int    `json:"items"` // of each side, by party, dummies included
	Observer string            `json:"observer,omitempty"`
	// Guesses is how many items the partner may test in this run, Left and Before
	// what remains of its budget towards the own side in this epoch.
	Guesses int `json:"guesses"`
	Left    int `json:"left"`
	// Own is whether this side takes part; the rest is known to it alone.
	Own     bool         `json:"own"`
	Waits   string       `json:"waits,omitempty"` // for what: consent, count, partner
	Done    int          `json:"done"`            // chunks
	Total   int          `json:"total"`
	Count   int          `json:"count"` // of what both hold; -1 if not known
	Fault   string       `json:"fault,omitempty"`
	Guilty  string       `json:"guilty,omitempty"` // party
	Matches []MatchFound `json:"matches,omitempty"`
	Audited int          `json:"audited"`        // of the partner's unmatched items
	File    string       `json:"file,omitempty"` // the transcript, in the data folder
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
