package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"entente/statement"
)

// toldLine is one line of an answer that takes long: how far it has come, then
// the result or why there is none.
type toldLine[A any] struct {
	Done    int64    `json:"done,omitempty"`
	Total   int64    `json:"total,omitempty"`
	Result  *A       `json:"result,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
}

// toldPause is how often progress is told.
const toldPause = 100 * time.Millisecond

// toldly answers a JSON request of at most limit bytes in lines.
func toldly[Q, A any](limit int64, f func(ctx context.Context, q Q, told func(done, total int64)) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, err := decoded[Q](w, r, limit)
		if err != nil {
			answer(w, nil, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		out := json.NewEncoder(w)
		last := time.Now()
		result, err := f(r.Context(), q, func(done, total int64) {
			if time.Since(last) < toldPause {
				return
			}
			last = time.Now()
			_ = out.Encode(toldLine[A]{Done: done, Total: total}) // the result says whether anybody listens
			_ = http.NewResponseController(w).Flush()
		})
		if err != nil {
			f := failureOf(err)
			_ = out.Encode(toldLine[A]{Failure: &f})
			return
		}
		_ = out.Encode(toldLine[A]{Result: &result})
	}
}

// askTold sends what toldly answers.
func askTold[A, Q any](ctx context.Context, c *Client, path string, q Q, told func(done, total int64)) (none A, err error) {
	b, err := json.Marshal(q)
	if err != nil {
		return none, err
	}
	body, err := c.do(ctx, http.MethodPost, path, nil, bytes.NewReader(b))
	if err != nil {
		return none, err
	}
	defer body.Close()
	in := json.NewDecoder(bufio.NewReader(body))
	for {
		var l toldLine[A]
		if err := in.Decode(&l); err != nil {
			return none, fmt.Errorf("read the node's answer: %w", err)
		}
		switch {
		case l.Result != nil:
			return *l.Result, nil
		case l.Failure != nil && l.Failure.Code == Internal:
			return none, errors.New(l.Failure.Detail)
		case l.Failure != nil:
			return none, statement.Refuse(statement.Code(l.Failure.Code), "%s", l.Failure.Detail)
		case told != nil:
			told(l.Done, l.Total)
		}
	}
}
