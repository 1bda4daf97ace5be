package api

import (
	"context"
	"net/url"

	"entente/border"
	"entente/statement"
)

// Group is one group at its newest epoch.
type Group struct {
	Owner   string        `json:"owner"`
	Name    string        `json:"name"`
	Epoch   uint64        `json:"epoch"`
	Members []string      `json:"members"` // without the owner
	Reason  string        `json:"reason"`
	Said    statement.Ref `json:"said"`
}

// GroupRequest says who is in an own group from now on, as a whole.
type GroupRequest struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
	Reason  string   `json:"reason"`
}

// ReceiptQuery asks for receipts of one party, or of all.
type ReceiptQuery struct {
	Party  string
	Limit  int // receipt statements, not lines
	Offset int
}

// Receipts is one page of receipt statements.
type Receipts struct {
	Items []Receipt `json:"items"`
	Total int       `json:"total"`
	// Missing are statements that left, as far as this reader can read them, and
	// have no receipt although their log says that everything up to there has:
	// at most 50 of MissingTotal. Pending have none yet.
	Missing      []MissingReceipt `json:"missing"`
	MissingTotal int              `json:"missing_total"`
	Pending      int              `json:"pending"`
}

// MissingReceipt is a statement that left without a receipt.
type MissingReceipt struct {
	Party      string           `json:"party"`
	Index      uint64           `json:"index"`
	ID         statement.Digest `json:"id"`
	Kind       statement.Kind   `json:"kind"`
	Time       int64            `json:"time"`
	Recipients []string         `json:"recipients"`
}

// Receipt is one receipt statement: what the border of a party decided in one
// period.
type Receipt struct {
	Party    string           `json:"party"`
	Index    uint64           `json:"index"`
	Time     int64            `json:"time"`
	Releases []CheckedRelease `json:"releases"`
	Refusals []border.Refused `json:"refusals"`
	Tools    []CheckedRun     `json:"tools"`
}

// CheckedRun is what one run let out to tools and what speaks against it.
type CheckedRun struct {
	border.ToolRelease
	Code   statement.Code `json:"code,omitempty"` // empty: nothing speaks against it
	Detail string         `json:"detail,omitempty"`
}

// CheckedRelease is one release and what the logs say against it.
type CheckedRelease struct {
	border.Released
	Code   statement.Code `json:"code,omitempty"` // empty: nothing speaks against it
	Detail string         `json:"detail,omitempty"`
}

// Groups lists groups.
func (c *Client) Groups(ctx context.Context) (g []Group, err error) {
	return g, c.get(ctx, "groups", nil, &g)
}

// SetGroup says who is in a group.
func (c *Client) SetGroup(ctx context.Context, r GroupRequest) (g Group, err error) {
	return g, c.post(ctx, "groups", r, &g)
}

// Receipts lists receipts.
func (c *Client) Receipts(ctx context.Context, q ReceiptQuery) (r Receipts, err error) {
	v := paging(q.Limit, q.Offset)
	v.Set("party", q.Party)
	return r, c.get(ctx, "receipts", v, &r)
}

func receiptQuery(values url.Values) (ReceiptQuery, error) {
	q := query{Values: values}
	r := ReceiptQuery{Party: values.Get("party"), Limit: q.number("limit", 50, 5000), Offset: q.number("offset", 0, 1<<30)}
	return r, q.err
}
