package disk_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
)

// TestBothDisks holds the simulated disk to what the operating system does.
func TestBothDisks(t *testing.T) {
	osDisk, err := disk.OS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]disk.Disk{"os": osDisk, "simulated": disktest.New(rand.New(rand.NewPCG(1, 1)))} {
		t.Run(name, func(t *testing.T) { behaves(t, d) })
	}
}

func behaves(t *testing.T, d disk.Disk) {
	if _, err := d.OpenFile("a", os.O_RDWR); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open a file that is not there: %v", err)
	}
	f, err := d.OpenFile("a", os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.OpenFile("a", os.O_RDWR|os.O_CREATE|os.O_EXCL); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create a file twice: %v", err)
	}
	if n, err := f.WriteAt([]byte("hello"), 3); n != 5 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	b := make([]byte, 6)
	if n, err := f.ReadAt(b, 0); n != 6 || err != nil || string(b) != "\x00\x00\x00hel" {
		t.Errorf("read: %q, %d, %v", b, n, err)
	}
	if n, err := f.ReadAt(b, 5); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("read over the end: %d, %v", n, err)
	}
	if n, err := f.ReadAt(b, 50); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("read behind the end: %d, %v", n, err)
	}
	for _, step := range []func() error{func() error { return f.StartSync(3, 5) }, f.Sync, f.Forget, d.SyncDir, func() error { return f.Truncate(4) }, func() error { return f.Allocate(2, 1) }} {
		if err := step(); err != nil {
			t.Error(err)
		}
	}
	if size, err := f.Size(); size != 4 || err != nil {
		t.Errorf("size %d, %v", size, err)
	}
	if err := d.Rename("a", "b"); err != nil {
		t.Error(err)
	}
	if n, err := f.ReadAt(b[:4], 0); n != 4 || err != nil || string(b[:4]) != "\x00\x00\x00h" {
		t.Errorf("read after rename: %q, %v", b[:4], err)
	}
	linked(t, d)
	lock, err := d.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock(); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("lock twice: %v", err)
	}
	if err := errors.Join(lock.Close(), f.Close()); err != nil {
		t.Error(err)
	}
	if again, err := d.Lock(); err != nil {
		t.Error(err)
	} else if err := again.Close(); err != nil {
		t.Error(err)
	}
	names, err := d.ReadDir()
	if names = slices.DeleteFunc(names, func(n string) bool { return n == "lock" }); err != nil || !slices.Equal(names, []string{"b"}) {
		t.Errorf("names %q, %v", names, err)
	}
	if err := errors.Join(d.Remove("b"), d.Close()); err != nil {
		t.Error(err)
	}
}

