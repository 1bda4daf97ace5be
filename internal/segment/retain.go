package segment

import (
	"errors"
	"os"

	"entente/watch/archive"
)

// Spent returns the segments that size or age let go, oldest first. They stay
// until Remove: that they go is said before.
func (s *Store) Spent() []archive.Manifest {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum int64
	for _, seg := range s.segments {
		sum += seg.manifest.Size()
	}
	var out []archive.Manifest
	for _, seg := range s.segments {
		m := seg.manifest
		old := s.cfg.MaxAge > 0 && s.cfg.Now().UnixMilli()-m.Made > s.cfg.MaxAge.Milliseconds()
		if !old && (s.cfg.MaxBytes <= 0 || sum <= s.cfg.MaxBytes) {
			break
		}
		sum -= m.Size()
		out = append(out, m)
	}
	return out
}

// Remove deletes a segment: its manifest first, so that what a crash leaves is
// no segment any more.
func (s *Store) Remove(number uint64) error {
	s.files.Lock() // nobody reads it
	defer s.files.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, seg := range s.segments {
		if seg.manifest.Number != number {
			continue
		}
		s.segments = append(s.segments[:i:i], s.segments[i+1:]...)
		errs := []error{seg.close()}
		for _, ext := range extensions() { // the manifest is the first
			if err := s.cfg.Disk.Remove(fileName(number, ext)); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
			if ext == ".json" {
				errs = append(errs, s.cfg.Disk.SyncDir())
			}
		}
		return errors.Join(append(errs, s.cfg.Disk.SyncDir())...)
	}
	return nil
}
