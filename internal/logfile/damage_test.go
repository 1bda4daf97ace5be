package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"entente/internal/disk/disktest"
	"entente/record"
	"entente/record/recordtest"
)

// small makes a log of n leaves on a simulated disk, each with one part.
func small(t testing.TB, n int, opts Options) (*disktest.Disk, Options) {
	t.Helper()
	d := disktest.New(rand.New(rand.NewPCG(3, 4)))
	opts.Origin, opts.Sign, opts.chunk = recordtest.Origin, recordtest.Sign, 1
	if err := Create(d, opts.Origin); err != nil {
		t.Fatal(err)
	}
	l, err := Open(d, opts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		leaf := fmt.Appendf(nil, "leaf %d of the log", i)
		if _, err := l.Append(t.Context(), leaf, [][]byte{bytes.ToUpper(leaf)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return d, opts
}

// readAll reads a whole log and reports the first error, or wrong bytes.
func readAll(t *testing.T, l *Log, n int) error {
	t.Helper()
	for i := range n {
		want := fmt.Appendf(nil, "leaf %d of the log", i)
		leaf, err := l.Leaf(uint64(i))
		if err != nil {
			return err
		}
		parts, err := l.Sealed(uint64(i))
		if err != nil {
			return err
		}
		if !bytes.Equal(leaf, want) || len(parts) != 1 || !bytes.Equal(parts[0], bytes.ToUpper(want)) {
			t.Fatalf("leaf %d reads as %q with %q", i, leaf, parts)
		}
	}
	return nil
}

// TestFlipAnywhere changes one bit of each byte of every file in turn. In log
// it is found, at the latest by Scrub; in the other files it is found or put
// right; and no reader is ever given wrong bytes.
func TestFlipAnywhere(t *testing.T) {
	const n = 8
	for _, opts := range []Options{{}, {deriveEvery: 2}} {
		whole, o := small(t, n, opts)
		for _, name := range []string{logName, indexName, "h00"} {
			for at := range whole.Bytes(name) {
				d := whole.Clone()
				d.Flip(name, int64(at), uint8(at))
				seen, err := flipSeen(t, d, o, n)
				if err != nil {
					t.Fatalf("%s, byte %d: %v", name, at, err)
				}
				if !seen && name == logName && !spare(whole.Bytes(logName), at) {
					t.Fatalf("%s, byte %d: nobody saw it", name, at)
				}
			}
		}
	}
}

// spare reports whether a byte of log says nothing by itself: one of the eight
// that hold a part's state.
func spare(b []byte, at int) bool {
	return bytes.Contains(b[max(at-stateSize+1, 0):min(at+stateSize, len(b))], []byte(held))
}

// flipSeen opens a log, reads and scrubs it. seen says that damage was
// reported; an error that it was neither reported nor harmless.
func flipSeen(t *testing.T, d *disktest.Disk, o Options, n int) (seen bool, err error) {
	t.Helper()
	l, err := Open(d, o)
	var damage *record.Damage
	switch {
	case errors.As(err, &damage), errors.Is(err, ErrVersion), errors.Is(err, ErrOrigin):
		return true, nil
	case err != nil:
		return false, err
	}
	defer l.Close()
	if tree, _ := l.Head(); tree.Size != uint64(n) {
		return false, fmt.Errorf("%d leaves of %d", tree.Size, n)
	}
	if err := readAll(t, l, n); err != nil {
		if !errors.As(err, &damage) {
			return false, err
		}
		seen = true
	}
	if _, err := l.Scrub(t.Context(), 0, uint64(n)); err != nil {
		if !errors.As(err, &damage) {
			return false, err
		}
		return true, nil
	}
	return false, readAll(t, l, n)
}

// TestDerivedAnew deletes and spoils the derived files: they are made anew.
func TestDerivedAnew(t *testing.T) {
	const n = 600
	for name, spoil := range map[string]func(*disktest.Disk) error{
		"deleted": func(d *disktest.Disk) error {
			return errors.Join(d.Remove(indexName), d.Remove("h00"), d.Remove("h08"))
		},
		"short":  func(d *disktest.Disk) error { return truncate(d, "h00", 77) },
		"no h08": func(d *disktest.Disk) error { return d.Remove("h08") },
		"empty index": func(d *disktest.Disk) error {
			return truncate(d, indexName, 0)
		},
		"wrong inner nodes": func(d *disktest.Disk) error {
			d.Flip("h08", 3, 3)
			d.Flip("h08", 40, 3)
			return nil
		},
		"wrong leaf hashes": func(d *disktest.Disk) error {
			for i := range int64(n) {
				d.Flip("h00", i*32+i%32, 5)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, o := small(t, n, Options{deriveEvery: 50})
			if err := spoil(d); err != nil {
				t.Fatal(err)
			}
			l, err := Open(d, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Scrub(t.Context(), 0, n); err != nil {
				t.Fatal(err)
			}
			if err := readAll(t, l, n); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Append(t.Context(), []byte("one more"), nil); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func truncate(d *disktest.Disk, name string, size int64) error {
	f, err := d.OpenFile(name, 0)
	if err != nil {
		return err
	}
	return f.Truncate(size)
}

// TestEditedLeaf is an insider who changes a leaf and its stored hash alike.
func TestEditedLeaf(t *testing.T) {
	const n, bad = 300, 17
	d, o := small(t, n, Options{deriveEvery: 20})
	edited := strings.Replace(fmt.Sprintf("leaf %d of the log", bad), "leaf", "LEAF", 1)
	overwrite(t, d, logName, []byte(fmt.Sprintf("leaf %d of the log", bad)), []byte(edited))
	l, err := Open(d, o)
	if err != nil {
		t.Fatal(err)
	}
	s := newScrubber(l, l.tree)
	hash, err := s.rehash(bad, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.side.levels[0].WriteAt(hash, bad*32); err != nil {
		t.Fatal(err)
	}
	if leaf, err := l.Leaf(bad); err != nil || string(leaf) != edited {
		t.Fatalf("the edit does not show: %q, %v", leaf, err)
	}
	var damage *record.Damage
	if _, err := l.Scrub(t.Context(), 0, 256); !errors.As(err, &damage) {
		t.Errorf("scrub: %v", err)
	}
}

func overwrite(t *testing.T, d *disktest.Disk, name string, old, with []byte) {
	t.Helper()
	at := bytes.Index(d.Bytes(name), old)
	if at < 0 {
		t.Fatalf("%s has no %q", name, old)
	}
	f, err := d.OpenFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(with, int64(at)); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// TestFull fills the disk: reading goes on, nothing half done, and writing
// resumes by itself when there is room.
func TestFull(t *testing.T) {
	for capacity := int64(3000); capacity < 12_000; capacity += 97 {
		d, o := small(t, 3, Options{})
		l, err := Open(d, o)
		if err != nil {
			t.Fatal(err)
		}
		d.Play(disktest.Plan{Capacity: capacity})
		n := 3
		for ; ; n++ {
			leaf := fmt.Appendf(nil, "leaf %d of the log", n)
			if _, err = l.Append(t.Context(), leaf, [][]byte{bytes.ToUpper(leaf)}); err != nil {
				break
			}
		}
		if !errors.Is(err, ErrFull) || l.Err() != nil {
			t.Fatalf("capacity %d: %v; the log is %v", capacity, err, l.Err())
		}
		tree, _ := l.Head()
		if tree.Size != uint64(n) {
			t.Fatalf("capacity %d: %d leaves, %d acknowledged", capacity, tree.Size, n)
		}
		if err := readAll(t, l, n); err != nil {
			t.Fatal(err)
		}
		d.Play(disktest.Plan{})
		leaf := fmt.Appendf(nil, "leaf %d of the log", n)
		if index, err := l.Append(t.Context(), leaf, [][]byte{bytes.ToUpper(leaf)}); err != nil || index != uint64(n) {
			t.Fatalf("capacity %d: with room again: %d, %v", capacity, index, err)
		}
		d.Restart()
		if l, err = Open(d, o); err != nil {
			t.Fatalf("capacity %d: %v", capacity, err)
		}
		if err := readAll(t, l, n+1); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzOpen gives Open any bytes behind a right header: it refuses or shows a
// log, and never panics.
func FuzzOpen(f *testing.F) {
	d, o := small(f, 4, Options{})
	whole := d.Bytes(logName)
	f.Add(whole[fileHeader:])
	f.Add(whole[fileHeader : len(whole)-20])
	f.Add(append(bytes.Clone(whole[fileHeader:]), make([]byte, 3000)...))
	f.Add([]byte(batchMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := disktest.New(rand.New(rand.NewPCG(1, 1)))
		file, err := d.OpenFile(logName, 0x40)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(append(bytes.Clone(whole[:fileHeader]), data...), 0); err != nil {
			t.Fatal(err)
		}
		l, err := Open(d, o)
		if err != nil {
			return
		}
		tree, _ := l.Head()
		if _, err := l.Scrub(t.Context(), 0, tree.Size); err != nil {
			t.Fatalf("open took what scrub refuses: %v", err)
		}
	})
}
