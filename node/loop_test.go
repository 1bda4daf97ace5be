package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// addresses are n documentation addresses.
func addresses(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("203.0.113.%d", i+1))
	}
	return out
}

// TestHuntedBackAndOn: a list meets the lines that were read before it came
// and those that come later, each once, and the ledger adds up all the way.
func TestHuntedBackAndOn(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	ips := addresses(3)
	u.weblog(log, ips[0], "192.0.2.1", ips[1], ips[0])
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	if got := u.tally(south); got.Lines != 4 || got.Alerts != 0 {
		t.Fatalf("before the list: %+v", got)
	}
	u.share(north, south, "first.csv", dated(ips[0], ips[1]))
	u.share(north, south, "second.csv", dated(ips[0])) // the same line by two lists: two alerts, one line
	u.settle()
	if got := u.tally(south); got.Alerts != 5 {
		t.Errorf("hunted back: %+v", got)
	}
	u.weblog(log, ips[1], "192.0.2.1", ips[2])
	u.settle()
	if got := u.tally(south); got.Lines != 7 || got.Alerts != 6 {
		t.Errorf("and on: %+v", got)
	}
	u.stop(south)
	u.weblog(log, ips[2], ips[1])
	u.start(south)
	u.open(south)
	u.share(north, south, "third.csv", dated(ips[2]))
	u.settle()
	if got := u.tally(south); got.Lines != 9 || got.Alerts != 9 {
		t.Errorf("after a restart: %+v", got)
	}
	row := must(u.node(south).seen.Sources(t.Context()))(t)[0]
	if row.Matched != 7 || row.Clean != 2 || row.Unparsed != 0 {
		t.Errorf("ledger: %+v", row)
	}
}

// TestHeldUntilAccepted: what the gate holds back never alerts; an officer's
// acceptance turns its hits into alerts once, in lines read before and after,
// also when the node dies before it has acted on the decision.
func TestHeldUntilAccepted(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.automatic(south, 100)
	log := u.watches(south)
	ips := addresses(4)
	u.weblog(log, ips...)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "undated.csv", undated(ips[:3]...))
	u.share(north, south, "dated.csv", dated(ips[0])) // one line is matched already
	u.settle()
	if got := u.tally(south); got.Alerts != 1 || got.HeldBack != 3 || got.Sent != 1 {
		t.Fatalf("before acceptance: %+v", got)
	}
	u.weblog(log, ips...)
	u.settle()
	if got := u.tally(south); got.Alerts != 2 || got.HeldBack != 6 || got.Sent != 1 {
		t.Fatalf("before acceptance, lines that came later: %+v", got)
	}
	// The watch as it is when a crash comes after the decision is durable and
	// before anything follows from it.
	u.stop(south)
	before := must(os.ReadFile(u.path(south, "watch.db")))(t)
	u.start(south)
	u.open(south)
	u.settle()
	got := must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "seen elsewhere", Name: "undated.csv"}))(t)
	if got.Items != 3 {
		t.Fatalf("accepted %+v", got)
	}
	check := func(when string) {
		t.Helper()
		u.settle()
		if got := u.tally(south); got.Alerts != 8 || got.HeldBack != 0 || got.Sent != 4 {
			t.Errorf("%s: %+v", when, got)
		}
		if n := u.ofKind(north, south, indicator.KindSighting); n != 4 {
			t.Errorf("%s: north reads %d sightings", when, n)
		}
	}
	check("accepted")
	if _, err := u.node(south).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "again", Name: "undated.csv"}); err == nil {
		t.Error("nothing waits for a decision, and yet one was taken")
	}
	u.stop(south)
	u.start(south)
	check("restarted")
	u.stop(south)
	u.restoreWatch(south, before)
	u.start(south)
	check("killed between decision and effect")
	u.weblog(log, ips[1])
	u.settle()
	if got := u.tally(south); got.Alerts != 9 || got.HeldBack != 0 {
		t.Errorf("a line after acceptance: %+v", got)
	}
}

// restoreWatch puts an earlier watch.db in the place of the present one.
func (u *unit) restoreWatch(name string, data []byte) {
	u.t.Helper()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(u.path(name, "watch.db"+suffix)); err != nil && !os.IsNotExist(err) {
			u.t.Fatal(err)
		}
	}
	write(u.t, u.path(name, "watch.db"), data)
}

// TestRejectedAgain: an acceptance that is taken back holds later lines again;
// what has alerted stays an alert.
func TestRejectedAgain(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	ip := addresses(1)
	u.weblog(log, ip...)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "undated.csv", undated(ip...))
	u.settle()
	decide := func(reject bool) {
		t.Helper()
		must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "a word", Name: "undated.csv", Reject: reject}))(t)
		u.eventually("the decision is in force", func() bool { return u.node(south).lists.get().entries[0].held() == reject })
		u.settle()
	}
	for i, want := range []struct{ alerts, held int64 }{{1, 0}, {1, 1}, {3, 0}} {
		decide(i == 1)
		if i > 0 {
			u.weblog(log, ip...)
			u.settle()
		}
		if got := u.tally(south); got.Alerts != want.alerts || got.HeldBack != want.held {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
	}
}

