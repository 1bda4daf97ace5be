package ingest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// stream is the content of one opened file or reader, decompressed.
type stream struct {
	path          string
	file          *os.File // nil for a reader
	info          fs.FileInfo
	r             io.Reader
	gz            bool
	device, inode uint64
	head, history []byte // what seek saw: the first bytes, and those before the offset
}

// openFile opens a regular file. The error wraps ErrMissing or ErrNotAFile where that is the cause.
func openFile(path string, limit int64) (*stream, error) {
	info, err := os.Stat(path) // before Open, which would wait for ever on a pipe
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", path, errors.Join(ErrMissing, fs.ErrNotExist))
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w", path, ErrNotAFile)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &stream{path: path, file: file}
	if s.info, err = file.Stat(); err == nil {
		err = s.start(file, limit)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.device, s.inode = fileNumber(file)
	return s, nil
}

func openReader(r io.Reader, limit int64) (*stream, error) {
	s := &stream{}
	if err := s.start(r, limit); err != nil {
		return nil, err
	}
	return s, nil
}

// start tells gzip from plain by the first two bytes (RFC 1952 section 2.3.1).
func (s *stream) start(r io.Reader, limit int64) error {
	var magic []byte
	if s.file != nil {
		two := make([]byte, 2)
		n, err := s.file.ReadAt(two, 0)
		if err != nil && err != io.EOF {
			return err
		}
		magic = two[:n]
		s.r = s.file
	} else {
		b := bufio.NewReaderSize(r, 4096)
		magic, _ = b.Peek(2) // an error comes again with the first read
		s.r = b
	}
	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return nil
	}
	s.gz = true
	zr, err := gzip.NewReader(bufio.NewReaderSize(s.r, readSize))
	if err != nil {
		s.r = &failing{err: fmt.Errorf("%w: %w", ErrDamaged, err)}
		return nil
	}
	s.r = &inflated{zr: zr, left: limit}
	return nil
}

func (s *stream) close() {
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
	if s.file == nil || s.gz {
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
// leaves a plain file where it is; a gzip stream or a reader must be opened anew afterwards.
func (s *stream) holds(m Mark) bool {
	id := m.Identity
	headLen, tailLen := min(id.HeadLen, headKeep), min(id.TailLen, tailKeep)
	if !s.gz && s.file != nil {
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

func hashIs(b []byte, n int, want string) bool {
	return len(b) == n && (n == 0 || sum(b) == want)
}

// inflated bounds what a gzip stream may give and names its damages.
type inflated struct {
	zr   *gzip.Reader
	left int64
}

func (i *inflated) Read(p []byte) (int, error) {
	if i.left <= 0 {
		var one [1]byte
		if n, err := i.zr.Read(one[:]); n == 0 && err == io.EOF {
			return 0, io.EOF
		}
		return 0, ErrTooLarge
	}
	n, err := i.zr.Read(p[:min(int64(len(p)), i.left)])
	i.left -= int64(n)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return n, err
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
