package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// The start protocol (record note, section 2): read-only first; whoever holds
// a larger tree with our own signature gives us the tail back; then write.
// It makes forking oneself from an old copy impossible as long as one honest
// holder answers or the mark outside the folder is there.

// verdict of asking around.
type inquiry struct {
	answered int    // other nodes that answered
	best     []byte // the largest own note seen, verified
	size     uint64
	from     []giver             // who answered with a note
	notes    []record.Checkpoint // every own note seen, verified
	time     int64               // the owner's latest time on them
}

// inquire asks every partner at once for our own highest checkpoint. Only one
// that bears our own signature counts; a number alone is a hint.
func (n *Node) inquire(ctx context.Context) inquiry {
	var q inquiry
	var mu sync.Mutex // guards q
	var wg sync.WaitGroup
	for _, l := range n.lines {
		wg.Go(func() {
			msg, err := l.client.Checkpoint(ctx, n.self.Origin)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				err = q.add(n, l, msg)
				n.blame(l.member.ID, err)
			}
			if err == nil || notHeld(err) {
				q.answered++ // with a note of ours, or it holds nothing of ours
			}
		})
	}
	wg.Wait()
	return q
}

func (q *inquiry) add(n *Node, l *line, msg []byte) error {
	c, _, err := openNote(n.roster, n.self, msg)
	if err != nil {
		return err
	}
	q.notes = append(q.notes, c)
	q.time = record.NotBefore(q.time, msg, n.self.Time)
	q.from = append(q.from, giver{l.member.ID, l.client})
	if c.Size > q.size || q.best == nil {
		q.best, q.size = msg, c.Size
	}
	return nil
}

// recover makes the node writable when that is safe. It reports whether it is.
func (n *Node) recover(ctx context.Context) (bool, error) {
	if n.open.Load() {
		return true, nil
	}
	q := n.inquire(ctx)
	head, _ := n.log.Head()
	if q.size > head.Size {
		n.logger.Warn("this folder is an older copy; pulling the tail back", "have", head.Size, "signed", q.size)
		n.readOnly.Store(missing(q.size - head.Size))
		err := pullOwn(ctx, n.self, q.from, n.ingress.identity, n.log, q.best, n.blame)
		if errors.Is(err, record.ErrInconsistent) {
			n.readOnly.Store(anotherHistory)
		}
		if err != nil {
			return false, fmt.Errorf("pull the own tail: %w", err)
		}
		if err := n.takeOwn(ctx); err != nil {
			return false, err
		}
		head, _ = n.log.Head()
	}
	mark, have, err := n.mark.read()
	if err != nil {
		n.readOnly.Store(err.Error())
		return false, err
	}
	if have && mark.Size > head.Size {
		n.readOnly.Store(missing(mark.Size - head.Size))
		return false, nil
	}
	if have {
		q.notes = append(q.notes, record.Checkpoint{Origin: n.self.Origin, Tree: record.Tree{Size: mark.Size, Root: tlog.Hash(mark.Root)}})
	}
	for _, c := range q.notes {
		if err := n.publisher.owned(c); errors.Is(err, errSecondWriter) {
			n.readOnly.Store(anotherHistory)
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	if have || q.answered >= n.roster.Charter.Quorum.Witnesses && q.answered > 0 {
		return true, n.makeWritable(max(mark.Time, q.time))
	}
	n.readOnly.Store("no partner answers and there is no high-water mark, so this folder may be an old copy")
	return false, nil
}

func missing(n uint64) string {
	return fmt.Sprintf("%s missing here that had been published before; no partner has given what is missing back yet", leaves(n))
}

func leaves(n uint64) string {
	if n == 1 {
		return "1 statement is"
	}
	return fmt.Sprintf("%d statements are", n)
}

// anotherHistory: an older copy went on by itself, or two copies did.
const anotherHistory = "another history of this log was published with our signature; `entente restore` brings it back from the partners"

func (n *Node) makeWritable(lastTime int64) error {
	n.publisher.mu.Lock()
	n.publisher.lastTime = max(n.publisher.lastTime, lastTime)
	n.publisher.mu.Unlock()
	n.open.Store(true)
	n.logger.Info("writable")
	n.wake.publish.ring()
	n.wake.clerk.ring()
	n.wake.lists.ring()
	n.wake.tell.ring()
	return nil
}

// override lets an officer open the node for writing when nobody can say
// whether the folder is the newest. It is itself the first statement.
func (n *Node) override(ctx context.Context, officer, reason string) error {
	if n.open.Load() {
		return statement.Refuse(statement.CodeState, "the node writes already")
	}
	mark, _, err := n.mark.read()
	if err != nil {
		return err
	}
	n.author.mu.Lock() // nothing is said before the override itself
	defer n.author.mu.Unlock()
	head, _ := n.log.Head()
	if err := n.makeWritable(mark.Time); err != nil {
		return err
	}
	ref, err := n.author.sayLocked(ctx, draft{kind: record.KindOverride, toAll: true, marking: "TLP:GREEN", body: record.OverrideBody{Officer: officer, Reason: reason, Size: head.Size}})
	if ref == (statement.Ref{}) {
		n.open.Store(false) // not said, not done
	}
	return err
}

// writable is the author's question before each statement.
func (n *Node) writable() error {
	if n.gone.Load() {
		return statement.Refuse(statement.CodeState, "this party has withdrawn from the charter")
	}
	if n.stopping.Load() {
		return errStopping()
	}
	if n.open.Load() {
		return nil
	}
	why, _ := n.readOnly.Load().(string)
	if why == "" {
		why = "starting"
	}
	return statement.Refuse(statement.CodeRewound, "read-only: %s", why)
}

// runStart tries to recover until the node may write.
func (n *Node) runStart(ctx context.Context) error {
	said := ""
	for {
		done, err := n.recover(ctx)
		if errors.Is(err, record.ErrPoisoned) {
			return err
		}
		why := fmt.Sprint(n.readOnly.Load())
		if err != nil {
			why = err.Error()
		}
		if !done && why != said {
			n.logger.Warn("read-only", "why", why, "high_water", n.mark.path)
			said = why
		}
		if done {
			return n.introduce(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// introduce says the first statement of a log: the key that signs it and the
// commitment to the next one.
func (n *Node) introduce(ctx context.Context) error {
	// Housekeeping may have come first: what counts is whether it was said.
	if last, err := n.view.LastOfKind(ctx, n.self.Origin, record.KindKey); err != nil || last >= 0 {
		return err
	}
	p, _ := n.roster.Charter.Party(n.self.ID)
	_, err := n.author.say(ctx, draft{kind: record.KindKey, toAll: true, marking: "TLP:GREEN", body: record.KeyBody{Role: "statement", Key: p.Keys.Statement, Next: p.Keys.Next}})
	if ctx.Err() != nil {
		return nil
	}
	return n.survived(err)
}

// notHeld reports whether a partner answered that it holds nothing of a log.
func notHeld(err error) bool { return errors.Is(err, peer.ErrAbsent) }
