package node

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestFullDiskOfArchive: when the disk under the archive is full, archiving stops and says so on every surface, and
// matching goes on. When there is room it goes on by itself; a hunt finds what was and what was not archived.
func TestFullDiskOfArchive(t *testing.T) {
	t.Parallel()
	disk := tiny(t, "4m")
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	u.cfg[south].Archive = Archive{Dir: filepath.Join(disk, "archive"), ReserveMiB: 1}
	var ahead atomic.Int64
	u.opt[south].Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	u.start(north, south)
	u.open(north, south)
	u.share(north, south, "a.csv", dated(addresses(2)[0]))
	u.weblog(log, addresses(9)...)
	u.settle()
	n := u.node(south)
	status := func() string { return must(n.Control().Status(t.Context()))(t).Watch.Archive.Stopped }
	if s := status(); s != "" {
		t.Fatalf("stopped before the disk is full: %s", s)
	}
	ballast := filepath.Join(disk, "ballast")
	f := must(os.Create(ballast))(t)
	for chunk := make([]byte, 4096); ; {
		if _, err := f.Write(chunk); err != nil {
			break // full
		}
	}
	_ = f.Close() // what it could not keep does not matter
	lines := int64(9)
	u.eventually("archiving stops", func() bool {
		u.weblog(log, addresses(9)...)
		lines += 9
		return status() != ""
	})
	u.weblog(log, addresses(9)...)
	lines += 9
	u.settle()
	if got := u.tally(south); got.Lines != lines || got.Alerts != lines/9 {
		t.Errorf("matching: %d lines and %d alerts, want %d and %d", got.Lines, got.Alerts, lines, lines/9)
	}
	if got := scrape(t, n); !strings.Contains(got, "\nentente_archive_stopped 1\n") {
		t.Errorf("the metrics do not say so:\n%s", got)
	}
	u.ok(os.Remove(ballast))
	ahead.Store(int64(time.Minute)) // past the pause before it tries again
	u.eventually("archiving goes on", func() bool {
		u.weblog(log, addresses(9)...)
		lines += 9
		return status() == ""
	})
	u.settle()
	if kept := n.lookout.archive.State().Rows; kept == 0 || kept >= lines {
		t.Errorf("%d events archived of %d lines: none was passed over", kept, lines)
	}
	u.share(north, south, "b.csv", dated(addresses(2)[1]))
	u.settle()
	if got := u.tally(south); got.Alerts != 2*lines/9 || got.Lines != lines {
		t.Errorf("after the hunt: %d lines and %d alerts, want %d and %d", got.Lines, got.Alerts, lines, 2*lines/9)
	}
}
