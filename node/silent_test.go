package node

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"entente/charter"
	"entente/internal/sqlite"
	"entente/record"
)

// bubbles skips a test that runs whole nodes in a synctest bubble: there the
// race detector reports crypto/tls against itself, two connections that meet in
// its cache of parsed certificates.
func bubbles(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("crypto/tls is reported as a race with itself inside a bubble")
	}
}

// hourly gives a unit clocks that let thirty virtual days pass in seconds.
func hourly(t *charter.Terms) {
	t.Intervals = charter.Intervals{HeartbeatSeconds: 6 * 3600, AckSeconds: 3600, HeadsSeconds: 3600, StaleAfterMissed: 3}
}

// bubbled is newUnit inside a synctest bubble, whose clocks begin in the year
// 2000: the parties' show a day of 2026, shifted by skew.
func bubbled(t *testing.T, skew map[string]time.Duration, names ...string) *unit {
	u := newUnit(t, hourly, names...)
	u.patience, u.tick = 6*time.Hour, time.Minute
	for _, name := range names {
		u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = 10*time.Minute, 10*time.Minute, 10*time.Minute
		u.opt[name].Now = clock(skew[name])
	}
	return u
}

func clock(skew time.Duration) func() time.Time {
	return func() time.Time { return time.Now().AddDate(26, 1, 0).Add(skew) }
}

// pass lets virtual time go by.
func pass(d time.Duration) { <-time.After(d) }

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestThirtyDaysOfSilence: south never answers. North goes on: it says a
// statement each hour, watches its logs and is never blocked. Then south
// comes back and has everything, once and in order.
func TestThirtyDaysOfSilence(t *testing.T) {
	days(t)
	silence(t, 30)
}

// TestDaysOfSilence is the same for as many days as show whether anything grows
// with them.
func TestDaysOfSilence(t *testing.T) { silence(t, 5) }

func silence(t *testing.T, days int) {
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := bubbled(t, nil, north, south)
		log := u.watches(north)
		u.automatic(north, 200)
		u.start(north, south)
		u.open(north, south)
		u.share(south, north, "before.csv", dated("203.0.113.7"))
		u.settle()
		u.stop(south)
		u.wire.silence(south)

		var goroutines int
		var memory uint64
		silent := time.Now()
		for hour := range days * 24 {
			pass(time.Hour)
			began := time.Now()
			u.seal(north, fmt.Sprintf("hour %d", hour))
			if waited := time.Since(began); waited > 0 {
				t.Fatalf("hour %d: a local act waited %s", hour, waited)
			}
			u.weblog(log, "203.0.113.7", "192.0.2.1")
			if hour == 24 {
				synctest.Wait() // as below: what begins at this very hour has begun
				goroutines, memory = runtime.NumGoroutine(), heap()
			}
		}
		pass(time.Hour)
		synctest.Wait()
		if more := runtime.NumGoroutine() - goroutines; more > 5 {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("%d more goroutines than after a day:\n%s", more, stacks.String()[:min(stacks.Len(), 8<<10)])
		}
		if now := heap(); now > memory+8<<20 {
			t.Errorf("%d bytes in use, %d after a day", now, memory)
		}
		checkAlone(t, u, days, silent)

		u.wire.hear(south)
		u.start(south)
		u.settle()
		checkCaughtUp(t, u)
		u.innocent()
	})
}

// checkAlone looks at what north says of itself and of south after the days.
func checkAlone(t *testing.T, u *unit, days int, since time.Time) {
	t.Helper()
	n := u.node(north)
	got := u.tally(north)
	if want := int64(days * 24); got.Lines != 2*want || got.Alerts != want || got.Sent != 1 {
		t.Errorf("%d lines, %d alerts, %d sightings, want %d, %d and 1", got.Lines, got.Alerts, got.Sent, 2*want, want)
	}
	own := must(n.ownLog(t.Context()))(t)
	if own.UnwitnessedSince.IsZero() {
		t.Error("unwitnessed, and does not say since when")
	}
	partner := n.partnerLog(n.mirrors[south].member)
	if partner.Silent.Since.IsZero() || partner.Silent.Never || partner.Silent.Asks < days*24 {
		t.Errorf("silence: %+v", partner.Silent)
	}
	if gap := clock(0)().Sub(partner.Silent.Since); gap < time.Since(since) {
		t.Errorf("silent for %s, says %s", time.Since(since), gap)
	}
	// Knocking has its price; a door that stays shut is tried every five minutes.
	if dials := u.wire.dials[north+" "+south]; dials > days*24*13 {
		t.Errorf("%d dials in %d days", dials, days)
	}
}

