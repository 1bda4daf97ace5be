package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A backup brings the archive's segments back: a hunt finds what was read before, although the log is gone. Without
// them, as with what lay in no segment yet, the hunt has nothing to look in, and nothing else goes wrong.
func TestBackupArchive(t *testing.T) {
	t.Parallel()
	for _, with := range []bool{true, false} {
		t.Run(fmt.Sprint(with), func(t *testing.T) {
			u := newUnit(t, nil, north, south)
			log := u.watches(south)
			u.start(north, south)
			u.open(north, south)
			ips := addresses(2)
			u.weblog(log, ips[0], ips[0], ips[0])
			u.settle()
			if n, err := u.node(south).SealArchive(t.Context()); err != nil || n != 3 {
				t.Fatalf("%d events: %v", n, err)
			}
			u.weblog(log, ips[1]) // read, and in no segment
			u.settle()
			var live, cold bytes.Buffer
			u.ok(u.node(south).Control().Backup(t.Context(), &live, with))
			u.stop(south)
			f := must(OpenFolder(*u.cfg[south], nil))(t)
			u.ok(f.Backup(t.Context(), &cold, time.Now(), with))
			u.ok(f.Close())
			u.ok(os.Remove(log))
			keys := t.TempDir()
			u.copyFolder(u.path(south), keys)
			for _, file := range []*bytes.Buffer{&live, &cold} {
				u.ok(os.RemoveAll(u.path(south)))
				must(Restore(t.Context(), *u.cfg[south], keys, nil, file, nil))(t)
				if _, err := os.Stat(u.path(south, "archive", "00000001.parquet")); (err == nil) != with {
					t.Errorf("a segment: %v", err)
				}
			}
			u.start(south)
			u.open(south)
			u.share(north, south, "a.csv", dated(ips...))
			u.settle()
			want := int64(0)
			if with {
				want = 3
			}
			if got := u.tally(south); got.Alerts != want || got.Lines != 4 {
				t.Errorf("%d alerts in %d lines, want %d in 4", got.Alerts, got.Lines, want)
			}
		})
	}
}

// What was kept in a folder of its own comes back to it; a folder that has segments is never added to, and nothing is left of
// the attempt.
func TestRestoreArchiveElsewhere(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log, elsewhere := u.watches(south), filepath.Join(t.TempDir(), "deep", "archive")
	u.cfg[south].Archive.Dir = elsewhere
	u.ok(os.WriteFile(u.path(south, "config.yaml"), fmt.Appendf(nil, "archive:\n  dir: %q\n", elsewhere), 0o600))
	u.start(north, south)
	u.open(north, south)
	ip := addresses(1)[0]
	u.weblog(log, ip)
	u.settle()
	must(u.node(south).SealArchive(t.Context()))(t)
	var file bytes.Buffer
	u.ok(u.node(south).Control().Backup(t.Context(), &file, true))
	u.stop(south)
	keys := t.TempDir()
	u.copyFolder(u.path(south), keys)
	u.ok(os.RemoveAll(u.path(south)))
	if _, err := Restore(t.Context(), *u.cfg[south], keys, nil, bytes.NewReader(file.Bytes()), nil); !errors.Is(err, errSegments) {
		t.Fatalf("over an archive that is there: %v", err)
	}
	if _, err := os.Stat(u.path(south)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the data folder is left: %v", err)
	}
	u.ok(os.RemoveAll(elsewhere))
	out := must(Restore(t.Context(), *u.cfg[south], keys, nil, &file, nil))(t)
	if _, err := os.Stat(u.path(south, "archive")); out.Archive != elsewhere || !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("it lies in %q, and in the data folder: %v", out.Archive, err)
	}
	u.ok(os.Remove(log))
	u.start(south)
	u.open(south)
	u.share(north, south, "a.csv", dated(ip))
	u.settle()
	if got := u.tally(south); got.Alerts != 1 {
		t.Errorf("%d alerts of what was read before", got.Alerts)
	}
}
