package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"entente/internal/disk"
	"entente/internal/ingest"
	"entente/internal/parquet"
	"entente/internal/segment"
	"entente/node"
	"entente/watch"
	"entente/watch/archive"
)

// pipeline: every line parsed and matched against a million indicators, every
// event kept in the archive as a node keeps it, durably with each batch, and
// all of it made a segment with its Parquet file in the end.
func (b *watchBench) pipeline(ctx context.Context) error {
	set, _ := b.set(watchMost)
	var lines int64
	round := 0
	took, err := fastest(watchRounds, func() error {
		round++
		d, err := disk.OS(filepath.Join(b.dir, fmt.Sprint("archive", round)))
		if err != nil {
			return err
		}
		store, _, err := segment.Open(segment.Config{
			Disk: d, Now: time.Now, SegmentBytes: 128 << 20, SegmentAge: time.Hour,
			Table: func(w io.Writer) segment.Table { return parquet.NewWriter(w, node.Version) },
		}, nil)
		if err != nil {
			return err
		}
		sink := &keepSink{store: store, hitSink: hitSink{matcher: watch.NewMatcher(set, func(uint32) (watch.Meta, bool) { return watch.Meta{}, true })}}
		err = b.read(ctx, nil, sink)
		if err == nil {
			_, err = store.Seal(ctx, true)
		}
		lines = sink.ledger.Read
		if events := store.State().Rows; err == nil && events == 0 {
			err = fmt.Errorf("%s: %w", b.file, errNoEvents)
		}
		return errors.Join(err, store.Close())
	})
	if err != nil {
		return err
	}
	b.out(speed("pipeline", "lines/s", perSecond(lines, took), 0))
	return nil
}

// keepSink is a hitSink that keeps the events.
type keepSink struct {
	hitSink
	store *segment.Store
}

func (s *keepSink) Batch(ctx context.Context, b ingest.Batch) error {
	span := archive.Span{Source: b.Source, Generation: b.Generation, Begin: b.Position().Begin, From: b.From, To: b.To, Final: b.Final}
	if _, err := s.store.Append(span, node.ArchiveRecords(b)); err != nil {
		return err
	}
	s.store.Done(true)
	if s.store.Due() {
		if _, err := s.store.Seal(ctx, false); err != nil {
			return err
		}
	}
	return s.hitSink.Batch(ctx, b)
}
