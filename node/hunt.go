package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"entente/internal/ingest"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/statement"
	"entente/watch/archive"
	"entente/watch/indicator"
)

// huntBack looks for lists in what each source gave before they came: in the
// archive, all at once, and where that does not reach by reading the source
// again. Both give the hits that matching live would have given, under the same
// keys, so nothing is doubled where both have a line.
func (l *lookout) huntBack(ctx context.Context, w *watchlist) error {
	done, err := l.db.Hunts(ctx)
	if err != nil {
		return err
	}
	finished := make(map[sqlite.Hunt]bool)
	for _, h := range done {
		h.State = ""
		finished[h] = true
	}
	rows, err := l.seen.Sources(ctx) // before the archive is looked at: it covers at least these positions
	if err != nil {
		return err
	}
	missing := make(map[string][]statement.Ref)
	all := make(map[statement.Ref]bool)
	for _, row := range rows {
		for _, r := range w.lists {
			if !finished[sqlite.Hunt{Origin: r.Origin, Index: r.Index, Source: row.ID}] {
				missing[row.ID] = append(missing[row.ID], r)
				all[r] = true
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	covered, err := l.huntArchive(ctx, w.only(all))
	if err != nil {
		return err
	}
	for _, row := range rows {
		refs := missing[row.ID]
		if len(refs) == 0 {
			continue
		}
		state, err := l.huntSource(ctx, row, w, refs, covered)
		if err != nil {
			return err
		}
		if err := l.db.Hunted(ctx, row.ID, state, refs); err != nil {
			return err
		}
	}
	return nil
}

// hitChunk is how many hits are stored in one transaction.
const hitChunk = 500

// huntArchive looks for a watchlist in the archive and returns what that
// covered: nothing where the archive could not be read.
func (l *lookout) huntArchive(ctx context.Context, w *watchlist) (archive.Coverage, error) {
	if l.archive == nil {
		return nil, nil
	}
	began, found := time.Now(), 0
	var hits []sqlite.Hit
	var stored error
	store := func() {
		if len(hits) == 0 || stored != nil {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		stored = l.db.StoreHunt(ctx, hits)
		found += len(hits)
		hits = hits[:0]
	}
	err := l.archive.Hunt(ctx, w.needles(), nil, func(rec *archive.Record) error {
		hits = append(hits, w.matchRecord(rec, l.now())...)
		if len(hits) >= hitChunk {
			store()
		}
		return stored
	})
	store()
	switch {
	case stored != nil:
		return nil, stored
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		l.logger.Error("hunt back through the archive", "error", err)
		l.fail(fmt.Errorf("archive: %w", err))
		if !errors.Is(err, archive.ErrDamaged) {
			return nil, nil // nothing is sure: all of it is read again
		}
	}
	l.logger.Info("hunted back through the archive", "indicators", len(w.wanted), "hits", found, "seconds", time.Since(began).Seconds())
	return l.archive.Coverage(), nil
}

// needles are the values of a watchlist made by only.
func (w *watchlist) needles() *archive.Needles {
	values := make([]observable.Value, len(w.wanted))
	for i, id := range w.wanted {
		values[i] = w.entries[id].item.Observable()
	}
	return archive.NewNeedles(values)
}

// matchRecord matches an archived event as if its line had just been read.
func (w *watchlist) matchRecord(rec *archive.Record, now time.Time) []sqlite.Hit {
	b := ingest.Batch{Source: rec.Source, Path: rec.Path, Generation: rec.Generation}
	return w.match(b, ingest.Line{Number: rec.Line, Offset: rec.Offset, Size: int64(len(rec.Raw)), Raw: rec.Raw, Event: &rec.Event}, now)
}

// huntSource reads again what the archive does not cover of one source.
func (l *lookout) huntSource(ctx context.Context, row sqlite.Source, all *watchlist, refs []statement.Ref, covered archive.Coverage) (string, error) {
	var p ingest.Position
	if err := json.Unmarshal(row.Position, &p); err != nil {
		return "", fmt.Errorf("position of %s: %w", row.ID, err)
	}
	rest, none := uncovered(row.ID, p, covered)
	if none {
		return sqlite.HuntDone, nil
	}
	want := make(map[statement.Ref]bool)
	for _, r := range refs {
		want[r] = true
	}
	w := all.only(want)
	config := l.config
	config.Sieve = func() *indicator.Set { return w.set }
	err := ingest.Replay(ctx, config, ingest.Source{ID: row.ID, Path: row.Path}, rest, func(b ingest.Batch) error {
		var hits []sqlite.Hit
		for _, line := range b.Lines {
			hits = append(hits, w.match(b, line, l.now())...)
		}
		if len(hits) == 0 {
			return nil
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.db.StoreHunt(ctx, hits)
	})
	var gone *ingest.Gone
	if errors.As(err, &gone) {
		l.logger.Warn("hunt back", "source", row.ID, "error", err)
		return sqlite.HuntGone, nil
	}
	return sqlite.HuntDone, err
}
