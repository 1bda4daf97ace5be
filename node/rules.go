package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"entente/api"
	"entente/internal/ingest"
	"entente/internal/segment"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch"
	"entente/watch/archive"
	"entente/watch/rule"
)

// rules runs Sigma rules and STIX patterns on what is read. What they count and
// wait for is in memory only: whenever the rules change, or a batch was judged
// and then not stored, the archive is read again into a new engine.
// lookout.mu guards it.
type rules struct {
	run   *runner // nil: no rule may run
	quiet time.Time
	hunt  api.RuleHunt // the last look back of new rules
}

// runner is one engine and how far it was fed.
type runner struct {
	engine *rule.Engine
	fed    map[string]rulePlace
	paths  map[string]string
	last   map[string]time.Time // when something came, by the clock
	memo   map[string]judged    // batches that are judged and not stored yet
	next   uint64               // archive segment to go on from
}

// rulePlace is the line of a source that was fed last.
type rulePlace struct {
	generation int
	offset     int64
}

func (p rulePlace) before(q rulePlace) bool {
	return p.generation < q.generation || p.generation == q.generation && p.offset < q.offset
}

// judged is what one batch gave.
type judged struct {
	generation int
	from, to   int64
	hits       []rule.Hit
}

func newRunner(set *rule.Set) *runner {
	return &runner{engine: rule.NewEngine(set), fed: make(map[string]rulePlace), paths: make(map[string]string), last: make(map[string]time.Time), memo: make(map[string]judged)}
}

// take feeds a record, unless it was fed before.
func (r *runner) take(rec *archive.Record, now time.Time) []rule.Hit {
	at := rulePlace{rec.Generation, rec.Offset}
	if last, ok := r.fed[rec.Source]; ok && !last.before(at) {
		return nil
	}
	r.fed[rec.Source], r.paths[rec.Source], r.last[rec.Source] = at, rec.Path, now
	rec.Event.Time = rec.Event.Time.Truncate(time.Microsecond) // as it comes back from the archive
	place := watch.Place{Source: rec.Source, Generation: rec.Generation, Line: rec.Line, Offset: rec.Offset}
	return r.engine.Event(&rec.Event, place, rec.Raw, now)
}

// judge gives a batch to the rules: the hits on its lines by number, and those on earlier lines.
func (l *lookout) judge(ctx context.Context, w *watchlist, b ingest.Batch) (byLine map[int64][]sqlite.Hit, late []sqlite.Hit, err error) {
	r := l.rules.run
	if r == nil {
		return nil, nil, nil
	}
	m, again := r.memo[b.Source]
	if again && (m.generation != b.Generation || m.from != b.From || m.to != b.To) {
		// That batch was never stored, and another comes: what was counted did not happen.
		if r, _, err = l.remember(ctx, w, nil); err != nil {
			return nil, nil, err
		}
		l.rules.run, again = r, false
	}
	now := l.now()
	if !again {
		m = judged{generation: b.Generation, from: b.From, to: b.To}
		for rec := range ArchiveRecords(b) {
			m.hits = append(m.hits, r.take(rec, now)...)
		}
		if b.Final {
			m.hits = append(m.hits, r.engine.End(b.Source)...)
		}
		r.memo[b.Source] = m
	}
	first := int64(0)
	if len(b.Lines) > 0 {
		first = b.Lines[0].Number
	}
	byLine = make(map[int64][]sqlite.Hit)
	for _, h := range w.ruleHits(m.hits, b.Path, now.UnixMilli()) {
		if h.Late = len(b.Lines) == 0 || h.Generation != b.Generation || h.Line < first; h.Late {
			late = append(late, h)
		} else {
			byLine[h.Line] = append(byLine[h.Line], h)
		}
	}
	return byLine, late, nil
}

// stored says that the last batch of a source is.
func (r *rules) stored(source string) {
	if r.run != nil {
		delete(r.run.memo, source)
	}
}

// The most events of the archive that are read again: always so many, more only
// where rules look back further, or are new.
const (
	rememberRows = 200_000
	reachRows    = 2_000_000
	huntRows     = 2_000_000
)

// swap makes a watchlist current, with an engine that knows what it would know
// had its rules always run. Rules that are new here look back through the archive.
func (l *lookout) swap(ctx context.Context, w *watchlist) error {
	l.mu.Lock()
	same := l.rules.run != nil && l.rules.run.engine.Set() == w.rules || l.rules.run == nil && w.rules.Len() == 0
	if same {
		l.lists.swap(w)
	}
	l.mu.Unlock()
	if same {
		return nil
	}
	fresh, known, err := l.freshRules(ctx, w)
	if err != nil {
		return err
	}
	r, found, err := l.remember(ctx, w, fresh)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Lines that came meanwhile.
	if err := l.feed(ctx, w, r, r.next, fresh, nil, func(hits []sqlite.Hit) error {
		found += len(hits)
		return l.db.StoreHunt(ctx, hits)
	}); err != nil {
		return err
	}
	if old := l.rules.run; l.archive == nil && old != nil {
		r.engine.Inherit(old.engine)
		r.paths, r.last = old.paths, old.last
	}
	data, err := json.Marshal(known)
	if err != nil {
		return err
	}
	if err := l.db.PutNote(ctx, rulesNote, data); err != nil {
		return err
	}
	if len(fresh) > 0 {
		l.rules.hunt.Found, l.rules.hunt.Ended = found, true
		l.logger.Info("new rules looked back", "rules", len(fresh), "hits", found)
	}
	if l.rules.run = r; w.rules.Len() == 0 {
		l.rules.run = nil
	}
	l.lists.swap(w)
	return nil
}

