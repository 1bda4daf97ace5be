package regular

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOpensFilesAlone: a folder is not opened, and a file is read, also through a
// link and below a folder.
func TestOpensFilesAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	write(t, path, []byte("hello"))
	if got, err := Read(path, 5); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Read(path, 4); err == nil {
		t.Error("five bytes where four are allowed")
	}
	if _, err := Open(dir); !errors.Is(err, ErrNot) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(path + "y"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := In(root, "x")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); err != nil || string(got) != "hello" || f.Close() != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := In(root, "."); !errors.Is(err, ErrNot) {
		t.Errorf("the folder itself: %v", err)
	}
}

// stuck is a file whose calls come back when they are let.
type stuck struct {
	*bytes.Reader
	let    chan struct{}
	closed chan struct{}
}

func (s stuck) Read(p []byte) (int, error) {
	<-s.let
	return s.Reader.Read(p)
}

func (s stuck) Stat() (fs.FileInfo, error) { return os.Stat(os.TempDir()) }

func (s stuck) Close() error {
	close(s.closed)
	return nil
}

// TestPatience: a call that does not come back is left behind after so long; while
// it hangs nothing more is asked of its path, and of others all is; when it came
// back the path is asked again.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Patient{Patience: 30 * time.Second}
		data := bytes.Repeat([]byte("0123456789"), blockSize/7)
		s := stuck{bytes.NewReader(data), make(chan struct{}), make(chan struct{})}
		f, err := p.open(t.Context(), "a", func() (source, error) { return s, nil })
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 2 {
			if n, err := f.Read(make([]byte, 10)); n != 0 || !errors.Is(err, ErrSilent) || time.Since(began) != p.Patience {
				t.Fatalf("%d, %v after %v", n, err, time.Since(began))
			}
		}
		asked := false
		if err := p.Do(t.Context(), "a", func() { asked = true }); !errors.Is(err, ErrSilent) || asked {
			t.Errorf("asked again: %v", err)
		}
		if err := p.Do(t.Context(), "b", func() { asked = true }); err != nil || !asked {
			t.Errorf("another path: %v", err)
		}
		close(s.let)
		synctest.Wait()
		if len(p.silent) != 0 {
			t.Errorf("still waited for: %v", p.silent)
		}
		s.Reader.Reset(data)
		again, err := p.open(t.Context(), "a", func() (source, error) { return s, nil })
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(again); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d of %d bytes, %v", len(got), len(data), err)
		}
		if err := errors.Join(again.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestEndsWithItsContext: a read that hangs ends with the context, and what was
// opened too late is closed.
func TestEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Patient{Patience: time.Hour}
		s := stuck{bytes.NewReader(nil), make(chan struct{}), make(chan struct{})}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err := p.open(ctx, "a", func() (source, error) {
			<-s.let
			return s, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("opening: %v", err)
		}
		close(s.let)
		<-s.closed
		s = stuck{bytes.NewReader(nil), make(chan struct{}), make(chan struct{})}
		ctx, stop = context.WithTimeout(t.Context(), time.Second)
		defer stop()
		f, err := p.open(ctx, "b", func() (source, error) { return s, nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Read(make([]byte, 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reading: %v", err)
		}
		close(s.let)
	})
}

// TestReadsAt: a file is read at any place, to its end.
func TestReadsAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	write(t, path, []byte("hello"))
	p := &Patient{Patience: time.Minute}
	f, err := p.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 3)
	if n, err := f.ReadAt(b, 1); n != 3 || err != nil || string(b) != "ell" || f.Size() != 5 {
		t.Errorf("%d %q, %v", n, b, err)
	}
	if n, err := f.ReadAt(b, 4); n != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := p.Read(t.Context(), path, 4); err == nil {
		t.Error("five bytes where four are allowed")
	}
	if _, err := p.Open(t.Context(), filepath.Dir(path)); !errors.Is(err, ErrNot) {
		t.Errorf("a folder: %v", err)
	}
}
