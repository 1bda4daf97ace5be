package matchfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"entente/match"
	"entente/observable"
)

// A file of items is a line that names the format and for each item its type
// and its canonical value, each behind its length (1 byte, 2 bytes big-endian).
const itemsMagic = "entente match items v1\n"

// stride is how many items lie between two places that are remembered, so that
// the places take no memory to speak of, and one item costs one short read.
const stride = 32

// errDamaged says that a file of items is not as it was written.
var errDamaged = errors.New("not a file of items as it was written")

// Items is a match.Set in a file.
type Items struct {
	file   *os.File
	n      int
	places []int64 // of every stride-th item, and of the file's end
}

var _ match.Set = (*Items)(nil)

// Write writes the items of a set; the caller makes the file durable.
func Write(w io.Writer, set match.Set) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.WriteString(itemsMagic); err != nil {
		return err
	}
	buf := make([]observable.Value, 1<<12)
	for from := 0; from < set.Len(); from += len(buf) {
		part := buf[:min(len(buf), set.Len()-from)]
		if err := set.Read(from, part); err != nil {
			return err
		}
		for _, v := range part {
			if len(v.Type) > 255 || len(v.Canonical) > match.MaxItem {
				return fmt.Errorf("an item of %d bytes", len(v.Canonical))
			}
			b := append([]byte{byte(len(v.Type))}, v.Type...)
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(v.Canonical))), v.Canonical...)
			if _, err := out.Write(b); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// Open reads a file that Write wrote through once, and keeps it open.
func Open(path string) (*Items, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &Items{file: f}
	if err := s.index(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return s, nil
}

// index finds the places.
func (s *Items) index() error {
	in, at := bufio.NewReaderSize(s.file, 1<<16), int64(len(itemsMagic))
	magic := make([]byte, at)
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != itemsMagic {
		return errDamaged
	}
	for {
		if s.n%stride == 0 {
			s.places = append(s.places, at)
		}
		long, err := skip(in)
		switch {
		case err == io.EOF:
			if s.n%stride != 0 {
				s.places = append(s.places, at)
			}
			return nil
		case err != nil:
			return err
		}
		if s.n++; s.n > match.MaxItems {
			return errDamaged
		}
		at += long
	}
}

// skip passes over one item and returns its length; io.EOF behind the last.
func skip(in *bufio.Reader) (int64, error) {
	kind, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	var size [2]byte
	if _, err := in.Discard(int(kind)); err != nil {
		return 0, errDamaged
	}
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return 0, errDamaged
	}
	long := int(binary.BigEndian.Uint16(size[:]))
	if _, err := in.Discard(long); err != nil || long > match.MaxItem {
		return 0, errDamaged
	}
	return int64(1 + int(kind) + 2 + long), nil
}

// Len implements match.Set.
func (s *Items) Len() int { return s.n }

// Read implements match.Set.
func (s *Items) Read(from int, out []observable.Value) error {
	if from < 0 || from+len(out) > s.n {
		return fmt.Errorf("items %d to %d of %d", from, from+len(out), s.n)
	}
	if len(out) == 0 {
		return nil
	}
	first, last := from/stride, (from+len(out)-1)/stride+1
	b := make([]byte, s.places[last]-s.places[first])
	if _, err := s.file.ReadAt(b, s.places[first]); err != nil {
		return fmt.Errorf("read items: %w", err)
	}
	for i := first * stride; i < from+len(out); i++ {
		kind, rest, ok := cut(b, 1)
		value, rest, fine := cut(rest, 2)
		if !ok || !fine {
			return errDamaged
		}
		if b = rest; i >= from {
			out[i-from] = observable.Value{Type: observable.Type(kind), Canonical: string(value)}
		}
	}
	return nil
}

// cut takes a field behind its length of size bytes.
func cut(b []byte, size int) (field, rest []byte, ok bool) {
	if len(b) < size {
		return nil, nil, false
	}
	long := 0
	for _, c := range b[:size] {
		long = long<<8 | int(c)
	}
	if b = b[size:]; len(b) < long {
		return nil, nil, false
	}
	return b[:long], b[long:], true
}

// Close closes the file, which stays.
func (s *Items) Close() error { return s.file.Close() }
