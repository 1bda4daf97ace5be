package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"entente/api"
	"entente/border"
	"entente/internal/safedial"
	"entente/internal/webcapture"
	"entente/record"
	"entente/statement"
)

// Preserved is a public page that the node captures again and again.
type Preserved struct {
	URL      string        `yaml:"url"`
	Every    time.Duration `yaml:"every"`    // default: a day, at least a minute
	Networks []string      `yaml:"networks"` // that are not public and may be connected to
	Tell     bool          `yaml:"tell"`     // the others see address and digest too
}

const (
	// captureDir holds captures, each under its SHA-256.
	captureDir     = "captures"
	whatCapture    = "web capture" // of the seal
	preserveEvery  = 24 * time.Hour
	captureTimeout = 2 * time.Minute
	maxCaptureURL  = 900 // bytes: it is the name of a seal
	maxCapturing   = 4   // pages at a time: each takes up to 14 MiB and the file that is made of them
	maxLines       = 400 // lines of a change that are shown
)

func (p Preserved) check() error {
	if err := checkCaptured(p.URL); err != nil {
		return fmt.Errorf("preserve %.200q: %w", p.URL, err)
	}
	if p.Every != 0 && p.Every < time.Minute {
		return fmt.Errorf("preserve %.200q: every: at least a minute", p.URL)
	}
	_, err := networksOf(p.Networks)
	return err
}

func checkCaptured(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > maxCaptureURL {
		return statement.Refuse(statement.CodeRequest, "an http or https address of at most %d bytes, without a user name", maxCaptureURL)
	}
	return nil
}

