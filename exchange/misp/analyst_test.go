package misp

import "testing"

// TestExactTags: the values of other people's taxonomies, letter by letter.
func TestExactTags(t *testing.T) {
	for word, want := range map[string]string{
		"state-prohibited": "state-responsibility:state-prohibited.", "state-prohibited.": "state-responsibility:state-prohibited.",
		"state-prohibited-but-inadequate": "state-responsibility:state-prohibited-but-inadequate.", "state-integrated": "state-responsibility:state-integrated",
		"state-blessed": "", "": "",
	} {
		if got, ok := ResponsibilityTag(word); string(got.Name) != want || ok != (want != "") {
			t.Errorf("%q: %q", word, got.Name)
		}
	}
	if got := EstimateTags("cannot-judge", "certain"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := EstimateTags("roughly-even-chance", "high"); len(got) != 2 || got[0].Name != `estimative-language:likelihood-probability="roughly-even-chance"` || got[1].Name != `estimative-language:confidence-in-analytic-judgment="high"` {
		t.Errorf("%v", got)
	}
	if got := SourceTags("F", 6); len(got) != 2 || got[0].Name != `admiralty-scale:source-reliability="f"` || got[1].Name != `admiralty-scale:information-credibility="6"` {
		t.Errorf("%v", got)
	}
	if got := SourceTags("", 0); len(got) != 0 {
		t.Errorf("%v", got)
	}
	for _, stance := range []string{"no-comment", "cannot-say", "", "explain", "consent"} {
		if n, ok := OpinionOf(stance); ok {
			t.Errorf("%q is an opinion of %d", stance, n)
		}
	}
}
