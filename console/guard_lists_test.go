package console

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestLists: whoever decides tells the others what of the own list is shared, and
// takes up what they told; nobody else does, and nothing goes by a link.
func TestLists(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	page := html.UnescapeString(body(get(r.c, testHost, "/guard/lists", r.enter("analyst"))))
	for _, want := range []string{"vote.example", "results page", "Ann Lee", "Tell the others", "GREEN", "wahl.example", "Guard it too", `value="south"`, "not what was announced", "Nothing any more."} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(page, `value="observer"`) || strings.Contains(page, `value="north"`) {
		t.Error("a list that is not taken, or the own, can be taken up")
	}
	if page := html.UnescapeString(body(get(r.c, testHost, "/guard/lists", r.enter("observer")))); strings.Contains(page, "<form method=\"post\" action=\"/guard") {
		t.Error("an observer is shown what decides")
	}
	do := func(what, party, role string) int {
		return post(r.c, testHost, "/guard/lists/"+what, url.Values{"party": {party}}, r.enter(role)).Code
	}
	if do("tell", "", "analyst") != http.StatusSeeOther || do("guard", "south", "analyst") != http.StatusSeeOther || do("guard", "mallory", "analyst") == http.StatusSeeOther {
		t.Error("whoever decides tells nothing, or takes up what nobody told")
	}
	if do("tell", "", "observer") == http.StatusSeeOther || do("guard", "south", "observer") == http.StatusSeeOther {
		t.Error("an observer tells, or takes up")
	}
	if get(r.c, testHost, "/guard/lists/tell", r.enter("analyst")).Code < 400 {
		t.Error("told by a link")
	}
	if want := []string{"analyst tells the list", "analyst guards the list of south"}; !slices.Equal(src.accepted, want) {
		t.Errorf("%v", src.accepted)
	}
}
