package node

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/api"
	"entente/internal/sqlite"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/watch/indicator"
)

// refers writes lines of a web server whose visitors came from some names.
func (u *unit) refers(path string, names ...string) {
	u.t.Helper()
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "192.0.2.9 - - [05/Jan/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 512 \"http://%s/start\" \"-\"\n", name)
	}
	f := must(os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600))(u.t)
	_, err := f.WriteString(b.String())
	u.ok(err)
	u.ok(f.Close())
}

// blindAlerts are what north's watch was told by its partner's list.
func (u *unit) blindAlerts() (values []string) {
	u.t.Helper()
	list, _, err := u.node(north).seen.Incidents(u.t.Context(), sqlite.IncidentQuery{Limit: 100})
	u.ok(err)
	for _, i := range list {
		if i.Title == "On the undisclosed list of "+south && i.Level == blindLevel {
			values = append(values, i.Subject.Value)
		}
	}
	slices.Sort(values)
	return values
}

func always(*voprf.Standing) bool { return true }

// TestBlindWatch: what the own logs showed is asked about on the partner's list,
// and a hit becomes an incident here. The questions have one size, whatever was
// seen; the partner sees no item and hears of a hit by its echo alone.
func TestBlindWatch(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	log := u.watches(north)
	u.cfg[north].Match = Match{Blind: map[string]int{"names": 20}, BlindEcho: true}
	u.start(u.names...)
	u.open(u.names...)
	id := u.opensList(api.WatchlistOpen{Budget: 100, Echo: true, Files: namesFile("south", 40, "shared-one.example")})
	u.refers(log, "www.shared-one.example", "quiet-visitor.example")
	u.settle()
	n := u.node(north)
	u.ok(n.blindRound(t.Context(), always))
	u.settled(id, 1)
	if got := u.blindAlerts(); !slices.Equal(got, []string{"shared-one.example"}) {
		t.Errorf("incidents of %v", got)
	}
	u.eventually("south is shown the hit", func() bool {
		return slices.Equal(listHits(u.listAt(south, id)), []string{"shared-one.example"})
	})
	u.ok(n.blindRound(t.Context(), always)) // nothing new: asked all the same
	u.settled(id, 2)
	got := u.listAt(north, id)
	if len(got.Batches) != 2 || got.Batches[0].Items != 23 || got.Batches[1].Items != 23 || got.Hourly != 23 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
	if got := u.blindAlerts(); len(got) != 1 {
		t.Errorf("asked again: %v", got)
	}
	u.settle()
	if said := must(n.view.OfKind(t.Context(), n.self.Origin, indicator.KindSighting))(t); len(said) > 0 {
		t.Errorf("%d sightings were said", len(said))
	}
	u.unknownTo("quiet-visitor.example", south, observer)
	u.unknownTo("shared-one.example", observer)
}

// unknownTo looks for a value in every file of nodes that must not know it.
func (u *unit) unknownTo(value string, names ...string) {
	u.t.Helper()
	for _, name := range names {
		u.ok(filepath.WalkDir(u.node(name).cfg.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte(value)) {
				u.t.Errorf("%s holds %s in %s", name, value, filepath.Base(path))
			}
			return err
		}))
	}
}

