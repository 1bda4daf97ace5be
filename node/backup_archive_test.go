package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// What nothing computes again comes back from every folder that has such files; keys, what is under way and half-written files stay out.
func TestBackupKeeps(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	sum, id := strings.Repeat("0c", 32), strings.Repeat("1d", 32)
	kept := []string{
		"inventory.json", "guarded.json", "accounts.json", "evidence/fork-0011.json", "certificates/" + sum + ".jsonl", "holds/" + sum + ".jsonl", "captures/" + sum + ".wacz",
		"rolls/office.key", "rolls/0011223344556677.days", "match/seed", "match/stocks/" + id,
		"match/runs/" + id + "/outcome.json", "match/runs/" + id + "/transcript", "match/runs/" + id + "/transcript-with-items",
		"match/lists/" + id + "/evidence-0.json", "match/lists/" + id + "/receipt-0-1.json", "match/lists/" + id + "/found-2.json",
		"match/lists/" + id + "/findings-0", "match/lists/" + id + "/bad-findings-0",
	}
	bulky := []string{"results/bytes-" + sum + ".gz", "results/cells-" + sum + ".gz"}
	out := []string{
		"rotate/keys.json", "match/pending/" + sum + ".json", "match/pending/" + sum + ".items", "match/work/" + id + "/0", "match/opened/" + sum + ".json",
		"match/lists/" + id + "/tokens", "match/lists/" + id + "/answer-0", "match/lists/" + id + "/query-0", "match/runs/" + id + "/transcript.new", "rolls/office.key.new", "match/seed.new",
	}
	for _, name := range slices.Concat(kept, bulky, out) {
		u.ok(os.MkdirAll(filepath.Dir(u.path(south, name)), 0o700))
		u.ok(os.WriteFile(u.path(south, name), []byte(name), 0o600))
	}
	files := map[bool]*bytes.Buffer{true: {}, false: {}}
	f := must(OpenFolder(*u.cfg[south], nil))(t)
	for with, file := range files {
		u.ok(f.Backup(t.Context(), file, time.Now(), with))
	}
	u.ok(f.Close())
	keys := t.TempDir()
	u.copyFolder(u.path(south), keys)
	for with, file := range files {
		u.ok(os.RemoveAll(u.path(south)))
		must(Restore(t.Context(), *u.cfg[south], keys, nil, file, nil))(t)
		for _, name := range slices.Concat(kept, bulky, out) {
			data, err := os.ReadFile(u.path(south, name))
			stays := slices.Contains(kept, name) || with && slices.Contains(bulky, name)
			if stays && string(data) != name || !stays && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("with the archive %v: %s has %q: %v", with, name, data, err)
			}
		}
	}
}

// No name of a backup leads out of the folder, or to a file that no backup has.
func TestBackupNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"charter.json": true, "watch.db": true, "rolls/a.days": true, "match/runs/a/transcript": true,
		"keys.json": false, "view.db": false, "rolls/../keys.json": false, "match/stocks/..": false, "match/runs/../outcome.json": false, "/match/seed": false,
		"match/runs//outcome.json": false, "match/runs/a/b/transcript": false, "": false, "rolls": false, "rolls/a.days.new": false,
	} {
		if backupFile(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
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
