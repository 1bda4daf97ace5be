package node

import (
	"testing"

	"entente/console"
	"entente/election/inventory"
	"entente/statement"
)

// TestBegin: an official begins in the console without a file of its own. What
// was begun is guarded at once and after a restart; what is wrong changes nothing.
func TestBegin(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	begin := func(b console.Beginning) error {
		return electionScreens{u.node(north).whole()}.Begin(t.Context(), console.User{Name: "anna"}, b)
	}
	refused := func(what string, b console.Beginning) {
		t.Helper()
		if _, ok := statement.AsRefusal(begin(b)); !ok {
			t.Errorf("%s is not refused", what)
		}
	}
	refused("nothing", console.Beginning{})
	refused("no domain", console.Beginning{Domains: []string{"not a domain"}})
	refused("no address", console.Beginning{Page: inventory.Page{ID: "adams", URL: "ftp://results.example"}})
	if got := u.node(north).guarded.get(); !got.Empty() {
		t.Errorf("after refusals: %+v", got)
	}
	page := inventory.Page{ID: "adams", URL: "http://127.0.0.1:9/detail.xml", Call: "ann"}
	u.ok(begin(console.Beginning{Domains: []string{"Vote.example"}, Page: page, Call: inventory.Person{ID: "ann", Name: "Ann Lee", Phone: "+1 555"}}))
	refused("the same page", console.Beginning{Page: page})
	u.ok(begin(console.Beginning{Domains: []string{"vote.example", "results.example"}}))
	// What a file lists is guarded too, but for places on this machine and around it.
	u.ok(begin(console.Beginning{More: inventory.Inventory{
		Offices: []inventory.Office{{Name: "County Clerk"}}, Domains: []inventory.Domain{{Name: "vote.example"}}, Files: []inventory.File{{Name: "m", Path: "/etc/hosts", What: "other"}},
		Registration: []inventory.Site{{Name: "Roll", Exports: []string{"/etc/hosts"}}},
	}}))
	if list := u.node(north).guarded.get(); len(list.Offices) != 1 || len(list.Files) != 0 || len(list.Registration) != 1 || len(list.Registration[0].Exports) != 0 {
		t.Errorf("%+v", list)
	}
	for range 2 {
		list := u.node(north).guarded.get()
		if len(list.Domains) != 2 || list.Domains[0].Name != "vote.example" || len(list.Results) != 1 || len(list.Call) != 1 {
			t.Fatalf("%+v", list)
		}
		// A page on one's own machine is fetched only where the list allows it by name.
		views := must(u.node(north).Control().ResultPages(t.Context(), ""))(t)
		if len(views) != 1 || views[0].Page.ID != "adams" || views[0].Last != nil || views[0].Whom.Name != "Ann Lee" {
			t.Errorf("%+v", views)
		}
		u.stop(north)
		u.start(north)
		u.open(north)
	}
}
