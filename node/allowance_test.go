package node

import (
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// earlier puts a charter in force some days ago, so that clocks may step back.
func earlier(c *charter.Terms) { c.Effective = c.Effective.AddDate(0, 0, -4) }

// again restarts a node.
func (u *unit) again(name string) {
	u.t.Helper()
	u.stop(name)
	u.start(name)
	u.open(name)
}

// verdicts are what self has acknowledged of a partner's statements of a kind,
// oldest first.
func (u *unit) verdicts(self, partner string, kind statement.Kind) (all []string) {
	u.t.Helper()
	s := must(u.node(self).Control().Statements(u.t.Context(), api.StatementQuery{Party: partner, Kind: string(kind), Limit: 100}))(u.t)
	for _, item := range slices.Backward(s.Items) {
		if len(item.Acks) != 1 {
			u.t.Fatalf("statement %d has the acks %+v", item.Index, item.Acks)
		}
		all = append(all, item.Acks[0].Verdict+string(item.Acks[0].Code))
	}
	return all
}

const overBudget = record.VerdictRefused + string(statement.CodeBudget)

// TestBudgetOfLists: a partner that is over its budget of objects is refused,
// on the record and for ever; neither a restart nor a clock that steps back
// gives it a fresh day, and the next day does.
func TestBudgetOfLists(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { earlier(c); c.Budgets.ObjectsPerDay = 5 }, north, south)
	var skew atomic.Int64
	u.opt[south].Now = func() time.Time { return time.Now().Add(time.Duration(skew.Load())) }
	u.start(u.names...)
	u.open(u.names...)
	want := []string{record.VerdictAccepted}
	share := func(name string, n int, verdict string) {
		t.Helper()
		u.share(north, south, name, dated(addresses(n)...))
		u.settle()
		want = append(want, verdict)
		if got := u.verdicts(south, north, indicator.KindList); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	want = nil
	share("first.csv", 3, record.VerdictAccepted)
	share("too many.csv", 4, overBudget)
	u.again(south)
	share("too many after a restart.csv", 4, overBudget)
	skew.Store(-int64(48 * time.Hour))
	u.again(south)
	share("too many two days before.csv", 4, overBudget)
	share("the rest.csv", 2, record.VerdictAccepted)
	if n := len(u.node(south).lists.get().lists); n != 2 {
		t.Errorf("%d lists in the watch, want 2", n)
	}
	skew.Store(int64(24 * time.Hour))
	share("the next day.csv", 5, record.VerdictAccepted)
}

// TestRefusedBeforeTheKill: what was over budget stays so when the node dies
// before its ack is written.
func TestRefusedBeforeTheKill(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { c.Budgets.ObjectsPerDay = 5 }, north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	n := u.node(south)
	n.open.Store(false) // it reads, and cannot acknowledge
	u.share(north, south, "too many.csv", dated(addresses(6)...))
	u.eventually("south has read it", func() bool { return u.reads(south, north) == u.size(north) })
	u.again(south)
	u.settle()
	if got := u.verdicts(south, north, indicator.KindList); !slices.Equal(got, []string{overBudget}) {
		t.Errorf("acknowledged with %q", got)
	}
	if n := len(u.node(south).lists.get().lists); n != 0 {
		t.Errorf("%d lists in the watch", n)
	}
}

// TestBudgetOfSightings: sightings that a partner sends beyond the charter's
// budget are refused with a reason, counted, on the record, and nothing else
// comes of them; what is left of a day is there for the next.
func TestBudgetOfSightings(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { c.Budgets.SightingsPerDay = 2 }, north, south)
	var skew atomic.Int64
	u.opt[north].Now = func() time.Time { return time.Now().Add(time.Duration(skew.Load())) }
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated(addresses(9)...))
	u.settle()
	w := u.node(south).lists.get()
	told := 0
	tell := func() { // past the own release budget, as a hostile node would
		t.Helper()
		e := w.entries[told]
		told++
		_, err := u.node(south).author.say(t.Context(), draft{
			kind: indicator.KindSighting, refs: []statement.Ref{e.list}, marking: border.Amber, recipients: []string{north},
			body: indicator.SightingBody{
				Indicator: e.list, Item: e.key.Item, Type: e.item.Type, Value: e.item.Value, Count: 1,
				First: "2026-01-05T10:00:00Z", Last: "2026-01-05T10:00:00Z", Basis: indicator.BasisObserved,
			},
		})
		u.ok(err)
		u.settle()
	}
	// Two days' worth at the start: the clocks may differ by a day.
	want := []string{}
	expect := func(when string, verdicts ...string) {
		t.Helper()
		for range verdicts {
			tell()
		}
		want = append(want, verdicts...)
		if got := u.verdicts(north, south, indicator.KindSighting); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	expect("at first", record.VerdictAccepted, record.VerdictAccepted, record.VerdictAccepted, record.VerdictAccepted, overBudget)
	u.again(north)
	expect("after a restart", overBudget)
	skew.Store(int64(24 * time.Hour))
	expect("a day later", record.VerdictAccepted, record.VerdictAccepted, overBudget)
	if got := u.tally(north); got.Received != 6 {
		t.Errorf("north shows %d sightings, 6 are within the budget", got.Received)
	}
	u.eventually("the refusals are on the record", func() bool { return u.ofKind(south, north, record.KindRefusal) > 1 })
	s := must(u.node(north).Control().Status(t.Context()))(t)
	if !slices.ContainsFunc(s.Refusals, func(r api.RefusalCount) bool {
		return r.Party == south && r.Code == statement.CodeBudget && r.Count > 0
	}) {
		t.Errorf("the status shows %+v", s.Refusals)
	}
	u.innocent()
	live := u.halted(north)[north]
	if got := u.rebuilt(north, ""); got != live {
		t.Errorf("rebuilt and live views differ:\n%s", diff(live, got))
	}
}

