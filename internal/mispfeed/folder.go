// Package mispfeed reads and writes folders and zip files that hold a MISP feed: a manifest and one file for each event.
//
// What is named within is hostile. Events are found by the uuids of the
// manifest alone and opened below the folder (os.Root), so no name leads out of
// it. A file that is missing, is not the one that the manifest means, or cannot
// be read costs that event and no other; hashes.csv is never needed.
package mispfeed

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/regular"
	"entente/statement"
)

// MaxFile is the largest file of a feed.
const MaxFile = stix.MaxSize

// Report says what became of a feed.
type Report struct {
	Named    int // events in the manifest
	Events   int // read
	Missing  []string
	Refused  []Refused
	Hashes   bool // hashes.csv is there
	Unlisted int  // files named by a uuid that the manifest does not know: not read
}

// Refused is an event that was not taken.
type Refused struct {
	UUID string
	Why  *statement.Refusal
}

// source is where the files of a feed come from.
type source interface {
	// open returns a file of at most MaxFile bytes; fs.ErrNotExist for none.
	open(name string) ([]byte, error)
	// names lists the files beside each other.
	names() ([]string, error)
}

// IsFeed says whether a folder holds a feed.
func IsFeed(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, misp.ManifestFile))
	return err == nil && info.Mode().IsRegular()
}

// ReadFolder calls visit for every event of the feed in a folder, in the order
// of their uuids; an error of visit ends the reading.
func ReadFolder(dir string, visit func(e misp.Entry, raw []byte) error) (Report, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Report{}, fmt.Errorf("open the feed: %w", err)
	}
	defer root.Close()
	return read(folder{root}, all, visit)
}

func read(from source, fresh func(misp.Entry) bool, visit func(e misp.Entry, raw []byte) error) (Report, error) {
	var r Report
	manifest, err := from.open(misp.ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, statement.Refuse(statement.CodeKind, "not a feed: there is no %s", misp.ManifestFile)
	}
	if err != nil {
		return r, fmt.Errorf("read the manifest: %w", err)
	}
	entries, err := misp.ParseManifest(manifest)
	if err != nil {
		return r, err
	}
	r.Named = len(entries)
	if err := r.look(from, entries); err != nil {
		return r, err
	}
	for _, e := range entries {
		if !fresh(e) {
			continue
		}
		raw, err := event(from, e)
		refusal, refused := statement.AsRefusal(err)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			r.Missing = append(r.Missing, e.UUID)
		case refused:
			r.Refused = append(r.Refused, Refused{e.UUID, refusal})
		case err != nil:
			return r, fmt.Errorf("read %s: %w", misp.FeedFile(e.UUID), err)
		default:
			r.Events++
			if err := visit(e, raw); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// look counts what stands beside the files that the manifest names.
func (r *Report) look(from source, entries []misp.Entry) error {
	names, err := from.names()
	if err != nil {
		return fmt.Errorf("list the feed: %w", err)
	}
	for _, name := range names {
		if name == misp.HashesFile {
			r.Hashes = true
		}
		uuid := name[:max(len(name)-len(".json"), 0)]
		if !misp.IsUUID(uuid) || misp.FeedFile(uuid) != name {
			continue
		}
		if _, known := slices.BinarySearchFunc(entries, uuid, func(e misp.Entry, uuid string) int { return cmp.Compare(e.UUID, uuid) }); !known {
			r.Unlisted++
		}
	}
	return nil
}

func event(from source, e misp.Entry) ([]byte, error) {
	data, err := from.open(misp.FeedFile(e.UUID))
	if err != nil {
		return nil, err
	}
	if err := e.Matches(data); err != nil {
		return nil, err
	}
	return misp.FeedEvent(e.UUID, data)
}

type folder struct{ root *os.Root }

// maxNames is how many names beside each other are looked at: two for each
// event (its file and a signature) and some more.
const maxNames = 2*misp.MaxFeed + 16

func (f folder) names() ([]string, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxNames + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if len(names) > maxNames {
		return nil, statement.Refuse(statement.CodeSize, "more than %d files beside each other", maxNames)
	}
	return names, err
}

// open reads a regular file: no link, no pipe, nothing that grows while it is
// read beyond the limit.
func (f folder) open(name string) ([]byte, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, statement.Refuse(statement.CodeField, "%s is no regular file", name)
	}
	file, err := regular.In(f.root, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return limited(file, name)
}

func limited(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = statement.Refuse(statement.CodeSize, "%s is larger than %d bytes", name, MaxFile)
	}
	return data, err
}
