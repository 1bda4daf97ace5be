package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"entente/watch/archive"
)

// Look is how far a walk through the archive has come.
type Look struct {
	Rows  int64 // decided about
	Total int64 // in the archive
	Bytes int64 // of records read, decompressed
}

// Newest calls fn with records in blocks, those archived last first, each block
// in the order of archiving: with every record, or, of segments, with those that
// may hold one of the needles if n is not nil. The spool has no index and comes
// whole. more is asked before each block; with false the walk ends. The record
// is valid only during the call; an error of fn ends it. What is damaged is
// passed over and told in the error, which then wraps archive.ErrDamaged.
func (s *Store) Newest(ctx context.Context, n *archive.Needles, more func(Look) bool, fn func(*archive.Record) error) (Look, error) {
	s.files.RLock()
	defer s.files.RUnlock()
	segments, spools, total := s.snapshot()
	w := &walk{ctx: ctx, look: Look{Total: total}, more: more, fn: fn}
	type chunk struct {
		number uint64
		read   func() error
		rows   int64
	}
	var chunks []chunk
	for _, seg := range segments {
		chunks = append(chunks, chunk{seg.manifest.Number, func() error { return s.walkSegment(w, seg, n) }, seg.manifest.Rows})
	}
	for _, sp := range spools {
		chunks = append(chunks, chunk{sp.number, func() error { return w.spool(sp) }, sp.rows})
	}
	slices.SortFunc(chunks, func(a, b chunk) int { return cmp.Compare(b.number, a.number) })
	var damage []error
	for _, c := range chunks {
		before := w.look.Rows
		err := c.read()
		switch {
		case errors.Is(err, errEnough):
			return w.look, errors.Join(damage...)
		case errors.Is(err, archive.ErrDamaged):
			damage = append(damage, fmt.Errorf("segment %d: %w", c.number, err))
		case err != nil:
			return w.look, err
		default:
			w.look.Rows = before + c.rows
		}
	}
	return w.look, errors.Join(damage...)
}

var errEnough = errors.New("the walk has ended")

// walk is one call of Newest.
type walk struct {
	ctx  context.Context
	look Look
	more func(Look) bool
	fn   func(*archive.Record) error
	rec  archive.Record
	fs   frames
}

// next says that one more block may be read.
func (w *walk) next() error {
	if err := ended(w.ctx); err != nil {
		return err
	}
	if !w.more(w.look) {
		return errEnough
	}
	return nil
}

// walkSegment reads the blocks from the last to the first.
func (s *Store) walkSegment(w *walk, seg *segment, n *archive.Needles) error {
	if err := w.next(); err != nil {
		return err
	}
	if err := s.openFiles(seg); err != nil {
		return err
	}
	rows, wanted := uint32(seg.index.Rows()), func(uint32) bool { return true }
	if n != nil {
		named := make(map[uint32]bool)
		if err := seg.index.Join(n, func(_ int, row uint32) { named[row] = true }); err != nil || len(named) == 0 {
			return err
		}
		wanted = func(row uint32) bool { return named[row] }
	}
	size, err := seg.lines.Size()
	if err != nil {
		return err
	}
	lines, err := newLinesReader(seg.lines, size, rows)
	if err != nil {
		return err
	}
	defer lines.close()
	end := rows
	for _, e := range slices.Backward(lines.entries) {
		asked := false
		for row := e.row; row < end; row++ {
			if !wanted(row) {
				continue
			}
			if !asked {
				if err := w.next(); err != nil {
					return err
				}
				asked = true
				w.look.Bytes += int64(e.full)
			}
			if err := lines.read(row, &w.rec); err != nil {
				return err
			}
			if err := w.fn(&w.rec); err != nil {
				return err
			}
		}
		if e.row < end {
			w.look.Rows += int64(end - e.row)
			end = e.row
		}
	}
	return nil
}

// spool reads the batches from the last to the first.
func (w *walk) spool(sp spool) error {
	if err := w.next(); err != nil {
		return err
	}
	starts, err := frameStarts(sp.file, sp.length)
	if err != nil {
		return err
	}
	end := sp.length
	for _, at := range slices.Backward(starts) {
		if err := w.next(); err != nil {
			return err
		}
		err := w.fs.each(io.NewSectionReader(sp.file, at, end-at), end-at, func(f frame) error {
			w.look.Rows += f.count
			w.look.Bytes += f.full
			return w.fs.eachRecord(f, &w.rec, func([]byte) error { return w.fn(&w.rec) })
		})
		if err != nil {
			return err
		}
		end = at
	}
	return nil
}

// frameStarts finds where each batch of a spool begins.
func frameStarts(r io.ReaderAt, length int64) (starts []int64, err error) {
	var head [frameHead]byte
	for at := int64(0); at < length; {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return nil, fmt.Errorf("%w: a batch at %d: %w", archive.ErrDamaged, at, err)
		}
		size, _ := frameSize(head[:])
		if size > maxFrame || at+frameHead+size > length {
			return nil, fmt.Errorf("%w: a batch at %d that cannot be", archive.ErrDamaged, at)
		}
		starts = append(starts, at)
		at += frameHead + size
	}
	return starts, nil
}