// TestBudgetOfReleases: sightings that went today are counted after a restart,
// and on the day before.
func TestBudgetOfReleases(t *testing.T) {
	t.Parallel()
	u := newUnit(t, earlier, north, south)
	u.automatic(south, 2)
	log := u.watches(south)
	var skew atomic.Int64
	u.opt[south].Now = func() time.Time { return time.Now().Add(time.Duration(skew.Load())) }
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated(addresses(9)...))
	u.weblog(log, addresses(4)...)
	u.settle()
	for _, step := range []struct {
		when string
		skew time.Duration
		sent int
	}{{"at first", 0, 2}, {"after a restart", 0, 2}, {"on the day before", -24 * time.Hour, 2}, {"a day later", 24 * time.Hour, 4}, {"back again", 0, 4}} {
		skew.Store(int64(step.skew))
		u.again(south)
		u.settle()
		if got := u.tally(south); got.Sent != step.sent {
			t.Errorf("%s: %d sightings have gone, want %d", step.when, got.Sent, step.sent)
		}
	}
}

// TestBudgetOfBytes: what a partner has used of a day's bytes, in both
// directions, is used after a restart.
func TestBudgetOfBytes(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { earlier(c); c.Budgets.BytesPerDay = 4 << 20 }, north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.seal(north, "some bytes")
	u.settle()
	n := u.node(south)
	u.ok(n.mirrors[north].meter.take(north, 1<<20))
	u.stop(south)
	used, _ := n.mirrors[north].meter.state()
	served := n.spent[north]
	full := float64(n.roster.Charter.Budgets.BytesPerDay)
	if used.UsedBytes < 1<<20 || served.Fetched != used || served.Served.In >= full {
		t.Errorf("fetched %+v, written down %+v", used, served)
	}
	// What is written down counts, also on the day before by its own clock.
	served.Served.In = full / 4
	u.remember(south, spentNote+north, served)
	u.opt[south].Now = func() time.Time { return time.Now().Add(-24 * time.Hour) }
	u.again(south)
	u.settle()
	n = u.node(south)
	u.stop(south)
	if got, _ := n.mirrors[north].meter.state(); got.UsedBytes < used.UsedBytes || got.Day < used.Day {
		t.Errorf("fetched %+v, before the restart %+v", got, used)
	}
	if got := n.spent[north].Served; got.In > full/3 || got.At.Before(served.Served.At) {
		t.Errorf("left %+v of %.0f, before the restart %+v", got, full, served.Served)
	}
}

// remember changes a note that a stopped node keeps.
func (u *unit) remember(name, key string, value any) {
	u.t.Helper()
	w := must(sqlite.OpenWatch(u.t.Context(), u.path(name, "watch.db")))(u.t)
	u.ok(w.PutNote(u.t.Context(), key, must(json.Marshal(value))(u.t)))
	u.ok(w.Close())
}
