package console

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"entente/election/audit"
)

// TestAudit: an audit shows its risk against the limit as a plot with the same
// numbers as a table, what waits, what each board read when both have committed,
// and a fault with what it means, what to do and whom to call.
func TestAudit(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	list := body(get(r.c, testHost, "/guard/audits", me))
	for _, want := range []string{"/guard/audits/night", "/guard/audits/recount%2F2026", "may stop", "before the seed", "void", "1.23 %"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %q", want)
		}
	}
	page := html.UnescapeString(body(get(r.c, testHost, "/guard/audits/night", me)))
	for _, want := range []string{"<polyline points=\"56,12 ", "mark-limit", "dashed: the limit, 5 %", "limit <span class=\"num\">5 %</span>", "1 card read differently", "hidden until both boards have committed", "53417960661093690826", "If the announced outcome were wrong", "kept safe from the polls", "The audit of this contest may stop."} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(page, "\u202e") || strings.Contains(page, "style=") {
		t.Error("a name turns the page around, or a plot has a style of its own")
	}
	cells := regexp.MustCompile(`<td class="c-num" data-label="Risk">[^<]+</td></tr>`).FindAllString(page, -1)
	if len(cells) < 26 {
		t.Errorf("%d risks in tables for a line of 26 points", len(cells))
	}
	page = html.UnescapeString(body(get(r.c, testHost, "/guard/audits/night?contest=Mayor", me)))
	if !strings.Contains(page, "1-1-a") || !strings.Contains(page, "Second board") {
		t.Error("the cards of a contest are not listed")
	}
	page = html.UnescapeString(body(get(r.c, testHost, "/guard/audits/day", me)))
	for _, want := range []string{"It opened what it had not committed to.", "What it means", "What to do", "Ann Lee", "/line/new?template=explain&blank.what=day", "/record/south/1199"} {
		if !strings.Contains(page, want) {
			t.Errorf("a fault: no %q", want)
		}
	}
	page = html.UnescapeString(body(get(r.c, testHost, "/guard/audits/recount%2F2026", me)))
	for _, want := range []string{"as a file of the kind <span class=\"mono\" lang=\"en\">records</span>", "row 3: no column ballot", "the contest says 40 cards", "audit contest Judge", "commits to its dice"} {
		if !strings.Contains(page, want) {
			t.Errorf("an audit that waits: no %q", want)
		}
	}
	for _, path := range []string{"/guard/audits/none", "/guard/audits/night?contest=Judge"} {
		if w := get(r.c, testHost, path, me); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestPlotRisk: the line ends where the risk is measured, the limit lies within
// the picture, and no risk leaves it.
func TestPlotRisk(t *testing.T) {
	c := AuditContest{Contest: &audit.Contest{Limit: "0.05"}}
	if plotRisk(c) != nil {
		t.Error("a plot of nothing")
	}
	for _, course := range [][]audit.Point{{{Draws: 1, Risk: 1}}, {{Draws: 1, Risk: 0.5}, {Draws: 1_000_000, Risk: 0}}, {{Draws: 10, Risk: 1e-300}}} {
		c.Course = course
		p := plotRisk(c)
		if p.LimitY <= plotTop || p.LimitY > plotBottom || len(p.Grid) < 2 || len(p.Grid) > 5 {
			t.Errorf("%v: limit at %d, grid %v", course, p.LimitY, p.Grid)
		}
		if !regexp.MustCompile(`^56,12( \d{2,3},\d{2,3})+$`).MatchString(p.Line) || !strings.Contains(p.Line, " 468,") {
			t.Errorf("%v: %s", course, p.Line)
		}
	}
}
