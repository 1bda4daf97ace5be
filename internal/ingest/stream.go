package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"entente/internal/regular"
)

// stream is the content of one opened file or reader, decompressed.
type stream struct {
	path          string
	file          *os.File // nil for a reader
	info          fs.FileInfo
	r             io.Reader
	packed        bool   // what is read is computed from the bytes of the file: gzip, zstd, a capture
	release       func() // frees what the decompressor holds, if set
	device, inode uint64
	head, history []byte // what seek saw: the first bytes, and those before the offset
}

// openFile opens a regular file. The error wraps ErrMissing or ErrNotAFile where that is the cause.
func openFile(path string, cfg Config) (*stream, error) {
	file, err := regular.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", path, errors.Join(ErrMissing, fs.ErrNotExist))
	case errors.Is(err, regular.ErrNot):
		return nil, fmt.Errorf("%s: %w", path, ErrNotAFile)
	case err != nil:
		return nil, err
	}
	s := &stream{path: path, file: file}
	if s.info, err = file.Stat(); err == nil {
		err = s.start(file, cfg)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.device, s.inode = fileNumber(file)
	return s, nil
}

func openReader(r io.Reader, cfg Config) (*stream, error) {
	s := &stream{}
	if err := s.start(r, cfg); err != nil {
		return nil, err
	}
	return s, nil
}

// free lets go of what a decompressor holds.
func (s *stream) free() {
	if s.release != nil {
		s.release()
		s.release = nil
	}
}

func (s *stream) close() {
	s.free()
	if s.file != nil {
		s.file.Close()
	}
}

// onDisk is what the file takes up now and when it was last written; -1 and the zero time for a reader.
func (s *stream) onDisk() (size int64, modified time.Time) {
	if s.file == nil {
		return -1, time.Time{}
	}
	info, err := s.file.Stat()
	if err != nil {
		return -1, time.Time{}
	}
	return info.Size(), info.ModTime()
}

// seek moves to offset n of the content and notes head and history. io.ErrUnexpectedEOF: it is shorter.
func (s *stream) seek(n int64) error {
	if s.file == nil || s.packed {
		return s.skip(n)
	}
	s.head = make([]byte, min(n, headKeep))
	s.history = make([]byte, min(n, tailKeep))
	if err := readFullAt(s.file, s.head, 0); err != nil {
		return err
	}
	if err := readFullAt(s.file, s.history, n-int64(len(s.history))); err != nil {
		return err
	}
	_, err := s.file.Seek(n, io.SeekStart)
	return err
}

func (s *stream) skip(n int64) error {
	s.head, s.history = nil, nil
	buf := make([]byte, readSize)
	for n > 0 {
		got, err := s.r.Read(buf[:min(n, readSize)])
		s.head = append(s.head, buf[:min(got, headKeep-len(s.head))]...)
		s.history = append(s.history, buf[:got]...)
		s.history = append(s.history[:0], s.history[max(0, len(s.history)-tailKeep):]...)
		n -= int64(got)
		switch {
		case n == 0: // an error that came with the last bytes comes again
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return nil
}

func readFullAt(r io.ReaderAt, p []byte, at int64) error {
	if n, err := r.ReadAt(p, at); n < len(p) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// holds reports whether the content has the head and the bytes before the offset that m remembers. It
// leaves a plain file where it is; a packed stream or a reader must be opened anew afterwards.
func (s *stream) holds(m Mark) bool {
	id := m.Identity
	headLen, tailLen := min(id.HeadLen, headKeep), min(id.TailLen, tailKeep)
	if !s.packed && s.file != nil {
		head, tail := make([]byte, headLen), make([]byte, tailLen)
		return readFullAt(s.file, head, 0) == nil && hashIs(head, id.HeadLen, id.Head) &&
			readFullAt(s.file, tail, m.Offset-int64(tailLen)) == nil && hashIs(tail, id.TailLen, id.Tail)
	}
	if s.skip(int64(headLen)) != nil || !hashIs(s.head, id.HeadLen, id.Head) {
		return false
	}
	// What is left up to the offset; the tail may reach back into the head.
	head := s.head
	if s.skip(m.Offset-int64(headLen)) != nil {
		return false
	}
	tail := append(head, s.history...)
	return len(tail) >= tailLen && hashIs(tail[len(tail)-tailLen:], id.TailLen, id.Tail)
}

// sought reports whether what seek saw on its way is what m remembers.
func (s *stream) sought(m Mark) bool {
	head, tail := min(m.Identity.HeadLen, len(s.head)), min(m.Identity.TailLen, len(s.history))
	return hashIs(s.head[:head], m.Identity.HeadLen, m.Identity.Head) &&
		hashIs(s.history[len(s.history)-tail:], m.Identity.TailLen, m.Identity.Tail)
}

func hashIs(b []byte, n int, want string) bool {
	return len(b) == n && (n == 0 || sum(b) == want)
}
