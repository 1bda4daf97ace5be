package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// here is what a case's page says of who else is there.
func here(page string) string {
	_, rest, _ := strings.Cut(page, `<p class="present small">`)
	said, _, _ := strings.Cut(rest, `<span class="dim">`)
	return said
}

// Who has a case open, or writes in it, is shown to the others of the own side until
// they leave or are silent for long; nobody is shown themselves.
func TestPresence(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	r.c.present.now = func() time.Time { return r.now }
	analyst, official := r.enter("analyst"), r.enter("official")
	path := casePath(hamburgID, "")
	if said := here(body(get(r.c, testHost, path, analyst))); said != "" {
		t.Errorf("alone, and told of %q", said)
	}
	if said := here(body(get(r.c, testHost, casePath(hamburgID, "actions"), official))); !strings.Contains(said, "analyst") || strings.Contains(said, "official") {
		t.Errorf("an official is told of %q", said)
	}
	if said := here(body(get(r.c, testHost, casePath(attributionID, ""), r.enter("observer")))); said != "" {
		t.Errorf("in another case: %q", said)
	}
	at := r.begun(url.Values{"kind": {"account"}, "case": {hamburgID}}, official)
	r.now = r.now.Add(openLife)
	if page := body(get(r.c, testHost, at, official)); here(page) != "" {
		t.Error("a page that is no case's says who is there")
	}
	said := here(body(get(r.c, testHost, path, analyst)))
	if !strings.Contains(said, "writes an account") || strings.Count(said, "official") != 1 {
		t.Errorf("while somebody writes: %q", said)
	}
	if w := post(r.c, testHost, at+"/drop", nil, official); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	if said := here(body(get(r.c, testHost, path, analyst))); said != "" {
		t.Errorf("after it was dropped: %q", said)
	}
	form := url.Values{"case": {hamburgID}, "version": {"1"}, "stance": {"deny"}}
	if w := post(r.c, testHost, "/writing/"+sampleAccount+"/keep", form, official); w.Code != http.StatusOK {
		t.Fatal(w.Code)
	}
	if said := here(body(get(r.c, testHost, path, analyst))); !strings.Contains(said, "official") {
		t.Errorf("at a pause: %q", said)
	}
	r.now = r.now.Add(writeLife)
	if said := here(body(get(r.c, testHost, path, analyst))); said != "" {
		t.Errorf("long after: %q", said)
	}
}

// What is known of who is there is bounded, and one who comes wakes the pages of
// that case alone.
func TestPresenceIsBounded(t *testing.T) {
	now := noon
	p := newPresence(func() time.Time { return now })
	one, stop := p.follow("a")
	other, _ := p.follow("b")
	for i := range 2 * maxPresent {
		p.mark(Present{Case: "a", User: fmt.Sprint("u", i)})
	}
	if len(p.seen) > maxPresent || len(one) != 1 || len(other) != 0 {
		t.Errorf("%d are known; %d and %d changes", len(p.seen), len(one), len(other))
	}
	<-one
	p.mark(Present{Case: "a", User: "u1"})
	if len(one) != 0 {
		t.Error("one who is there already wakes a page")
	}
	now = now.Add(openLife)
	p.mark(Present{Case: "b", User: "x"})
	if len(p.seen) != 1 || len(one) != 1 || len(other) != 1 {
		t.Errorf("%d are known once they have left; %d and %d changes", len(p.seen), len(one), len(other))
	}
	if p.mark(Present{User: "x"}); len(p.seen) != 1 {
		t.Error("somebody is in no case")
	}
	if stop(); len(p.subs) != 1 {
		t.Error("a page that is closed is told")
	}
}

// In a browser one sees another come and begin to write, without a reload; the other
// party's console knows nothing of it, nor does a printed page.
func TestBrowserPresence(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "analyst")
	s.open("north", casePath(hamburgID, ""))
	s.arrive(casePath(hamburgID, ""))
	north, host := s.surfaces["north"], "north.localhost:"+s.port
	me := enterAt(t, north, host, func() (string, error) { return north.EntryLink("official") })
	if w := get(north, host, casePath(hamburgID, "matrix"), me); w.Code != http.StatusOK || !strings.Contains(here(body(w)), "analyst") {
		t.Errorf("%d: the one at the browser is not known", w.Code)
	}
	s.until(`document.querySelector(".present")?.textContent.includes("official")`)
	get(north, host, "/writing/"+sampleAccount, me)
	s.until(`document.querySelector(".present")?.textContent.includes("writes an account")`)
	s.look(1440, 900, "paper", "UTC")
	s.until(`getComputedStyle(document.querySelector(".present")).display === "none"`)
	s.look(1440, 900, "light", "UTC")
	south, there := s.surfaces["south"], "south.localhost:"+s.port
	you := enterAt(t, south, there, func() (string, error) { return south.EntryLink("analyst") })
	if page := body(get(south, there, casePath(hamburgID, ""), you)); here(page) != "" {
		t.Errorf("the other side is told of %q", here(page))
	}
	s.open("north", "/cases")
	s.until(`document.readyState === "complete"`)
	s.clean("presence")
}
