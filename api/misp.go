package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"entente/statement"
)

// EventsRequest is a file of MISP events, or the uuids of own ones, to be taken
// in as drafts or, with Share, to be said to other parties, each with its exact
// bytes. Over HTTP, Data is the body and the rest the query.
type EventsRequest struct {
	Account string // of a draft: in whose name; empty: the own party's
	Name    string // as people call it
	Source  string
	Marking string // of what is not marked itself
	Share   bool
	To      []string
	Officer string
	IDs     []string // own events to share
	Data    []byte
}

// EventsResult says what became of each event.
type EventsResult struct {
	Events  []Event         `json:"events"`
	Refs    []statement.Ref `json:"refs"`    // of what was shared
	Marking string          `json:"marking"` // the strictest
	To      []string        `json:"to"`
	Case    string          `json:"case"`
}

// Event is one event that was taken in or said.
type Event struct {
	UUID    string             `json:"uuid"`
	Known   bool               `json:"known"` // the same bytes were there
	Refused *statement.Refusal `json:"refused"`
}

// FeedQuery asks for what a feed may hold.
type FeedQuery struct {
	Clearance string // the strictest label of TLP that its readers may see; TLP:CLEAR: it is for everybody
	Party     string // what was said to this party; empty: all that the own side has
}

// FeedEvent is one event of a feed.
type FeedEvent struct {
	Raw  []byte `json:"raw"`
	Open bool   `json:"open"` // marked as being for everybody
}

func mispRoutes(mux *board, n Node) {
	upload(mux, "events", MaxShare, func(ctx context.Context, q *query, data []byte) (EventsResult, error) {
		return n.Events(ctx, EventsRequest{
			Account: q.Get("account"), Name: q.Get("name"), Source: q.Get("source"), Marking: q.Get("marking"), Share: q.yes("share"), To: q.Values["to"],
			Officer: q.Get("officer"), IDs: q.Values["id"], Data: data,
		})
	})
	mux.HandleFunc("GET /v1/feed", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		lately(w, func(out io.Writer) error {
			lines := json.NewEncoder(out)
			return n.Feed(r.Context(), FeedQuery{Clearance: q.Get("clearance"), Party: q.Get("party")}, func(e FeedEvent) error { return lines.Encode(e) })
		})
	})
}

// Events sends a file of events.
func (c *Client) Events(ctx context.Context, r EventsRequest) (a EventsResult, err error) {
	q := url.Values{"account": {r.Account}, "name": {r.Name}, "source": {r.Source}, "marking": {r.Marking}, "to": r.To, "id": r.IDs, "officer": {r.Officer}}
	if r.Share {
		q.Set("share", "1")
	}
	return a, c.decode(ctx, http.MethodPost, "events", q, bytes.NewReader(r.Data), &a)
}

// Feed calls visit for every event that a feed may hold.
func (c *Client) Feed(ctx context.Context, q FeedQuery, visit func(FeedEvent) error) error {
	b, err := c.do(ctx, http.MethodGet, "feed", url.Values{"clearance": {q.Clearance}, "party": {q.Party}}, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	for d := json.NewDecoder(b); ; {
		var e FeedEvent
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the node's answer: %w", err)
		}
		if err := visit(e); err != nil {
			return err
		}
	}
}
