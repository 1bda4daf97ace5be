package api

import (
	"context"
	"net/url"

	"entente/statement"
)

// CaptureLost is the outcome of a capture whose file is missing or damaged: its
// digest stays in the record.
const CaptureLost = "lost"

// Capture is one copy of a public page, kept by this node and sealed in its log.
type Capture struct {
	URL     string           `json:"url"`
	Final   string           `json:"final"` // after redirects
	At      int64            `json:"at"`    // Unix seconds
	Status  int              `json:"status"`
	SHA256  statement.Digest `json:"sha256"`
	Size    int64            `json:"size"`
	Index   uint64           `json:"index"` // of the seal in the own log
	File    string           `json:"file"`
	Missing []string         `json:"missing,omitempty"` // parts of the page that could not be had
	// Outcome is what became of the page since the capture before, empty for the
	// first: same, similar, changed, gone, moved, unread; or lost.
	Outcome      string   `json:"outcome"`
	Added        []string `json:"added,omitempty"` // lines of text, at most 400
	Deleted      []string `json:"deleted,omitempty"`
	AddedLines   int      `json:"added_lines"`
	DeletedLines int      `json:"deleted_lines"`
}

// PreserveRequest asks for a capture.
type PreserveRequest struct {
	URL      string   `json:"url"`
	Networks []string `json:"networks"`
	Tell     bool     `json:"tell"`
}

// Preserver is the part of a node that keeps copies of public pages.
type Preserver interface {
	PreservePage(ctx context.Context, r PreserveRequest) (Capture, error)
	CapturesChanged(ctx context.Context, address string) ([]Capture, error)
}

func preserveRoutes(mux *board, n Node) {
	post(mux, "preserve", n.PreservePage)
	get(mux, "preserve", named("url", n.CapturesChanged))
}

// PreservePage implements Node.
func (c *Client) PreservePage(ctx context.Context, r PreserveRequest) (out Capture, err error) {
	return out, c.post(ctx, "preserve", r, &out)
}

// CapturesChanged implements Node.
func (c *Client) CapturesChanged(ctx context.Context, address string) (out []Capture, err error) {
	return out, c.get(ctx, "preserve", url.Values{"url": {address}}, &out)
}
