package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"entente/accord"
	"entente/observable"
	"entente/statement"
	"entente/watch"
	"entente/watch/archive"
	"entente/watch/indicator"
)

const (
	// holdDir holds what was put under a hold, each file under its SHA-256.
	// Nothing of this program deletes from it.
	holdDir      = "holds"
	maxHeld      = 64 << 20 // bytes of one file
	maxHeldLines = 200_000
)

// heldLine is one line of a file under a hold: the line as it was read, and where.
type heldLine struct {
	Source string `json:"source"`
	Path   string `json:"path"`
	Line   int64  `json:"line"`
	Offset int64  `json:"offset"`
	exactText
}

// placeHolds answers requests to preserve that an officer here has acknowledged
// and not declined: what the archive has of the values that the notice names is
// copied to where no retention reaches it, and an exhibit with its digest is
// drafted, which an officer signs. Each request is looked at once.
func (n *Node) placeHolds(ctx context.Context) error {
	if n.writable() != nil || n.lookout.archive == nil {
		return nil
	}
	r, err := n.Accord(ctx)
	if err != nil {
		return err
	}
	for _, c := range r.Calls(r.Now()) {
		if c.Ask != "preserve" || c.To != n.self.ID || c.Label != accord.LabelNone || c.Acked == 0 || c.Answer == accord.AnswerDeclined {
			continue
		}
		key := "hold/" + c.Ref.ID.String()
		placed, err := n.watch.Note(ctx, key)
		if err != nil {
			return err
		}
		if placed != nil {
			continue
		}
		b, _ := accord.Body[accord.Notice](r, c.Ref)
		id, err := n.placeHold(ctx, c, b)
		if refusedFor(err, statement.CodeSize) { // it would be as large at the next look
			n.logger.Warn("a request to preserve", "partner", c.From, "notice", c.Ref.Index, "error", err)
			id, err = "too much", nil
		}
		if err != nil {
			return fmt.Errorf("hold for notice %d of %s: %w", c.Ref.Index, c.From, err)
		}
		if err := n.watch.PutNote(ctx, key, []byte(id)); err != nil {
			return err
		}
	}
	return nil
}

// placeHold copies what a request names and drafts the exhibit. It returns the id
// of the draft, or a word where there is none.
func (n *Node) placeHold(ctx context.Context, c accord.Call, b accord.Notice) (string, error) {
	values := namedValues(b)
	if len(values) == 0 {
		n.logger.Warn("a request to preserve names no value that can be looked for", "partner", c.From, "notice", c.Ref.Index)
		return "nothing named", nil
	}
	data, lines, err := n.slice(ctx, values)
	if err != nil {
		return "", err
	}
	sum := statement.Digest(sha256.Sum256(data))
	if err := os.MkdirAll(filepath.Join(n.cfg.Dir, holdDir), 0o700); err != nil {
		return "", err
	}
	if err := replaceFile(n.heldPath(sum), data); err != nil {
		return "", err
	}
	p, err := n.Draft(ctx, AccordDraft{Kind: accord.KindExhibit, Refs: []statement.Ref{c.Ref}, By: "hold", Body: accord.Exhibit{
		Name: fmt.Sprintf("slice for notice %d", c.Ref.Index), MediaType: "application/jsonl", Size: int64(len(data)), SHA256: sum, Kind: "log-slice",
		Captured: accord.Captured{At: accord.At(n.opt.Now()), By: n.self.ID, Tool: "entente", From: "archive"}, Custody: []accord.Custody{},
		Held: "withheld", Reason: "preserved on request", Verify: []string{}, Hold: fmt.Sprintf("notice %d of %s", c.Ref.Index, c.From),
	}})
	if err != nil {
		return "", err
	}
	n.logger.Info("a hold was placed", "partner", c.From, "notice", c.Ref.Index, "lines", lines, "file", n.heldPath(sum))
	return p.ID, nil
}

func (n *Node) heldPath(sum statement.Digest) string {
	return filepath.Join(n.cfg.Dir, holdDir, sum.String()+".jsonl")
}

// namedValues are what a notice names that a log line can hold.
func namedValues(b accord.Notice) []observable.Value {
	var values []observable.Value
	for _, text := range append([]string{b.Where}, b.SeenFrom...) {
		if v, err := observable.Detect(text); err == nil && v.Type != "" {
			values = append(values, v)
		}
	}
	return values
}

// slice is what the archive has of some values, a line of JSON for each of its
// lines, in the order of archiving, up to the limits.
func (n *Node) slice(ctx context.Context, values []observable.Value) (data []byte, lines int, err error) {
	entries := make([]indicator.Entry, len(values))
	for i, v := range values {
		entries[i].Value = v
	}
	m := watch.NewMatcher(indicator.NewSet(entries), func(i uint32) (watch.Meta, bool) {
		return watch.Meta{Value: values[i], Status: watch.Active}, true
	})
	var out bytes.Buffer
	var hits []watch.Hit
	err = n.lookout.archive.Hunt(ctx, archive.NewNeedles(values), nil, func(rec *archive.Record) error {
		at := watch.Place{Source: rec.Source, Generation: rec.Generation, Line: rec.Line, Offset: rec.Offset}
		if hits = m.Match(&rec.Event, at, rec.Raw, hits[:0]); len(hits) == 0 {
			return nil
		}
		line, err := json.Marshal(heldLine{rec.Source, rec.Path, rec.Line, rec.Offset, exactly(rec.Raw)})
		if err != nil {
			return err
		}
		if out.Len()+len(line)+1 > maxHeld || lines == maxHeldLines {
			return statement.Refuse(statement.CodeSize, "more than %d bytes or %d lines name these values: preserve them by hand", maxHeld, maxHeldLines)
		}
		out.Write(append(line, '\n'))
		lines++
		return nil
	})
	if errors.Is(err, archive.ErrDamaged) {
		n.archiveTrouble(err)
		err = nil // what can be read is kept
	}
	return out.Bytes(), lines, err
}
