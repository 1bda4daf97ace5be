package console

import (
	"strconv"
	"strings"
	"testing"

	"entente/accord"
	"entente/statement"
)

// Open notices stand on the Line in the order in which clocks run out, with both
// clocks and who is called; what is closed stands under the other tab.
func TestLine(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/line", me))
	for _, want := range []string{"Urgent: a rising number of failed logins", "Please preserve", "Correction of our notice", "not delivered yet", "Acknowledging does not mean agreeing.", `data-due="`, "1-202-555-0143"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(page, "<q><bdi class=\"raw\">Line check</bdi></q>") {
		t.Error("a closed check stands among the open notices")
	}
	all := body(get(r.c, testHost, "/line?view=all", me))
	if strings.Count(all, "<q><bdi class=\"raw\">Line check</bdi></q>") != 2 || !strings.Contains(all, "accepted") {
		t.Error("the other tab lacks what is closed")
	}
	if first := strings.Index(page, "Urgent: "); first > strings.Index(page, "Please preserve") {
		t.Error("what runs out next does not stand first")
	}
}

// A notice shows its author's words as a quotation in every language, its clocks,
// whom it corrects and what corrects it.
func TestNoticePage(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	var help accord.Call
	for _, c := range talked().Calls(noon) {
		if c.Template == "assist" {
			help = c
		}
	}
	page := body(get(r.c, testHost, "/line/north/"+strconv.FormatUint(help.Ref.Index, 10), me))
	for _, want := range []string{"Просим помочь", "We ask for help with", "Corrected by", "We look at it now.", "Who is called, and when", "accepts"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, path := range []string{"/line/north/9999", "/line/nobody/1", "/line/north/x", "/conduct/north/nothing", "/conduct/nobody/asked"} {
		if w := get(r.c, testHost, path, me); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Each number of the ledger leads to as many statements as it says.
func TestConductLinks(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/conduct", me))
	linked := 0
	for _, l := range talked().Conduct(noon) {
		for _, n := range l.Tallies() {
			path := "/conduct/" + l.Party + "/" + n.Word
			if has := strings.Contains(page, `href="`+path+`"`); has != (n.N > 0) {
				t.Errorf("%s: linked %v with %d", path, has, n.N)
			}
			if n.N == 0 {
				continue
			}
			linked++
			if got := strings.Count(body(get(r.c, testHost, path, me)), "<tr data-key="); got != min(n.N, PerPage) {
				t.Errorf("%s: %d statements for %d", path, got, n.N)
			}
		}
	}
	if linked < 6 {
		t.Errorf("only %d numbers are there to test", linked)
	}
}

// Who may not see a notice sees no trace of it: no row, no count, no check.
func TestLineByClearance(t *testing.T) {
	src := shift("north", "south")
	l, _ := src.Line(t.Context())
	hidden := talked().Calls(noon)[0].Ref
	l.Shows = func(r statement.Ref) bool { return r != hidden }
	for _, c := range l.LineOf(noon, l.Shows).Checks {
		if c.Notice == hidden {
			t.Error("a check names it")
		}
	}
	for i, p := range l.ConductOf(noon, l.Shows) {
		whole := talked().Conduct(noon)[i]
		if p.Party == "south" && (p.Asked.N != whole.Asked.N-1 || p.Acked.N+p.AckedLate.N+p.Unacked.N >= whole.Acked.N+whole.AckedLate.N+whole.Unacked.N) {
			t.Errorf("it is counted: %+v", p)
		}
	}
}
