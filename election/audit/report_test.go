package audit

import (
	"reflect"
	"strings"
	"testing"

	"entente/statement"
)

func report() Report {
	c := plain(MethodComparison)
	c.Losers = []string{"Bo_*", "Cy"}
	a := Entry{"1-1-9", "Mayor", StateVotes, []string{"Ann"}}
	b := Entry{"1-1-9", "Mayor", StateOver, nil}
	return Report{
		Joint: Joint{
			Audit: "night", Seed: "12345678901234567890",
			Sealed: []Sealed{{"north", 3, SealManifest, "", statement.Digest{1}, 40}, {"south", 4, SealRecords, "", statement.Digest{2}, 40}, {"south", 5, SealContest, "Mayor", statement.Digest{3}, 40}, {"south", 6, SealContest, "Sheriff", statement.Digest{4}, 40}},
			Steps:  []Taken{{"north", 7, 1, 0, StepCommit, ""}, {"north", 8, 1, 0, StepOpen, "314"}, {"north", 9, 1, 0, StepPublic, "159"}},
			Faults: []Fault{{"south", []uint64{4, 11}, FaultChanged, "x", false}},
			Silent: []Silence{{Party: "east", Step: StepOpen}},
		},
		Contest: c,
		Outcome: Outcome{Seen: 2, Missing: 1, Differ: 1, Risk: 0.0392349, Met: true, Risks: []Risk{{"Ann has more votes than Bo_*", 0.6, 0.0392349}}},
		Boards:  []string{"a", "b", "c"}, Differ: []Difference{{"1-1-9", "Mayor", &a, &b}, {"1-1-10", "Mayor", nil, &b}}, Settled: Entries{a},
		Rows: []Drawn{{1, "1-1-9", "Ann", "Ann"}, {2, "1-1-3", "Bo_*", "missing"}},
	}
}

func TestReport(t *testing.T) {
	english, err := report().Markdown("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# night: Mayor\n", "**Risk 3.923 %, limit 5 %: the audit may stop.**", "| south | 4 | cast vote records | 0200", "**Fault of south** (numbers 4, 11 of its record)",
		"- dice of north: 314 (number 8 of its record)\n- public dice as north saw them: 159", "east committed and did not open in time", "lost Bo\\_\\*, Cy",
		"| 1-1-9 | Ann | over | Ann |\n| 1-1-10 | - | over |  |\n\n", "| 2 | 1-1-3 | Bo\\_\\* | missing |", "- that the paper is what voters cast",
	} {
		if !strings.Contains(english, want) {
			t.Errorf("nothing like %q in\n%s", want, english)
		}
	}
	if strings.Contains(english, "0400") {
		t.Error("another contest's seal")
	}
	for _, lang := range Languages() {
		text, err := report().Markdown(lang)
		if err != nil || strings.Contains(text, "%!") || strings.Count(text, "\n## ") != strings.Count(english, "\n## ") || strings.Count(text, "\n") != strings.Count(english, "\n") {
			t.Errorf("%s: %v\n%s", lang, err, text)
		}
	}
	goesOn := report()
	goesOn.Outcome.Met = false
	if text, _ := goesOn.Markdown("ru"); !strings.Contains(text, "Риск 3.923 %, предел 5 %: аудит продолжается.") {
		t.Error(text)
	}
	if _, err := report().Markdown("de"); err == nil {
		t.Error("German")
	}
}

// TestReportWords: each language says all that the others say, and of each
// rule, method, seal and fault.
func TestReportWords(t *testing.T) {
	for _, lang := range Languages() {
		w := reflect.ValueOf(reportWords[lang])
		for i := range w.NumField() {
			f, name := w.Field(i), w.Type().Field(i).Name
			other := reflect.ValueOf(reportWords["en"]).Field(i)
			if f.Len() == 0 || f.Kind() != reflect.String && f.Len() != other.Len() {
				t.Errorf("%s: %s says nothing, or not all", lang, name)
			}
			if f.Kind() == reflect.String && strings.Count(f.String(), "%") != strings.Count(other.String(), "%") {
				t.Errorf("%s: %s takes other values", lang, name)
			}
		}
		for _, code := range []string{FaultChanged, FaultDiffer, FaultEarly, FaultTwice, FaultOpening, FaultDeadline, FaultParties, FaultDice, FaultFork, FaultTable, FaultLeft, FaultHidden, FaultEntries} {
			if reportWords[lang].faults[code] == "" {
				t.Errorf("%s: nothing on the fault %s", lang, code)
			}
		}
	}
}
