package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"entente/match"
	"entente/statement"
)

// outcome is what a run has come to, on the own disk.
type outcome struct {
	Count   int              `json:"count"`
	Fault   string           `json:"fault,omitempty"`
	Guilty  string           `json:"guilty,omitempty"`  // party
	Matches []matchFound     `json:"matches,omitempty"` // as it is read; written one by one
	Audited int              `json:"audited"`
	Self    *match.SelfProof `json:"self,omitempty"`
	Began   int64            `json:"began"`
	Ended   int64            `json:"ended"`
}

type matchFound struct {
	Type   string `json:"type"`
	Value  string `json:"value"`
	Ours   int64  `json:"ours"`
	Theirs int64  `json:"theirs"`
}

// outcomePath is where what a run has come to lies.
func (n *Node) outcomePath(offer statement.Digest) string {
	return filepath.Join(n.cfg.Dir, matchDir, matchRunsDir, offer.String(), "outcome.json")
}

// keepOutcome keeps what a run has come to; each calls its argument with every match,
// and is nil where there is none. They go to the disk one by one: there may be a million.
func (n *Node) keepOutcome(offer statement.Digest, o outcome, each func(func(matchFound) error) error) error {
	path := n.outcomePath(offer)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFileBy(path, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		if err := o.write(out, each); err != nil {
			return err
		}
		return out.Flush()
	})
}

func (o outcome) write(out *bufio.Writer, each func(func(matchFound) error) error) error {
	o.Matches = nil
	head, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, _ = out.Write(head[:len(head)-1]) // what fails here fails in Flush
	before := `,"matches":[`
	if each != nil {
		if err := each(func(m matchFound) error {
			data, err := json.Marshal(m)
			if err != nil {
				return err
			}
			_, _ = out.WriteString(before + "\n")
			_, err = out.Write(data)
			before = ","
			return err
		}); err != nil {
			return err
		}
	}
	if before == "," {
		_, _ = out.WriteString("]")
	}
	_, err = out.WriteString("}\n")
	return err
}

// transcriptPath is where a run's transcript lies, with and without items.
func (n *Node) transcriptPath(offer statement.Digest, items bool) string {
	name := "transcript"
	if items {
		name = "transcript-with-items"
	}
	return filepath.Join(n.cfg.Dir, matchDir, matchRunsDir, offer.String(), name)
}

// keepMatched is finishMatch, again and again while the disk is full: what the
// run came to is nowhere else.
func (n *Node) keepMatched(ctx context.Context, r *liveRun) error {
	for {
		err := n.finishMatch(ctx, r)
		if err == nil || !full(err) {
			return err
		}
		n.logger.Warn("what came of a match waits for room on the disk", "error", err)
		if !pause(ctx, matchFull) {
			return nil
		}
	}
}

// matchFull is how long a run's outcome waits before it is written again.
const matchFull = 10 * time.Second

// finishMatch keeps what came of a run and forgets the rest.
func (n *Node) finishMatch(ctx context.Context, r *liveRun) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := outcome{Count: -1, Self: r.run.Self(), Ended: n.opt.Now().UnixMilli(), Began: r.standing.Agreed.Manifest.Time}
	if count, known := r.run.Count(); known {
		o.Count = count
	}
	if f := r.run.Fault(); f != nil {
		o.Fault = f.Error()
		if f.Side >= 0 {
			o.Guilty = r.standing.Agreed.Manifest.Sides[f.Side].Party
		}
	}
	o.Audited = r.run.Audited()
	if err := n.keepTranscripts(r); err != nil {
		return err
	}
	if err := n.keepOutcome(r.standing.Offer.ID, o, func(f func(matchFound) error) error {
		return r.run.EachMatch(func(m match.Match) error {
			return f(matchFound{string(m.Item.Type), m.Item.Canonical, r.run.Since(m.Item), m.Theirs})
		})
	}); err != nil {
		return err
	}
	n.changes.match()
	return n.dropPending(r.kept.public())
}

func (n *Node) keepTranscripts(r *liveRun) error {
	for _, items := range []bool{false, true} {
		path := n.transcriptPath(r.standing.Offer.ID, items)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		parted(path+".new", path)
		f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		err = errors.Join(r.run.WriteTranscript(f, items), f.Sync(), f.Close())
		if _, refused := statement.AsRefusal(err); refused {
			err = os.Remove(path + ".new") // the evidence itself shows an item
		} else if err == nil {
			err = os.Rename(path+".new", path)
		}
		if err != nil {
			return fmt.Errorf("keep the transcript: %w", err)
		}
	}
	return nil
}
