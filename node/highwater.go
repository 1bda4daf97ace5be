package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"entente/internal/regular"
	"entente/record"
	"entente/statement"
)

// highWater is the mark outside the data folder: the largest own head that
// was ever published. A folder that is smaller than its mark is an old copy.
//
// The file has two slots of 512 bytes, one JSON line each, padded with spaces
// and written in turn: a torn write leaves the other one, and one sync is
// enough.
type highWater struct {
	path   string
	origin string
	mu     sync.Mutex // guards the file
}

type waterMark struct {
	Turn   uint64           `json:"turn"` // counts the writes; the larger slot is the newer
	Origin string           `json:"origin"`
	Size   uint64           `json:"size"`
	Root   statement.Digest `json:"root"`
	Time   int64            `json:"time"`  // owner's time of that head, Unix seconds
	Check  statement.Digest `json:"check"` // of the fields above
}

const slotSize = 512

func (w waterMark) check() statement.Digest {
	return statement.TaggedSum("entente/high-water/v1", fmt.Appendf(nil, "%d %s %d %s %d", w.Turn, w.Origin, w.Size, w.Root, w.Time))
}

// read returns the mark; false if there is none.
func (h *highWater) read() (waterMark, bool, error) {
	data, err := regular.Read(h.path, 64<<10)
	if errors.Is(err, os.ErrNotExist) {
		return waterMark{}, false, nil
	}
	if err != nil {
		return waterMark{}, false, fmt.Errorf("read the high-water mark: %w", err)
	}
	var newest waterMark
	for slot := range slices.Chunk(data[:min(len(data), 2*slotSize)], slotSize) {
		var w waterMark
		if json.Unmarshal(slot, &w) == nil && w.Check == w.check() && w.Turn > newest.Turn {
			newest = w
		}
	}
	switch {
	case newest.Turn == 0:
		return waterMark{}, false, fmt.Errorf("high-water mark %s is damaged", h.path)
	case newest.Origin != h.origin:
		return waterMark{}, false, fmt.Errorf("high-water mark %s is of %s", h.path, newest.Origin)
	}
	return newest, true, nil
}

// raise writes the mark durably before a head leaves the node.
func (h *highWater) raise(t record.Tree, at int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	old, have, err := h.read()
	if err != nil {
		return err
	}
	w := waterMark{Turn: old.Turn + 1, Origin: h.origin, Size: t.Size, Root: statement.Digest(t.Root), Time: at}
	w.Check = w.check()
	line, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if len(line) >= slotSize {
		return fmt.Errorf("a high-water mark of %d bytes", len(line))
	}
	slot := append(line, bytes.Repeat([]byte{' '}, slotSize-len(line))...)
	slot[slotSize-1] = '\n'
	if !have {
		return replaceFile(h.path, slot)
	}
	f, err := os.OpenFile(h.path, os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the high-water mark: %w", err)
	}
	_, err = f.WriteAt(slot, int64(old.Turn%2)*slotSize)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the high-water mark: %w", err)
	}
	return nil
}

// replaceFile writes a file so that after a crash either the old or the new
// content is there, whole.
func replaceFile(path string, data []byte) error {
	return replaceFileBy(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// parted takes the name of a draft away that is another name of the file itself, as a power cut in the middle of a rename may leave
// it: to begin the draft anew would empty the file.
func parted(draft, path string) {
	a, err := os.Lstat(draft)
	b, err2 := os.Lstat(path)
	if err == nil && err2 == nil && os.SameFile(a, b) {
		_ = os.Remove(draft)
	}
}

// replaceFileBy is replaceFile for content that is written piece by piece.
func replaceFileBy(path string, write func(io.Writer) error) error {
	temp := path + ".new"
	parted(temp, path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer d.Close()
	// Some systems cannot sync a directory; the rename is then as durable as they make it.
	_ = d.Sync()
	return nil
}
