// Package regular opens files that somebody else names: regular ones alone, and without waiting for one that never answers.
package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrNot reports that a path is no regular file: a folder, pipe, socket or device.
var ErrNot = errors.New("not a regular file")

const (
	// held is how long a file that somebody else holds a lease on is waited for;
	// the system takes a lease back after 45 s (fcntl(2), lease-break-time).
	held  = time.Minute
	pause = 20 * time.Millisecond
)

// Open opens a regular file for reading. What is none is looked at, not opened: to
// open a pipe waits for its other end, and to open a device may do something. What
// is put in its place meanwhile is opened without waiting, and closed again.
func Open(path string) (*os.File, error) {
	return open(path, os.Stat, os.OpenFile)
}

// In is Open for a name below a folder.
func In(root *os.Root, name string) (*os.File, error) {
	return open(name, root.Stat, root.OpenFile)
}

func open(path string, stat func(string) (fs.FileInfo, error), with func(string, int, fs.FileMode) (*os.File, error)) (*os.File, error) {
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNot}
	}
	f, err := with(path, os.O_RDONLY|atOnce, 0)
	for until := time.Now().Add(held); leased(err) && time.Now().Before(until); {
		time.Sleep(pause)
		f, err = with(path, os.O_RDONLY|atOnce, 0)
	}
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNot}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Read is the content of a regular file of at most so many bytes.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, most)
}

// ReadAll reads at most so many bytes; more are an error.
func ReadAll(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, fmt.Errorf("longer than %d bytes", most)
	}
	return data, err
}

// Check refuses the first of some paths that is no regular file, before a library
// opens it that would wait. "" is passed over.
func Check(paths ...string) error {
	for _, path := range paths {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err == nil && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: path, Err: ErrNot}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
