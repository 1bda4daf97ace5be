package logfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
	"entente/record"
	"entente/record/recordtest"
)

// files reads tiles of an export as a stranger would: C2SP paths, x/mod maths.
type files struct {
	t   *testing.T
	dir string
}

func (f files) Height() int { return 8 }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if out[i], err = os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(TilePath(tile)))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

// simulated opens a new log on a simulated disk, which is quick.
func simulated(t *testing.T, opts Options) *Log {
	t.Helper()
	d := disktest.New(rand.New(rand.NewPCG(1, 2)))
	opts.Origin = recordtest.Origin
	if err := Create(d, opts.Origin); err != nil {
		t.Fatal(err)
	}
	l, err := Open(d, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestExport exports a log at several sizes into one folder and checks every
// leaf there by x/mod alone.
func TestExport(t *testing.T) {
	l := simulated(t, Options{Sign: ownerSign(t)})
	dir := t.TempDir()
	out, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := l.Export(t.Context(), out); !errors.Is(err, ErrBeyond) {
		t.Errorf("export of an empty log: %v", err)
	}
	n := 0
	for _, size := range []int{1, 255, 256, 257, 700} {
		for ; n < size; n++ {
			if _, err := l.Append(t.Context(), fmt.Appendf(nil, "leaf %d", n), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Export(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		checkExport(t, dir, n)
	}
	err = fs.WalkDir(out.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".new" {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkExport(t *testing.T, dir string, n int) {
	t.Helper()
	note, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := record.Peek(note)
	if err != nil || c.Size != uint64(n) || c.Origin != recordtest.Origin {
		t.Fatalf("checkpoint %v, %v", c, err)
	}
	tree := tlog.Tree{N: int64(n), Hash: c.Root}
	r := tlog.TileHashReader(tree, files{t, dir})
	var indexes []int64
	for i := range int64(n) {
		indexes = append(indexes, tlog.StoredHashIndex(0, i))
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		t.Fatal(err)
	}
	for first := 0; first < n; first += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: int64(first / 256), W: min(256, n-first)}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(TilePath(tile))))
		if err != nil {
			t.Fatal(err)
		}
		for i := first; len(b) > 0; i++ {
			size := int(binary.BigEndian.Uint16(b))
			leaf := b[2 : 2+size]
			if string(leaf) != fmt.Sprintf("leaf %d", i) || tlog.RecordHash(leaf) != hashes[i] {
				t.Fatalf("entry %d is %q", i, leaf)
			}
			b = b[2+size:]
		}
	}
}

func TestTilePath(t *testing.T) {
	for want, tile := range map[string]tlog.Tile{
		"tile/0/000":                     {H: 8, L: 0, N: 0, W: 256},
		"tile/0/x001/x234/067.p/8":       {H: 8, L: 0, N: 1234067, W: 8},
		"tile/2/x001/000":                {H: 8, L: 2, N: 1000, W: 256},
		"tile/entries/x001/x234/067":     {H: 8, L: -1, N: 1234067, W: 256},
		"tile/entries/000.p/1":           {H: 8, L: -1, N: 0, W: 1},
		"tile/entries/x123/x456/789.p/9": {H: 8, L: -1, N: 123456789, W: 9},
	} {
		if got := TilePath(tile); got != want {
			t.Errorf("%v: %s, want %s", tile, got, want)
		}
	}
}

// TestTileBounds asks for tiles that are not there.
func TestTileBounds(t *testing.T) {
	l := simulated(t, Options{Sign: recordtest.Sign})
	grown := 300
	for i := range grown {
		if _, err := l.Append(t.Context(), fmt.Appendf(nil, "leaf %d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, ok := range []tlog.Tile{{H: 8, L: 0, N: 0, W: 256}, {H: 8, L: 0, N: 1, W: 44}, {H: 8, L: 0, N: 1, W: 3}, {H: 8, L: 1, N: 0, W: 1}} {
		if b, err := l.Tile(ok); err != nil || len(b) != ok.W*32 {
			t.Errorf("%v: %d bytes, %v", ok, len(b), err)
		}
	}
	for _, bad := range []tlog.Tile{
		{H: 8, L: 0, N: 1, W: 45},
		{H: 8, L: 0, N: 2, W: 1},
		{H: 8, L: 1, N: 0, W: 2},
		{H: 8, L: 2, N: 0, W: 1},
		{H: 8, L: 9, N: 0, W: 1},
		{H: 8, L: 0, N: 0, W: 0},
		{H: 8, L: 0, N: 0, W: 257},
		{H: 8, L: -1, N: 0, W: 1},
		{H: 7, L: 0, N: 0, W: 1},
		{H: 8, L: 0, N: -1, W: 1},
		{H: 8, L: 0, N: 1 << 60, W: 1},
	} {
		if _, err := l.Tile(bad); !errors.Is(err, ErrBeyond) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for _, bad := range [][2]uint64{{0, 0}, {0, 257}, {1, 45}, {2, 1}, {1 << 60, 1}} {
		if _, err := l.Bundle(bad[0], int(bad[1])); !errors.Is(err, ErrBeyond) {
			t.Errorf("bundle %v: %v", bad, err)
		}
	}
}

// TestFolder is about whose folder it is.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	folder := func() disk.Disk {
		t.Helper()
		d, err := disk.OS(dir)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if _, err := Open(folder(), Options{Origin: recordtest.Origin}); !errors.Is(err, ErrNoLog) {
		t.Errorf("open an empty folder: %v", err)
	}
	l := mustOpen(t, dir, Options{Sign: recordtest.Sign})
	if _, err := Open(folder(), Options{Origin: recordtest.Origin}); !errors.Is(err, ErrInUse) {
		t.Errorf("open twice: %v", err)
	}
	if err := Create(folder(), recordtest.Origin); !errors.Is(err, ErrInUse) {
		t.Errorf("create over an open log: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Create(folder(), recordtest.Origin); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("create over a log: %v", err)
	}
	if _, err := Open(folder(), Options{Origin: "entente/south/0123abcd"}); !errors.Is(err, ErrOrigin) {
		t.Errorf("open the log of another party: %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "holiday.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir = other
	if err := Create(folder(), recordtest.Origin); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("create beside other files: %v", err)
	}
	dir = t.TempDir()
	for _, bad := range []string{"", "two\nlines", string(make([]byte, 300))} {
		if err := Create(folder(), bad); !errors.Is(err, ErrLimit) {
			t.Errorf("origin %q: %v", bad, err)
		}
	}
}
