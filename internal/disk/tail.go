package disk

import (
	"bytes"
	"errors"
	"io"
)

// ErrDamaged says that bytes are not what was written.
var ErrDamaged = errors.New("stored bytes are not what was written")

// Frames describes an append-only file of frames, each written by one write
// and synced before the next begins.
type Frames struct {
	File   File
	Size   int64  // of the file
	Magic  string // begins every frame
	Header int64  // bytes of a frame's header
	// Length checks the header of a frame at an offset and returns the length
	// of the whole frame. It must not pass for anything but a frame written
	// there, whatever a frame's content is.
	Length func(head []byte, at int64) (int64, bool)
}

// Torn judges what follows end, where no whole frame begins. Nothing but zeros
// is room allocated ahead: false. One frame with holes is a torn write, which
// nobody was told of: true. Anything else is ErrDamaged: a frame that was
// once whole.
func (f Frames) Torn(end int64) (bool, error) {
	w := Window{File: f.File, Size: f.Size}
	empty := true
	const stride = 1 << 20
	for at := end; at < f.Size; at += stride {
		b, err := w.Bytes(at, stride+f.Header)
		if err != nil {
			return false, err
		}
		empty = empty && AllZero(b)
		if f.begins(b, at, end) {
			return false, ErrDamaged
		}
	}
	if empty {
		return false, nil
	}
	want := f.Header
	b, err := w.Bytes(end, want)
	if err != nil {
		return false, err
	}
	if n, ok := f.Length(b, end); ok {
		want = n
		if b, err = w.Bytes(end, want); err != nil {
			return false, err
		}
	}
	if !HasHole(b, end, want) {
		return false, ErrDamaged
	}
	return true, nil
}

// begins reports whether a frame begins in b, read at offset at, behind end.
func (f Frames) begins(b []byte, at, end int64) bool {
	for from := 0; ; from++ {
		i := bytes.Index(b[from:], []byte(f.Magic))
		if i < 0 {
			return false
		}
		from += i
		if _, ok := f.Length(b[from:], at+int64(from)); ok && at+int64(from) > end {
			return true
		}
	}
}

// Window reads a file forward through one buffer.
type Window struct {
	File File
	Size int64
	at   int64
	buf  []byte
}

// Bytes returns up to n bytes at an offset, fewer at the end of the file. They
// are good until the next call.
func (w *Window) Bytes(at, n int64) ([]byte, error) {
	n = max(min(n, w.Size-at), 0)
	if at < w.at || at+n > w.at+int64(len(w.buf)) {
		want := max(min(max(n, 1<<20), w.Size-at), 0)
		if int64(cap(w.buf)) < want {
			w.buf = make([]byte, want)
		}
		w.at, w.buf = at, w.buf[:want]
		if _, err := w.File.ReadAt(w.buf, at); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return w.buf[at-w.at:][:n:n], nil
}
