package accord

import (
	"errors"
	"strings"
	"testing"

	"entente/statement"
)

// TestEstimateWords: in a judgement only the seven words say how probable
// something is, and never in a sentence with the confidence.
func TestEstimateWords(t *testing.T) {
	for _, c := range []struct {
		lang, text, bad string // bad: what the refusal must name; empty: accepted
	}{
		{"en", "We judge it very likely. The rows agree.", ""},
		{"en", "It is likely that the same kit was used; our confidence is moderate.", ""},
		{"en", "There is almost no chance of accident.", ""},
		{"en", "It is almost certain.", ""},
		{"en", "The report of May names the odd host.", ""},
		{"en", "They were probably hacked.", `"probably"`},
		{"en", "It is highly likely.", `"highly likely"`},
		{"en", "More likely than not.", `"more likely"`},
		{"en", "Perhaps; very likely.", `"perhaps"`},
		{"en", "A remote chance.", `"remote chance"`},
		{"en", "Nearly certain.", `"nearly certain"`},
		{"en-us", "Maybe.", `"maybe"`},
		{"en", "We judge with high confidence that it is very likely.", "two"},
		{"ru", "Весьма вероятно. Уверенность средняя.", ""},
		{"ru", "Крайне маловероятно, что это случайность.", ""},
		{"ru", "Почти исключено.", ""},
		{"ru", "Шансы примерно равны.", ""},
		{"ru", "Вероятность мы не оцениваем.", ""},
		{"ru", "Скорее всего, их взломали.", `"скорее всего"`},
		{"ru", "Вполне вероятно.", `"вполне вероятно"`},
		{"ru", "Не исключено.", `"не исключено"`},
		{"ru", "Наверняка.", `"наверняка"`},
		{"ru", "Почти наверняка.", ""},
		{"ru", "Весьма вероятно, уверенность высокая.", "two"},
		{"ar", "probably", ""},
	} {
		err := checkEstimate("why", Texts{c.lang: c.text})
		switch {
		case c.bad == "" && err != nil:
			t.Errorf("%s %q: %v", c.lang, c.text, err)
		case c.bad != "" && (!errors.Is(err, &statement.Refusal{Code: statement.CodeValue}) || !strings.Contains(err.Error(), c.bad)):
			t.Errorf("%s %q: %v, want a refusal that names %s", c.lang, c.text, err, c.bad)
		case strings.HasPrefix(c.bad, `"`) && (!strings.Contains(err.Error(), "roughly even chance") || !strings.Contains(err.Error(), "шансы примерно равны")):
			t.Errorf("%s %q: the refusal names no allowed words: %v", c.lang, c.text, err)
		}
	}
}

// TestJudgementRefusesGuesses: the body of an assessment is held to it.
func TestJudgementRefusesGuesses(t *testing.T) {
	a := samples()[KindAssessment].(Assessment)
	a.Judgements = []Judgement{{Hypothesis: "other", Likelihood: "likely", Confidence: "low", Why: Texts{"en": "Two rows speak for it."}, About: "actor"}}
	if body, err := marshal(a); err != nil {
		t.Fatal(err)
	} else if _, err := ParseAssessment(body); err != nil {
		t.Error(err)
	}
	a.Judgements[0].Why = Texts{"en": "Probably."}
	body, err := marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseAssessment(body); !errors.Is(err, &statement.Refusal{Code: statement.CodeValue}) {
		t.Errorf("%v, want a refusal", err)
	}
}
