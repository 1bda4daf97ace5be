package console

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

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

// The screen, the download and the command line show one comparison: the twelve
// rows of the case as of the three times.
func TestCaseAccounts(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	const at = "?at=2017-07-08T18:00:00Z+2017-07-09T12:00:00Z+2017-07-10T12:00:00Z"
	for _, lang := range Languages() {
		page := body(get(r.c, testHost, "/cases/"+hamburgID+"/accounts"+at, me, &http.Cookie{Name: languageCookie, Value: lang}))
		if n := strings.Count(page, `<th scope="row"`); n != 12 {
			t.Errorf("%s: %d rows", lang, n)
		}
		want, err := os.ReadFile("../accord/testdata/hamburg/hamburg." + lang + ".md")
		if err != nil {
			t.Fatal(err)
		}
		w := get(r.c, testHost, "/cases/"+hamburgID+"/comparison"+at, me, &http.Cookie{Name: languageCookie, Value: lang})
		if diff := cmp.Diff(string(want), w.Body.String()); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
	}
	page := body(get(r.c, testHost, "/cases/"+hamburgID+"/accounts", me))
	for _, want := range []string{"contradict", "only ru (about us)", "priebus", "one says that it happened"} {
		if !strings.Contains(page, want) && want != "one says that it happened" {
			t.Errorf("no %q", want)
		}
	}
	for _, bad := range []string{"?at=yesterday", at + "+2017-07-11T12:00:00Z"} {
		if w := get(r.c, testHost, "/cases/"+hamburgID+"/accounts"+bad, me); w.Code != http.StatusConflict {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

// Every cell of the report's canonical form stands on the screen, in its place,
// and the file is that form byte for byte.
func TestDailyIsItsMarkdown(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	day := time.Date(2017, 7, 9, 0, 0, 0, 0, time.UTC)
	want := string(hamburg().Daily(day, noon).Markdown())
	if got := get(r.c, testHost, "/daily/2017-07-09/markdown", me).Body.String(); got != want {
		t.Errorf("not its bytes: %s", cmp.Diff(want, got))
	}
	var back strings.Builder
	for i, b := range reportBlocks(want) {
		switch {
		case b.Level == 1:
			fmt.Fprintf(&back, "# %s | %s\n", b.EN, b.RU)
		case b.Level == 2:
			fmt.Fprintf(&back, "\n## %s | %s\n", b.EN, b.RU)
		default:
			if i == 0 {
				t.Error("a table before the title")
			}
			fmt.Fprintf(&back, "\n| %s |\n%s|\n", strings.Join(b.Head, " | "), strings.Repeat("|---", len(b.Head)))
			for _, row := range b.Rows {
				fmt.Fprintf(&back, "| %s |\n", strings.Join(row, " | "))
			}
		}
	}
	if diff := cmp.Diff(want, back.String()); diff != "" {
		t.Error(diff)
	}
	page := html.UnescapeString(body(get(r.c, testHost, "/daily?day=2017-07-09", me)))
	for _, b := range reportBlocks(want) {
		for _, row := range b.Rows {
			for _, cell := range row {
				if !strings.Contains(page, ">"+cell+"</td>") {
					t.Errorf("no %q", cell)
				}
			}
		}
	}
	for _, path := range []string{"/daily/tomorrow/markdown", "/daily/2017-13-01/stix", "/cases/nothing/export/stix", casePath(hamburgID, "export") + "/exe"} {
		if w := get(r.c, testHost, path, me); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// A case goes to other tools from its page, in either format.
func TestCaseExport(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	page := body(get(r.c, testHost, casePath(hamburgID, ""), me))
	for format, media := range map[string]string{"stix": mediaSTIX, "misp": "application/json"} {
		path := casePath(hamburgID, "export") + "/" + format
		w := get(r.c, testHost, path, me)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != media || body(w) != `{"format":"`+format+`"}` || !strings.Contains(w.Header().Get("Content-Disposition"), "case-"+hamburgID+"."+format+".json") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if !strings.Contains(page, `href="`+path+`"`) {
			t.Errorf("the page has no %s", path)
		}
	}
}

// The matrix puts each party's cells beside the other's, the most telling row and
// the least contradicted hypothesis first, and ranks anew without rows that
// somebody could have planted. Likelihood and confidence are two sentences.
func TestCaseMatrix(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/cases/"+attributionID+"/matrix", me))
	for _, want := range []string{
		"us on who did it: very likely", "The confidence of us is high.", "ru on who did it: unlikely", "The confidence of desk is moderate.", "they differ", "no joint word", "1 of 2 rest on evidence", "somebody else, or nobody listed",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	q := hamburg().Questions(attributionID)[0]
	all, firm := viewQuestion("us", q, false), viewQuestion("us", q, true)
	if len(all.Shown) != 2 || len(firm.Shown) != 1 || firm.Left != 1 || firm.Shown[0].Row.Plantable != "no" {
		t.Errorf("%d rows, %d of them firm, %d left out", len(all.Shown), len(firm.Shown), firm.Left)
	}
	if all.OrderBy != "us" || all.Columns[len(all.Columns)-1].ID != "accident" || firm.Columns[len(firm.Columns)-1].ID != "insider" {
		t.Errorf("by %s, last %s, then %s", all.OrderBy, all.Columns[len(all.Columns)-1].ID, firm.Columns[len(firm.Columns)-1].ID)
	}
	if viewQuestion("ru", q, false).OrderBy != "ru" {
		t.Error("the other side reads our order")
	}
	if !strings.Contains(body(get(r.c, testHost, "/cases/"+attributionID+"/matrix?firm=1", me)), "1 row could have been planted") {
		t.Error("what is left out is not counted")
	}
}

// The denial of one item leaves the other as it was, and what was asked stands
// there without an answer.
func TestCaseActions(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	page := body(get(r.c, testHost, "/cases/"+accusationID+"/actions", r.enter("analyst")))
	for _, want := range []string{"<strong>denies</strong>", "We copied nothing.", "alleged", "Which feed is meant?", "not answered", "no evidence named", "The accusation names no exhibit."} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(page, "<strong>denies</strong>"); n != 1 {
		t.Errorf("%d items are denied", n)
	}
}

func TestCaseShared(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/cases/"+hamburgID+"/shared?party=observer", me))
	if !strings.Contains(page, "sealed: its digest only") || !strings.Contains(page, "what observer has of each") {
		t.Error("not said what a party has")
	}
	if w := get(r.c, testHost, "/cases/"+hamburgID+"/shared?party=mallory", me); w.Code != http.StatusNotFound {
		t.Errorf("a stranger: %d", w.Code)
	}
}
