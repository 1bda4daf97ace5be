package headfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"entente/internal/disk"
)

// compactFrame is about how many bytes of heads one frame of a compacted file
// holds.
const compactFrame = 1 << 20

// Compact drops all but the newest Keep heads of each log. It also runs by
// itself when the file has doubled.
func (s *Store) Compact(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.Err(); err != nil {
		return err
	}
	return s.compact()
}

// compact writes the kept heads to a second file and renames it over the
// first. A full disk leaves everything as it was. The caller holds the turn.
func (s *Store) compact() error {
	next, err := s.draft()
	if disk.IsFull(err) {
		return fmt.Errorf("%w: compact: %w", ErrFull, errors.Join(err, s.disk.Remove(draftName)))
	}
	if err != nil {
		return s.poison(fmt.Errorf("compact: %w", err))
	}
	if err := s.swap(next); err != nil {
		return s.poison(fmt.Errorf("compact: %w", err))
	}
	return nil
}

// draft writes the kept heads to the second file, durably, and returns a store
// that knows their places.
func (s *Store) draft() (next *Store, err error) {
	f, err := disk.Create(s.disk, draftName)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	next = &Store{id: s.id, opts: s.opts, file: f, logs: map[string]*memory{}, end: fileHeader}
	if _, err := f.WriteAt(newHeader(s.id), 0); err != nil {
		return nil, err
	}
	var pending []update
	size := 0
	for _, origin := range s.Origins() {
		heads := s.logs[origin].heads
		for _, p := range heads[max(0, len(heads)-s.opts.Keep):] {
			h, err := s.load(p)
			if err != nil {
				return nil, err
			}
			u := update{origin, h}
			if pending, size = append(pending, u), size+u.size(); size >= compactFrame {
				if err := next.writeFrame(pending); err != nil {
					return nil, err
				}
				pending, size = nil, 0
			}
		}
	}
	if len(pending) > 0 {
		if err := next.writeFrame(pending); err != nil {
			return nil, err
		}
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	return next, next.verify(s)
}

// writeFrame adds a frame to a draft.
func (s *Store) writeFrame(updates []update) error {
	s.out = appendFrame(s.out[:0], s.id, s.end, updates)
	if _, err := s.file.WriteAt(s.out, s.end); err != nil {
		return err
	}
	s.enter(updates)
	return nil
}

// verify reads a draft back and holds it against the store that it replaces.
func (s *Store) verify(old *Store) error {
	back := &Store{file: s.file, logs: map[string]*memory{}}
	if err := back.readHeader(); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if err := back.readFrames(s.end); err != nil {
		return err
	}
	if back.end != s.end || len(back.logs) != len(old.logs) {
		return fmt.Errorf("read back: %w", disk.ErrDamaged)
	}
	for origin, m := range old.logs {
		got := back.logs[origin]
		if got == nil || got.latest.Tree != m.latest.Tree || !bytes.Equal(got.latest.Note, m.latest.Note) {
			return fmt.Errorf("read back %q: %w", origin, disk.ErrDamaged)
		}
	}
	return nil
}

// swap puts the draft in the place of the file. No handle stays open across
// the rename: not every system allows it.
func (s *Store) swap(next *Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.file.Close(); err != nil {
		return err
	}
	if err := s.disk.Rename(draftName, fileName); err != nil {
		return err
	}
	if err := s.disk.SyncDir(); err != nil {
		return err
	}
	f, err := s.disk.OpenFile(fileName, os.O_RDWR)
	if err != nil {
		return err
	}
	s.file, s.logs, s.end = f, next.logs, next.end
	s.allocated, s.compacted = s.end, s.end
	return nil
}
