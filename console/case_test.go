package console

import (
	"strings"
	"testing"

	"entente/accord"

	"github.com/google/go-cmp/cmp"
)

const hamburgID = "201707070000000000000000000000f1"

// What waits for the own side stands first, by the hour at which it is due; what
// waits for nobody stands last.
func TestCasesInOrder(t *testing.T) {
	row := func(id string, due int64, owners ...string) accord.CaseSummary {
		return accord.CaseSummary{CaseState: accord.CaseState{Case: id, Owner: owners, Due: due}}
	}
	list := []accord.CaseSummary{row("kept", 0), row("theirs", 5, "south"), row("soon", 7, "north", "south"), row("later", 9, "north"), row("sometime", 0, "north")}
	sortCases("north", list)
	var got []string
	for _, g := range groupCases("north", list) {
		got = append(got, g.Key)
		for _, r := range g.Rows {
			got = append(got, r.Case)
		}
	}
	if diff := cmp.Diff([]string{"yours", "soon", "later", "sometime", "others", "theirs", "rest", "kept"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCaseFilter(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	for path, found := range map[string]bool{
		"/cases": true, "/cases?q=hamburg": true, "/cases?q=" + hamburgID[:8]: true, "/cases?kind=incident&open=1": true,
		"/cases?q=geneva": false, "/cases?kind=action": false, "/cases?kind=nothing": true,
	} {
		if page := body(get(r.c, testHost, path, me)); strings.Contains(page, `href="/cases/`+hamburgID+`"`) != found {
			t.Errorf("%s: found is not %v", path, found)
		}
	}
	for _, path := range []string{"/cases/none", "/cases/" + strings.Repeat("f", 300), "/cases/x%2fy"} {
		if w := get(r.c, testHost, path, me); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Every statement of the case stands on its timeline, once, with its speaker; a
// party's words stand in quotation marks.
func TestCaseTimeline(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	page := body(get(r.c, testHost, "/cases/"+hamburgID, r.enter("analyst")))
	said := hamburg().Case(hamburgID)
	for _, s := range said {
		p, _ := hamburg().Charter().ByOrigin(s.Ref.Origin)
		if link := `class="row-link" href="` + stmtPath(p.ID, s.Ref.Index) + `"`; strings.Count(page, link) != 1 {
			t.Errorf("%s stands there %d times", link, strings.Count(page, link))
		}
	}
	for _, want := range []string{"denies", "item 2", "no comment", "priebus", "<q><bdi class=\"raw\">The meeting in Hamburg</bdi></q>", "accounts compared"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
}
