package node

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/console"
	"entente/election/inventory"
	"entente/exchange/defend"
	"entente/watch/detect"
	"entente/watch/rule"
)

// packStory is an injection and a scan of an access log, and what lets time pass.
func packStory() (lines []string) {
	lines = append(lines, "00 192.0.2.2 GET /status?id=1%27%20or%20%271%27=%271 200")
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("0%d 192.0.2.1 GET /old/%c%c 404", 1+i/20, 'a'+i%26, 'a'+i/26))
	}
	return append(lines, "30 192.0.2.7 GET / 200")
}

// A pack that the configuration names runs as own rules do: live, over a
// restart in the middle of what it counts, and back through the archive.
func TestPacks(t *testing.T) {
	t.Parallel()
	play := func(t *testing.T, how func(u *unit, path string, pack func())) any {
		u := newUnit(t, nil, north, south)
		path := u.watches(north)
		how(u, path, func() {
			c := u.cfg[north]
			c.Packs, c.Senders = []string{"election"}, []detect.Sender{{Names: []string{"VR Systems"}, Domains: []string{"vrsystems.com"}}}
			u.cfg[north] = c
		})
		u.eventually("both are found", func() bool { return len(u.found(north)) == 2 })
		u.demand(north,
			"detection 6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c01 match.sql-injection line 1 url.original=/status?id=1%27%20or%20%271%27=%271 (",
			"detection 6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c02 match.path-scan line 51 source.ip=192.0.2.1")
		page := must(u.node(north).whole().Watch(t.Context(), console.WatchQuery{View: console.ViewRules, Limit: 50}))(t)
		hits, bad := uint64(0), 0
		for _, r := range page.Rules {
			if hits += r.Hits; r.Outcome != "loaded" || r.Giver != north || !strings.HasPrefix(r.File, "pack ") {
				bad++
			}
		}
		if hits != 2 || bad != 0 || page.Matching < 12 {
			t.Errorf("%d hits, %d of %d rules odd: %+v", hits, bad, page.Matching, page.Rules)
		}
		for _, a := range must(u.node(north).Control().Alerts(t.Context(), api.AlertQuery{Limit: 10}))(t).Items {
			if a.Type != "detection" || !strings.Contains(a.Value, " ") {
				t.Errorf("an alert does not show its title: %+v", a)
			}
		}
		if w := must(u.node(north).Control().Status(t.Context()))(t).Watch; w.Rules < 12 || w.Indicators != 0 {
			t.Errorf("%d rules, %d indicators", w.Rules, w.Indicators)
		}
		if d, err := u.node(north).Control().Defend(t.Context(), api.DefendRequest{Format: "plain", Clearance: "TLP:RED"}); err != nil || d.Written != 0 || d.Left[defend.LeftType] < 12 {
			t.Errorf("%+v %v", d, err)
		}
		return u.alertRows(north)
	}
	live := play(t, func(u *unit, path string, pack func()) {
		pack()
		u.start(north)
		u.open(north)
		u.visits(path, packStory()[:30]...)
		u.eventually("half of it is read", func() bool { return u.tally(north).Lines == 30 })
		u.stop(north)
		u.start(north)
		u.open(north)
		u.visits(path, packStory()[30:]...)
	})
	back := play(t, func(u *unit, path string, pack func()) {
		u.start(north)
		u.open(north)
		u.visits(path, packStory()...)
		u.eventually("it is read", func() bool { return u.tally(north).Lines == int64(len(packStory())) })
		u.stop(north)
		pack()
		u.start(north)
		u.open(north)
	})
	if d := gocmp.Diff(live, back); d != "" {
		t.Errorf("looking back differs from live: %.3000s", d)
	}
}