// TestBlindHours: by itself, each hour, until the budget is spent, and after a
// restart with what was seen before it. Age binds the list and not what is seen.
func TestBlindHours(t *testing.T) {
	t.Parallel()
	days(t)
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := newUnit(t, brisk, north, south, observer)
		u.patience, u.tick = 6*time.Hour, 2*time.Minute
		for _, name := range u.names {
			u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = 10*time.Minute, 10*time.Minute, 10*time.Minute
			u.opt[name].Now = clock(0)
		}
		log := u.watches(north)
		u.cfg[north].Match = Match{Blind: map[string]int{"addresses": 16}}
		u.start(u.names...)
		u.open(u.names...)
		types := []observable.Type{observable.IPv4}
		files := []api.MatchFile{{Name: "a.txt", Data: []byte("198.51.100.7\n198.51.100.8\n")}}
		must(u.node(south).Control().MatchStock(t.Context(), api.MatchStock{Types: types, Files: files}))(t)
		u.settle()
		pass(25 * time.Hour)
		made := must(u.node(south).Control().WatchlistOpen(t.Context(), api.WatchlistOpen{To: north, Purpose: "x", Types: types, Files: files, Budget: 48, Seconds: 72 * 3600}))(t)
		id := made.List.ID
		u.settle()
		at := u.opt[north].Now().UTC().Format("02/Jan/2006:15:04:05 -0700")
		write(t, log, fmt.Appendf(nil, "198.51.100.7 - - [%s] \"GET / HTTP/1.1\" 200 512 \"-\" \"-\"\n", at))
		u.settle()
		u.stop(north) // an hour has begun, and goes on
		u.start(north)
		u.open(north)
		u.settled(id, 1)
		if got := u.listAt(north, id); got.Batches[0].Asked-got.Opened < blindEvery.Milliseconds() || got.Batches[0].Asked-got.Opened > (blindEvery+10*blindTick).Milliseconds() {
			t.Errorf("opened at %d, first asked at %d", got.Opened, got.Batches[0].Asked)
		}
		if got := u.blindAlerts(); !slices.Equal(got, []string{"198.51.100.7"}) {
			t.Errorf("incidents of %v; %+v", got, u.listAt(north, id))
		}
		pass(4 * time.Hour)
		if got := u.listAt(south, id); len(got.Batches) != 3 || got.Left != 0 || len(listHits(got)) > 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestGlimpses: what waits is bounded and counted, is asked about once by each
// list, and again if nobody answered.
func TestGlimpses(t *testing.T) {
	now := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	g := newGlimpses(map[string]int{"names": 20}, func() time.Time { return now })
	add := func(name string) {
		v := observable.Value{Type: observable.Domain, Canonical: name}
		g.seen[v] = &glimpse{"names", now, sqlite.Hit{Value: name}}
		g.count["names"]++
	}
	for i := range 5 {
		add(fmt.Sprintf("n%d.example", i))
	}
	types, never := []observable.Type{observable.Domain}, func(observable.Value) bool { return false }
	first, hits := g.next("a", types, 3, never)
	if len(first) != 3 || len(hits) != 3 || first[0].Canonical != "n0.example" {
		t.Errorf("%v", first)
	}
	if n, _ := g.waiting("a", "names", types); n != 2 {
		t.Errorf("%d wait", n)
	}
	g.again("a", first[:1])
	second, _ := g.next("a", types, 3, func(v observable.Value) bool { return v.Canonical == "n4.example" })
	if len(second) != 2 || second[0].Canonical != "n0.example" || second[1].Canonical != "n3.example" {
		t.Errorf("%v", second)
	}
	if other, _ := g.next("b", types, 9, never); len(other) != 5 {
		t.Errorf("another list: %v", other)
	}
	now = now.Add(blindKeep - time.Hour)
	add("late.example")
	now = now.Add(2 * time.Hour)
	g.fade(map[string][]observable.Type{"a": types, "c": types})
	if n, dropped := g.waiting("a", "names", types); n != 1 || dropped != 5 || g.count["names"] != 1 || g.asked["b"] != nil {
		t.Errorf("%d wait, %d dropped, %v", n, dropped, g.count) // c was asked about nothing
	}
}

// TestBlindAskedBounded: what a list was asked about takes no more room the longer the
// list is open, and nothing that still waits is asked about twice.
func TestBlindAskedBounded(t *testing.T) {
	now := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	g := newGlimpses(map[string]int{"names": 20}, func() time.Time { return now })
	types, never := []observable.Type{observable.Domain}, func(observable.Value) bool { return false }
	made := 0
	for range 5 { // days
		for g.count["names"] < maxGlimpses {
			made++
			v := observable.Value{Type: observable.Domain, Canonical: strconv.Itoa(made) + ".example"}
			g.seen[v] = &glimpse{"names", now, sqlite.Hit{}}
			g.count["names"]++
		}
		asked := 0
		for {
			var items match.Items
			if items, _ = g.next("a", types, 1<<15, never); len(items) == 0 {
				break
			}
			asked += len(items)
		}
		if asked != maxGlimpses {
			t.Fatalf("asked about %d of %d", asked, maxGlimpses)
		}
		if a := g.asked["a"]; len(a.values) > blindAsked || len(a.order) > blindAsked {
			t.Fatalf("%d and %d values are remembered", len(a.values), len(a.order))
		}
		now = now.Add(blindKeep)
		g.fade(map[string][]observable.Type{"a": types})
	}
	if len(g.asked["a"].values) != blindAsked {
		t.Errorf("%d values are remembered", len(g.asked["a"].values))
	}
}
