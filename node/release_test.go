package node

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleases opens a data folder of every release: a party must be able to
// read its record with every later version, to the same view. Each is
// testdata/release/VERSION.tar.gz with the dump's digest beside it.
func TestReleases(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join("testdata", "release", "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no release to open: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".tar.gz"), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "north")
			extract(t, path, dir)
			want, err := os.ReadFile(strings.TrimSuffix(path, ".tar.gz") + ".digest")
			if err != nil {
				t.Fatal(err)
			}
			f, err := OpenFolder(Config{Dir: dir}, nil)
			if err != nil {
				t.Fatal(err)
			}
			out, err := f.Rebuild(t.Context(), "", nil, nil)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			if got := out.Digest.String(); got != strings.TrimSpace(string(want)) {
				t.Errorf("the view of %d leaves has digest %s, want %s", out.Statements, got, want)
			}
		})
	}
}

func extract(t *testing.T, path, dir string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(to, 0o700)
		} else if err = os.MkdirAll(filepath.Dir(to), 0o700); err == nil {
			var b []byte
			if b, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(to, b, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
