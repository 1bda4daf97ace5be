package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/record"
)

// TestHighWater: the mark says the last that was written whole, whatever one
// torn write left behind, and never something that was not written.
func TestHighWater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(dir, "mark")
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		h := &highWater{path: path, origin: "entente/north/00000000"}
		if _, have, err := h.read(); have || err != nil {
			t.Fatalf("a mark before the first: %v, %v", have, err)
		}
		var before, last uint64
		for range rapid.IntRange(1, 6).Draw(r, "writes") {
			before, last = last, last+rapid.Uint64Range(0, 3).Draw(r, "more")
			if err := h.raise(record.Tree{Size: last, Root: [32]byte{byte(last)}}, int64(last)); err != nil {
				t.Fatal(err)
			}
			if w, have, err := h.read(); err != nil || !have || w.Size != last || w.Time != int64(last) {
				t.Fatalf("wrote %d, read %+v, %v", last, w, err)
			}
		}
		data := must(os.ReadFile(path))(t)
		if len(data) < 2*slotSize {
			return // the first write replaces the file whole
		}
		// The newest slot is the one that a crash may have torn.
		newest := 0
		w, _, err := h.read()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data[slotSize:], fmt.Appendf(nil, `"turn":%d,`, w.Turn)) {
			newest = slotSize
		}
		from := rapid.IntRange(0, slotSize-1).Draw(r, "torn from")
		for i := from; i < slotSize; i++ {
			data[newest+i] = byte(rapid.IntRange(0, 255).Draw(r, "byte"))
			if i > from+8 {
				break
			}
		}
		write(t, path, data)
		w, have, err := h.read()
		if err != nil || !have || w.Size != last && w.Size != before {
			t.Fatalf("after a torn write of %d over %d: %+v, %v, %v", last, before, w, have, err)
		}
		other := &highWater{path: path, origin: "entente/south/00000000"}
		if _, _, err := other.read(); err == nil || !strings.Contains(err.Error(), "is of entente/north") {
			t.Fatalf("the mark of another party: %v", err)
		}
		write(t, path, []byte("not a mark at all"))
		if _, _, err := h.read(); err == nil {
			t.Fatal("a damaged mark counts as none")
		}
		if err := h.raise(record.Tree{Size: last}, 1); err == nil {
			t.Fatal("a damaged mark was written over")
		}
	})
}

// TestReplaceFileUnderBothNames: a write that fails empties no file, though its draft is another name of it.
func TestReplaceFileUnderBothNames(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mark")
	if err := replaceFile(path, []byte("kept")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, path+".new"); err != nil {
		t.Skip("no file has two names here:", err)
	}
	if err := replaceFileBy(path, func(io.Writer) error { return errors.New("no space left") }); err == nil {
		t.Error("a write that failed was taken for done")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
}
