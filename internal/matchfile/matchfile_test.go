package matchfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/match"
	"entente/observable"
)

func written(t testing.TB, set match.Items) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "items")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(f, set); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestItems: what is read from a file, in any ranges, is what was written.
func TestItems(t *testing.T) {
	for _, n := range []int{0, 1, stride - 1, stride, stride + 1, 5000} {
		set := make(match.Items, n)
		for i := range set {
			set[i] = observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("%s-%d.example", strings.Repeat("x", i%50), i)}
		}
		s, err := Open(written(t, set))
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() != n {
			t.Fatalf("%d items of %d", s.Len(), n)
		}
		rapid.Check(t, func(rt *rapid.T) {
			from := rapid.IntRange(0, n).Draw(rt, "from")
			out := make([]observable.Value, rapid.IntRange(0, n-from).Draw(rt, "long"))
			if err := s.Read(from, out); err != nil || !slices.Equal(out, set[from:from+len(out)]) {
				rt.Errorf("items %d to %d of %d: %v", from, from+len(out), n, err)
			}
		})
		if err := s.Read(n, make([]observable.Value, 1)); err == nil {
			t.Error("an item behind the last was read")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestItemsTooLong(t *testing.T) {
	if err := Write(&bytes.Buffer{}, match.Items{{Type: observable.Domain, Canonical: strings.Repeat("a", match.MaxItem+1)}}); err == nil {
		t.Error("an item was written that no run takes")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("no file gave %v", err)
	}
}

// TestSpace: lists come back, and nothing stays.
func TestSpace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lists")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "0"), []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := NewSpace(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		room, err := s.Room(64)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte{byte(i + 1)}, 64)
		if _, err := room.WriteAt(want, 0); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 64)
		if _, err := room.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("read %x, %v", got, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder stays: %v", err)
	}
}

// FuzzItems: a file that somebody changed is refused or read in bounds.
func FuzzItems(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, match.Items{{Type: observable.Domain, Canonical: "a.example"}, {Type: observable.IPv4, Canonical: "192.0.2.1"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:b.Len()-1])
	f.Add([]byte(itemsMagic))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "items")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		defer func() { _ = s.Close() }()
		out := make([]observable.Value, s.Len())
		if err := s.Read(0, out); err != nil {
			t.Fatalf("what was opened is not read: %v", err)
		}
		var again bytes.Buffer
		if err := Write(&again, match.Items(out)); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Fatalf("another spelling: %v", err)
		}
	})
}