// linked gives the file b, which is zeros and an h, a second name, and takes that away again.
func linked(t *testing.T, d disk.Disk) {
	if err := d.Link("b", "b"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("link to a name that is there: %v", err)
	}
	if err := d.Link("nothing", "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("link a file that is not there: %v", err)
	}
	if err := d.Link("b", "c"); err != nil {
		t.Fatal(err)
	}
	c, err := d.OpenFile("c", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 6)
	if n, err := c.ReadAt(b, 0); n != 4 || string(b[:n]) != "\x00\x00\x00h" {
		t.Errorf("read by the second name: %q, %v", b[:n], err)
	}
	if _, err := c.WriteAt([]byte("i"), 3); err != nil {
		t.Error(err)
	}
	if err := errors.Join(c.Close(), d.Rename("b", "a"), d.Remove("c")); err != nil {
		t.Error(err)
	}
	a, err := d.OpenFile("a", os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.ReadAt(b, 0); n != 4 || string(b[:n]) != "\x00\x00\x00i" {
		t.Errorf("what was written by the second name: %q, %v", b[:n], err)
	}
	if err := errors.Join(a.Close(), d.Rename("a", "b")); err != nil {
		t.Error(err)
	}
}

// TestCrashKeepsNamesOfOneFile: after a power cut two names of a file are still of one.
func TestCrashKeepsNamesOfOneFile(t *testing.T) {
	for seed := range uint64(50) {
		d := disktest.New(rand.New(rand.NewPCG(seed, 3)))
		f := create(t, d, "a")
		write(t, f, 'a', 3000, 0)
		if err := errors.Join(d.Link("a", "b"), d.SyncDir()); err != nil {
			t.Fatal(err)
		}
		d = d.Crash()
		if len(d.Bytes("a")) > 0 {
			d.Flip("a", 0, 1)
		}
		if !bytes.Equal(d.Bytes("a"), d.Bytes("b")) {
			t.Fatalf("seed %d: %d bytes by one name, %d by the other", seed, len(d.Bytes("a")), len(d.Bytes("b")))
		}
	}
}

func TestHasHole(t *testing.T) {
	full := bytes.Repeat([]byte{1}, 2000)
	hole := func(from, to int) []byte {
		b := bytes.Clone(full)
		clear(b[from:to])
		return b
	}
	for _, c := range []struct {
		name     string
		data     []byte
		at, want int64
		hole     bool
	}{
		{"whole", full, 100, 2000, false},
		{"short", full[:1999], 100, 2000, true},
		{"empty", nil, 0, 1, true},
		{"a sector", hole(412, 924), 100, 2000, true},
		{"a sector but one byte", hole(412, 923), 100, 2000, false},
		{"zeros that are no sector", hole(500, 1000), 100, 2000, false},
		{"the piece before the first boundary", hole(0, 412), 100, 2000, true},
		{"the piece behind the last boundary", hole(1948, 2000), 100, 2000, true},
		{"aligned", hole(512, 1024), 0, 2000, true},
	} {
		if got := disk.HasHole(c.data, c.at, c.want); got != c.hole {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestCrashLosesOnlyWhatWasNotSynced looks at what the simulated disk does to
// synced and other bytes and names.
func TestCrashLosesOnlyWhatWasNotSynced(t *testing.T) {
	fates := map[string]int{}
	for seed := range uint64(300) {
		d := disktest.New(rand.New(rand.NewPCG(seed, 0)))
		f := create(t, d, "kept")
		write(t, f, 'a', 3000, 0)
		if err := errors.Join(f.Sync(), d.SyncDir()); err != nil {
			t.Fatal(err)
		}
		write(t, f, 'b', 2000, 3000)
		write(t, f, 'c', 1000, 0)
		create(t, d, "maybe")
		d = d.Crash()
		b := d.Bytes("kept")
		if len(b) < 3000 || !bytes.Equal(b[1024:3000], bytes.Repeat([]byte{'a'}, 1976)) {
			t.Fatalf("seed %d: synced bytes changed", seed)
		}
		fates[fate(b)]++
		if names, _ := d.ReadDir(); len(names) == 2 {
			fates["name"]++
		} else {
			fates["no name"]++
		}
	}
	for _, want := range []string{"nothing", "all", "some", "name", "no name"} {
		if fates[want] == 0 {
			t.Errorf("no crash left %s: %v", want, fates)
		}
	}
}

func fate(b []byte) string {
	switch n := bytes.Count(b, []byte("b")) + bytes.Count(b, []byte("c")); n {
	case 0:
		return "nothing"
	case 3000:
		return "all"
	}
	return "some"
}

func create(t *testing.T, d disk.Disk, name string) disk.File {
	t.Helper()
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, f disk.File, c byte, n int, at int64) {
	t.Helper()
	if _, err := f.WriteAt(bytes.Repeat([]byte{c}, n), at); err != nil {
		t.Fatal(err)
	}
}

// TestFaults plays each fault of a plan.
func TestFaults(t *testing.T) {
	d := disktest.New(rand.New(rand.NewPCG(5, 5)))
	f := create(t, d, "a")
	write(t, f, 'a', 600, 0)
	d.Play(disktest.Plan{FailSync: 1})
	if err := f.Sync(); !errors.Is(err, disktest.ErrIO) {
		t.Errorf("failing sync: %v", err)
	}
	if err := f.Sync(); err != nil {
		t.Errorf("the failure is told once, then: %v", err)
	}
	d.Play(disktest.Plan{FlipAt: 2})
	write(t, f, 0, 100, 0)
	write(t, f, 0, 100, 100)
	if b := d.Bytes("a")[:200]; !disk.AllZero(b[:100]) || disk.AllZero(b[100:]) {
		t.Error("the second write was to be flipped")
	}
	d.Play(disktest.Plan{Capacity: 700})
	if n, err := f.WriteAt(make([]byte, 200), 600); n != 100 || !disk.IsFull(err) {
		t.Errorf("a full disk took %d bytes, %v", n, err)
	}
	if err := f.Allocate(0, 800); !disk.IsFull(err) {
		t.Errorf("allocate on a full disk: %v", err)
	}
	d.Play(disktest.Plan{DieAt: 2})
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := f.Sync(); !errors.Is(err, disktest.ErrDead) {
			t.Errorf("after the power has gone: %v", err)
		}
	}
}

// TestForgetShowsTheMedium: after a failed sync memory hides what was lost.
func TestForgetShowsTheMedium(t *testing.T) {
	lost := 0
	for seed := range uint64(50) {
		d := disktest.New(rand.New(rand.NewPCG(seed, 9)))
		f := create(t, d, "a")
		if err := errors.Join(f.Truncate(1024), f.Sync(), d.SyncDir()); err != nil {
			t.Fatal(err)
		}
		d.Play(disktest.Plan{FailSync: 1})
		write(t, f, 'x', 1024, 0)
		if err := f.Sync(); err == nil {
			t.Fatal("the sync did not fail")
		}
		before := d.Bytes("a")
		if err := f.Forget(); err != nil {
			t.Fatal(err)
		}
		after := d.Bytes("a")
		if !bytes.Equal(before, bytes.Repeat([]byte{'x'}, 1024)) || !bytes.Equal(after, d.Crash().Bytes("a")) {
			t.Fatal("memory does not show what was written, or the medium something else")
		}
		if !bytes.Equal(before, after) {
			lost++
		}
	}
	if lost == 0 {
		t.Error("no failed sync lost anything")
	}
}
