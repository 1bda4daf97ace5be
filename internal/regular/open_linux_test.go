package regular

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipe: a pipe without another end is refused at once, also where it is put in
// the place of a file between the look and the opening.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, file, nil)
	if _, err := Open(pipe); !errors.Is(err, ErrNot) {
		t.Errorf("a pipe: %v", err)
	}
	if _, err := open(pipe, func(string) (os.FileInfo, error) { return os.Stat(file) }, os.OpenFile); !errors.Is(err, ErrNot) {
		t.Errorf("a pipe that was a file: %v", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := In(root, "pipe"); !errors.Is(err, ErrNot) {
		t.Errorf("a pipe below a folder: %v", err)
	}
}

// TestLease: a file that a server holds a lease on is read when that was given back.
func TestLease(t *testing.T) {
	const setLease, writeLease, noLease = 1024, 1, 2 // fcntl(2)
	path := filepath.Join(t.TempDir(), "x")
	write(t, path, []byte("hello"))
	holder, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	lease := func(what uintptr) syscall.Errno {
		_, _, e := syscall.Syscall(syscall.SYS_FCNTL, holder.Fd(), setLease, what)
		return e
	}
	if e := lease(writeLease); e != 0 {
		t.Skipf("this file system gives no leases: %v", e)
	}
	tried := 0
	f, err := open(path, os.Stat, func(path string, flags int, mode os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(path, flags, mode)
		if tried++; tried == 2 {
			if e := lease(noLease); e != 0 {
				t.Error(e)
			}
		}
		return f, err
	})
	if err != nil || tried != 3 {
		t.Fatalf("tried %d times, %v", tried, err)
	}
	if got, err := io.ReadAll(f); err != nil || string(got) != "hello" || f.Close() != nil {
		t.Errorf("%q, %v", got, err)
	}
}
