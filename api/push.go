package api

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
)

// PushRequest asks which objects may go to a tool of the own side.
type PushRequest struct {
	Data    []byte // an envelope or bundle
	Marking string // of what is own and not marked itself
	Officer string // who lets it go
}

// PushResult is what may not.
type PushResult struct {
	Kept []KeptObject `json:"kept"`
}

// KeptObject is one object that stays, and why.
type KeptObject struct {
	N      int    `json:"n"` // its number in the envelope, from 0
	ID     string `json:"id"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func pushRoute(mux *board, n Node) {
	upload(mux, "push", MaxShare, func(ctx context.Context, q *query, data []byte) (PushResult, error) {
		return n.Push(ctx, PushRequest{Data: data, Marking: q.Get("marking"), Officer: q.Get("officer")})
	})
}

// Push asks which objects may go to a tool of the own side.
func (c *Client) Push(ctx context.Context, r PushRequest) (a PushResult, err error) {
	return a, c.decode(ctx, http.MethodPost, "push", url.Values{"marking": {r.Marking}, "officer": {r.Officer}}, bytes.NewReader(r.Data), &a)
}
