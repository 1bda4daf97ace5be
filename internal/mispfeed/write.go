package mispfeed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"entente/exchange/misp"
)

// Writer writes a feed into a folder: the events as they come, the manifest
// last, so that a reader who comes in between finds the old one.
type Writer struct {
	root *os.Root
	feed misp.Feed
}

// Create opens a folder for a feed, which it makes where it is missing.
func Create(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the feed's folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the feed's folder: %w", err)
	}
	return &Writer{root: root}, nil
}

// Add writes an event. open says that it is for everybody: its values go into
// hashes.csv.
func (w *Writer) Add(raw []byte, open bool) error {
	name, file, err := w.feed.Add(raw, open)
	if err != nil {
		return err
	}
	return w.put(name, file)
}

// put replaces a file as a whole.
func (w *Writer) put(name string, data []byte) error {
	next := name + ".next"
	if err := w.root.WriteFile(next, data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := w.root.Rename(next, name); err != nil {
		return fmt.Errorf("put %s in its place: %w", name, err)
	}
	return nil
}

// Close writes manifest and hashes, and removes the files of events that were
// in the feed before and are no longer. It returns how many events there are.
func (w *Writer) Close() (events int, err error) {
	defer func() { err = errors.Join(err, w.root.Close()) }()
	manifest, err := w.feed.Manifest()
	if err != nil {
		return 0, err
	}
	gone, err := w.gone()
	if err != nil {
		return 0, err
	}
	if hashes := w.feed.Hashes(); hashes != nil {
		err = w.put(misp.HashesFile, hashes)
	} else if err = w.root.Remove(misp.HashesFile); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = w.put(misp.ManifestFile, manifest)
	}
	for _, name := range gone {
		if err == nil {
			err = w.root.Remove(name)
		}
	}
	return w.feed.Len(), err
}

// gone lists the files of the feed that was there which the new one does not
// name: only what the old manifest named is ours to remove.
func (w *Writer) gone() (names []string, err error) {
	old, err := folder{w.root}.open(misp.ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the old manifest: %w", err)
	}
	entries, err := misp.ParseManifest(old)
	if err != nil {
		return nil, fmt.Errorf("the old manifest: %w", err)
	}
	for _, e := range entries {
		name := misp.FeedFile(e.UUID)
		if _, err := w.root.Lstat(name); err == nil && !w.feed.Names(e.UUID) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Abandon closes the folder without a new manifest.
func (w *Writer) Abandon() error { return w.root.Close() }