// checkCaughtUp compares both copies of north's log, leaf by leaf and as the
// two views order them, and the word for every statement.
func checkCaughtUp(t *testing.T, u *unit) {
	t.Helper()
	a, b := u.node(north), u.node(south)
	mirror := b.mirrors[north].log
	if u.held(south, north) != u.size(north) || u.held(north, south) != u.size(south) {
		t.Fatalf("south holds %d of %d, north %d of %d", u.held(south, north), u.size(north), u.held(north, south), u.size(south))
	}
	for i := range u.size(north) {
		if !bytes.Equal(must(a.log.Leaf(i))(t), must(mirror.Leaf(i))(t)) {
			t.Fatalf("leaf %d differs", i)
		}
	}
	mine := must(a.view.OfKind(t.Context(), a.self.Origin, record.KindSeal))(t)
	all := len(mine)
	mine = slices.DeleteFunc(mine, func(s sqlite.Statement) bool { return len(s.Recipients) == 0 }) // of the archive's segments, for nobody else
	theirs := must(b.view.OfKind(t.Context(), a.self.Origin, record.KindSeal))(t)
	if len(mine) != len(theirs) {
		t.Fatalf("%d statements at north, %d at south", len(mine), len(theirs))
	}
	seen := make(map[string]bool)
	for i, s := range theirs {
		if s.ID != mine[i].ID || s.Index != mine[i].Index || s.State != sqlite.StateOpen || seen[string(s.Body)] {
			t.Fatalf("statement %d of south's view: %+v", i, s)
		}
		seen[string(s.Body)] = true
	}
	w := must(a.words(t.Context()))(t)
	if w.held != w.logged || w.witnessed != w.logged || w.acked != w.logged-(all-len(mine)) { // what is for nobody else is acknowledged by nobody
		t.Errorf("how far north's statements have come: %+v", w)
	}
	if own := must(a.ownLog(t.Context()))(t); !own.UnwitnessedSince.IsZero() {
		t.Errorf("everything is witnessed, and yet unwitnessed since %s", own.UnwitnessedSince)
	}
}

// TestSilenceIsNotHiddenByARelay: the observer goes on serving what south said
// last. That is no sign of life of south's.
func TestSilenceIsNotHiddenByARelay(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := bubbled(t, nil, north, south, observer)
		u.start(u.names...)
		u.open(u.names...)
		u.seal(south, "the last word")
		u.settle()
		u.stop(south)
		u.wire.silence(south)
		for range 4 {
			pass(6 * time.Hour)
			u.seal(north, "goes on")
		}
		m := u.node(north).mirrors[south].member
		if l := u.node(north).partnerLog(m); l.Silent.Since.IsZero() || l.Silent.Asks == 0 {
			t.Errorf("south has been silent for a day, shown as %+v", l.Silent)
		}
		m = u.node(north).mirrors[observer].member
		if l := u.node(north).partnerLog(m); !l.Silent.Since.IsZero() {
			t.Errorf("the observer answers, shown as %+v", l.Silent)
		}
		// The quorum of two needs both others: north says since when it has none.
		if own := must(u.node(north).ownLog(t.Context()))(t); own.UnwitnessedSince.IsZero() {
			t.Error("unwitnessed, and does not say since when")
		}
		// Bundles of what was witnessed before keep every cosignature, though the
		// heads since then have fewer.
		checkBundle(t, u, 0)
		u.wire.hear(south)
		u.start(south)
		u.settle()
		checkBundle(t, u, u.seal(north, "together again")-1)
		u.innocent()
	})
}

// checkBundle demands an offline proof of a statement of north's that shows it
// witnessed by the quorum and held by everybody.
func checkBundle(t *testing.T, u *unit, index uint64) {
	t.Helper()
	n := u.node(north)
	b := must(record.ParseBundle(must(n.whole().Bundle(t.Context(), north, index))(t)))(t)
	report := must(record.Verify(n.roster, b))(t)
	if report.Word != record.Held {
		t.Errorf("statement %d is proved %s by its bundle", index, report.Word)
	}
}
