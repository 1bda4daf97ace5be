package segment

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"entente/internal/disk"
	"entente/watch/archive"
)

// spool is a file of frames, each one batch.
type spool struct {
	number  uint64
	file    disk.File // nil before the first frame
	length  int64     // what the last stored transaction covers
	full    int64     // bytes of the records in that, before packing
	pending int64     // written and synced, waiting for its transaction; 0: nothing
	waiting frame     // of that
	rows    int64
	small   int64     // bytes of the records in small blocks
	plain   bool      // some records are in no block
	began   time.Time // when the first frame was written or found
	spans   []archive.Span
	broken  bool   // cannot be read as far as it should be
	draft   *draft // the segment that it will be, as far as it has come; nil if that is to be made of the file
}

func (sp *spool) close() error {
	if sp.file == nil {
		return nil
	}
	return sp.file.Close()
}

// openSpool opens a spool and cuts it back to the length that counts. It is
// returned also with an error if its beginning can be read.
func (s *Store) openSpool(number uint64, length int64) (*spool, error) {
	file, err := s.cfg.Disk.OpenFile(spoolName(number), os.O_RDWR)
	if err != nil {
		return nil, err
	}
	sp := &spool{number: number, file: file, length: length, began: s.cfg.Now()}
	size, err := file.Size()
	switch {
	case err != nil:
		return nil, errors.Join(err, file.Close())
	case size < length:
		sp.length, sp.broken = size, true
	case size > length:
		if err := file.Truncate(length); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	var fs frames
	err = fs.each(file, sp.length, func(f frame) error {
		sp.enter(f, s.cfg.small())
		return nil
	})
	if sp.broken = sp.broken || err != nil; sp.broken {
		err = errors.Join(err, fmt.Errorf("%w: %d bytes, %d were stored", archive.ErrDamaged, size, length))
	}
	return sp, err
}

// enter books a frame. Blocks of fewer bytes than small are.
func (sp *spool) enter(f frame, small int) {
	span := f.span
	sp.rows += f.count
	sp.full += f.full
	sp.plain = sp.plain || f.blocks == nil && f.count > 0
	for _, b := range f.blocks {
		if b.full < small {
			sp.small += int64(b.full)
		}
	}
	for i := len(sp.spans) - 1; i >= 0; i-- {
		last := &sp.spans[i]
		if last.Source == span.Source && last.Generation == span.Generation && last.To == span.From {
			last.To, last.Final = span.To, span.Final
			return
		}
	}
	sp.spans = append(sp.spans, span)
}

// Append writes a batch to the spool, durably, and returns the note that must
// be stored with the batch's results, in one transaction; Done ends it. After
// an error nothing was archived and there is nothing to end: the batch's span
// stays uncovered. Only one batch may be under way. It asks for the records twice.
func (s *Store) Append(span archive.Span, records iter.Seq[*archive.Record]) (note []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil && s.cfg.Now().Before(s.retry) {
		return nil, fmt.Errorf("%w: %w", ErrPaused, s.stopped)
	}
	if err := s.room(); err != nil {
		return nil, s.stop(err)
	}
	if s.current.broken { // nothing behind the damage would be found
		s.rotate()
	}
	sp := s.current
	if sp.file == nil {
		if sp.file, err = disk.Create(s.cfg.Disk, spoolName(sp.number)); err == nil {
			err = s.cfg.Disk.SyncDir()
		}
		if err != nil {
			return nil, s.stop(err)
		}
		sp.began, sp.draft = s.cfg.Now(), newDraft(s.cfg.Table)
	}
	f := s.framer.encode(span, records)
	data := s.framer.bytes(f)
	if err = sp.write(data, records); err != nil {
		sp.draft = nil // it holds what did not happen
		return nil, s.stop(err)
	}
	sp.pending, sp.waiting = sp.length+int64(len(data)), f
	if cap(s.framer.out)+cap(s.framer.block)+cap(s.framer.packed) > 16<<20 {
		s.framer = framer{} // that was an extraordinary batch
	}
	return s.note(sp.pending)
}

// write puts a frame behind what counts, durably. The draft takes the records while the disk is at work (measured, of half a
// mebibyte of lines: 0.6 ms of it, and of a sync of 0.45 ms 0.18 are left).
func (sp *spool) write(data []byte, records iter.Seq[*archive.Record]) error {
	if len(data) > maxFrame {
		return fmt.Errorf("a batch of %d bytes", len(data))
	}
	if _, err := sp.file.WriteAt(data, sp.length); err != nil {
		return err
	}
	if err := sp.file.StartSync(sp.length, int64(len(data))); err != nil {
		return err
	}
	if sp.draft != nil {
		for r := range records {
			sp.draft.add(r)
		}
	}
	return sp.file.Sync()
}

func (s *Store) room() error {
	if s.cfg.Free == nil {
		return nil
	}
	free, err := s.cfg.Free()
	if err != nil {
		return fmt.Errorf("ask how much room is left: %w", err)
	}
	if free < s.cfg.Reserve {
		return ErrRoom
	}
	return nil
}

// stop remembers why nothing is archived. What is on the disk after a failed
// write or sync is unknown, so the spool ends at what is stored and the next
// attempt begins another. mu is held.
func (s *Store) stop(err error) error {
	s.stopped, s.retry = err, s.cfg.Now().Add(retryPause)
	s.rotate()
	return err
}

// rotate ends the current spool. mu is held.
func (s *Store) rotate() {
	sp := s.current
	if sp.file == nil {
		return
	}
	if sp.length > 0 {
		for _, c := range s.closed { // where segments cannot be made they would fill the memory
			c.draft = nil
		}
		s.closed = append(s.closed, sp)
	} else {
		_ = sp.file.Close() // nothing in it counts
		_ = s.cfg.Disk.Remove(spoolName(sp.number))
	}
	s.current = &spool{number: sp.number + 1}
}

// Done ends a batch: stored says that the transaction with the note was. If it
// was not, what was written is cut off again.
func (s *Store) Done(stored bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.current
	if sp.pending == 0 {
		return
	}
	if stored {
		sp.length = sp.pending
		sp.enter(sp.waiting, s.cfg.small())
		s.stopped = nil
	} else {
		sp.draft = nil // it holds what did not happen
		if err := sp.file.Truncate(sp.length); err != nil {
			_ = s.stop(err)
		}
	}
	sp.pending, sp.waiting = 0, frame{}
}