// TestOneSighting: a sighting goes once for each item and party, across
// restarts and when the node dies between saying it and remembering that.
func TestOneSighting(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	ips := addresses(3)
	u.weblog(log, ips...)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated(ips...))
	u.settle() // officer policy: alerts, and nothing said
	if got := u.tally(south); got.Alerts != 3 || got.Sent != 0 {
		t.Fatalf("before release: %+v", got)
	}
	u.stop(south)
	before := must(os.ReadFile(u.path(south, "watch.db")))(t)
	u.automatic(south, 100)
	for round := range 3 {
		u.start(south)
		u.open(south)
		u.settle()
		if n := u.ofKind(north, south, indicator.KindSighting); n != 3 {
			t.Errorf("round %d: north reads %d sightings of 3", round, n)
		}
		if got := u.tally(south); got.Sent != 3 || got.Alerts != 3+int64(round) {
			t.Errorf("round %d: %+v", round, got)
		}
		u.eventually("north has acknowledged each", func() bool {
			for _, a := range must(u.node(south).Control().Alerts(t.Context(), api.AlertQuery{Limit: 10}))(t).Items {
				if a.State != string(record.Acknowledged) {
					return false
				}
			}
			return true
		})
		u.stop(south)
		if round == 0 {
			u.restoreWatch(south, before)
		}
		u.weblog(log, ips[0])
	}
}

// TestBudget: the automatic policy stops at the day's budget and goes on the
// next day; a clock that goes back does not open a day again.
func TestBudget(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	u.weblog(log, addresses(8)...)
	u.automatic(south, 3)
	day := func(days int) {
		u.opt[south].Now = func() time.Time { return time.Now().AddDate(0, 0, days) }
		u.start(south)
		u.open(south)
		u.settle()
	}
	u.start(north)
	day(0)
	u.share(north, south, "a.csv", dated(addresses(8)...))
	u.settle()
	sent := func(want int) {
		t.Helper()
		if got := u.tally(south); got.Sent != want {
			t.Errorf("%d sightings went, want %d", got.Sent, want)
		}
	}
	sent(3)
	got := must(u.node(south).Control().Release(t.Context(), api.ReleaseRequest{Officer: officer, All: true}))(t)
	if got.Sent != 0 || got.OverBudget != 5 {
		t.Errorf("an officer is under the same budget: %+v", got)
	}
	u.stop(south)
	day(1)
	sent(6)
	u.stop(south)
	day(0)
	sent(6)
	u.stop(south)
	day(2)
	sent(8)
}

// TestOddTimes: a line whose time is nonsense, which its sender may choose,
// keeps no sighting back, its own included.
func TestOddTimes(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	log := u.watches(south)
	ips := addresses(4)
	for i, year := range []string{"9999", "1969", "2026", "3500"} {
		f := must(os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0o600))(t)
		_, err := fmt.Fprintf(f, "%s - - [05/Jan/%s:10:00:00 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"-\"\n", ips[i], year)
		u.ok(errors.Join(err, f.Close()))
	}
	u.automatic(south, 10)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated(ips...))
	u.eventually("four sightings have come", func() bool { return u.ofKind(north, south, indicator.KindSighting) == 4 })
	u.settle()
	if got := u.tally(north); got.Received != 4 {
		t.Errorf("north: %+v", got)
	}
}

// TestUnreleasedLooksLikeNoMatch: under the officer policy a world in which
// everything matched gives the same log, byte sizes included, as one in which
// nothing did.
func TestUnreleasedLooksLikeNoMatch(t *testing.T) {
	t.Parallel()
	world := func(t *testing.T, lines []string) (kinds []statement.Kind, sizes []int) {
		u := newUnit(t, nil, north, south, observer)
		u.weblog(u.watches(south), lines...)
		u.start(u.names...)
		u.open(u.names...)
		u.settle()
		u.share(north, south, "mine.csv", dated(addresses(3)...))
		u.share(north, south, "undated.csv", undated(addresses(6)[3:]...))
		u.settle()
		n := u.node(south)
		for i := range must(n.view.Next(t.Context(), n.self.Origin))(t) {
			s := must(n.view.Statement(t.Context(), n.self.Origin, i))(t)
			if s.Kind == record.KindHeads || s.Kind == record.KindRefusal || s.Kind == border.KindReceipt {
				continue // when, and how often, depends on the machine's speed
			}
			kinds = append(kinds, s.Kind)
			if s.Kind == record.KindAck {
				continue // batched as they come
			}
			for _, p := range must(n.log.Sealed(i))(t) {
				sizes = append(sizes, len(p))
			}
		}
		return kinds, sizes
	}
	kinds, sizes := world(t, addresses(6))
	none, noneSizes := world(t, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"})
	strip := func(k []statement.Kind) string {
		var out []string
		for _, x := range k {
			if x != record.KindAck {
				out = append(out, string(x))
			}
		}
		return strings.Join(out, " ")
	}
	if strip(kinds) != strip(none) || fmt.Sprint(sizes) != fmt.Sprint(noneSizes) {
		t.Errorf("with matches: %s %v\nwithout:      %s %v", kinds, sizes, none, noneSizes)
	}
	for _, k := range kinds {
		if k == indicator.KindSighting || k == border.KindDecision {
			t.Errorf("%s was said", k)
		}
	}
}

// TestSealedOnce: a log that is read to its end is sealed in the record once,
// also when the node dies before it remembers that.
func TestSealedOnce(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := filepath.Join(u.dir, "old.log")
	u.weblog(path, addresses(2)...)
	u.cfg[south].Sources = []Source{{ID: "old", Path: path, Once: true}}
	u.start(north)
	for round := range 3 {
		u.start(south)
		u.open(south)
		u.settle()
		if n := u.ofKind(south, south, record.KindSeal); n != 1 {
			t.Errorf("round %d: sealed %d times", round, n)
		}
		if got := u.tally(south); got.Lines != 2 {
			t.Errorf("round %d: %+v", round, got)
		}
		u.stop(south)
		if round == 1 {
			u.ok(os.Remove(u.path(south, "watch.db"))) // as if it had not come to this
		}
	}
}
