package node

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// busy lets a unit say something of everything.
func busy(u *unit) {
	u.t.Helper()
	log := u.watches(south)
	u.automatic(south, 50)
	u.weblog(log, addresses(5)...)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "dated.csv", dated(addresses(3)...))
	u.share(north, south, "undated.csv", undated(addresses(5)[3:]...))
	u.share(south, north, "back.csv", dated("198.51.100.7"))
	u.shareObjects(north, south, thing("indicator", 1, v1, ""), thing("malware", 2, v1, ""), thing("indicator", 3, v2, ""))
	u.sayRaw(south, north, thing("indicator", 1, v2, ""), []byte(`{"type":"indicator"}`), thing("malware", 4, v1, ""))
	u.settle()
	must(u.node(south).Control().Accept(u.t.Context(), api.AcceptRequest{Officer: officer, Reason: "seen elsewhere", Name: "undated.csv"}))(u.t)
	_, _, err := u.node(north).RetractObject(u.t.Context(), everything(), stix.MediaSTIX, name("indicator", 3), nil, "benign")
	u.ok(err)
	u.node(south).clerk.refused(north, statement.CodeProof, "something odd")
	u.node(north).clerk.refused("", statement.CodeKey, "a stranger")
	for i := range 70 { // more than one batch of the view
		u.seal(observer, fmt.Sprint("file ", i))
	}
	u.eventually("the refusals are on the record", func() bool {
		return u.ofKind(south, south, record.KindRefusal) > 0 && u.ofKind(south, north, record.KindRefusal) > 0
	})
	u.settle()
}

// TestRebuild: a view made of the logs is byte for byte the one that grew,
// also from the mirrors of a rival, and after a restart.
func TestRebuild(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	busy(u)
	for _, name := range u.names {
		u.stop(name)
	}
	u.start(u.names...)
	u.open(u.names...)
	live := u.halted(u.names...)
	for _, name := range u.names {
		if got := u.rebuilt(name, ""); got != live[name] {
			t.Errorf("%s: rebuilt and live views differ:\n%s", name, diff(live[name], got))
		}
		for _, rival := range u.names {
			if rival == name {
				continue
			}
			if got := u.rebuilt(name, u.path(rival)); got != live[name] {
				t.Errorf("%s from the logs of %s: %s", name, rival, diff(live[name], got))
			}
		}
	}
	// And the rebuilt view is what the node goes on with.
	u.start(u.names...)
	u.open(u.names...)
	u.seal(north, "after the rebuild")
	u.settle()
	u.innocent()
	for _, name := range u.names {
		u.tally(name)
	}
}

// still waits until nobody has said anything for some intervals.
func (u *unit) still() {
	u.t.Helper()
	u.settle()
	last, since := "", time.Now()
	defer func() {
		if u.t.Failed() {
			u.t.Logf("said last:\n%s", u.newest(4))
		}
	}()
	u.eventually("nobody speaks", func() bool {
		now := ""
		for _, name := range u.names {
			now += fmt.Sprint(u.size(name), " ")
			for _, owner := range u.names {
				if owner != name {
					now += fmt.Sprint(u.held(name, owner), " ")
				}
			}
		}
		if now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 1600*time.Millisecond
	})
}

// halted stops nodes that have nothing to say to each other, and returns the dumps of their views. What reached one between its dump
// and its end would be in a rebuilt view alone: then they start again.
func (u *unit) halted(names ...string) map[string]string {
	u.t.Helper()
	for range 10 {
		u.still()
		live, held, whole := make(map[string]string), "", true
		for _, name := range names {
			before := u.hasRead(name)
			live[name] = u.dump(name)
			u.stop(name)
			f := must(OpenFolder(*u.cfg[name], nil))(u.t)
			after := ""
			for _, owner := range u.names {
				head, _ := f.logs[owner].Head()
				after += fmt.Sprint(head.Size, " ")
			}
			u.ok(f.Close())
			held = cmp.Or(held, after)
			whole = whole && before == after && after == held
		}
		if whole {
			return live
		}
		u.start(names...)
		u.open(names...)
	}
	u.t.Fatal("they do not stop speaking")
	return nil
}

// hasRead is how many leaves of every log a node's view has; "behind" while it holds more.
func (u *unit) hasRead(name string) (out string) {
	u.t.Helper()
	for _, owner := range u.names {
		held := u.size(name)
		if owner != name {
			held = u.held(name, owner)
		}
		if u.reads(name, owner) != held {
			return "behind"
		}
		out += fmt.Sprint(held, " ")
	}
	return out
}

// newest tells the last statements of every log, as its owner reads them.
func (u *unit) newest(n int) string {
	var b strings.Builder
	for _, name := range u.names {
		list, _, err := u.node(name).view.Statements(context.Background(), u.node(name).lens, sqlite.Filter{Party: name}, n, 0)
		if err != nil {
			fmt.Fprintln(&b, name, err)
		}
		for _, s := range list {
			fmt.Fprintln(&b, name, s.Index, s.Kind, s.State, s.Code, string(s.Body))
		}
	}
	return b.String()
}

// TestViewLost: a node whose view is deleted computes it anew at its start, and
// nothing else follows a second time: no budget is charged again, nothing is
// refused or acknowledged anew, no sighting goes twice.
func TestViewLost(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	busy(u)
	before, tally, charged := u.dump(south), u.tally(south), *u.node(south).clerk.allowed[north]
	u.stop(south)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(u.path(south, viewFile+suffix)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	u.start(south)
	u.open(south)
	u.settle()
	if got := u.tally(south); got != tally {
		t.Errorf("%+v, before %+v", got, tally)
	}
	acked := make(map[string]bool)
	for _, line := range strings.Split(u.dump(south), "\n") {
		f := strings.Split(line, "\t") // table, by_origin, by_idx, origin, idx, ...
		if f[0] != "ack" || f[1] != fmt.Sprintf("%q", u.keys[south].Origin) {
			continue
		}
		if acked[f[3]+f[4]] {
			t.Errorf("%s %s is acknowledged a second time", f[3], f[4])
		}
		acked[f[3]+f[4]] = true
	}
	if used := *u.node(south).clerk.allowed[north]; used != charged {
		t.Errorf("%+v charged, before %+v, for lists that were taken in long ago", used, charged)
	}
	for k := range u.node(south).clerk.counts() {
		t.Errorf("refused anew: %+v", k)
	}
	for _, line := range []string{"item", "decision", "sighting", "object", "retraction"} {
		if a, b := count(before, line), count(u.dump(south), line); a != b {
			t.Errorf("%d rows of %s, %d before", b, line, a)
		}
	}
}

func count(dump, table string) (n int) {
	for i := 0; i+len(table) < len(dump); i++ {
		if dump[i:i+len(table)] == table && (i == 0 || dump[i-1] == '\n') {
			n++
		}
	}
	return n
}
