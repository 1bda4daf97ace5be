package segment

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"slices"

	"entente/watch/archive"
)

// Progress is told how many events of all have been decided about.
type Progress func(done, total int64)

// Hunt calls fn with every record that may hold one of the needles, and with
// others: all of those in the spool. fn matches them. The record is valid only
// during the call; an error of fn ends the hunt. What is damaged is passed
// over, no longer counted as covered, and told in the error, which then wraps
// archive.ErrDamaged.
func (s *Store) Hunt(ctx context.Context, n *archive.Needles, told Progress, fn func(*archive.Record) error) error {
	s.files.RLock()
	defer s.files.RUnlock()
	segments, spools, total := s.snapshot()
	var damage []error
	var done int64
	var rec archive.Record
	var fs frames
	tell := func(rows int64) {
		if done += rows; told != nil {
			told(done, total)
		}
	}
	for _, seg := range segments {
		if err := ended(ctx); err != nil {
			return err
		}
		err := s.huntSegment(ctx, seg, n, &rec, fn)
		if errors.Is(err, archive.ErrDamaged) {
			s.mu.Lock()
			seg.damaged = true
			s.mu.Unlock()
			damage = append(damage, fmt.Errorf("segment %d: %w", seg.manifest.Number, err))
		} else if err != nil {
			return err
		}
		tell(seg.manifest.Rows)
	}
	for _, sp := range spools {
		err := fs.each(sp.file, sp.length, func(f frame) error {
			if err := ended(ctx); err != nil {
				return err
			}
			return fs.eachRecord(f, &rec, func([]byte) error { return fn(&rec) })
		})
		if errors.Is(err, archive.ErrDamaged) {
			s.spoil(sp.number)
			damage = append(damage, fmt.Errorf("spool %d: %w", sp.number, err))
		} else if err != nil {
			return err
		}
		tell(sp.rows)
	}
	return errors.Join(damage...)
}

// Rows calls fn with each row of each segment that a needle may stand in,
// without reading it: how often is answered by the indexes alone. The spool has
// no index and is left out.
func (s *Store) Rows(ctx context.Context, n *archive.Needles, fn func(segment uint64, needle int, row uint32)) error {
	s.files.RLock()
	defer s.files.RUnlock()
	segments, _, _ := s.snapshot()
	for _, seg := range segments {
		if err := ended(ctx); err != nil {
			return err
		}
		if err := s.openFiles(seg); err != nil {
			return err
		}
		number := seg.manifest.Number
		if err := seg.index.Join(n, func(needle int, row uint32) { fn(number, needle, row) }); err != nil {
			return fmt.Errorf("segment %d: %w", number, err)
		}
	}
	return nil
}

// snapshot is what there is at this moment; the files stay as long as files is held.
func (s *Store) snapshot() (segments []*segment, spools []spool, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	segments = slices.Clone(s.segments)
	for _, seg := range segments {
		total += seg.manifest.Rows
	}
	for _, sp := range append(slices.Clone(s.closed), s.current) {
		if sp.length > 0 {
			spools = append(spools, *sp)
			total += sp.rows
		}
	}
	return segments, spools, total
}

// spoil says of a spool that what it covers must be read again from the sources.
func (s *Store) spoil(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sp := range append(slices.Clone(s.closed), s.current) {
		if sp.number == number {
			sp.broken = true
		}
	}
}

func (s *Store) huntSegment(ctx context.Context, seg *segment, n *archive.Needles, rec *archive.Record, fn func(*archive.Record) error) error {
	if err := s.openFiles(seg); err != nil {
		return err
	}
	var rows []uint64 // a set of bits, made when the first row is named
	err := seg.index.Join(n, func(_ int, row uint32) {
		if rows == nil {
			rows = make([]uint64, (seg.index.Rows()+63)/64)
		}
		rows[row/64] |= 1 << (row % 64)
	})
	if err != nil || rows == nil {
		return err
	}
	size, err := seg.lines.Size()
	if err != nil {
		return err
	}
	lines, err := newLinesReader(seg.lines, size, uint32(seg.index.Rows()))
	if err != nil {
		return err
	}
	defer lines.close()
	for i, word := range rows {
		for ; word != 0; word &= word - 1 {
			if err := lines.read(uint32(i*64+bits.TrailingZeros64(word)), rec); err != nil {
				return err
			}
			if err := fn(rec); err != nil {
				return err
			}
		}
		if err := ended(ctx); err != nil {
			return err
		}
	}
	return nil
}

// openFiles opens a segment's index and lines, once; the filter stays in memory.
func (s *Store) openFiles(seg *segment) error {
	seg.once.Do(func() {
		seg.err = func() error {
			var err error
			if seg.keys, err = s.cfg.Disk.OpenFile(fileName(seg.manifest.Number, ".keys"), os.O_RDONLY); err != nil {
				return err
			}
			if seg.lines, err = s.cfg.Disk.OpenFile(fileName(seg.manifest.Number, ".lines"), os.O_RDONLY); err != nil {
				return err
			}
			size, err := seg.keys.Size()
			if err != nil {
				return err
			}
			if seg.index, err = archive.OpenIndex(seg.keys, size); err == nil && int64(seg.index.Rows()) != seg.manifest.Rows {
				err = fmt.Errorf("%w: an index of %d rows, not %d", archive.ErrDamaged, seg.index.Rows(), seg.manifest.Rows)
			}
			return err
		}()
		if errors.Is(seg.err, os.ErrNotExist) {
			seg.err = fmt.Errorf("%w: %w", archive.ErrDamaged, seg.err)
		}
	})
	return seg.err
}

func (seg *segment) close() error {
	var errs []error
	if seg.keys != nil {
		errs = append(errs, seg.keys.Close())
	}
	if seg.lines != nil {
		errs = append(errs, seg.lines.Close())
	}
	return errors.Join(errs...)
}
