package headfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"entente/internal/disk"
	"entente/record"
)

// request is one Update that waits for a frame.
type request struct {
	update
	old  uint64
	done chan struct{} // closed when err is set
	err  error
}

// queue holds the requests that no frame has taken yet, in order.
type queue struct {
	mu      sync.Mutex // guards both fields
	waiting []*request
	refused error
}

func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refused == nil {
		q.waiting = append(q.waiting, r)
	}
	return q.refused
}

// take removes as many requests as one frame holds.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) {
		if size += q.waiting[n].size(); size > maxBody {
			break
		}
		n++
	}
	out := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 {
		q.waiting = nil
	}
	return out
}

func (q *queue) remove(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, r)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

func (q *queue) refuse(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refused = err
	for _, r := range q.waiting {
		r.err = err
		close(r.done)
	}
	q.waiting = nil
}

// Update implements record.HeadStore. Calls for any logs that meet share one
// sync. record.ErrConflict also answers a smaller tree, and another root at
// the same size: whatever the caller checked, this memory holds one head per
// size. An error of ctx means that the head was not kept.
func (s *Store) Update(ctx context.Context, origin string, oldSize uint64, next record.Head) error {
	c, err := record.Peek(next.Note)
	if err != nil || c.Origin != origin || c.Tree != next.Tree || len(origin) > maxOrigin {
		return fmt.Errorf("%w: %q, size %d", ErrHead, origin, next.Tree.Size)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{update: update{origin, next}, old: oldSize, done: make(chan struct{})}
	if err := s.queue.put(r); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		for {
			select {
			case <-r.done:
				<-s.turn
				return r.err
			default:
				s.commitQueued()
			}
		}
	case <-r.done:
	case <-ctx.Done():
		if s.queue.remove(r) {
			return ctx.Err()
		}
		<-r.done
	}
	return r.err
}

// commitQueued decides what waits, in order, and keeps what holds.
func (s *Store) commitQueued() {
	requests := s.queue.take()
	seen := map[string]record.Head{} // heads of this frame
	var updates []update
	for _, r := range requests {
		latest, ok := seen[r.origin]
		if !ok {
			latest, ok = s.Latest(r.origin)
		}
		if r.err = compare(latest, ok, r); r.err == nil {
			seen[r.origin] = r.head
			updates = append(updates, r.update)
		}
	}
	err := s.commit(updates)
	for _, r := range requests {
		if err != nil { // a refusal may rest on a head that was not kept
			r.err = err
		}
		close(r.done)
	}
}

// compare is the compare of compare and swap.
func compare(latest record.Head, have bool, r *request) error {
	switch {
	case latest.Tree.Size != r.old:
		return fmt.Errorf("%w: it has size %d, not %d", record.ErrConflict, latest.Tree.Size, r.old)
	case r.head.Tree.Size < latest.Tree.Size:
		return fmt.Errorf("%w: size %d after %d", record.ErrConflict, r.head.Tree.Size, latest.Tree.Size)
	case have && r.head.Tree.Size == latest.Tree.Size && r.head.Tree.Root != latest.Tree.Root:
		return fmt.Errorf("%w: another root at size %d", record.ErrConflict, latest.Tree.Size)
	}
	return nil
}

// commit makes one frame durable. The caller holds the turn.
func (s *Store) commit(updates []update) error {
	if err := s.Err(); err != nil || len(updates) == 0 {
		return err
	}
	if s.end > 2*s.compacted+s.opts.slack {
		if err := s.compact(); err != nil && !errors.Is(err, ErrFull) {
			return err
		}
	}
	s.out = appendFrame(s.out[:0], s.id, s.end, updates)
	if err := s.store(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enter(updates)
	return nil
}

// store writes s.out as the next frame, syncs and reads it back.
func (s *Store) store() error {
	if s.opts.plant.noPersist {
		return nil
	}
	if need := s.end + int64(len(s.out)); need > s.allocated {
		target := max(need, s.allocated+s.opts.chunk)
		err := s.file.Allocate(s.allocated, target-s.allocated)
		if disk.IsFull(err) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		if err != nil {
			return s.poison(fmt.Errorf("allocate: %w", err))
		}
		s.allocated = target
	}
	if _, err := s.file.WriteAt(s.out, s.end); err != nil {
		cut := s.cut() // nothing half done stays behind
		if cut != nil || !disk.IsFull(err) {
			return s.poison(fmt.Errorf("write: %w", errors.Join(err, cut)))
		}
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if !s.opts.plant.noSync {
		if err := s.file.Sync(); err != nil {
			return s.poison(err)
		}
	}
	s.back = slices.Grow(s.back[:0], len(s.out))[:len(s.out)]
	_, err := s.file.ReadAt(s.back, s.end)
	if err == nil {
		_, err = parseFrame(s.id, s.back)
	}
	if err == nil && !bytes.Equal(s.back, s.out) {
		err = disk.ErrDamaged
	}
	if err != nil {
		return s.poison(fmt.Errorf("read back: %w", errors.Join(err, s.cut())))
	}
	return nil
}
