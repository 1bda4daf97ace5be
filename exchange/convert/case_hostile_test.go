package convert

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/exchange/misp"
)

// spoilers are texts that a party may say and that are made for whoever reads an
// export: markup, links, tables, formulas, and the ends of what they stand in.
var spoilers = []string{
	`<script>alert(1)</script><img src=x onerror=alert(1)>`, `[press here](javascript:alert(1)) ![](https://a.example/p.png)`,
	`| a | b |` + "\n" + `# in force`, `=HYPERLINK("https://a.example";"ok")`, `+cmd|' /C calc'!A0`, `"}],"objects":[{"type":"indicator"}]`,
	"END:VEVENT\nBEGIN:VALARM", `''; DROP TABLE said; --`, "“ said the other side ”", `\`, `&lt;b&gt; ` + "`code`",
}

// spoilt is the case of 7 July with one text in every place that takes one.
func spoilt(t *testing.T, text string) (accord.World, string) {
	t.Helper()
	w, id := hamburg(t)
	all := accord.Texts{"en": text}
	judged := say(t, &w, id, "ru", accord.KindAssessment, accord.Assessment{
		Question: all, Level: "strategic", AsOf: "2017-07-10T12:00:00Z", Stage: "judgement", Mode: "open", Hypotheses: []accord.Hypothesis{}, Assumptions: []accord.Texts{all}, Gaps: []accord.Texts{all}, WouldChange: []accord.Texts{all}, Dissents: []accord.Dissent{},
		Judgements: []accord.Judgement{{Hypothesis: "other", Likelihood: "likely", Confidence: "low", Why: all, About: "actor"}},
	})
	say(t, &w, id, "ru", accord.KindNotice, accord.Notice{Level: accord.LevelUrgent, Ask: "explain", Subject: all, Text: all, What: []string{}, SeenFrom: []string{}, AckBy: "2017-07-10T12:00:00Z", To: []string{"us"}, Role: accord.RoleDuty})
	say(t, &w, id, "us", accord.KindPosition, accord.Position{Part: accord.PartName("judgement", 1), Stance: accord.Deny, Text: all, Capacity: "official"}, judged)
	return w, id
}

// shape is a JSON value without its strings: what a text must not change. times
// counts the strings that are the text.
func shape(v any, text string, times *int) string {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, text) {
			*times++
		}
		return "s"
	case []any:
		out := "["
		for _, x := range v {
			out += shape(x, text, times) + ","
		}
		return out + "]"
	case map[string]any:
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(k + ":" + shape(v[k], text, times) + ",")
		}
		return "{" + b.String() + "}"
	}
	return fmt.Sprintf("%T", v)
}

func exported(t *testing.T, text string) (stixShape, mispShape string, times int, said []byte) {
	t.Helper()
	w, id := spoilt(t, text)
	var types []string
	for _, o := range caseObjects(t, w, id).Objects {
		var v any
		if err := json.Unmarshal(o.Raw, &v); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		types = append(types, o.Type+shape(v, text, &times))
	}
	raw, _, err := CaseMISP(accord.NewRecord(w), id, everything)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if _, err := misp.ParseEvent(raw); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	day := time.Date(2017, 7, 10, 0, 0, 0, 0, time.UTC)
	r := accord.NewRecord(w)
	said = append(r.Daily(day, w.Now).Markdown(), accord.Calendar(r.Deadlines(w.Now), w.Charter.Name, "en", w.Now)...)
	return strings.Join(types, "\n"), shape(v, text, &times), times, said
}

// TestCaseOfSpoilers: whatever a party writes, its case leaves as the same objects,
// attributes and lines as that of a party that writes plainly, with the text as it
// was said in the same places, and no text becomes part of a derived one.
func TestCaseOfSpoilers(t *testing.T) {
	plainSTIX, plainMISP, plainTimes, plain := exported(t, "plainly said")
	if plainTimes < 6 {
		t.Fatalf("the text is in %d places", plainTimes)
	}
	for _, text := range spoilers {
		gotSTIX, gotMISP, times, said := exported(t, text)
		if gotSTIX != plainSTIX || gotMISP != plainMISP {
			t.Errorf("%q changes the shape of an export", text)
		}
		if times != plainTimes {
			t.Errorf("%q is in %d places, a plain text in %d", text, times, plainTimes)
		}
		if a, b := strings.Count(string(plain), "\n"), strings.Count(string(said), "\n"); a != b {
			t.Errorf("%q makes %d lines of %d", text, b, a)
		}
		if strings.Contains(string(said), text) && len(text) > 1 {
			t.Errorf("%q stands in a derived text as it is", text)
		}
	}
}
