package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"entente/election/inventory"
	"entente/election/results"
	"entente/internal/safedial"
	"entente/statement"
)

const (
	maxPage     = 64 << 20 // bytes of one page
	pageTimeout = time.Minute
)

// answered is one look at a page.
type answered struct {
	at     time.Time
	took   time.Duration
	status int    // 0: no answer came
	why    string // why it is not usable; empty if it is
	body   []byte
	sha256 statement.Digest
	header http.Header
}

var errPageSize = errors.New("larger than a results page may be")

// fetchPage asks for a page without any condition: what a server says of its own
// page being the same is no evidence, the bytes are.
func (n *Node) fetchPage(ctx context.Context, p inventory.Page) answered {
	got := answered{at: n.opt.Now().UTC()}
	began := time.Now()
	defer func() { got.took = time.Since(began) }()
	networks, err := networksOf(p.Networks)
	if err != nil {
		got.why = "networks"
		return got
	}
	client := safedial.Dialer{Allow: networks}.Client(nil, pageTimeout)
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		got.why = "address"
		return got
	}
	r.Header.Set("User-Agent", "entente-results/1 (+public record)")
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Cache-Control", "no-cache")
	answer, err := client.Do(r)
	if err != nil {
		got.why = whyUnanswered(err)
		return got
	}
	defer answer.Body.Close()
	got.status, got.header = answer.StatusCode, answer.Header
	if got.body, err = io.ReadAll(io.LimitReader(answer.Body, maxPage+1)); err == nil && len(got.body) > maxPage {
		err = errPageSize
	}
	switch {
	case errors.Is(err, errPageSize):
		got.why = "size"
	case err != nil:
		got.why = "cut" // it ended before its end
	case got.status != http.StatusOK:
		got.why = "status"
	}
	got.sha256 = sha256.Sum256(got.body)
	return got
}

// whyUnanswered is a word of this program for what went wrong: what an inner
// server says does not go on.
func whyUnanswered(err error) string {
	switch {
	case errors.Is(err, safedial.ErrAddress):
		return "inside" // an address that may not be connected to
	case errors.Is(err, safedial.ErrRedirect):
		return "redirect"
	case errors.Is(err, context.DeadlineExceeded):
		return "late"
	}
	return "silent"
}

// readPage reads what was fetched as results, by the page's own columns.
func readPage(p inventory.Page, body []byte, modified, etag string) (*results.Table, error) {
	o := results.Options{File: p.ID, Election: p.Election, Columns: p.Columns, Final: p.Finished(""), Modified: printable(modified), ETag: printable(etag)}
	if head := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)])); bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) {
		return nil, fmt.Errorf("%s is a page for people", p.ID)
	}
	t, err := results.Read(bytes.NewReader(body), o)
	if err != nil {
		return nil, err
	}
	for i := range t.Sources {
		s := &t.Sources[i]
		for _, m := range []*string{&s.Format, &s.Marks.Status, &s.Marks.Generated, &s.Marks.Sequence, &s.Marks.Issuer} {
			*m = strings.TrimSpace(printable(*m))
		}
	}
	return t, nil
}
