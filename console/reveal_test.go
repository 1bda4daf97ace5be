package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestReveal: whoever speaks opens an own sealed statement of a case, and nobody
// else; the button stands only where there is something to open.
func TestReveal(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	path := "/cases/" + hamburgID + "/reveal"
	for role, want := range map[string]int{"observer": http.StatusForbidden, "delegate": http.StatusSeeOther} {
		w := post(r.c, testHost, path, url.Values{"index": {"31"}, "tab": {"matrix"}}, r.enter(role))
		if w.Code != want || want == http.StatusSeeOther && w.Header().Get("Location") != "/cases/"+hamburgID+"/matrix" {
			t.Errorf("%s: %d to %q", role, w.Code, w.Header().Get("Location"))
		}
	}
	if got := strings.Join(src.accepted, "; "); got != "delegate opens 31" {
		t.Errorf("%s", got)
	}
	me := r.enter("delegate")
	for _, index := range []string{"", "-1", "x", "99999999999999999999"} {
		if w := post(r.c, testHost, path, url.Values{"index": {index}}, me); w.Code != http.StatusBadRequest {
			t.Errorf("index %q: %d", index, w.Code)
		}
	}
	for _, id := range []string{hamburgID, attributionID} {
		for _, tab := range []string{"accounts", "matrix"} {
			page := body(get(r.c, testHost, "/cases/"+id+"/"+tab, me))
			if n := strings.Count(page, "/reveal"); n != strings.Count(page, "Open ours to all") {
				t.Errorf("%s %s: %d forms", id, tab, n)
			}
		}
	}
}
