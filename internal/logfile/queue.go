package logfile

import (
	"slices"
	"sync"
)

const (
	groupBytes  = 8 << 20 // where one batch ends, if more is waiting
	groupLeaves = 8192
)

// request is one Append that waits for a batch.
type request struct {
	entry entry
	done  chan struct{} // closed when index and err are set
	index uint64
	err   error
}

func (r *request) isDone() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// queue holds the requests that no batch has taken yet, in order.
type queue struct {
	mu      sync.Mutex // guards both fields
	waiting []*request
	refused error
}

func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refused != nil {
		return q.refused
	}
	q.waiting = append(q.waiting, r)
	return nil
}

// take removes as many requests as one batch holds, at least one.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && n < groupLeaves {
		size += q.waiting[n].entry.size
		if n > 0 && size > groupBytes {
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

// remove takes one request out; false if a batch has it.
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

// refuse ends the queue: those who wait, and all later ones, get err.
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
