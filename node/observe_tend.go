package node

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"entente/accord"
	"entente/api"
	"entente/internal/sqlite"
	"entente/watch/rule"
)

// observing is the look after what clauses want watched.
type observing struct {
	mu      sync.Mutex // one look at a time; guards what follows
	watched []accord.Watched
	rules   *rule.Set
	more    []*sentry // beyond those that can be run
	none    bool      // the last look found that nothing is watched

	busy atomic.Bool // a look is under way that may find something
}

// lateFor is how long after a clause has ended lines of its time are looked for.
const lateFor = 7 * 24 * time.Hour

// tendRows lets the watch run the queries of what is watched, from the time on
// that each names, and drafts what they found.
func (n *Node) tendRows(ctx context.Context) error {
	o := &n.observing
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy.Store(true)
	defer o.busy.Store(false)
	watched, err := n.accord.watched(ctx, n)
	if err == nil && len(watched) == 0 && o.none {
		o.busy.Store(false) // as at the last look: what follows only looks again
	}
	o.none = err == nil && len(watched) == 0
	if err == nil {
		err = n.lookout.whenRoom(ctx, func(ctx context.Context) error { return n.postAll(ctx, watched) })
	}
	if err == nil && !n.gone.Load() {
		err = n.draftRows(ctx, watched)
	}
	if ctx.Err() != nil {
		return nil
	}
	return n.survived(err)
}

// postAll sets the sentries anew if what they go by has changed.
func (n *Node) postAll(ctx context.Context, watched []accord.Watched) error {
	o := &n.observing
	late := n.opt.Now().Add(-lateFor).Unix()
	var now []accord.Watched
	for _, w := range watched {
		if w.Until == 0 || w.Until > late {
			now = append(now, w)
		}
	}
	set := n.lists.get().rules
	if reflect.DeepEqual(now, o.watched) && (set == o.rules || len(now) == 0) {
		return nil
	}
	var want []*sentry
	o.more = nil
	for _, w := range now {
		s := newSentry(w, n.self.ID, len(n.cfg.Sources) > 0, func(id string) []string { return sigmaByID(set, id) })
		if len(want) == maxSentries {
			for i := range s.states {
				s.states[i].Why = whyMany
			}
			o.more = append(o.more, s)
			continue
		}
		want = append(want, s)
	}
	if err := n.lookout.post(ctx, want); err != nil {
		return err
	}
	o.watched, o.rules = now, set
	return nil
}

// sigmaByID is the text of the Sigma rule that has an id, and those of the rules
// without which it would find something else.
func sigmaByID(set *rule.Set, id string) (texts []string) {
	if set == nil || id == "" {
		return nil
	}
	for _, e := range set.Report() {
		if e.ID == id {
			texts = append(texts, set.Rules()[e.Rule].Text)
			for _, o := range set.Others(e.Rule) {
				texts = append(texts, set.Rules()[o].Text)
			}
			return texts
		}
	}
	return nil
}

// putNote keeps a value under a key of watch.db as JSON.
func putNote(ctx context.Context, w *sqlite.Watch, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.PutNote(ctx, key, data)
}

// unobserved says that what clauses want watched is looked after just now. A node
// of which no clause wants anything looks at every interval all the same, and on a
// slow machine is at it most of the time: that is no work left to do.
func (n *Node) unobserved(context.Context) (string, error) {
	if len(n.wake.rows) > 0 || n.observing.busy.Load() {
		return "drafting rows", nil
	}
	return "", nil
}

// Watching lists what this node watches for clauses and actions, and what of it
// cannot be observed here.
func (n *Node) Watching(ctx context.Context) ([]api.ClauseWatch, error) {
	found, err := n.watch.ClauseFound(ctx)
	if err != nil {
		return nil, err
	}
	n.observing.mu.Lock()
	all := n.observing.more
	n.observing.mu.Unlock()
	n.lookout.mu.Lock()
	defer n.lookout.mu.Unlock()
	out := []api.ClauseWatch{}
	for _, s := range append(all[:len(all):len(all)], n.lookout.sentries.all...) {
		w := api.ClauseWatch{Party: n.partyOf(s.what.Ref.Origin), Index: s.what.Ref.Index, Clause: s.what.Clause, From: s.what.From, Until: s.what.Until}
		counts := found[clauseOf(s.what)]
		for i, q := range s.states {
			one := api.QueryWatch{Language: s.what.Queries[i].Language, Name: q.Name, Why: q.Why, Detail: q.Detail}
			if i < len(counts) {
				one.Found = counts[i]
			}
			w.Queries = append(w.Queries, one)
		}
		out = append(out, w)
	}
	return out, nil
}

// AccordWatching implements api.AccordNode.
func (c control) AccordWatching(ctx context.Context) ([]api.ClauseWatch, error) {
	return c.n.Watching(ctx)
}

// seenIn is what a draft of the watch is a row of; nil of any other draft.
func (n *Node) seenIn(ctx context.Context, d sqlite.Draft) (*api.RowSeen, error) {
	if d.By != byWatch {
		return nil, nil
	}
	row, err := n.watch.ClauseRowOf(ctx, d.ID)
	if errors.Is(err, sqlite.ErrNone) {
		return nil, nil // a person of that name wrote it
	}
	if err != nil {
		return nil, err
	}
	tallies, _, err := n.watch.TallyClauseRow(ctx, row, ever, 0)
	if err != nil {
		return nil, err
	}
	seen := &api.RowSeen{Clause: row.Clause.No, Sensors: sensorsOf(tallies)}
	for _, t := range tallies {
		if from := t.First / 1000; seen.From == 0 || from < seen.From {
			seen.From = from
		}
		seen.Count, seen.AtLeast, seen.To = seen.Count+t.Count, seen.AtLeast || t.Over > 0, max(seen.To, t.Last/1000)
	}
	return seen, nil
}
