package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"entente/border"
	"entente/statement"
)

// RetractionRequest names what the own party takes back: a statement, or some of
// its items or objects by their numbers; or an object by its id, in the given
// versions or all, wherever the own party said it.
type RetractionRequest struct {
	Index    *uint64  `json:"index"`
	Items    []int    `json:"items"`
	ID       string   `json:"id"`
	Versions []string `json:"versions"`
	Reason   string   `json:"reason"`
}

// RetractionResult is what was taken back.
type RetractionResult struct {
	Refs   []statement.Ref `json:"refs"`   // of the retractions
	Bodies int             `json:"bodies"` // of the object that was named
}

// RetractionQuery asks for the newest retractions of a party.
type RetractionQuery struct {
	Party string // empty: the own
	Limit int
}

// Retractions is what a party took back, newest first.
type Retractions struct {
	Items []Retraction `json:"items"`
}

// Retraction is one retraction and its receipts.
type Retraction struct {
	Index  uint64             `json:"index"`
	Of     uint64             `json:"of"`     // the statement
	Ranges []border.ItemRange `json:"ranges"` // none: everything
	Reason string             `json:"reason"`
	To     []string           `json:"to"`
	Acks   []Ack              `json:"acks"`
	Open   []string           `json:"open"` // who has not acknowledged it yet
}

// StoredQuery asks for objects: a page of a scope, or with Claims every body
// that anybody ever said for an id.
type StoredQuery struct {
	Scope  string // "own", "accepted" or a party id
	ID     string
	Type   string
	All    bool // all versions, not the last only
	Claims bool
	After  int64 // Unix microseconds
	Limit  int
}

// StoredObjects is one page of objects.
type StoredObjects struct {
	Items []StoredObject `json:"items"`
	More  bool           `json:"more"`
}

// StoredObject is one object, or one body of an id.
type StoredObject struct {
	ID        string           `json:"id"`
	Type      string           `json:"type"`
	Version   string           `json:"version"`
	Added     int64            `json:"added"` // when it came here, Unix microseconds
	Party     string           `json:"party"` // who signed it
	Index     uint64           `json:"index"`
	N         int              `json:"n"` // its number in the statement
	Marking   string           `json:"marking"`
	Revoked   bool             `json:"revoked"`
	Retracted *uint64          `json:"retracted"` // by this statement of its log
	Standing  string           `json:"standing"`  // "", "claim", "again", or why it is refused
	Hash      statement.Digest `json:"hash"`
	Raw       []byte           `json:"raw"` // the exact bytes
}

// StoredShare names own objects, drafts among them, that are to go to others: the
// last version of each.
type StoredShare struct {
	IDs     []string `json:"ids"` // all of STIX, or all uuids of MISP events
	Name    string   `json:"name"`
	Marking string   `json:"marking"`
	To      []string `json:"to"`
	Officer string   `json:"officer"`
	Digest  string   `json:"digest"` // of what was shown; empty: show it
}

// StoredShared is what would go, or went.
type StoredShared struct {
	To      []string        `json:"to"`
	Group   string          `json:"group"`
	Objects []ShownObject   `json:"objects"`
	Left    []ShownObject   `json:"left"` // what stays, with the reason
	Digest  string          `json:"digest"`
	Refs    []statement.Ref `json:"refs"` // of what was said
}

// ShownObject is one object as its readers would have it.
type ShownObject struct {
	ID       string         `json:"id"`
	Marking  string         `json:"marking"`
	Raw      []byte         `json:"raw"`
	Redacted bool           `json:"redacted"` // something of it is kept back
	Code     statement.Code `json:"code"`
	Detail   string         `json:"detail"`
}

// ShareStored shows or says own objects.
func (c *Client) ShareStored(ctx context.Context, r StoredShare) (s StoredShared, err error) {
	return s, c.post(ctx, "objects/share", r, &s)
}

// objectRoutes answer what is about objects.
func objectRoutes(mux *board, n Node) {
	mux.HandleFunc("GET /v1/objects/export", func(w http.ResponseWriter, r *http.Request) {
		lately(w, func(out io.Writer) error { return n.Export(r.Context(), r.URL.Query().Get("scope"), out) })
	})
	post(mux, "retract", n.Retract)
	post(mux, "objects/share", n.ShareStored)
	get(mux, "retractions", func(ctx context.Context, q *query) (Retractions, error) {
		a := RetractionQuery{Party: q.Get("party"), Limit: q.number("limit", 50, 1000)}
		if q.err != nil {
			return Retractions{}, q.err
		}
		return n.Retractions(ctx, a)
	})
	get(mux, "objects", func(ctx context.Context, q *query) (StoredObjects, error) {
		a := StoredQuery{
			Scope: q.Get("scope"), ID: q.Get("id"), Type: q.Get("type"), All: q.yes("all"), Claims: q.yes("claims"), Limit: q.number("limit", 50, 1000),
		}
		if text := q.Get("after"); text != "" {
			after, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return StoredObjects{}, statement.Refuse(statement.CodeRequest, "after is a number of microseconds")
			}
			a.After = after
		}
		if q.err != nil {
			return StoredObjects{}, q.err
		}
		return n.Objects(ctx, a)
	})
}

// lately streams an answer whose failure may show late.
func lately(w http.ResponseWriter, f func(io.Writer) error) {
	out := &lateWriter{w: w}
	err := f(out)
	switch {
	case err == nil:
	case !out.began:
		answer(w, nil, err)
	default:
		panic(http.ErrAbortHandler) // the reader must not take half of it for all
	}
}

// Retract takes back what the own party said.
func (c *Client) Retract(ctx context.Context, r RetractionRequest) (a RetractionResult, err error) {
	return a, c.post(ctx, "retract", r, &a)
}

// Retractions lists what a party took back, and who has acknowledged it.
func (c *Client) Retractions(ctx context.Context, q RetractionQuery) (a Retractions, err error) {
	v := paging(q.Limit, 0)
	v.Set("party", q.Party)
	return a, c.get(ctx, "retractions", v, &a)
}

// Objects lists objects.
func (c *Client) Objects(ctx context.Context, q StoredQuery) (a StoredObjects, err error) {
	v := paging(q.Limit, 0)
	for name, text := range map[string]string{"scope": q.Scope, "id": q.ID, "type": q.Type, "after": strconv.FormatInt(q.After, 10)} {
		v.Set(name, text)
	}
	setOne(v, "all", q.All)
	setOne(v, "claims", q.Claims)
	return a, c.get(ctx, "objects", v, &a)
}

// Export writes the last versions of what a scope holds as a STIX bundle.
func (c *Client) Export(ctx context.Context, scope string, w io.Writer) error {
	b, err := c.do(ctx, http.MethodGet, "objects/export", url.Values{"scope": {scope}}, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	_, err = io.Copy(w, b)
	return err
}
