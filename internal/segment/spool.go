package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"time"

	"entente/internal/disk"
	"entente/watch/archive"
)

// spool is a file of frames, each one batch: length and CRC of the payload
// (little-endian, 4 bytes each), then the span and the records.
type spool struct {
	number  uint64
	file    disk.File // nil before the first frame
	length  int64     // what the last stored transaction covers
	pending int64     // written and synced, waiting for its transaction; 0: nothing
	waiting frame
	rows    int64
	began   time.Time // when the first frame was written or found
	spans   []archive.Span
	broken  bool // cannot be read as far as it should be
}

func (sp *spool) close() error {
	if sp.file == nil {
		return nil
	}
	return sp.file.Close()
}

// frame is one batch.
type frame struct {
	span    archive.Span
	count   uint64
	records []byte
}

const (
	frameHead = 8
	maxFrame  = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame encodes one batch.
func appendFrame(dst []byte, span archive.Span, records iter.Seq[*archive.Record]) ([]byte, uint64) {
	start := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = append(binary.AppendUvarint(dst, uint64(len(span.Source))), span.Source...)
	for _, n := range []int64{int64(span.Generation), span.Begin, span.From, span.To} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	final := byte(0)
	if span.Final {
		final = 1
	}
	dst = append(dst, final)
	count := uint64(0)
	for r := range records {
		dst = archive.AppendRecord(dst, r)
		count++
	}
	payload := dst[start+frameHead:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(payload, castagnoli))
	return dst, count
}

// parseFrame reads a payload.
func parseFrame(b []byte) (f frame, err error) {
	bad := fmt.Errorf("%w: not a batch", archive.ErrDamaged)
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return f, bad
	}
	f.span.Source, b = string(b[w:w+int(n)]), b[w+int(n):]
	var numbers [4]int64
	for i := range numbers {
		v, w := binary.Uvarint(b)
		if w <= 0 || v > 1<<62 {
			return f, bad
		}
		numbers[i], b = int64(v), b[w:]
	}
	if len(b) == 0 {
		return f, bad
	}
	f.span.Generation, f.span.Begin, f.span.From, f.span.To = int(numbers[0]), numbers[1], numbers[2], numbers[3]
	f.span.Final, f.records = b[0] == 1, b[1:]
	return f, nil
}

// each calls fn with the frames of the first length bytes.
func eachFrame(r io.ReaderAt, length int64, fn func(frame) error) error {
	var head [frameHead]byte
	var payload []byte
	for at := int64(0); at < length; {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return fmt.Errorf("%w: a batch at %d: %w", archive.ErrDamaged, at, err)
		}
		size := int64(binary.LittleEndian.Uint32(head[:]))
		if size > maxFrame || at+frameHead+size > length {
			return fmt.Errorf("%w: a batch at %d that cannot be", archive.ErrDamaged, at)
		}
		if int64(cap(payload)) < size {
			payload = make([]byte, size)
		}
		payload = payload[:size]
		if _, err := r.ReadAt(payload, at+frameHead); err != nil && !(errors.Is(err, io.EOF) && size == 0) {
			return fmt.Errorf("%w: a batch at %d: %w", archive.ErrDamaged, at, err)
		}
		if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return fmt.Errorf("%w: the batch at %d is not what was written", archive.ErrDamaged, at)
		}
		f, err := parseFrame(payload)
		if err != nil {
			return err
		}
		if err := fn(f); err != nil {
			return err
		}
		at += frameHead + size
	}
	return nil
}

// eachRecord calls fn with the records of a frame.
func eachRecord(records []byte, rec *archive.Record, fn func(encoded []byte) error) error {
	for len(records) > 0 {
		rest, err := archive.ParseRecord(records, rec)
		if err != nil {
			return err
		}
		if err := fn(records[:len(records)-len(rest)]); err != nil {
			return err
		}
		records = rest
	}
	return nil
}

// countRecords counts by their lengths alone.
func countRecords(records []byte) (n int64) {
	for len(records) >= 4 {
		size := uint64(binary.LittleEndian.Uint32(records)) + 4
		if size > uint64(len(records)) {
			return n
		}
		records = records[size:]
		n++
	}
	return n
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
	err = eachFrame(file, sp.length, func(f frame) error {
		sp.enter(f.span, countRecords(f.records))
		return nil
	})
	if sp.broken = sp.broken || err != nil; sp.broken {
		err = errors.Join(err, fmt.Errorf("%w: %d bytes, %d were stored", archive.ErrDamaged, size, length))
	}
	return sp, err
}

// enter books a frame.
func (sp *spool) enter(span archive.Span, rows int64) {
	sp.rows += rows
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
// stays uncovered. Only one batch may be under way.
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
		if sp.file, err = s.cfg.Disk.OpenFile(spoolName(sp.number), os.O_RDWR|os.O_CREATE|os.O_TRUNC); err == nil {
			err = s.cfg.Disk.SyncDir()
		}
		if err != nil {
			return nil, s.stop(err)
		}
		sp.began = s.cfg.Now()
	}
	var count uint64
	s.buf, count = appendFrame(s.buf[:0], span, records)
	if len(s.buf) > maxFrame {
		return nil, s.stop(fmt.Errorf("a batch of %d bytes", len(s.buf)))
	}
	_, err = sp.file.WriteAt(s.buf, sp.length)
	if err == nil {
		err = sp.file.Sync()
	}
	if err != nil {
		return nil, s.stop(err)
	}
	sp.pending, sp.waiting = sp.length+int64(len(s.buf)), frame{span: span, count: count}
	if cap(s.buf) > 8<<20 {
		s.buf = nil
	}
	return s.note(sp.pending)
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
		sp.enter(sp.waiting.span, int64(sp.waiting.count))
		s.stopped = nil
	} else if err := sp.file.Truncate(sp.length); err != nil {
		_ = s.stop(err)
	}
	sp.pending = 0
}
