package node

import (
	"testing"

	"entente/border"
	"entente/console"
)

// TestListsScreen: what of the own list is shared is told from the console, once; the
// other side takes it up under the teller's name; a guest sees and does neither.
func TestListsScreen(t *testing.T) {
	u := newUnit(t, nil, north, south)
	write(t, u.path(north, "list.json"), []byte(`{"domains": [{"name": "vote.example", "shared": true}, {"name": "inner.example"}]}`))
	u.cfg[north].Inventory = u.path(north, "list.json")
	u.start(north)
	u.start(south)
	u.open(north)
	u.open(south)
	screen := func(name string) guardScreens { return guardScreens{u.node(name).whole()} }
	lists := func(name string) console.ListsView {
		t.Helper()
		return must(screen(name).Lists(t.Context()))(t)
	}
	if v := lists(north); v.Same || v.File != "list.json" || len(v.Told) != 0 || len(v.Rows()) != 1 || v.Shared.Domains[0].Name != "vote.example" {
		t.Errorf("%+v", v)
	}
	guest := guardScreens{screens{u.node(north), border.Lens{}, u.node(north).seen}}
	if v := must(guest.Lists(t.Context()))(t); len(v.Rows()) != 0 || len(v.Told) != 0 {
		t.Errorf("a guest sees %+v", v)
	}
	if guest.TellList(t.Context(), console.User{}) == nil || guest.GuardList(t.Context(), console.User{}, south) == nil {
		t.Error("a guest tells, or takes up")
	}
	if screen(south).GuardList(t.Context(), console.User{Name: "ann"}, north) == nil {
		t.Error("taken up before it was told")
	}
	u.ok(screen(north).TellList(t.Context(), console.User{Name: "ann"}))
	if screen(north).TellList(t.Context(), console.User{Name: "ann"}) == nil {
		t.Error("the same is told twice")
	}
	if v := lists(north); !v.Same || len(v.Told) != 1 || !v.Told[0].Own {
		t.Errorf("%+v", v)
	}
	u.eventually("it is told", func() bool { return len(lists(south).Told) == 1 })
	if v := lists(south).Told[0]; v.Own || v.Fault || v.Party != north || len(v.Rows()) != 1 {
		t.Errorf("%+v", v)
	}
	u.ok(screen(south).GuardList(t.Context(), console.User{Name: "bo"}, north))
	if got := u.node(south).guarded.get(); len(got.Domains) != 1 || got.Domains[0].Name != "vote.example" {
		t.Errorf("%+v", got)
	}
}
