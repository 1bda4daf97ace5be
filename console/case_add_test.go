package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// An indicator is added where it is read: one form on the timeline, then the
// composer, where it is looked at before it goes to anybody.
func TestQuickAdd(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	path := casePath(hamburgID, "indicators")
	form := func(change map[string]string) url.Values {
		f := url.Values{"values": {"198.51.100[.]7\r\n evil.example \n198.51.100[.]7"}, "basis": {"observed"}, "marking": {"TLP:GREEN"}, "note": {"in the mail of 7 July"}}
		for k, v := range change {
			f.Set(k, v)
		}
		return f
	}
	me := r.enter("analyst")
	w := post(r.c, testHost, path, form(nil), me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/share?draft=412" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	if q := r.src.desk.quick[0]; !slices.Equal(q.Values, []string{"198.51.100[.]7", "evil.example"}) || q.Basis != "observed" || q.Marking != "TLP:GREEN" || q.Note == "" {
		t.Errorf("%+v", q)
	}
	for name, tc := range map[string]struct {
		change map[string]string
		code   int
	}{
		"nothing": {map[string]string{"values": " "}, 400}, "no basis": {map[string]string{"basis": "a hunch"}, 400}, "no marking": {map[string]string{"marking": ""}, 400},
		"too many": {map[string]string{"values": strings.Repeat("x", maxQuick) + "\n" + lines(maxQuick)}, 400}, "no value": {map[string]string{"values": "evil.example\nnothing at all"}, 409}, "long": {map[string]string{"note": strings.Repeat("x", 501)}, 400},
	} {
		if w := post(r.c, testHost, path, form(tc.change), me); w.Code != tc.code {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := post(r.c, testHost, casePath("nothing", "indicators"), form(nil), me); w.Code != http.StatusNotFound {
		t.Errorf("in no case: %d", w.Code)
	}
	if len(r.src.desk.quick) != 1 {
		t.Errorf("%d were drafted", len(r.src.desk.quick))
	}
	for _, tc := range []struct {
		role, path string
		shown      bool
	}{{"analyst", casePath(hamburgID, ""), true}, {"approver", casePath(hamburgID, ""), true}, {"delegate", casePath(hamburgID, ""), false}, {"observer", casePath(hamburgID, ""), false}, {"analyst", casePath(hamburgID, "") + "?at=2017-07-09T12:00:00Z", false}} {
		if page := body(get(r.c, testHost, tc.path, r.enter(tc.role))); strings.Contains(page, path) != tc.shown {
			t.Errorf("%s at %s: the form is shown: %v", tc.role, tc.path, !tc.shown)
		}
	}
}

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("h" + strings.Repeat("i", i+1) + ".example\n")
	}
	return b.String()
}

// From the timeline to the composer with keys alone.
func TestKeysQuickAdd(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "analyst")
	s.open("north", casePath(hamburgID, ""))
	s.arrive(casePath(hamburgID, ""))
	s.to("details.quick summary")
	s.press("Enter")
	s.to("details.quick textarea")
	s.typed("198.51.100.7")
	s.pressed("details.quick button.primary", `location.pathname === "/share" && location.search === "?draft=412"`)
	if len(s.north.desk.quick) != 1 || s.north.desk.quick[0].Values[0] != "198.51.100.7" {
		t.Errorf("%+v", s.north.desk.quick)
	}
	s.clean("quick add")
}
