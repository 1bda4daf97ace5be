package node

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"entente/election/cvr"
	"entente/election/inventory"
	"entente/internal/account"
	"entente/internal/certfetch"
	"entente/internal/cvrfile"
	"entente/internal/mispfeed"
)

// pipe is a pipe that nobody writes to.
func pipe(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPipesAreRefused: whatever opens a file that a configuration or another program
// names does not wait for the other end of a pipe that lies there, and says so.
func TestPipesAreRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, nil)
	for name, open := range map[string]func(path string) error{
		"archived log": func(p string) error { _, _, err := fileDigest(p); return err },
		"list": func(p string) error {
			_, err := newGuarded(t.Context(), Config{Dir: dir, Inventory: p}, time.Now())
			return err
		},
		"warning list":  func(p string) error { _, err := warningLists(p, nil); return err },
		"bell's secret": func(p string) error { _, err := readSecret(p); return err },
		"feed's CA":     func(p string) error { _, err := Access{URL: "https://x.example/", CA: p}.Client(time.Now); return err },
		"feed's secret": func(p string) error {
			_, err := Access{URL: "https://x.example/", SecretFile: p}.Client(time.Now)
			return err
		},
		"high water":  func(p string) error { _, _, err := (&highWater{path: p}).read(); return err },
		"log's key":   func(p string) error { _, err := CertificateLog{KeyFile: p}.key(); return err },
		"door's key":  func(p string) error { _, err := account.TLS(file, p); return err },
		"door's pair": func(p string) error { _, err := account.TLS(p, file); return err },
		"syslog's pair": func(p string) error {
			_, err := Source{Syslog: "tls://127.0.0.1:0", Cert: p, Key: file}.port()
			return err
		},
		"declared file":  func(p string) error { _, err := readWhole(p, guardFile); return err },
		"folder":         func(p string) error { return new(folderFile).read(t.Context(), patient(), p) },
		"days of a roll": func(p string) error { _, err := readDays(p); return err },
		"export of a roll": func(p string) error {
			_, err := patient().exportOf(t.Context(), inventory.Site{}, p, "").Open()
			return err
		},
		"export of posts": func(p string) error { return patient().judgePosts(t.Context(), inventory.File{Path: p}, nil) },
		"records": func(p string) error {
			inputs, done, err := cvrfile.Open([]string{p}, cvrfile.Regular)
			defer done()
			if err == nil {
				_, err = cvr.Read(inputs, func(*cvr.Row) error { return nil })
			}
			return err
		},
		"zip of records": func(p string) error {
			zip := p + ".zip"
			if err := os.Symlink(p, zip); err != nil {
				return nil //nolint:nilerr // then the test fails
			}
			_, done, err := cvrfile.Open([]string{zip}, cvrfile.Regular)
			defer done()
			return err
		},
		"certificate log": func(p string) error {
			root := must(os.OpenRoot(filepath.Dir(p)))(t)
			defer root.Close()
			_, err := certfetch.Folder(root)(t.Context(), filepath.Base(p))
			return err
		},
		"feed in a folder": func(p string) error {
			manifest := filepath.Join(filepath.Dir(p), "manifest.json")
			if err := os.Rename(p, manifest); err != nil {
				return nil //nolint:nilerr // then the test fails
			}
			_, err := mispfeed.ReadFolder(filepath.Dir(p), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := pipe(t, filepath.Join(dir, name, "pipe"))
			done := make(chan error, 1)
			go func() { done <- open(path) }()
			for {
				select {
				case err := <-done:
					if err == nil {
						t.Error("it was taken for a file")
					}
					return
				default:
				}
				if other, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil { // somebody has it open
					t.Error("it was opened")
					_ = other.Close()
					<-done
					return
				}
			}
		})
	}
	pipe(t, filepath.Join(dir, "consents", "x.consent.json"))
	if got := readConsents([]string{filepath.Join(dir, "consents")}); got != nil {
		t.Errorf("%v", got)
	}
	pipe(t, filepath.Join(dir, "lists", "list.json"))
	if _, err := warningLists(filepath.Join(dir, "lists"), nil); err == nil {
		t.Error("a folder of a pipe has lists")
	}
}
