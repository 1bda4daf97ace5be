package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tiny mounts a file system of so many bytes.
func tiny(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small file system needs root: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestFullDiskDelaysReading: when the disk under watch.db is full, reading
// waits, says so on every surface, and goes on by itself when there is room;
// nothing is lost or doubled.
func TestFullDiskDelaysReading(t *testing.T) {
	t.Parallel()
	disk := tiny(t, "2m")
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated(addresses(9)...))
	u.weblog(log, addresses(9)...)
	u.settle()
	u.stop(south)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		data, err := os.ReadFile(u.path(south, "watch.db"+suffix))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		u.ok(err)
		write(t, filepath.Join(disk, "watch.db"+suffix), data)
		u.ok(os.Remove(u.path(south, "watch.db"+suffix)))
	}
	u.ok(os.Symlink(filepath.Join(disk, "watch.db"), u.path(south, "watch.db")))
	u.start(south)
	u.open(south)
	u.settle()
	ballast := filepath.Join(disk, "ballast")
	f := must(os.Create(ballast))(t)
	for chunk := make([]byte, 4096); ; {
		if _, err := f.Write(chunk); err != nil {
			break // full
		}
	}
	_ = f.Close() // what it could not keep does not matter
	n := u.node(south)
	lines := int64(9)
	u.eventually("reading waits", func() bool {
		u.weblog(log, addresses(9)...)
		lines += 9
		return must(n.Control().Status(t.Context()))(t).Watch.Waits > 0
	})
	if h := must(n.whole().Header(t.Context()))(t); h.Waits.IsZero() {
		t.Error("the console does not say so")
	}
	if got := scrape(t, n); !strings.Contains(got, "\nentente_reading_waits 1\n") {
		t.Errorf("the metrics do not say so:\n%s", got)
	}
	u.share(north, south, "b.csv", dated(addresses(2)...)) // hunting back waits too
	u.eventually("the list is here", func() bool { return u.held(south, north) == u.size(north) })
	u.ok(os.Remove(ballast))
	u.settle()
	if got, want := u.tally(south), lines/9*(9+2); got.Lines != lines || got.Alerts != want {
		t.Errorf("%d lines and %d alerts, want %d and %d", got.Lines, got.Alerts, lines, want)
	}
	u.eventually("the status is clear", func() bool { return must(n.Control().Status(t.Context()))(t).Watch.Waits == 0 })
}

// scrape is what /metrics answers.
func scrape(t *testing.T, n *Node) string {
	t.Helper()
	var b bytes.Buffer
	must(n.metrics(t.Context(), &b))(t)
	return b.String()
}

// TestMissingSource: a log that is not there is looked for, and the status
// says since when; it is read when it comes, and missed when it goes.
func TestMissingSource(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	u.ok(os.Remove(log))
	before := time.Now().Add(-time.Millisecond)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(south)
	absent := func() (since time.Time, read int64) {
		s := must(n.Control().Status(t.Context()))(t).Watch.Sources[0]
		if s.State == sourceAbsent {
			since = time.UnixMilli(s.Since)
		}
		return since, s.Read
	}
	first, _ := absent()
	if first.Before(before) || first.After(time.Now()) {
		t.Errorf("absent since %s", first)
	}
	if again, _ := absent(); again != first {
		t.Errorf("absent since %s, and then since %s", first, again)
	}
	if got := scrape(t, n); !strings.Contains(got, "\nentente_sources_absent 1\n") {
		t.Errorf("the metrics do not say so:\n%s", got)
	}
	u.weblog(log, addresses(2)...)
	u.eventually("it is read", func() bool { since, read := absent(); return since.IsZero() && read == 2 })
	u.ok(os.Remove(log))
	if since, read := absent(); since.IsZero() || since.Equal(first) || read != 2 {
		t.Errorf("gone again: absent since %s, %d lines", since, read)
	}
	if l := must(n.whole().ledger(t.Context()))(t); l[0].State != "absent" || l[0].Absent.IsZero() {
		t.Errorf("the console shows %+v", l[0])
	}
}
