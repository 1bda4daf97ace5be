package api

import (
	"context"
	"time"
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

// Hunt looks for values in the archive; told, if not nil, hears how far it has come.
func (c *Client) Hunt(ctx context.Context, r HuntRequest, told func(done, total int64)) (HuntResult, error) {
	return askTold[HuntResult](ctx, c, "hunt", r, told)
}
