package accord

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/charter"
)

func edited(t testing.TB, r Rules, list ...string) (Rules, error) {
	t.Helper()
	var edits []RuleEdit
	for _, s := range list {
		e, err := ParseRuleEdit(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		edits = append(edits, e)
	}
	return r.With(edits...)
}

// TestRuleEdits: what is written is what changes, and nothing else.
func TestRuleEdits(t *testing.T) {
	first := FirstRules(ruleCharter())
	for _, c := range []struct {
		edits []string
		want  []string // NAME: WAS -> IS
	}{
		{[]string{"cooling_off=2m"}, []string{"cooling_off: 60 -> 120"}},
		{[]string{"quotas.urgent_per_day=8"}, []string{"quotas.urgent_per_day: 6 -> 8"}},
		{[]string{"languages+=ru,en"}, []string{"languages: en -> en,ru"}},
		{[]string{"line_checks-=09:00"}, []string{"line_checks: 09:00,21:00 -> 21:00"}},
		{[]string{"urgent="}, []string{"urgent: action,run -> "}},
		{[]string{"powers.notice.roles=duty,head", "powers.notice.officers=2"}, []string{"powers.notice.officers: 1 -> 2", "powers.notice.roles: duty -> duty,head"}},
		{[]string{"powers.hold.roles=archivist"}, []string{"powers.hold.officers:  -> 1", "powers.hold.roles:  -> archivist"}},
		{[]string{"terms.cyber.text.en=cyber security", "terms.cyber.aliases.south.ru=информационная безопасность"}, []string{"terms.cyber.aliases.south.ru:  -> информационная безопасность", "terms.cyber.text.en:  -> cyber security"}},
		{[]string{"terms.cyber.text.en=cyber", "terms.cyber.text.en="}, nil},
		{[]string{"form=bilateral"}, nil},
	} {
		next, err := edited(t, first, c.edits...)
		if err != nil {
			t.Errorf("%v: %v", c.edits, err)
			continue
		}
		var got []string
		for _, d := range RuleChanges(first, next) {
			got = append(got, d.Name+": "+d.Was+" -> "+d.Is)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v:\n%s", c.edits, diff)
		}
	}
}

// TestRuleEditsRefused: no field that is not there, no value of another sort, and no
// rules that Check would refuse.
func TestRuleEditsRefused(t *testing.T) {
	first := FirstRules(ruleCharter())
	for _, s := range []string{
		"nothing=1", "clocks=1", "clocks.ack.more=1", "clocks.ack=soon", "clocks.ack=0", "clocks.ack=-5", "quotas.per_day=24h", "quotas.items=0", "decide+=1", "cooling_off=0",
		"powers.consent.officers=1", "powers.match.officers=1", "powers.notice.roles=king", "powers=1", "form=treaty", "terms.a.b.en=x", "terms.cyber.text=x", "terms.cyber.aliases.south=x",
		"terms.cyber.aliases.south.ru=x", "terms.cyber.text.en=<b>x", "terms.cyber.text.en=nоte", "line_checks=9", "scope+=a\u202eb",
	} {
		if next, err := edited(t, first, s); err == nil {
			t.Errorf("%s is taken: %v", s, RuleChanges(first, next))
		}
	}
	for _, s := range []string{"", "clocks.ack", "=1", "+=x"} {
		if e, err := ParseRuleEdit(s); err == nil {
			t.Errorf("%q is read as %+v", s, e)
		}
	}
}

// TestRuleValuesRound: every field that is listed can be set, to what it is and to
// what another set of rules has, which makes the two the same.
func TestRuleValuesRound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		first := FirstRules(ruleCharter())
		other, err := edited(t, first, "terms.cyber.text.en=cyber", "terms.cyber.aliases.south.ru=кибер", "clocks.ack=1h", "languages+=ru", "powers.hold.officers=2")
		if err != nil {
			rt.Fatal(err)
		}
		var edits []RuleEdit
		for _, v := range rapid.Permutation(other.Values()).Draw(rt, "order") {
			edits = append(edits, RuleEdit{v.Name, "=", v.Value})
		}
		next, err := first.With(edits...)
		if err != nil {
			rt.Fatal(err)
		}
		if d := RuleChanges(next, other); len(d) > 0 {
			rt.Fatalf("left: %v", d)
		}
	})
}

// TestAmendmentTexts: both languages name every change.
func TestAmendmentTexts(t *testing.T) {
	first := FirstRules(ruleCharter())
	next, err := edited(t, first, "clocks.ack=1h", "urgent=", "languages+=ru")
	if err != nil {
		t.Fatal(err)
	}
	title, text := AmendmentTexts(RuleChanges(first, next))
	for _, lang := range []string{"en", "ru"} {
		if title[lang] == "" || strings.Count(text[lang], "\n- ") != 3 || !strings.Contains(text[lang], "clocks.ack: 86400 → 3600") {
			t.Errorf("%s: %q %q", lang, title[lang], text[lang])
		}
		if err := CheckTexts("text", text, maxPaper, true); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(title.Languages(), text.Languages()) {
		t.Error("languages differ")
	}
}

func ruleCharter() charter.Charter {
	c := storyCharter()
	c.CoolingOffSeconds = 60
	return c
}