func networksOf(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, statement.Refuse(statement.CodeRequest, "network %.60q: want an address and a length, 10.0.0.0/8", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Preserve captures a public page, keeps it, and seals its digest in the own
// record before it says so. What changed since the capture before is told.
func (n *Node) Preserve(ctx context.Context, p Preserved) (api.Capture, error) {
	if err := p.check(); err != nil {
		return api.Capture{}, err
	}
	networks, err := networksOf(p.Networks)
	if err != nil {
		return api.Capture{}, err
	}
	if !n.captures.take(maxCapturing) {
		return api.Capture{}, statement.Refuse(statement.CodeBusy, "busy: %d pages are being captured, which is as many as at a time; ask again when one is done", maxCapturing)
	}
	defer n.captures.free()
	client := safedial.Dialer{Allow: networks}.Client(nil, captureTimeout)
	defer client.CloseIdleConnections()
	got, err := webcapture.Fetch(ctx, client, p.URL, n.opt.Now)
	if err != nil {
		return api.Capture{}, captureRefusal(p.URL, err)
	}
	var file bytes.Buffer
	if err := webcapture.WriteWACZ(&file, got, rand.Reader); err != nil {
		return api.Capture{}, err
	}
	n.capturing.Lock()
	defer n.capturing.Unlock()
	before, err := n.Captures(ctx, p.URL)
	if err != nil {
		return api.Capture{}, err
	}
	sum := statement.Digest(sha256.Sum256(file.Bytes()))
	if err := os.MkdirAll(filepath.Join(n.cfg.Dir, captureDir), 0o700); err != nil {
		return api.Capture{}, err
	}
	path := n.capturePath(sum)
	if err := replaceFile(path, file.Bytes()); err != nil {
		return api.Capture{}, err
	}
	d := draft{kind: record.KindSeal, private: true, marking: border.Red, body: record.SealBody{What: whatCapture, Name: p.URL, Size: int64(file.Len()), Digest: sum}}
	if p.Tell {
		d.private, d.toAll, d.marking = false, true, border.Green
	}
	ref, err := n.author.say(ctx, d)
	if err != nil {
		return api.Capture{}, err
	}
	out := api.Capture{URL: p.URL, Final: got.Final, At: got.At.Unix(), Status: got.Status(), SHA256: sum, Size: int64(file.Len()), Index: ref.Index, File: path, Missing: got.Missing}
	if k := len(before); k > 0 {
		if last, err := n.readCapture(before[k-1]); err == nil {
			tellChange(&out, webcapture.Compare(last, got))
		}
	}
	return out, nil
}

// slots counts what is under way.
type slots struct{ taken atomic.Int64 }

// take has one of so many slots, or says that there is none.
func (s *slots) take(most int64) bool {
	if s.taken.Add(1) > most {
		s.taken.Add(-1)
		return false
	}
	return true
}

func (s *slots) free() { s.taken.Add(-1) }

// tellChange writes what became of a page into its capture.
func tellChange(c *api.Capture, ch webcapture.Change) {
	c.Outcome, c.AddedLines, c.DeletedLines = ch.Outcome, len(ch.Added), len(ch.Deleted)
	c.Added, c.Deleted = ch.Added[:min(len(ch.Added), maxLines)], ch.Deleted[:min(len(ch.Deleted), maxLines)]
}

func (n *Node) capturePath(sum statement.Digest) string {
	return filepath.Join(n.cfg.Dir, captureDir, sum.String()+".wacz")
}

// captureRefusal says what a person can act on, and nothing of what an inner
// server answered.
func captureRefusal(address string, err error) error {
	switch {
	case errors.Is(err, safedial.ErrAddress):
		return statement.Refuse(statement.CodeRequest, "%.200s leads to an address that may not be connected to; name its network to allow it", address)
	case errors.Is(err, webcapture.ErrTooLarge):
		return statement.Refuse(statement.CodeSize, "%.200s: %v", address, webcapture.ErrTooLarge)
	case errors.Is(err, context.Canceled):
		return err
	}
	return statement.Refuse(statement.CodeBusy, "%.200s gives no answer: nothing was captured", address)
}

// Captures lists what was captured, of one address or (empty) of all, in the
// order of the record.
func (n *Node) Captures(ctx context.Context, address string) ([]api.Capture, error) {
	seals, err := n.view.OfKind(ctx, n.self.Origin, record.KindSeal)
	if err != nil {
		return nil, err
	}
	list := []api.Capture{}
	for _, s := range seals {
		var b record.SealBody
		if json.Unmarshal(s.Body, &b) != nil || b.What != whatCapture || address != "" && b.Name != address {
			continue
		}
		list = append(list, api.Capture{URL: b.Name, At: s.Time / 1000, SHA256: b.Digest, Size: b.Size, Index: s.Index, File: n.capturePath(b.Digest)})
	}
	slices.SortFunc(list, func(a, b api.Capture) int { return int(a.Index) - int(b.Index) })
	return list, nil
}

// CapturesChanged is Captures with what changed from each to the next of the
// same address, and the word for a file that is missing or damaged.
func (n *Node) CapturesChanged(ctx context.Context, address string) ([]api.Capture, error) {
	list, err := n.Captures(ctx, address)
	if err != nil {
		return nil, err
	}
	last := make(map[string]webcapture.Capture)
	for i := range list {
		got, err := n.readCapture(list[i])
		if err != nil {
			list[i].Outcome = api.CaptureLost
			continue
		}
		list[i].Final, list[i].Status = got.Final, got.Status()
		if before, ok := last[list[i].URL]; ok {
			tellChange(&list[i], webcapture.Compare(before, got))
		}
		last[list[i].URL] = got
	}
	return list, nil
}

func (n *Node) readCapture(c api.Capture) (webcapture.Capture, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return webcapture.Capture{}, err
	}
	if statement.Digest(sha256.Sum256(data)) != c.SHA256 {
		return webcapture.Capture{}, webcapture.ErrDamaged
	}
	return webcapture.Read(data)
}

// runPreserve captures one page at its interval, reckoned from the last capture
// in the record, so that a restart neither repeats nor skips one.
func (n *Node) runPreserve(ctx context.Context, p Preserved) error {
	every := p.Every
	if every == 0 {
		every = preserveEvery
	}
	// A first look before the node may write would put the capture off by a whole round.
	if n.waitWritable(ctx) != nil {
		return nil //nolint:nilerr // the node ends
	}
	now := make(bell, 1)
	now.ring()
	return loop(ctx, now, min(every, time.Minute), func(ctx context.Context) error {
		if n.gone.Load() {
			return nil
		}
		before, err := n.Captures(ctx, p.URL)
		if err != nil {
			return err
		}
		now := n.opt.Now()
		if k := len(before); k > 0 && now.Sub(time.Unix(before[k-1].At, 0)) < every {
			return nil
		}
		c, err := n.Preserve(ctx, p)
		if err == nil && c.Outcome != "" && c.Outcome != webcapture.Same && c.Outcome != webcapture.Similar {
			n.logger.Warn("a preserved page is not what it was", "url", p.URL, "outcome", c.Outcome, "added", c.AddedLines, "deleted", c.DeletedLines)
		}
		return n.survived(err)
	})
}

// onHold refuses to erase what is under a legal hold.
func (n *Node) onHold(ctx context.Context, index uint64) error {
	s, err := n.view.Statement(ctx, n.self.Origin, index)
	if err != nil {
		return nil //nolint:nilerr // the caller says that there is no such statement
	}
	var b struct {
		Hold string `json:"hold"`
	}
	if strings.HasPrefix(string(s.Kind), "exhibit/") && json.Unmarshal(s.Body, &b) == nil && b.Hold != "" {
		return statement.Refuse(statement.CodeState, "under a legal hold: it is not erased")
	}
	return nil
}

// PreservePage is Preserve for whoever may open the control socket.
func (c control) PreservePage(ctx context.Context, r api.PreserveRequest) (api.Capture, error) {
	return c.n.Preserve(ctx, Preserved{URL: r.URL, Networks: r.Networks, Tell: r.Tell})
}

// CapturesChanged lists captures with what changed between them.
func (c control) CapturesChanged(ctx context.Context, address string) ([]api.Capture, error) {
	return c.n.CapturesChanged(ctx, address)
}
