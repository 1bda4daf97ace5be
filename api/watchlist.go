package api

import (
	"context"
	"net/url"

	"entente/observable"
)

// WatchlistNode is the part of a node that opens lists to questions, and asks.
type WatchlistNode interface {
	WatchlistOpen(ctx context.Context, r WatchlistOpen) (WatchlistMade, error)
	WatchlistAsk(ctx context.Context, r WatchlistAsk) (WatchlistMade, error)
	WatchlistClose(ctx context.Context, r WatchlistClose) (Watchlist, error)
	Watchlists(ctx context.Context) ([]Watchlist, error)
	Watchlist(ctx context.Context, id string) (Watchlist, error)
}

func watchlistRoutes(mux *board, n Node) {
	postUpTo(mux, "match/watchlist/open", MaxMatch, n.WatchlistOpen)
	postUpTo(mux, "match/watchlist/ask", MaxMatch, n.WatchlistAsk)
	post(mux, "match/watchlist/close", n.WatchlistClose)
	get(mux, "match/watchlists", bare(n.Watchlists))
	get(mux, "match/watchlist", named("list", n.Watchlist))
}

// WatchlistOpen implements Node.
func (c *Client) WatchlistOpen(ctx context.Context, r WatchlistOpen) (out WatchlistMade, err error) {
	return out, c.post(ctx, "match/watchlist/open", r, &out)
}

// WatchlistAsk implements Node.
func (c *Client) WatchlistAsk(ctx context.Context, r WatchlistAsk) (out WatchlistMade, err error) {
	return out, c.post(ctx, "match/watchlist/ask", r, &out)
}

// WatchlistClose implements Node.
func (c *Client) WatchlistClose(ctx context.Context, r WatchlistClose) (out Watchlist, err error) {
	return out, c.post(ctx, "match/watchlist/close", r, &out)
}

// Watchlists implements Node.
func (c *Client) Watchlists(ctx context.Context) (out []Watchlist, err error) {
	return out, c.get(ctx, "match/watchlists", nil, &out)
}

// Watchlist implements Node.
func (c *Client) Watchlist(ctx context.Context, id string) (out Watchlist, err error) {
	return out, c.get(ctx, "match/watchlist", url.Values{"list": {id}}, &out)
}

// WatchlistOpen opens the items of files to a partner's questions.
type WatchlistOpen struct {
	To      string            `json:"to"`
	Purpose string            `json:"purpose"`
	Types   []observable.Type `json:"types"`
	Files   []MatchFile       `json:"files"`
	Budget  int               `json:"budget"`  // items that may be asked about, dummies included; 0: all that the partner has left
	Seconds int64             `json:"seconds"` // how long it is open; 0: a week
	Echo    bool              `json:"echo"`    // the partner must prove its hits
	Step    int64             `json:"step"`    // seconds that one side may let the other wait; 0: an hour
}

// WatchlistAsk asks a list of a partner's about the items of files.
type WatchlistAsk struct {
	List  string      `json:"list"` // its id, or the beginning of it
	Files []MatchFile `json:"files"`
	Echo  bool        `json:"echo"` // agree to prove hits to a list that demands it
}

// WatchlistClose ends a list.
type WatchlistClose struct {
	List string `json:"list"`
}

// WatchlistMade is a list that was opened or asked, with what was read of files; or
// one that waits as a draft for officers to sign, and is no list yet.
type WatchlistMade struct {
	List  Watchlist `json:"list"`
	Draft *Pending  `json:"draft,omitempty"`
	Read  MatchRead `json:"read"`
}

// Watchlist is one list as it stands in the logs, with what only the own side
// knows.
type Watchlist struct {
	ID      string            `json:"id"` // of the statement that opened it
	From    string            `json:"from"`
	To      string            `json:"to"`
	Purpose string            `json:"purpose"`
	Types   []observable.Type `json:"types"`
	State   string            `json:"state"`  // open, over, closed, broken
	Tokens  int               `json:"tokens"` // items, filled up to a size class
	Root    string            `json:"root"`   // of the token file
	Budget  int               `json:"budget"`
	Left    int               `json:"left"`
	Echo    bool              `json:"echo"`
	Opened  int64             `json:"opened"` // Unix milliseconds
	Until   int64             `json:"until"`
	EndedBy string            `json:"ended_by,omitempty"` // party
	Code    string            `json:"code,omitempty"`     // why it is broken
	Own     string            `json:"own,omitempty"`      // owner, asker, or empty for neither
	Waits   string            `json:"waits,omitempty"`    // of the asker: for the file, or for an answer
	Done    int               `json:"done"`               // blocks of the file
	Total   int               `json:"total"`
	Trouble string            `json:"trouble,omitempty"` // why the last question was not asked, or the next is not answered
	Batches []WatchlistBatch  `json:"batches"`
	// Hourly is how many items the own watch asks about each hour, 0 if it does not;
	// Waiting what it has seen and not asked about yet, Dropped what it never could.
	Hourly  int    `json:"hourly,omitempty"`
	Waiting int    `json:"waiting,omitempty"`
	Dropped int64  `json:"dropped,omitempty"`
	Files   string `json:"files,omitempty"` // folder of evidence and receipts, in the data folder
}

// WatchlistBatch is one question.
type WatchlistBatch struct {
	Number int    `json:"number"`
	Items  int    `json:"items"` // dummies included
	Asked  int64  `json:"asked"` // Unix milliseconds
	State  string `json:"state"` // asked, answered, read, refused, void
	Code   string `json:"code,omitempty"`
	// Hits are what the asker found, and for the owner what was proved to it.
	Hits []WatchlistHit `json:"hits,omitempty"`
	// Lost says that the question cannot be opened any more: its blinds are gone.
	Lost bool `json:"lost,omitempty"`
	// Bare is how many hits have no receipt: what is kept of one partner's lists has a bound.
	Bare int `json:"bare,omitempty"`
}

// WatchlistHit is an item that was asked about and is on the list.
type WatchlistHit struct {
	Type  observable.Type `json:"type"`
	Value string          `json:"value"`
	At    int64           `json:"at"` // when it was found, Unix milliseconds
}
