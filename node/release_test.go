package node

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/api"
)

var release = flag.String("release", "", "write testdata/release/VERSION.tar.gz and its digest: go test ./node -run TestWriteRelease -release VERSION")

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

// TestWriteRelease plays a small unit and keeps north's folder as that of a
// release. It is run once, by hand, for each release; until 0.1.0 is out its
// folder is written anew when the wire changes.
func TestWriteRelease(t *testing.T) {
	if *release == "" {
		t.Skip("for the making of a release; name it with -release")
	}
	u := newUnit(t, nil, north, south, observer)
	log := filepath.Join(u.dir, "access.log")
	u.cfg[north].Sources = []Source{{Path: log}}
	u.weblog(log, "203.0.113.7", "203.0.113.9")
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.share(north, south, "b.csv", dated("203.0.113.8"))
	u.share(south, north, "c.csv", undated("203.0.113.9"))
	u.seal(south, "a file")
	u.settle()
	index := must(u.node(north).view.Lists(t.Context(), ""))(t)[0].Ref.Index
	part := api.PartRequest{Index: index, Part: 1, Reason: "for the release", To: []string{observer}, Marking: "TLP:AMBER"}
	must(u.node(north).Control().Open(t.Context(), part))(t)
	must(u.node(north).Control().Erase(t.Context(), part))(t)
	must(u.node(north).Control().Rotate(t.Context()))(t)
	u.seal(north, "under the next key")
	u.settle()
	for _, name := range u.names {
		u.stop(name)
	}
	f := must(OpenFolder(Config{Dir: u.path(north)}, nil))(t)
	out := must(f.Rebuild(t.Context(), "", nil, nil))(t)
	u.ok(f.Close())
	base := filepath.Join("testdata", "release", *release)
	u.ok(os.WriteFile(base+".digest", []byte(out.Digest.String()+"\n"), 0o644))
	u.ok(pack(u.path(north), base+".tar.gz"))
}

// pack writes what of a folder is the truth, without the databases.
func pack(dir, to string) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	z, _ := gzip.NewWriterLevel(f, gzip.BestCompression)
	w := tar.NewWriter(z)
	defer func() { err = errors.Join(err, w.Close(), z.Close(), f.Close()) }()
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if err != nil || !d.Type().IsRegular() || !keeps(filepath.ToSlash(name)) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(data)), ModTime: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
}

func keeps(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	switch first {
	case CharterFile, ConsentDir, "keys.json", "heads", "log", "mirror":
		return filepath.Base(name) != "lock"
	}
	return false
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
