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
	mux.HandleFunc("POST /v1/push", func(w http.ResponseWriter, r *http.Request) {
		data, err := readAll(w, r, MaxShare)
		if err != nil {
			answer(w, nil, err)
			return
		}
		q := r.URL.Query()
		v, err := n.Push(r.Context(), PushRequest{Data: data, Marking: q.Get("marking"), Officer: q.Get("officer")})
		answer(w, v, err)
	})
}

// Push asks which objects may go to a tool of the own side.
func (c *Client) Push(ctx context.Context, r PushRequest) (a PushResult, err error) {
	return a, c.decode(ctx, http.MethodPost, "push", url.Values{"marking": {r.Marking}, "officer": {r.Officer}}, bytes.NewReader(r.Data), &a)
}
