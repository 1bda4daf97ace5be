package node

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/border"
	"entente/console"
)

// TestWatchlistOnScreens: a list is opened on one console, asked and closed on the
// other, and both show its hits; an observer sees sizes and none, and who may not see
// everything only that there are some.
func TestWatchlistOnScreens(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	owner, asker, watcher := u.signedIn(south, "", console.RoleAdministrator), u.signedIn(north, "", console.RoleAdministrator), u.signedIn(observer, "", console.RoleObserver)
	form := url.Values{"to": {north}, "class": {"names"}, "purpose": {"<script>alert(1)</script>"}, "days": {"2"}, "hours": {"1"}, "budget": {"100"}, "echo": {"yes"}}
	w := owner.upload("/watchlists/new", string(namesFile("south", 50, "shared-one.example")[0].Data), form)
	where, read, _ := strings.Cut(w.Header().Get("Location"), "?read=")
	if w.Code != http.StatusSeeOther || read != "51.0.0.0.0.0" {
		t.Fatalf("%d %s %.400s", w.Code, w.Header().Get("Location"), w.Body)
	}
	id := strings.TrimPrefix(where, "/watchlists/")
	u.follow(id)
	if w := asker.upload(where+"/ask", string(namesFile("north", 20, "shared-one.example")[0].Data), url.Values{}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("asked without agreeing to prove hits: %d", w.Code)
	}
	if w := asker.upload(where+"/ask", string(namesFile("north", 20, "shared-one.example")[0].Data), url.Values{"echo": {"yes"}}); w.Code != http.StatusSeeOther {
		t.Errorf("asked: %d %.400s", w.Code, w.Body)
	}
	u.settled(id, 1)
	u.eventually("the owner is shown the hit", func() bool { return len(listHits(u.listAt(south, id))) == 1 })
	for name, p := range map[string]*person{"owner": owner, "asker": asker, "observer": watcher} {
		page, all := p.page(where), p.page("/watchlists")
		if strings.Contains(page, "shared-one.example") != (name != "observer") || strings.Contains(all, "shared-one.example") {
			t.Errorf("%s sees the hit: %t", name, strings.Contains(page, "shared-one.example"))
		}
		for _, text := range []string{page, all} {
			if strings.Contains(text, "<script>alert") || !strings.Contains(text, "&lt;script&gt;alert") || !strings.Contains(text, ">77<") {
				t.Errorf("%s: the partner's words, or what is left, are not as said", name)
			}
		}
	}
	less := u.signedIn(north, border.Amber, console.RoleAnalyst)
	if page := less.page(where); strings.Contains(page, "shared-one.example") || !strings.Contains(page, "TLP:RED") {
		t.Error("who may not see everything sees the hit, or is not told that there is one")
	}
	if w := asker.ask("POST", where+"/close", url.Values{}); w.Code != http.StatusSeeOther {
		t.Errorf("closed: %d", w.Code)
	}
	u.eventually("both see it closed", func() bool {
		return strings.Contains(owner.page(where), "It was closed as agreed.") && !strings.Contains(asker.page(where), where+"/ask")
	})
}
