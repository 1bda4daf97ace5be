package api

import (
	"context"

	"entente/statement"
	"entente/watch/incident"
)

// MaxSearchText is the most bytes of a text to search for.
const MaxSearchText = 512

// The places that a search looks in.
const (
	InArchive    = "archive"
	InAlerts     = "alerts" // and incidents
	InStatements = "statements"
)

// SearchPlaces returns them in the order of the answer.
func SearchPlaces() []string { return []string{InArchive, InAlerts, InStatements} }

// SearchRequest asks where a text stands. Letter case of A to Z is ignored.
type SearchRequest struct {
	Text  string   `json:"text"`  // UTF-8 without control characters, 1 to MaxSearchText bytes
	In    []string `json:"in"`    // of SearchPlaces; none: all of them
	Limit int      `json:"limit"` // shown of each kind; 0: 20, at most 500
	Plain bool     `json:"plain"` // text even if it is a value
}

// SearchResult is what was found. A place that was not asked for is null.
type SearchResult struct {
	Type       string            `json:"type"`  // of the value that the text is; empty for other text
	Value      string            `json:"value"` // canonical
	Archive    *SearchArchive    `json:"archive"`
	Alerts     *SearchAlerts     `json:"alerts"`
	Statements *SearchStatements `json:"statements"`
	Seconds    float64           `json:"seconds"`
}

// Why a search stopped before it had looked everywhere.
const (
	StoppedEnough = "enough" // as many as are shown
	StoppedTime   = "time"
	StoppedBytes  = "bytes"
)

// SearchArchive is what the archive holds. The search goes from what was
// archived last to what was archived first.
type SearchArchive struct {
	Off     bool   `json:"off"`     // this node keeps none
	Events  int64  `json:"events"`  // in the archive
	Looked  int64  `json:"looked"`  // those archived last, which were decided about
	Since   int64  `json:"since"`   // the earliest time of an event among them; 0 where it is not known
	Stopped string `json:"stopped"` // why no further; empty when all were looked at
	Damaged bool   `json:"damaged"` // a part could not be read
	Count   int64  `json:"count"`   // lines found
	Lines   []Hit  `json:"lines"`   // newest event first; of other text without field, seen and rule
}

// SearchAlerts is what is known of own logs, newest first.
type SearchAlerts struct {
	Incidents      []incident.Incident `json:"incidents"`       // by value, asset or title; without acts and givers
	TotalIncidents int                 `json:"total_incidents"` // that hold the text
	Items          []Alert             `json:"items"`           // by value, title, list, note or file
	More           bool                `json:"more"`            // items are not all
	Stopped        string              `json:"stopped"`         // StoppedTime if so
}

// SearchStatements is what this node can read of the record, newest first.
type SearchStatements struct {
	Items   []SearchStatement `json:"items"`
	More    bool              `json:"more"`
	Stopped string            `json:"stopped"` // StoppedTime if so
}

// SearchStatement is one statement that holds the text.
type SearchStatement struct {
	Party string         `json:"party"`
	Index uint64         `json:"index"`
	Time  int64          `json:"time"` // claimed
	Kind  statement.Kind `json:"kind"`
	Case  string         `json:"case"`
	List  string         `json:"list"`  // name, of a list of indicators
	Item  *HuntValue     `json:"item"`  // the first of the list that holds the text
	Where string         `json:"where"` // what of its body holds it, with its name
}

// Search looks for a text; told, if not nil, hears how far the archive has been looked through.
func (c *Client) Search(ctx context.Context, r SearchRequest, told func(done, total int64)) (SearchResult, error) {
	return askTold[SearchResult](ctx, c, "search", r, told)
}