func TestSenders(t *testing.T) {
	s, err := Senders([]detect.Sender{{Names: []string{"VR Systems"}, Domains: []string{"vrsystems.com"}}}, []string{"votes.example", "sos.state.co.us"})
	if err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]string{
		"vrsysterns.com": "vrsystems.com", "vrsystems.co": "vrsystems.com", "vr-systems.com": "vrsystems.com", "vrsystem.com": "vrsystems.com", "vrsystems-support.com": "vrsystems.com",
		"vrsystems.com": "", "mail.vrsystems.com": "", "notes.example": "", "votes.net": "", "gmail.com": "", "systems.com": "", "county.example": "",
	} {
		if got, _ := s.Resembles(domain); got != want {
			t.Errorf("%s is for %q, want %q", domain, got, want)
		}
	}
	c := Config{Packs: []string{"election"}, Senders: []detect.Sender{{Names: []string{"VR"}}}}
	if _, err := c.packRules(inventory.Inventory{}); err == nil || !strings.Contains(err.Error(), "senders: ") {
		t.Errorf("%v", err)
	}
	if _, err := (Config{Packs: []string{"nothing"}}).packRules(inventory.Inventory{}); err == nil || !strings.Contains(err.Error(), "no pack") {
		t.Errorf("%v", err)
	}
}

// What the inventory lists is protected, and what is listed there later too.
func TestPackProtectsTheInventory(t *testing.T) {
	list := inventory.Inventory{
		Domains: []inventory.Domain{{Name: "countyvotes.example"}},
		Senders: []inventory.Sender{{Address: "county.clerk.office@gmail.com", Display: "County Clerk"}, {Address: "help@registrar.example"}},
		Vendors: []inventory.Vendor{{Name: "VR Systems", Domains: []string{"vrsystems.com"}, Senders: []string{"billing@vr-billing.example"}}},
	}
	senders, own, err := Config{OwnAssets: []string{"192.0.2.0/24", "state.example"}}.protects(list)
	if err != nil {
		t.Fatal(err)
	}
	s := must(Senders(senders, own))(t)
	for header, want := range map[string]bool{
		"County Clerk <county.clerk.office@gmail.com>": false, "County Clerk <county.clerk@yahoo.com>": true, "x@registrar.example": false, "x@reglstrar.example": true,
		"x@countyvotes.example": false, "x@county-votes.example": true, "VR Systems <vr@outlook.com>": true, "x@vr-billing.example": false, "x@vrbilling.example": true, "x@state.example": false,
		"maria@gmail.com": false,
	} {
		if why := s.Imitates(header); (why != "") != want {
			t.Errorf("%s: %q", header, why)
		}
	}
	list.Vendors = append(list.Vendors, inventory.Vendor{Name: "Tabulators", Domains: []string{"co.uk", "x.com", "tabulators.co.uk"}})
	s = must(Config{Packs: []string{"election"}}.packSenders(list))(t)
	for header, want := range map[string]bool{"Tabulators <help@x.com>": false, "x@tabulators.co.uk": false, "x@tabu1ators.co.uk": true} {
		if why := s.Imitates(header); (why != "") != want {
			t.Errorf("%s: %q", header, why)
		}
	}
	if len(must(Config{Packs: []string{"election"}}.packRules(list))(t)) == 0 {
		t.Error("no rules for a list with odd names")
	}
	n := &Node{cfg: Config{Packs: []string{"election"}}, guarded: &guarded{}}
	first, none := n.packRules(), n.packsOf()
	if again := n.packRules(); len(first) == 0 || &again[0] != &first[0] {
		t.Error("made anew for nothing")
	}
	n.guarded.list = list
	before, later := byRule(first), byRule(n.packRules())
	if len(before) != len(first) || !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(later))) || n.packsOf() == none {
		t.Errorf("other rules for another inventory: %d of %d", len(later), len(before))
	}
	var others []string
	for id, r := range later {
		if before[id].Text != r.Text {
			others = append(others, r.Detect.Name)
		}
	}
	slices.Sort(others)
	if want := []string{"sender-lookalike"}; !slices.Equal(others, want) {
		t.Errorf("%q are others for another inventory, want %q", others, want)
	}
}

// byRule are rules by what they are called, wherever in a list they stand.
func byRule(list []rule.Rule) map[string]rule.Rule {
	out := make(map[string]rule.Rule)
	for _, r := range list {
		if r.Detect != nil {
			out[r.Detect.ID] = r
		} else {
			out[r.File] = r
		}
	}
	return out
}
