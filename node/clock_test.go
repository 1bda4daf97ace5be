package node

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entente/console"
	"entente/internal/sqlite"
)

const tenYears = 10 * 365 * 24 * time.Hour

// TestPartnerClockTenYearsOff: south's clock is ten years ahead, or behind, or
// jumps from one to the other. Nothing that north says or does depends on it.
func TestPartnerClockTenYearsOff(t *testing.T) {
	t.Parallel()
	bubbles(t)
	for _, c := range []struct {
		name         string
		before, then time.Duration
	}{
		{"ahead", tenYears, tenYears},
		{"behind", -tenYears, -tenYears},
		{"jumps back", tenYears, -tenYears},
		{"jumps ahead", -tenYears, tenYears},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { withClock(t, c.before, c.then) })
		})
	}
}

func withClock(t *testing.T, before, then time.Duration) {
	u := bubbled(t, map[string]time.Duration{south: before}, north, south, observer)
	var skew atomic.Int64
	skew.Store(int64(before))
	u.opt[south].Now = func() time.Time { return clock(time.Duration(skew.Load()))() }
	log := u.watches(north)
	u.weblog(log, "203.0.113.7")
	u.automatic(north, 200)
	u.start(north, south, observer)
	u.open(north, south, observer)
	u.share(south, north, "list.csv", dated("203.0.113.7"))
	said := []uint64{0} // the key statement
	claims := []time.Time{}
	say := func(n int) {
		for range n {
			pass(5 * time.Minute)
			claims = append(claims, u.opt[south].Now())
			said = append(said, u.seal(south, fmt.Sprint("south ", len(said))))
			u.seal(north, fmt.Sprint("north ", len(said)))
		}
	}
	say(4)
	u.settle()
	skew.Store(int64(then))
	say(4)
	u.stop(south)
	u.start(south) // what it remembers of its own clock survives a start
	u.open(south)
	say(2)
	u.settle()
	u.innocent()
	checkClaims(t, u, said[1:], claims)
	got := u.tally(north)
	if got.Alerts != 1 || got.Sent != 1 || got.Held != got.Statements {
		t.Errorf("north: %+v", got)
	}
	if list := u.node(north).lists.get(); len(list.entries) != 1 || list.entries[0].held() {
		t.Errorf("south's indicator is held back: %+v", list.entries)
	}
	for _, name := range []string{south, observer} {
		m := u.node(north).mirrors[name].member
		if l := u.node(north).partnerLog(m); !l.Silent.Since.IsZero() {
			t.Errorf("%s counts as silent: %+v", name, l.Silent)
		}
	}
	u.eventually("north is witnessed again", func() bool {
		return must(u.node(north).ownLog(t.Context()))(t).UnwitnessedSince.IsZero()
	})
	if size := u.size(north) + u.size(south) + u.size(observer); size > 150 {
		t.Errorf("%d leaves for %d statements: nodes answer each other's housekeeping", size, 2*len(said)+2)
	}
}

// checkClaims: the order of south's log is that of its leaves, whatever times
// it claims, and the times shown are those that it claims.
func checkClaims(t *testing.T, u *unit, said []uint64, claims []time.Time) {
	t.Helper()
	n := u.node(north)
	page, total, err := n.view.Statements(t.Context(), n.lens, sqlite.Filter{Party: south}, 1000, 0)
	u.ok(err)
	if total != int(u.size(south)) {
		t.Errorf("%d statements of south in view, it has said %d", total, u.size(south))
	}
	if !slices.IsSortedFunc(page, func(a, b sqlite.Statement) int { return int(b.Index) - int(a.Index) }) {
		t.Error("south's statements are not listed in the order in which it said them")
	}
	rows := must(n.whole().Record(t.Context(), console.RecordQuery{Party: south, Limit: 1000}))(t)
	for i, index := range said {
		at := slices.IndexFunc(rows.Statements, func(r console.StatementRow) bool { return r.Index == index })
		if at < 0 || rows.Statements[at].Claimed.Sub(claims[i]).Abs() > time.Second {
			t.Errorf("statement %d was said at %s by south's clock: %+v", index, claims[i], rows.Statements[max(at, 0)])
		}
	}
}
