package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"entente/watch/archive"
)

// Each calls fn with every record of the segments and spools from a number on,
// in the order in which they were archived, and returns the number of the last
// one: who goes on from there meets some records again and misses none. The
// record is valid only during the call; an error of fn ends it. What is damaged
// is passed over and told in the error, which then wraps archive.ErrDamaged.
func (s *Store) Each(ctx context.Context, from uint64, told Progress, fn func(*archive.Record) error) (last uint64, err error) {
	s.files.RLock()
	defer s.files.RUnlock()
	segments, spools, _ := s.snapshot()
	var rec archive.Record
	var fs frames
	type chunk struct {
		number uint64
		rows   int64
		read   func() error
	}
	var chunks []chunk
	for _, seg := range segments {
		chunks = append(chunks, chunk{seg.manifest.Number, seg.manifest.Rows, func() error { return s.eachRow(ctx, seg, &rec, fn) }})
	}
	for _, sp := range spools {
		chunks = append(chunks, chunk{sp.number, sp.rows, func() error {
			return fs.each(sp.file, sp.length, func(f frame) error {
				if err := ended(ctx); err != nil {
					return err
				}
				return fs.eachRecord(f, &rec, func([]byte) error { return fn(&rec) })
			})
		}})
	}
	chunks = slices.DeleteFunc(chunks, func(c chunk) bool { return c.number < from })
	slices.SortFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.number, b.number) })
	var total, done int64
	for _, c := range chunks {
		total += c.rows
	}
	last = from
	var damage []error
	for _, c := range chunks {
		err := c.read()
		if errors.Is(err, archive.ErrDamaged) {
			damage = append(damage, fmt.Errorf("segment %d: %w", c.number, err))
		} else if err != nil {
			return last, err
		}
		last = c.number
		if done += c.rows; told != nil {
			told(done, total)
		}
	}
	return last, errors.Join(damage...)
}

// eachRow reads a segment's lines from the first to the last.
func (s *Store) eachRow(ctx context.Context, seg *segment, rec *archive.Record, fn func(*archive.Record) error) error {
	if err := s.openFiles(seg); err != nil {
		return err
	}
	size, err := seg.lines.Size()
	if err != nil {
		return err
	}
	rows := uint32(seg.index.Rows())
	lines, err := newLinesReader(seg.lines, size, rows)
	if err != nil {
		return err
	}
	defer lines.close()
	for row := range rows {
		if row%1024 == 0 {
			if err := ended(ctx); err != nil {
				return err
			}
		}
		if err := lines.read(row, rec); err != nil {
			return err
		}
		if err := fn(rec); err != nil {
			return err
		}
	}
	return nil
}
