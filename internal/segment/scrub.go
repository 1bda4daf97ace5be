package segment

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"entente/statement"
	"entente/watch/archive"
)

// Scrub reads the files of the first segment behind a number and compares them with the digests of its manifest. It
// returns the segment's number, 0 where there is none: then all have been looked at. An error that wraps
// archive.ErrDamaged says that stored bytes are others than were written; what the segment covers is from
// then on read again from the sources.
func (s *Store) Scrub(ctx context.Context, after uint64) (number uint64, err error) {
	seg := s.behind(after)
	if seg == nil {
		return 0, nil
	}
	s.files.RLock()
	defer s.files.RUnlock()
	number = seg.manifest.Number
	for _, file := range seg.manifest.Files {
		err := s.scrubFile(ctx, file)
		if errors.Is(err, os.ErrNotExist) && s.behind(number-1) != seg {
			return number, nil // it went meanwhile
		}
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, archive.ErrDamaged) {
			s.mu.Lock()
			seg.damaged = true
			s.mu.Unlock()
			return number, fmt.Errorf("%w: segment %d: %w", archive.ErrDamaged, number, err)
		}
		if err != nil {
			return number, err
		}
	}
	return number, nil
}

// behind is the first segment behind a number.
func (s *Store) behind(number uint64) *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		if seg.manifest.Number > number {
			return seg
		}
	}
	return nil
}

func (s *Store) scrubFile(ctx context.Context, file archive.File) (err error) {
	f, err := s.cfg.Disk.OpenFile(file.Name, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, &untilEnded{ctx, io.NewSectionReader(f, 0, size)}); err != nil {
		return err
	}
	if sum := statement.Digest(h.Sum(nil)); sum != file.Digest {
		return fmt.Errorf("%w: %s has another digest", archive.ErrDamaged, file.Name)
	}
	return nil
}

// untilEnded gives up reading when the context ends.
type untilEnded struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilEnded) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, ended(u.ctx)
	}
	return u.r.Read(p)
}
