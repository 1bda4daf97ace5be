package node

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"entente/accord"
	"entente/internal/sqlite"
)

// records keeps the record of the accord in memory while nothing has been said
// that changes it.
type records struct {
	heard atomic.Uint64 // how often something of the accord has come into the view

	mu    sync.Mutex // guards what follows
	held  worldKept
	whole kept
	dued  map[string][]int64 // of whole, by party; nil if they have not been asked for

	urgent []call // of whole, those that ring here; nil if they have not been asked for

	listed  *accord.Record       // of which record
	summary []accord.CaseSummary // these are the cases

	reported dayKept

	watches watchedKept // of whole
}

// watchedKept are the clauses to watch, as of the last thing that was said. Time
// alone makes one lapse: that is looked for now and then.
type watchedKept struct {
	list  []accord.Watched
	heard uint64
	at    time.Time
}

func (r *records) watched(ctx context.Context, n *Node) ([]accord.Watched, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	heard, now := r.heard.Load(), n.opt.Now()
	w := r.watches
	if age := now.Sub(w.at); !w.at.IsZero() && w.heard == heard && (len(w.list) == 0 || age >= 0 && age < max(time.Minute, 100*r.whole.took)) {
		return w.list, nil
	}
	whole, err := r.locked(ctx, n)
	if err != nil {
		return nil, err
	}
	r.watches = watchedKept{whole.Watched(), heard, now}
	return r.watches.list, nil
}

// kept is a record with what it was computed from.
type kept struct {
	record *accord.Record
	heard  uint64
	at     time.Time     // of the reader's clock
	took   time.Duration // to compute it
}

// patience is how many times as long as it took to compute a record it may be
// shown after that, while nothing new was said: what time alone changes, a
// window that runs out, is seen that much later.
const patience = 10

func (k kept) fresh(heard uint64, now time.Time) bool {
	age := now.Sub(k.at)
	return k.record != nil && k.heard == heard && age >= 0 && age <= patience*k.took
}

// hears notes that entries change the record. An error says that not all that is in
// the view may be among them.
func (r *records) hears(entries []sqlite.Entry, err error) bool {
	r.held.hear(entries)
	if err != nil {
		r.held.forget()
		r.heard.Add(1)
	}
	yes := slices.ContainsFunc(entries, func(e sqlite.Entry) bool {
		return e.Accord != nil || e.Again != nil || e.Hides != nil || e.Convicts != "" || len(e.Shows)+len(e.Moments) > 0
	})
	if yes {
		r.heard.Add(1)
	}
	return yes
}

// get returns the whole record.
func (r *records) get(ctx context.Context, n *Node) (*accord.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.locked(ctx, n)
}

func (r *records) locked(ctx context.Context, n *Node) (*accord.Record, error) {
	heard, now := r.heard.Load(), n.opt.Now()
	if r.whole.fresh(heard, now) {
		return r.whole.record, nil
	}
	began := time.Now()
	w, err := r.held.now(ctx, n, now)
	if err != nil {
		return nil, err
	}
	if r.whole.heard != heard || r.whole.record == nil {
		r.dued, r.urgent = nil, nil
	}
	r.whole = kept{r.whole.record.Next(w), heard, now, time.Since(began)}
	return r.whole.record, nil
}

// dues are the instants that acts wait for: they change only with what is said.
func (r *records) dues(ctx context.Context, n *Node) (map[string][]int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dued != nil && r.whole.heard == r.heard.Load() {
		return r.dued, nil
	}
	whole, err := r.locked(ctx, n)
	if err != nil {
		return nil, err
	}
	r.dued = duesOf(whole)
	return r.dued, nil
}

// summaries are the cases of the whole record as a list shows them.
func (r *records) summaries(ctx context.Context, n *Node) (*accord.Record, []accord.CaseSummary, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	whole, err := r.locked(ctx, n)
	if err != nil || whole == r.listed {
		return whole, r.summary, err
	}
	var list []accord.CaseSummary
	for _, id := range whole.Cases() {
		if s, ok := whole.CaseSummary(id); ok {
			list = append(list, s)
		}
	}
	r.listed, r.summary = whole, list
	return whole, list, nil
}

// Accord returns the record of the accord as this node reads it now: every
// statement, and every state that follows. It does not change and may be read
// by many.
func (n *Node) Accord(ctx context.Context) (*accord.Record, error) { return n.accord.get(ctx, n) }

// quickRecord is up to how many statements a record is made anew as a whole for one
// case: a fifth of a second or so.
const quickRecord = 50_000

// Case returns a record that holds one case. It is the whole one while that is at
// hand or not long, and otherwise one of the case with all that it rests on.
func (n *Node) Case(ctx context.Context, id string) (*accord.Record, error) {
	return n.accord.caseOf(ctx, n, id)
}

func (r *records) caseOf(ctx context.Context, n *Node, id string) (*accord.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := n.opt.Now()
	if r.whole.record == nil || r.whole.record.Len() < quickRecord || r.whole.fresh(r.heard.Load(), now) {
		return r.locked(ctx, n)
	}
	w, err := r.held.now(ctx, n, now)
	if err != nil {
		return nil, err
	}
	return r.whole.record.Next(w.Of(id)), nil
}
