package node

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"entente/internal/ingest"
	"entente/internal/segment"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/incident"
	"entente/watch/indicator"
)

// lookout matches log lines against the watchlist: lines as they come, and
// for a new list those that have been read before.
type lookout struct {
	lists *lists
	db    *sqlite.Watch
	seen  *sqlite.Seen // all of it
	// commit stores what one batch gave and where its source goes on, in one transaction.
	commit   func(ctx context.Context, s sqlite.Source, hits []sqlite.Hit, fresh []statement.Ref, notes ...sqlite.Note) error
	config   ingest.Config
	now      func() time.Time
	logger   *slog.Logger
	alerted  func()                                        // called after alerts were stored
	spotted  func()                                        // called after something was stored that clauses look for
	glimpsed func(ingest.Batch)                            // called after a batch was stored; nil: nobody asks lists of partners about it
	current  func(ctx context.Context, w *watchlist) error // called when w has become current
	archive  *segment.Store                                // nil: nothing is kept
	// looks finds the look-alikes and decoys in a batch: what of them is stored with
	// it, and whom to tell whether it was.
	looks func(b ingest.Batch) ([]sqlite.Note, func(stored bool), error)

	// mu orders batches and swaps of the watchlist: a line is matched live by
	// exactly the lists that no later hunt will bring to it.
	mu       sync.Mutex
	troubles []string
	screen   indicator.Screen
	known    map[string]bool // sources that have a row in the ledger
	hunt     sync.Mutex      // one hunt at a time
	waits    waits
	rules    rules
	sentries sentries
}

// Batch implements ingest.Sink: results and position in one transaction. While
// there is no room for them the source waits, and later goes on from here.
func (l *lookout) Batch(ctx context.Context, b ingest.Batch) error {
	return l.whenRoom(ctx, func(ctx context.Context) error { return l.store(ctx, b) })
}

func (l *lookout) store(ctx context.Context, b ingest.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.lists.get()
	position, err := json.Marshal(b.Position())
	if err != nil {
		return err
	}
	row := sqlite.Source{ID: b.Source, Path: b.Path, Format: b.Format, Position: position, Final: b.Final, Updated: l.now().UnixMilli()}
	if b.Lost != nil {
		row.Lost = b.Lost.Error()
	}
	byRule, hits, err := l.judge(ctx, w, b)
	if err != nil {
		return err
	}
	if row.Observed, err = l.observe(ctx, b); err != nil {
		return err
	}
	ledger := watch.Ledger{Read: b.Dropped, Dropped: b.Dropped}
	may := w.matcher.Screen(&l.screen, b.Events())
	for i, line := range b.Lines {
		found := byRule[line.Number]
		if may[i] {
			found = append(w.match(b, line, l.now()), found...)
		}
		alerts := 0
		for _, h := range found {
			if !h.Held {
				alerts++
			}
		}
		ledger.Count(watch.Judge(line.Err, alerts))
		hits = append(hits, found...)
	}
	row.Read, row.Matched, row.Clean, row.Unparsed, row.Dropped = ledger.Read, ledger.Matched, ledger.Clean, ledger.Unparsed, ledger.Dropped
	var fresh []statement.Ref
	if !l.known[b.Source] {
		fresh = w.lists
	}
	seen, looked, err := l.looks(b)
	if err != nil {
		return err
	}
	notes := l.keep(b)
	archived := len(notes) > 0
	notes = append(notes, seen...)
	err = l.commit(ctx, row, hits, fresh, notes...)
	if looked(err == nil); archived {
		l.archive.Done(err == nil)
	}
	if err != nil {
		return err
	}
	l.rules.stored(b.Source)
	if l.glimpsed != nil {
		l.glimpsed(b)
	}
	delete(l.sentries.memo, b.Source)
	l.known[b.Source] = true
	if len(hits) > 0 {
		l.alerted()
	}
	if len(row.Observed) > 0 {
		l.spotted()
	}
	return nil
}

// match returns one hit for each item that the line meets.
func (w *watchlist) match(b ingest.Batch, line ingest.Line, now time.Time) []sqlite.Hit {
	if line.Event == nil {
		return nil
	}
	at := watch.Place{Source: b.Source, Generation: b.Generation, Line: line.Number, Offset: line.Offset}
	var hits []sqlite.Hit
	for _, h := range w.matcher.Match(line.Event, at, line.Raw, nil) {
		e := w.entries[h.ID]
		row := sqlite.Hit{
			Source: b.Source, Generation: b.Generation, Line: line.Number, Key: e.key, Offset: line.Offset, Path: cmp.Or(line.Peer, b.Path),
			Rule: h.Rule.Code(), Field: h.Field, Seen: h.Seen.Canonical, Type: e.item.Type, Value: e.item.Value,
			Raw: h.Raw, Dataset: h.Dataset, Held: h.Meta.Status == watch.Held,
			Asset: incident.Asset(line.Event, h.Field), Stored: now.UnixMilli(),
		}
		if !h.Time.IsZero() && !(h.Time.Year() == 0 && b.Modified.IsZero()) {
			row.EventTime = event.CompleteYear(h.Time, b.Modified).UnixMilli()
		}
		hits = append(hits, row)
	}
	return hits
}

// refresh loads the lists anew, swaps them in, and hunts back with those that
// a source has not seen yet. Items that were held and no longer are turn into
// alerts.
func (l *lookout) refresh(ctx context.Context) error {
	l.hunt.Lock()
	defer l.hunt.Unlock()
	w, err := l.lists.load(ctx)
	if err != nil {
		return err
	}
	if err := l.swap(ctx, w); err != nil {
		return err
	}
	if err := l.current(ctx, w); err != nil {
		return err
	}
	// Asked of the store, not of the list before: a decision may have been said
	// just before the node was killed.
	waiting, err := l.db.HeldItems(ctx)
	if err != nil {
		return err
	}
	var freed []sqlite.Key
	for _, k := range waiting {
		if i, ok := w.byKey[k]; ok && !w.entries[i].held() {
			freed = append(freed, k)
		}
	}
	if len(freed) > 0 {
		l.mu.Lock()
		err := l.db.Activate(ctx, freed)
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
	if err := l.huntBack(ctx, w); err != nil {
		return err
	}
	l.alerted()
	return nil
}

// position tells ingest where reading of a source had come to.
func (l *lookout) position(ctx context.Context) ingest.Positions {
	return func(id string) ingest.Position {
		var p ingest.Position
		data, err := l.db.Position(ctx, id)
		if err != nil || data == nil {
			return ingest.Position{}
		}
		if err := json.Unmarshal(data, &p); err != nil {
			l.logger.Error("position is unreadable; reading again", "source", id, "error", err)
			return ingest.Position{}
		}
		return p
	}
}

// fail remembers what went wrong with sources, for screens.
func (l *lookout) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.troubles = append(l.troubles, err.Error())
	if len(l.troubles) > 50 {
		l.troubles = l.troubles[len(l.troubles)-50:]
	}
}
