// Package matchfile keeps what a run of match works on in files, so that memory does not grow with it: its items, and its lists of points.
package matchfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"entente/match"
)

// GCPercent is how much a process that plays a run of a million items should
// let its memory grow before it is collected (debug.SetGCPercent). What is large
// in a run are points and digests, in which the collector has nothing to follow:
// collecting often costs next to nothing, and halves what is resident.
const GCPercent = 20

// Space keeps the lists of points of one run in the files of a folder. They
// are worth nothing once the run is over, or its process has ended.
type Space struct {
	dir   string
	files []*os.File
}

// NewSpace makes an empty folder, in place of what another process left there.
func NewSpace(dir string) (*Space, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear the lists of a run: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make room for the lists of a run: %w", err)
	}
	return &Space{dir: dir}, nil
}

// Room implements match.Space.
func (s *Space) Room(int64) (match.Room, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, strconv.Itoa(len(s.files))), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, f)
	return f, nil
}

// Close removes the files.
func (s *Space) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	s.files = nil
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
