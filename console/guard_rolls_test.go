package console

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestRolls: every alarm of a roll says what it means, what to do and whom to call,
// and leads to a notice of counts alone; a root leaves when somebody who decides
// seals it.
func TestRolls(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	page := html.UnescapeString(body(get(r.c, testHost, "/guard/rolls", me)))
	for _, want := range []string{"A planted voter changed", "Stop changes to the roll", "Ann Lee", "+1 555 0100", "It does not say who did it", "blank.what=Adams+County%2C+2026-11-03%3A+burst", "Seal the root", "/record/north/1283", "line 7: 3 columns of 12", "3 rows left out", "Counts below 10"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(page, "What to do"); n != 9 {
		t.Errorf("%d of 9 kinds of alarm say what to do", n)
	}
	if strings.Contains(page, "\u202e") {
		t.Error("a precinct's name turns the page around")
	}
	page = html.UnescapeString(body(get(r.c, testHost, "/guard/rolls?site=portal&since=2026-10-20", me)))
	if !strings.Contains(page, "2026-10-20 to 2026-11-03") || !strings.Contains(page, ">240<") {
		t.Error("no difference to a named day")
	}
	if w := get(r.c, testHost, "/guard/rolls?site=portal&since=2026-10-21", me); w.Code != http.StatusNotFound {
		t.Errorf("a day of which there is no export: %d", w.Code)
	}
	form := url.Values{"site": {"portal"}, "day": {"2026-11-03"}}
	if w := post(r.c, testHost, "/guard/rolls/seal", form, me); w.Code != http.StatusSeeOther {
		t.Errorf("seal: %d", w.Code)
	}
	if w := post(r.c, testHost, "/guard/rolls/seal", form, r.enter("observer")); w.Code == http.StatusSeeOther {
		t.Error("an observer seals")
	}
	if len(src.accepted) != 1 || src.accepted[0] != "analyst seals portal 2026-11-03" {
		t.Errorf("%v", src.accepted)
	}
}