// rulesNote is the key in watch.db of the rules that have looked back.
const rulesNote = "rules"

// freshRules are the rules, by position, that have not looked back yet with the
// rules that they refer to, and the digests of all that then have.
func (l *lookout) freshRules(ctx context.Context, w *watchlist) (fresh map[int]bool, known map[string]bool, err error) {
	var before map[string]bool
	if _, err := note(ctx, l.db, rulesNote, &before); err != nil {
		return nil, nil, err
	}
	fresh, known = make(map[int]bool), make(map[string]bool)
	for i := range w.rules.Rules() {
		key := ownRule
		if e := w.ruleOf[i]; e >= 0 {
			key = fmt.Sprint(w.entries[e].key)
		}
		d := statement.TaggedSum("entente/rule-run/v1", []byte(key+"\x00"+w.rules.Meaning(i))).String()
		known[d] = true
		if !before[d] {
			fresh[i] = true
		}
	}
	return fresh, known, nil
}

// remember makes a runner that was fed from the archive, and stores what fresh
// rules find there.
func (l *lookout) remember(ctx context.Context, w *watchlist, fresh map[int]bool) (*runner, int, error) {
	r := newRunner(w.rules)
	if l.archive == nil || w.rules.Len() == 0 {
		return r, 0, nil
	}
	from, partial := l.backTo(w.rules, len(fresh) > 0)
	found := 0
	var told segment.Progress
	if len(fresh) > 0 {
		told = func(done, total int64) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.rules.hunt.Done, l.rules.hunt.Total = done, total
		}
		l.mu.Lock()
		l.rules.hunt = api.RuleHunt{Rules: len(fresh), Partial: partial}
		l.mu.Unlock()
	}
	err := l.feed(ctx, w, r, from, fresh, told, func(hits []sqlite.Hit) error {
		found += len(hits)
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.db.StoreHunt(ctx, hits)
	})
	return r, found, err
}

// backTo is the archive segment to begin with.
func (l *lookout) backTo(set *rule.Set, hunt bool) (from uint64, partial bool) {
	all := l.archive.Segments()
	if len(all) == 0 {
		return 0, false
	}
	most, reach := int64(reachRows), all[len(all)-1].Last-set.Reach().Milliseconds()
	if hunt {
		most, reach = huntRows, 0
	}
	rows := int64(0)
	for i := len(all) - 1; i >= 0; i-- {
		if rows += all[i].Rows; rows > most || rows > rememberRows && all[i].Last < reach {
			return all[i].Number + 1, hunt
		}
	}
	return 0, false
}

// feed gives a runner the archive from a segment on, and what fresh rules find to store.
func (l *lookout) feed(ctx context.Context, w *watchlist, r *runner, from uint64, fresh map[int]bool, told segment.Progress, store func([]sqlite.Hit) error) error {
	if l.archive == nil || w.rules.Len() == 0 {
		return nil
	}
	var rows []sqlite.Hit
	keep := func(found []rule.Hit, path string) error {
		var new []rule.Hit
		for _, h := range found {
			if fresh[h.Rule] {
				new = append(new, h)
			}
		}
		rows = append(rows, w.ruleHits(new, path, l.now().UnixMilli())...)
		if len(rows) < hitChunk {
			return nil
		}
		err := store(rows)
		rows = rows[:0]
		return err
	}
	now := l.now()
	last, err := l.archive.Each(ctx, from, told, func(rec *archive.Record) error { return keep(r.take(rec, now), rec.Path) })
	if errors.Is(err, archive.ErrDamaged) {
		l.logger.Error("rules look back through the archive", "error", err)
		err = nil
	}
	if err != nil {
		return err
	}
	r.next = last
	sources, err := l.seen.Sources(ctx)
	if err != nil {
		return err
	}
	for _, s := range sources {
		if s.Final {
			if err := keep(r.engine.End(s.ID), s.Path); err != nil {
				return err
			}
		}
	}
	if len(rows) > 0 {
		return store(rows)
	}
	return nil
}

// runRules tells what waits that time goes by, and sees own rules change.
func (n *Node) runRules(ctx context.Context) error {
	files := n.ruleFiles()
	for pause(ctx, n.opt.Tend) {
		if now := n.ruleFiles(); now != files {
			files = now
			n.wake.lists.ring()
		}
		if err := n.survived(n.lookout.advance(ctx)); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// caughtUp notes that nothing that is there lies unread.
func (l *lookout) caughtUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules.quiet = l.now()
}

// advance lets what waits become certain. What cannot be stored is worked out
// anew from the archive.
func (l *lookout) advance(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.waits.forRoom().IsZero() {
		return nil
	}
	if err := l.lull(ctx); err != nil {
		return err
	}
	r := l.rules.run
	if r == nil {
		return nil
	}
	w := l.lists.get()
	var rows []sqlite.Hit
	for _, source := range r.engine.Sources() {
		until := l.now()
		if q := l.rules.quiet; !q.IsZero() && q.Before(until) {
			until = q // what lies unread may be earlier
		}
		if quiet := until.Sub(r.last[source]); quiet > 0 {
			rows = append(rows, w.ruleHits(r.engine.Advance(source, quiet), r.paths[source], l.now().UnixMilli())...)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := l.db.StoreHunt(ctx, rows); err != nil {
		again, _, failed := l.remember(ctx, w, nil)
		if failed == nil {
			l.rules.run = again
		}
		return errors.Join(err, failed)
	}
	l.alerted()
	return nil
}
