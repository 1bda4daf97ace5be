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

// HuntRequest asks what the archive holds of some values.
type HuntRequest struct {
	Values []HuntValue `json:"values"`
	Limit  int         `json:"limit"` // earliest lines shown of each value; at most 100
}

// HuntValue is one value to look for, as an indicator would name it.
type HuntValue struct {
	Type  string `json:"type"`
	Value string `json:"value"` // canonical
}

// HuntResult is what was found. An empty result over an archive says no more
// than what Events and Since say.
type HuntResult struct {
	Values   int         `json:"values"`   // looked for
	Events   int64       `json:"events"`   // in the archive
	Segments int         `json:"segments"` // complete ones
	Since    int64       `json:"since"`    // the earliest event in a segment
	Seconds  float64     `json:"seconds"`
	Found    []HuntFound `json:"found"`
}

// HuntFound is one value that own logs hold.
type HuntFound struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Count uint64 `json:"count"` // lines
	First int64  `json:"first"` // times of events; 0 where no line has one
	Last  int64  `json:"last"`
	Dwell int64  `json:"dwell"` // milliseconds from the first to now
	Hits  []Hit  `json:"hits"`  // the earliest
}

// Dwell is how long ago first was, both in Unix milliseconds; 0 where it is not known.
func Dwell(first int64, now time.Time) int64 {
	if first == 0 {
		return 0
	}
	return max(now.UnixMilli()-first, 0)
}

// huntLine is one line of the answer: how far it has come, then the result or
// why there is none.
type huntLine struct {
	Done    int64       `json:"done,omitempty"`
	Total   int64       `json:"total,omitempty"`
	Result  *HuntResult `json:"result,omitempty"`
	Failure *Failure    `json:"failure,omitempty"`
}

// huntPause is how often progress is told.
const huntPause = 100 * time.Millisecond

func hunt(n Node) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := readAll(w, r, MaxShare)
		var q HuntRequest
		if err == nil {
			err = statement.Decode(body, MaxShare, &q)
		}
		if err != nil {
			answer(w, nil, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		out := json.NewEncoder(w)
		last := time.Now()
		result, err := n.Hunt(r.Context(), q, func(done, total int64) {
			if time.Since(last) < huntPause {
				return
			}
			last = time.Now()
			_ = out.Encode(huntLine{Done: done, Total: total}) // the result says whether anybody listens
			_ = http.NewResponseController(w).Flush()
		})
		if err != nil {
			f := failureOf(err)
			_ = out.Encode(huntLine{Failure: &f})
			return
		}
		_ = out.Encode(huntLine{Result: &result})
	}
}

// Hunt looks for values in the archive; told, if not nil, hears how far it has come.
func (c *Client) Hunt(ctx context.Context, r HuntRequest, told func(done, total int64)) (HuntResult, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return HuntResult{}, err
	}
	body, err := c.do(ctx, http.MethodPost, "hunt", nil, bytes.NewReader(b))
	if err != nil {
		return HuntResult{}, err
	}
	defer body.Close()
	in := json.NewDecoder(bufio.NewReader(body))
	for {
		var l huntLine
		if err := in.Decode(&l); err != nil {
			return HuntResult{}, fmt.Errorf("read the node's answer: %w", err)
		}
		switch {
		case l.Result != nil:
			return *l.Result, nil
		case l.Failure != nil && l.Failure.Code == Internal:
			return HuntResult{}, errors.New(l.Failure.Detail)
		case l.Failure != nil:
			return HuntResult{}, statement.Refuse(statement.Code(l.Failure.Code), "%s", l.Failure.Detail)
		case told != nil:
			told(l.Done, l.Total)
		}
	}
}
