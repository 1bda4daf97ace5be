package headfile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
	"entente/record"
)

func originOf(i int) string { return fmt.Sprintf("entente/party%d/0123abcd", i) }

// headOf makes a head whose note has line as its signature lines.
func headOf(origin string, size uint64, fork byte, line string) record.Head {
	tree := record.Tree{Size: size, Root: tlog.RecordHash([]byte{fork, byte(size), byte(size >> 8)})}
	return record.Head{Tree: tree, Note: record.Join(record.Checkpoint{Origin: origin, Tree: tree}.Text(), []byte(line))}
}

func openDir(t *testing.T, dir string, opts Options) *Store {
	t.Helper()
	d, err := disk.OS(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Create(d); err != nil && !errors.Is(err, ErrNotEmpty) {
		t.Fatal(err)
	}
	s, err := Open(d, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestUpdate(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir, Options{})
	o := originOf(0)
	if _, ok := s.Latest(o); ok {
		t.Error("an empty memory knows a head")
	}
	cases := []struct {
		name string
		old  uint64
		next record.Head
		want error
	}{
		{"the first, after a size that it never had", 3, headOf(o, 5, 0, "a\n"), record.ErrConflict},
		{"the first", 0, headOf(o, 5, 0, "a\n"), nil},
		{"as if there were none", 0, headOf(o, 7, 0, "a\n"), record.ErrConflict},
		{"a fork of the same size", 5, headOf(o, 5, 1, "a\n"), record.ErrConflict},
		{"a smaller one", 5, headOf(o, 4, 0, "a\n"), record.ErrConflict},
		{"cosigned again", 5, headOf(o, 5, 0, "b\n"), nil},
		{"a larger one", 5, headOf(o, 600, 0, "c\n"), nil},
		{"the note of another log", 600, headOf(originOf(1), 601, 0, "c\n"), ErrHead},
		{"another log", 0, headOf(originOf(1), 1, 0, "d\n"), ErrHead},
	}
	for _, c := range cases {
		before, _ := s.Latest(o)
		err := s.Update(t.Context(), o, c.old, c.next)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		want := before
		if c.want == nil {
			want = c.next
		}
		if got, _ := s.Latest(o); got.Tree != want.Tree || string(got.Note) != string(want.Note) {
			t.Errorf("%s: the latest is %v", c.name, got.Tree)
		}
	}
	wrong := headOf(o, 700, 0, "e\n")
	wrong.Tree.Size = 701
	if err := s.Update(t.Context(), o, 600, wrong); !errors.Is(err, ErrHead) {
		t.Errorf("a note of another size: %v", err)
	}
	check := func(s *Store) {
		t.Helper()
		for size, line := range map[uint64]string{5: "b\n", 600: "c\n"} {
			h, ok, err := s.At(o, size)
			if err != nil || !ok || string(h.Note) != string(headOf(o, size, 0, line).Note) {
				t.Errorf("head of size %d: %q, %v, %v", size, h.Note, ok, err)
			}
		}
		if _, ok, err := s.At(o, 7); ok || err != nil {
			t.Errorf("a head that was refused: %v, %v", ok, err)
		}
		if got, ok := s.Latest(o); !ok || got.Tree.Size != 600 {
			t.Errorf("latest %v, %v", got.Tree, ok)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), o, 600, headOf(o, 601, 0, "")); !errors.Is(err, ErrClosed) {
		t.Errorf("update after close: %v", err)
	}
	check(openDir(t, dir, Options{}))
}

// TestRace pits pairs of updates from one head against each other.
func TestRace(t *testing.T) {
	s := openDir(t, t.TempDir(), Options{})
	const logs, rounds, racers = 4, 25, 4
	var wg sync.WaitGroup
	for l := range logs {
		wg.Go(func() {
			o := originOf(l)
			for round := range uint64(rounds) {
				var won atomic.Int64
				var race sync.WaitGroup
				for r := range uint64(racers) {
					race.Go(func() {
						err := s.Update(context.Background(), o, round*10, headOf(o, (round+1)*10, byte(r), "a\n"))
						if err == nil {
							won.Add(1)
						} else if !errors.Is(err, record.ErrConflict) {
							t.Error(err)
						}
					})
				}
				race.Wait()
				if won.Load() != 1 {
					t.Errorf("%d of %d racers won", won.Load(), racers)
				}
			}
		})
	}
	wg.Wait()
	if got := len(s.Origins()); got != logs {
		t.Errorf("%d logs", got)
	}
}

func TestCompact(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir, Options{Keep: 3, slack: 2000})
	for size := range uint64(100) {
		for l := range 3 {
			old := size
			if err := s.Update(t.Context(), originOf(l), old, headOf(originOf(l), size+1, 0, "a\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if info, err := os.Stat(filepath.Join(dir, fileName)); err != nil || info.Size() > 80_000 {
		t.Errorf("after 300 updates the file has %d bytes, %v", info.Size(), err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for l := range 3 {
			for size := uint64(1); size <= 100; size++ {
				_, ok, err := s.At(originOf(l), size)
				if err != nil || ok != (size > 97) {
					t.Errorf("head of size %d: %v, %v", size, ok, err)
				}
			}
			if h, _ := s.Latest(originOf(l)); h.Tree.Size != 100 {
				t.Errorf("latest %v", h.Tree)
			}
		}
		s.Close()
		s = openDir(t, dir, Options{Keep: 3})
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	d, err := disk.OS(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d, Options{}); !errors.Is(err, ErrNoMemory) {
		t.Errorf("open an empty folder: %v", err)
	}
	s := openDir(t, dir, Options{})
	if _, err := Open(d, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("open twice: %v", err)
	}
	s.Close()
	if d, err = disk.OS(dir); err != nil {
		t.Fatal(err)
	}
	if err := Create(d); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("create twice: %v", err)
	}
}

// TestFlip changes every bit class of a file that was whole: Open refuses, or
// nothing that was answered is other than it was.
func TestFlip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for at := int64(0); at < 2500; at += 3 {
		d := disktest.New(rng)
		if err := Create(d); err != nil {
			t.Fatal(err)
		}
		s, err := Open(d, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for size := range uint64(4) {
			if err := s.Update(t.Context(), originOf(0), size*10, headOf(originOf(0), size*10+10, 0, "a\n")); err != nil {
				t.Fatal(err)
			}
		}
		end := s.end
		d.Restart()
		if at >= end {
			break
		}
		d.Flip(fileName, at, uint8(rng.IntN(8)))
		s, err = Open(d, Options{})
		if err == nil {
			t.Errorf("a flipped bit at %d of %d went unseen: latest %v", at, end, s.logs[originOf(0)])
		} else if !errors.Is(err, disk.ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Errorf("a flipped bit at %d: %v", at, err)
		}
	}
}
