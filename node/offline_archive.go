package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"entente/internal/segment"
)

// errSegments says that a folder which is to take an archive has one.
var errSegments = errors.New("has segments of an archive already: data is never adopted")

// placeArchive moves the segments that were unpacked into a data folder to where its own configuration looks for them, and
// says where they lie then. Where the configuration cannot be read they stay: the node does not start before it can.
func placeArchive(dir string) (string, error) {
	from := filepath.Join(dir, "archive")
	entries, err := os.ReadDir(from)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	cfg, err := ReadConfig(dir)
	if err != nil || cfg.Archive.Dir == "" {
		return from, nil
	}
	to := cfg.archiveDir()
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", fmt.Errorf("put the archive back: %w", err)
	}
	if same(from, to) {
		return from, nil
	}
	there, err := os.ReadDir(to)
	if err != nil {
		return "", fmt.Errorf("put the archive back: %w", err)
	}
	for _, e := range there {
		if segment.IsFile(e.Name()) {
			return "", fmt.Errorf("put the archive back: %s %w", to, errSegments)
		}
	}
	return to, moveFiles(from, to, entries)
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	y, failed := os.Stat(b)
	return err == nil && failed == nil && os.SameFile(x, y)
}

// moveFiles copies files to a folder that may be on another disk, then removes them. After an error none is there.
func moveFiles(from, to string, entries []fs.DirEntry) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, path := range made {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, e := range entries {
		path := filepath.Join(to, e.Name())
		in, err := os.Open(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
			made = append(made, path)
		}
		if err := errors.Join(writeAll(path, in), in.Close()); err != nil {
			return fmt.Errorf("put the archive back: %w", err)
		}
	}
	return os.RemoveAll(from)
}
