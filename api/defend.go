package api

import "context"

// DefendRequest asks for the indicators that may be acted on, as files of a tool.
type DefendRequest struct {
	Format    string `json:"format"`    // one of defend.Formats
	Clearance string `json:"clearance"` // the strictest TLP label that the tool may hold
	Zone      string `json:"zone"`      // of a DNS zone; empty takes the usual one
}

// DefendResult is what goes to the tool.
type DefendResult struct {
	Files   []DefendFile   `json:"files"` // to be written in this order
	Written int            `json:"written"`
	Left    map[string]int `json:"left"`    // indicators that are not in the files, by reason
	Expires int64          `json:"expires"` // when the first of them ends, 0 if none does
}

// DefendFile is one file.
type DefendFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Defend writes accepted indicators for a tool.
func (c *Client) Defend(ctx context.Context, r DefendRequest) (d DefendResult, err error) {
	err = c.post(ctx, "defend", r, &d)
	return d, err
}
