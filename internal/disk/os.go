package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

const (
	lockName = "lock"
	fileMode = 0o600
	dirMode  = 0o700
)

// OS opens a folder of the operating system, which it creates when missing.
// All names are resolved beneath the folder (os.Root).
func OS(dir string) (Disk, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	return osDisk{root}, nil
}

type osDisk struct{ root *os.Root }

func (d osDisk) OpenFile(name string, flag int) (File, error) {
	f, err := d.root.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d osDisk) Rename(oldName, newName string) error { return d.root.Rename(oldName, newName) }

func (d osDisk) Link(oldName, newName string) error { return d.root.Link(oldName, newName) }

func (d osDisk) Remove(name string) error { return d.root.Remove(name) }

func (d osDisk) ReadDir() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

func (d osDisk) SyncDir() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return syncDir(f)
}

func (d osDisk) Lock() (io.Closer, error) {
	f, err := d.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("lock folder: %w", err)
	}
	// A program that this process started holds copies of its descriptors, and
	// so a lock that was just given back, until it has become itself.
	for until := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		err = lockFile(f)
		if !errors.Is(err, ErrInUse) || time.Now().After(until) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// How long a lock that somebody else has is tried for, and how often.
const (
	lockPatience = time.Second
	lockPause    = 10 * time.Millisecond
)

func (d osDisk) Close() error { return d.root.Close() }

type osFile struct{ *os.File }

func (f osFile) Sync() error { return dataSync(f.File) }

func (f osFile) StartSync(offset, length int64) error { return startSync(f.File, offset, length) }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Allocate(offset, length int64) error { return allocate(f.File, offset, length) }

func (f osFile) Forget() error { return forget(f.File) }

// control runs op on the descriptor without taking it out of the runtime's hands.
func control(f *os.File, op func(fd uintptr) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var opErr error
	if err := conn.Control(func(fd uintptr) { opErr = op(fd) }); err != nil {
		return err
	}
	return opErr
}
