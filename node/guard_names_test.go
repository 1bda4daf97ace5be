package node

import (
	"errors"
	"strings"
	"testing"

	"entente/border"
	"entente/console"
)

const queries = "03-Nov-2026 12:00:01.000 client @0x7f 10.0.0.5#5353 (clarityelectlons.com): query: clarityelectlons.com IN A + (10.0.0.1)\n" +
	"03-Nov-2026 12:00:02.000 client @0x7f 10.0.0.5#5353 (www.clarityelections.com): query: www.clarityelections.com IN A + (10.0.0.1)\n" +
	"03-Nov-2026 12:00:03.000 client @0x7f 10.0.0.6#5353 (clarityelectlons.com): query: clarityelectlons.com IN A + (10.0.0.1)\n" +
	"03-Nov-2026 12:00:04.000 client @0x7f 10.0.0.6#5353 (weather.example): query: weather.example IN A + (10.0.0.1)\n"

// TestNames: a look-alike in own logs is noted once for each line, with the first
// place, over an end of the node; what is said of it stays, and watching it puts it
// on the own watchlist alone.
func TestNames(t *testing.T) {
	u := newUnit(t, nil, north, south)
	write(t, u.path(north, "list.json"), []byte(`{"domains": [{"name": "clarityelections.com"}], "call": [{"id": "ann", "name": "Ann Lee", "phone": "1", "for": ["domains"]}]}`))
	u.cfg[north].Inventory = u.path(north, "list.json")
	log := u.path(north, "dns.log")
	write(t, log, []byte(queries))
	u.cfg[north].Sources = []Source{{ID: "dns", Path: log}}
	u.start(north)
	names := func() console.NamesView {
		return must(guardScreens{u.node(north).whole()}.Names(t.Context()))(t)
	}
	u.eventually("all lines are read", func() bool { return u.tally(north).Lines == 4 })
	check := func() {
		t.Helper()
		v := names()
		if len(v.Rows) != 1 || v.Protected != 1 || v.Whom.Name != "Ann Lee" || v.Since == 0 {
			t.Fatalf("%+v", v)
		}
		if r := v.Rows[0]; r.Name != "clarityelectlons.com" || r.Protected != "clarityelections.com" || r.Count != 2 || r.First.Source != "dns" || r.First.Line != 1 || r.Last <= r.First.At {
			t.Errorf("%+v", r)
		}
	}
	check()
	before := names().Rows[0].Count
	u.stop(north)
	u.start(north)
	check()
	if got := names().Rows[0].Count; got != before {
		t.Errorf("%d sightings before an end, %d after it", before, got)
	}
	whole, anna := guardScreens{u.node(north).whole()}, console.User{Name: "anna"}
	if err := whole.MarkName(t.Context(), anna, "weather.example", console.NameBenign); !errors.Is(err, console.ErrNotFound) {
		t.Errorf("a name that was not seen: %v", err)
	}
	u.eventually("it may write", func() bool { return u.node(north).writable() == nil })
	u.ok(whole.MarkName(t.Context(), anna, "clarityelectlons.com", console.NameWatched))
	u.ok(whole.MarkName(t.Context(), anna, "clarityelectlons.com", console.NameWatched)) // no second time
	if r := names().Rows[0]; r.Mark != console.NameWatched || r.By != "anna" {
		t.Errorf("%+v", r)
	}
	u.eventually("it stands on the own watchlist", func() bool {
		w := u.node(north).lists.get()
		return len(w.entries) == 1 && w.entries[0].item.Value == "clarityelectlons.com"
	})
	if e := u.node(north).lists.get().entries[0]; e.held() || e.level != border.Marking(border.Red).Level() {
		t.Errorf("held %v, level %d", e.verdict, e.level)
	}
	u.ok(whole.MarkName(t.Context(), anna, "clarityelectlons.com", console.NameBenign))
	u.eventually("what is benign is watched no longer", func() bool { return len(u.node(north).lists.get().entries) == 0 })
	u.ok(whole.MarkName(t.Context(), anna, "clarityelectlons.com", console.NameWatched))
	u.eventually("it is watched again", func() bool { return len(u.node(north).lists.get().entries) == 1 })
	u.ok(whole.MarkName(t.Context(), anna, "clarityelectlons.com", console.NameBenign))
	u.eventually("and no longer", func() bool { return len(u.node(north).lists.get().entries) == 0 })
	guest := must(u.node(north).As(t.Context(), console.User{Name: "greta", Clearance: "TLP:GREEN"}))(t)
	if v := must(guest.Guards().Names(t.Context()))(t); len(v.Rows) != 0 {
		t.Errorf("shown to whoever may not see it: %+v", v)
	}
}

// TestOddNames: names that no look-alike can be told of, as others tell them, neither
// keep a node from starting nor end it; they are told, and the others are looked for.
func TestOddNames(t *testing.T) {
	u := newUnit(t, nil, north, south)
	list := u.path(north, "list.json")
	write(t, list, []byte(`{"domains": [{"name": "x.com"}, {"name": "vote.example"}], "vendors": [{"name": "Vendor", "domains": ["co.uk"]}]}`))
	u.cfg[north].Inventory, u.cfg[north].Packs = list, []string{"election"}
	u.start(north)
	n := u.node(north)
	check := func(names int, odd ...string) {
		t.Helper()
		v := must(guardScreens{n.whole()}.Names(t.Context()))(t)
		var got []string
		for _, f := range v.Odd {
			got = append(got, f.Name)
		}
		told := strings.Join(must(n.watchStatus(t.Context()))(t).Troubles, "\n")
		for _, name := range odd {
			if !strings.Contains(told, name+" are not looked for") {
				t.Errorf("%s is not told: %s", name, told)
			}
		}
		if strings.Join(got, " ") != strings.Join(odd, " ") || v.Protected != names {
			t.Errorf("%d names are looked for, not %v", v.Protected, got)
		}
	}
	check(1, "x.com", "co.uk")
	x := must((&certWatch{n: n}).names())(t)
	if len(x.Match("v0te.example")) == 0 {
		t.Error("certificates are not looked at for names like the others")
	}
	write(t, list, []byte(`{"domains": [{"name": "vote.example"}, {"name": "ballot.example"}, {"name": "z.de"}]}`))
	u.ok(n.guarded.look(t.Context(), n.opt.Now()))
	u.ok(n.guards.look(t.Context()))
	check(2, "z.de")
}
