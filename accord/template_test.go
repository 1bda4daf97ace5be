package accord

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"

	"entente/exchange/stix/pattern"
)

// TestNorms: eleven templates make clauses that a proposal may hold, in both
// languages, with queries that the watch can run; what nothing observes says so.
func TestNorms(t *testing.T) {
	allowed := []string{"cooperation", "attribution", "intrusion", "assistance", "human-rights", "supply-chain", "vulnerability", "response-teams", "critical-services"}
	with := NormWith{
		Who: []string{"north", "south"}, Scope: Scope{Nets: []string{"192.0.2.0/24", "2001:db8::/32"}, Sectors: []string{"energy"}},
		From: []string{"198.51.100.0/24"}, By: []string{"north", "observer", "south"}, Allowed: allowed,
	}
	var blind []string
	for i, n := range Norms() {
		if want := "norm-" + string(rune('a'+i)); n.ID != want {
			t.Errorf("%s, want %s", n.ID, want)
		}
		c, texts, err := n.Clause(i+1, with)
		if err != nil {
			t.Errorf("%s: %v", n.ID, err)
			continue
		}
		if got := c.Observe.Checkable(); got != n.Checkable() {
			t.Errorf("%s: the clause is checkable: %v, the norm: %v", n.ID, got, n.Checkable())
		}
		if !n.Checkable() {
			blind = append(blind, n.ID)
		}
		for _, q := range c.Observe.Queries {
			if _, err := pattern.Parse(q.Text); err != nil {
				t.Errorf("%s: %s: %v", n.ID, q.Text, err)
			}
		}
		if len(n.Patterns) != len(c.Observe.Queries) { // one pair of networks of one family
			t.Errorf("%s: %d queries", n.ID, len(c.Observe.Queries))
		}
		bilingual(t, n.ID, texts.Text, true)
		bilingual(t, n.ID, n.Observed, true)
	}
	if !slices.Equal(blind, []string{"norm-a", "norm-e", "norm-i"}) {
		t.Errorf("not checkable: %v", blind)
	}
	with.Acts = []string{"ransom"}
	if _, _, err := Norms()[5].Clause(1, with); err == nil || !strings.Contains(err.Error(), "ransom") {
		t.Errorf("an act outside of the charter: %v", err)
	}
	with.Acts, with.Scope = nil, Scope{Except: []string{"192.0.2.1"}}
	if _, _, err := Norms()[5].Clause(1, with); err == nil {
		t.Error("a scope that selects nothing is accepted")
	}
}

func bilingual(t *testing.T, what string, s Texts, strict bool) {
	t.Helper()
	if err := CheckTexts(what, s, maxNote, strict); err != nil {
		t.Error(err)
	}
	if !slices.Equal(s.Languages(), []string{"en", "ru"}) {
		t.Errorf("%s in %v", what, s.Languages())
	}
	has := func(s string, script *unicode.RangeTable) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(script, r) })
	}
	if !has(s["ru"], unicode.Cyrillic) || has(s["en"], unicode.Cyrillic) {
		t.Errorf("%s: languages are mixed up", what)
	}
	if strings.Contains(strings.ToLower(s["en"]), "trust") || strings.Contains(strings.ToLower(s["ru"]), "довер") {
		t.Errorf("%s speaks of trust", what)
	}
}

// TestNoticeTemplates: each has the same blanks in both languages, makes a
// notice that its kind accepts, and refuses blanks left open or unknown.
func TestNoticeTemplates(t *testing.T) {
	var ids []string
	for _, tpl := range NoticeTemplates() {
		ids = append(ids, tpl.ID)
		bilingual(t, tpl.ID, tpl.Subject, false)
		bilingual(t, tpl.ID, tpl.Text, false)
		ru := NoticeTemplate{Subject: Texts{"en": tpl.Subject["ru"]}, Text: Texts{"en": tpl.Text["ru"]}}
		if !slices.Equal(ru.Blanks(), tpl.Blanks()) {
			t.Errorf("%s: blanks %v in English, %v in Russian", tpl.ID, tpl.Blanks(), ru.Blanks())
		}
		values := map[string]string{}
		for _, b := range tpl.Blanks() {
			if _, err := tpl.Fill(values); err == nil {
				t.Errorf("%s: the blank %s is left open", tpl.ID, b)
			}
			values[b] = "192.0.2.7"
		}
		n, err := tpl.Fill(values)
		if err != nil {
			t.Fatal(err)
		}
		n.To, n.AckBy = []string{"south"}, "2026-01-31T12:00:00Z"
		body, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseNotice(body); err != nil || strings.ContainsAny(n.Text["en"]+n.Text["ru"], "{}") {
			t.Errorf("%s: %v: %s", tpl.ID, err, n.Text["en"])
		}
		values["more"] = "x"
		if _, err := tpl.Fill(values); err == nil {
			t.Errorf("%s: a value without a blank", tpl.ID)
		}
	}
	if want := []string{"test", "urgent", "assist", "preserve", "explain", "stop", "correction"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
}
