package console

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/exchange/stix"
)

// TestNames: names say how they resemble and where they were first seen; whoever
// decides marks them, and shares one as an indicator that is whole.
func TestNames(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	page := html.UnescapeString(body(get(r.c, testHost, "/guard/names", me)))
	for _, want := range []string{"xn--vte-hna.example", "looks the same", ":1204 dns.question.name", "What to do", "Ann Lee", "watched", "/line/new?template=assist&blank.what=voted.example", "2 sightings of names more", "Names that are not looked for", "too short to be told from others"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	mark := func(name, state, role string) int {
		return post(r.c, testHost, "/guard/names/mark", url.Values{"name": {name}, "state": {state}}, r.enter(role)).Code
	}
	if mark("voted.example", NameWatched, "analyst") != http.StatusSeeOther || mark("none.example", NameWatched, "analyst") != http.StatusNotFound || mark("voted.example", "seized", "analyst") != http.StatusBadRequest || mark("voted.example", NameBenign, "observer") == http.StatusSeeOther {
		t.Error("who may say what of which name?")
	}
	if len(src.accepted) != 1 || src.accepted[0] != "analyst marks voted.example watched" {
		t.Errorf("%v", src.accepted)
	}
	n := SeenName{Name: "voted.example", Protected: "vote.example", First: SeenAt{At: noon.UnixMilli()}}
	once, again := n.indicator(), n.indicator()
	o, err := stix.ParseObject([]byte(once))
	if err != nil || o.Type != "indicator" || once != again {
		t.Errorf("%+v %v", o, err)
	}
}
