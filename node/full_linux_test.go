package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"entente/election/roll"
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

// fill leaves no room in a folder's file system, until empty is called.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	ballast := filepath.Join(dir, "ballast")
	f := must(os.Create(ballast))(t)
	for chunk := make([]byte, 4096); ; {
		if _, err := f.Write(chunk); err != nil {
			break // full
		}
	}
	_ = f.Close() // what it could not keep does not matter
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
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
	empty := fill(t, disk)
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
	empty()
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

// TestFullDiskDelaysGuards: a day of a roll that cannot be kept for want of room ends
// nothing and keeps no other guard from its files; it is kept when there is room.
func TestFullDiskDelaysGuards(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	disk, dir, posts := tiny(t, "1m"), u.path(north, "exports"), u.path(north, "posts.csv")
	u.ok(os.MkdirAll(dir, 0o700))
	u.ok(os.Symlink(disk, u.path(north, rollsDir)))
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"registration": [{"name": "portal", "exports": [%q]}], "files": [{"name": "platform", "path": %q, "what": "posts"}]}`, dir, posts))
	u.cfg[north].Inventory = u.path(north, "list.json")
	u.start(north)
	n := u.node(north)
	s := must(roll.NewSynth(7, 300, 2, time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)))(t)
	export := func() {
		c := s.Day()
		var b bytes.Buffer
		u.ok(s.Write(&b, roll.Known()[0].Name))
		write(t, filepath.Join(dir, "roll-"+c.New.Day+".txt"), b.Bytes())
	}
	days := func() int {
		for range 2 { // what has just been written is read at the second look
			u.guarded(north)
		}
		return len(must(readDays(n.rollFile(n.guarded.get().Registration[0])))(t))
	}
	export()
	if got := days(); got != 1 {
		t.Fatalf("%d days", got)
	}
	empty := fill(t, disk)
	export()
	write(t, posts, crowdedPosts(10, 3))
	if got := days(); got != 1 {
		t.Errorf("%d days on a full disk", got)
	}
	if v := must(guardScreens{n.whole()}.Posts(t.Context()))(t); len(v) != 1 || !v[0].Read {
		t.Errorf("the posts are not read: %+v", v)
	}
	empty()
	if got := days(); got != 2 {
		t.Errorf("%d days when there is room", got)
	}
}

// TestFullDiskDelaysCertificates: what a certificate log shows while its evidence
// cannot be kept is read again when there is room, and told then.
func TestFullDiskDelaysCertificates(t *testing.T) {
	t.Parallel()
	u, s, w := certUnit(t, false)
	disk := tiny(t, "1m")
	u.ok(os.Symlink(disk, u.path(north, evidenceDir)))
	u.ok(w.round(t.Context()))
	before := w.state
	grown := s.log.Load().Fork(270)
	u.ok(grown.Add(time.Unix(1_790_001_000, 0), true, "v0te.example"))
	s.set(grown)
	empty := fill(t, disk)
	if err := w.round(t.Context()); !full(err) {
		t.Fatalf("%v", err)
	}
	if before.Due = w.state.Due; w.state != before || len(u.seenInLogs()) != 0 {
		t.Errorf("%+v, %v", w.state, u.seenInLogs())
	}
	empty()
	u.ok(w.round(t.Context()))
	if got := u.seenInLogs(); len(got) != 1 || w.state.Next != 271 || w.state.Found != 1 {
		t.Errorf("%+v, %v", w.state, got)
	}
}
