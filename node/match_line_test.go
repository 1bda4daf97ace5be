package node

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"

	"entente/api"
	"entente/internal/matchfile"
	"entente/match"
	"entente/observable"
)

// brittle is a line that breaks whenever so many bytes have come over it.
type brittle struct {
	mu    sync.Mutex // guards what follows
	every int        // bytes; 0 while it holds
	left  int
	came  int
	cuts  int
}

type brittleConn struct {
	net.Conn
	line *brittle
}

func (b *brittle) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return brittleConn{c, b}, nil
}

// breaks says how many of n bytes still come.
func (b *brittle) breaks(n int) (keep int, broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.every == 0 || n < b.left {
		b.left, b.came = b.left-n, b.came+n
		return n, false
	}
	keep, b.left, b.came = b.left, b.every, b.came+b.left
	b.cuts++
	return keep, true
}

func (b *brittle) begin(every int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.every, b.left, b.came, b.cuts = every, every, 0, 0
}

func (b *brittle) end() (came, cuts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.every = 0
	return b.came, b.cuts
}

func (c brittleConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	keep, broken := c.line.breaks(n)
	if !broken {
		return n, err
	}
	_ = c.Close()
	return min(keep, n), net.ErrClosed
}

// TestMatchCut: a line that breaks before any list is whole does not start a
// run anew, which would never end: it goes on at the chunk. For each time that it
// broke, what came over it is a handshake and a chunk more than over a whole line.
func TestMatchCut(t *testing.T) {
	t.Parallel()
	days(t)
	u := newLoopback(t, nil, north, south)
	var line brittle
	u.opt[north].Dial = line.dial
	u.start(u.names...)
	u.open(u.names...)
	const n, both = 4000, 3
	// A list is 4,096 points of 32 bytes in 64 chunks of 2 KiB.
	const list = 4096 * 32
	shared := []string{"one.example", "two.example", "three.example"}
	play := func(every int) (came, cuts int) {
		u.settle()
		line.begin(every)
		id := u.offers(api.MatchOffer{Types: []observable.Type{observable.Domain}, Files: namesFile("north", n, shared...)}, namesFile("south", n, shared...), 10)
		u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
		came, cuts = line.end()
		must(u.node(north).Control().MatchAgree(t.Context(), api.MatchAgree{Run: id}))(t)
		u.over(id, "closed")
		for _, name := range []string{north, south} {
			if r := u.runOf(name, id); len(r.Matches) != both || r.Fault != "" {
				t.Errorf("%s: %d matches, %s", name, len(r.Matches), r.Fault)
			}
		}
		return came, cuts
	}
	whole, _ := play(0)
	came, cuts := play(list / 2)
	t.Logf("%d bytes over a whole line, %d over one that broke %d times", whole, came, cuts)
	if whole < 2*list || cuts < 4 || came > whole+cuts*(32<<10) {
		t.Error("the lists came again")
	}
}

// TestMatchFiles: while a run waits, its lists lie in files and its own items
// in theirs; when it is over, neither is there. What another process worked on
// is gone when a node starts, and nothing that a list left behind.
func TestMatchFiles(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	left := map[string]bool{ // whether it stays
		"work/0a/0": false, "lists/0b/0": false, "lists/0b/13": false, "lists/0c/3": false,
		"lists/0c/evidence-3.json": true, "lists/0d/receipt-0-1.json": true, "runs/0b/transcript": true,
	}
	for name := range left {
		u.ok(os.MkdirAll(filepath.Dir(u.path(north, matchDir, name)), 0o700))
		u.ok(os.WriteFile(u.path(north, matchDir, name), []byte(name), 0o600))
	}
	u.start(u.names...)
	u.open(u.names...)
	id := u.offers(api.MatchOffer{Types: []observable.Type{observable.Domain}, Files: namesFile("north", 30, "both.example")}, namesFile("south", 40, "both.example"), 10)
	u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
	for name, stays := range left {
		if got := exists(u.path(north, matchDir, name)); got != stays {
			t.Errorf("%s is there: %v", name, got)
		}
	}
	dir := u.path(north, matchDir)
	if got := filesBelow(t, dir, matchWorkDir); got != 4 {
		t.Errorf("%d lists on the disk", got)
	}
	if got := filesBelow(t, dir, matchPendingDir); got != 2 {
		t.Errorf("%d files for a run of which one is played", got)
	}
	must(u.node(north).Control().MatchAgree(t.Context(), api.MatchAgree{Run: id}))(t)
	u.over(id, "closed")
	u.eventually("nothing is left of the lists", func() bool { return filesBelow(t, dir, matchWorkDir)+filesBelow(t, dir, matchPendingDir) == 0 })
}

func filesBelow(t *testing.T, dir, part string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, part), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".new") {
			n++
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return n
}

// TestMatchKeptBefore: what an earlier version kept for a run, its items in the
// same file, is played as well.
func TestMatchKeptBefore(t *testing.T) {
	n := &Node{cfg: Config{Dir: t.TempDir()}}
	p := &matchPending{Key: make([]byte, 32), Items: match.Items{{Type: observable.Domain, Canonical: "a.example"}}}
	var offer [32]byte
	f, err := n.openRun(offer, p)
	if err != nil {
		t.Fatal(err)
	}
	if f.set.Len() != 1 || f.close() != nil {
		t.Errorf("%d items", f.set.Len())
	}
	if err := n.keepPending(p); err != nil {
		t.Fatal(err)
	}
	if f, err = n.openRun(offer, p); err != nil {
		t.Fatal(err)
	}
	var one [1]observable.Value
	if err := f.set.Read(0, one[:]); err != nil || one[0].Canonical != "a.example" || f.close() != nil {
		t.Errorf("%v, %v", one, err)
	}
	if err := n.dropPending(p.public()); err != nil {
		t.Fatal(err)
	}
	if f, err = n.openRun(offer, p); err != nil || !os.IsNotExist(f.lost) || f.close() != nil {
		t.Errorf("what was dropped is there: %v, %v", f.lost, err)
	}
}

// TestSparing: the collector is as it was after the last large run, and a small
// one leaves it alone.
func TestSparing(t *testing.T) {
	percent := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	was := percent()
	var s sparing
	var small, large match.Manifest
	large.Sides[1].Items = largeRun
	s.begin(&small)
	if percent() != was {
		t.Error("a small run changed the collector")
	}
	one, two := s.begin(&large), s.begin(&large)
	one()
	if got := percent(); got != matchfile.GCPercent {
		t.Errorf("the collector runs at %d%% beside a large run", got)
	}
	if two(); percent() != was {
		t.Errorf("the collector runs at %d%% after all, was %d%%", percent(), was)
	}
}
