package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/accord"
)

// A form makes the amendment that it says: the rules in force in all but what is
// named, in words that tell every change, for every party to consent to.
func TestWriteAmendment(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("delegate")
	l, err := r.src.Line(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := l.Rules(l.Now())
	want := r.drafted("/writing/"+sampleAmend, sampleAmendForm(), me)
	b, ok := want.Body.(accord.Proposal)
	if !ok || b.For != accord.ForAmend || b.Rules == nil || b.Supersedes || len(want.Refs) != 0 || !slices.Equal(b.Authentic, []string{"en", "ru"}) || b.CoolingOff != now.CoolingOff || !slices.Contains(b.Needs, l.Self) {
		t.Fatalf("%+v", want)
	}
	var names []string
	for _, c := range accord.RuleChanges(now, *b.Rules) {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"cooling_off", "quotas.urgent_per_day", "scope"}) || b.Rules.CoolingOff != 48*3600 || !slices.Contains(b.Rules.Scope, "phishing") {
		t.Errorf("%v", names)
	}
	paper, err := accord.OpenPaper(b, want.Parts[0])
	if err != nil || !strings.Contains(paper.Text["ru"], "quotas.urgent_per_day") {
		t.Errorf("%v %+v", err, paper)
	}
	page := body(get(r.c, testHost, "/writing/"+sampleAmend, me))
	if n := strings.Count(page, "<ins>"); n != 3 {
		t.Errorf("%d changes are shown", n)
	}
	for said, change := range map[string][2]string{
		"consent needs two officers": {"rule.powers.consent.officers", "1"},
		"nothing is changed":         {"rule.quotas.urgent_per_day", ""},
		"nothing_of_ours":            {"edits", "nothing_of_ours=1"},
		"decide_by: an instant":      {"decide_by", "soon"},
	} {
		form := url.Values{"decide_by": {"2026-11-06T12:00:00Z"}, "rule.quotas.urgent_per_day": {"8"}}
		form.Set(change[0], change[1])
		w, err := r.src.Keep(t.Context(), User{Name: "delegate"}, Writing{Kind: WriteAmend, Form: form})
		if err != nil {
			t.Fatal(err)
		}
		if got := refusalOn(body(get(r.c, testHost, "/writing/"+w.ID+"?look=1", me))); !strings.Contains(got, said) {
			t.Errorf("%v: %q, want %q", change, got, said)
		}
	}
}

// It is begun from a text's page, by those who speak; no other text replaces rules.
func TestWriteAmendmentFromWhereItStands(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	for role, speaks := range map[string]bool{"delegate": true, "observer": false} {
		if page := body(get(r.c, testHost, "/accord/north/12", r.enter(role))); strings.Contains(page, `name="kind" value="amendment"`) != speaks {
			t.Errorf("%s may begin one: %v", role, !speaks)
		}
	}
	me := r.enter("delegate")
	if page := body(get(r.c, testHost, r.begun(url.Values{"kind": {"amendment"}}, me), me)); !strings.Contains(page, `name="rule.quotas.urgent_per_day"`) || !strings.Contains(page, `name="rule.powers.consent.officers"`) {
		t.Error("not every rule can be changed")
	}
	if w := post(r.c, testHost, "/writing", url.Values{"kind": {"amendment"}, "on": {"south/31"}}, me); w.Code != http.StatusConflict {
		t.Errorf("in place of a clause: %d", w.Code)
	}
}

// A rule is changed with keys alone.
func TestKeysAmend(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "delegate")
	s.open("north", "/accord/north/12")
	s.pressed("form:has([value=amendment]) button", `location.pathname.startsWith("/writing/")`)
	s.to("[name='rule.clocks.ack']")
	s.typed("12h")
	s.until(`document.getElementById("kept").textContent === "Kept."`)
	eval[bool](s, `document.querySelector("main").focus(), true`)
	s.pressed("button[value=look]", `location.search === "?look=1" && !!document.querySelector("ins")`)
	s.clean("an amendment")
	s.pressed(".preview button[value=draft]", `location.pathname.startsWith("/drafts/")`)
	want := s.north.desk.wanted[len(s.north.desk.wanted)-1]
	if b, ok := want.Body.(accord.Proposal); !ok || b.Rules.Clocks.Ack != 12*3600 {
		t.Errorf("%+v", want)
	}
}
