package audit

import (
	"bytes"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"
)

func rat(t testing.TB, s string) *big.Rat {
	t.Helper()
	r, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The figures are those of super-simple's worked example: 500 cards, a diluted
// margin of 2 %, γ = 1.01.
func TestComparisonRisk(t *testing.T) {
	c := Comparison{Cards: 100, Margin: 2, Limit: rat(t, "0.1"), Gamma: rat(t, "1.01")}
	for _, x := range []struct {
		d    Discrepancies
		want float64
	}{
		{Discrepancies{}, .007},
		{Discrepancies{OverOne: 3}, .054},
		{Discrepancies{OverTwo: 1}, .698},
		{Discrepancies{OverTwo: 2}, 1},
	} {
		if r, err := c.Risk(500, x.d); err != nil || math.Round(r*1000)/1000 != x.want {
			t.Errorf("%+v: %.4f, %v; want %.3f", x.d, r, err, x.want)
		}
	}
}

// sharedFile reads a file of the shared data, or skips.
func sharedFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../../../shared/data/election/" + name)
	if err != nil {
		t.Skip("no shared data: ", err)
	}
	return data
}

// TestColorado recomputes every size and every risk that Colorado published for
// the first round of its audit of November 2024.
func TestColorado(t *testing.T) {
	for name, c := range map[string]struct{ same, without int }{
		"contest.csv":              {613, 112},
		"ResultsReportSummary.csv": {613, 113}, // its last row says that it is the last
	} {
		rows, err := CheckRound(bytes.NewReader(sharedFile(t, "rla/co-2024-round1-"+name)))
		if err != nil {
			t.Fatal(err)
		}
		same, without := 0, 0
		for _, r := range rows {
			switch {
			case r.Same:
				same++
			case r.Why != "":
				without++
			default:
				t.Errorf("%s, row %d, %s: %s; published %s", name, r.Row, r.Contest, r.Computed, r.Published)
			}
		}
		if same != c.same || without != c.without {
			t.Errorf("%s: %d rows are the same and %d cannot be computed; want %d and %d", name, same, without, c.same, c.without)
		}
	}
}

// TestRoundNotBelieved: a published size or risk that does not follow from the row's
// own counts is named.
func TestRoundNotBelieved(t *testing.T) {
	const head = "contest_name,random_audit_status,ballot_card_count,min_margin,risk_limit,gamma,two_vote_over_count,one_vote_over_count,one_vote_under_count,two_vote_under_count,optimistic_samples_to_audit\n"
	for row, want := range map[string]Checked{
		"A,in_progress,516401,37549,0.03,1.03905,0,0,0,0,101":  {Row: 2, Contest: "A", Published: "101", Computed: "101", Same: true},
		"A,in_progress,516401,37549,0.03,1.03905,0,0,0,0,100":  {Row: 2, Contest: "A", Published: "100", Computed: "101"},
		"A,in_progress,516401,37549,0.03,1.03905,0,1,0,0,101":  {Row: 2, Contest: "A", Published: "101", Computed: "119"},
		"A,not_auditable,5,5,0.03,1.03905,0,0,0,0,":            {Row: 2, Contest: "A", Why: "the state calls it not auditable"},
		"A,in_progress,many,37549,0.03,1.03905,0,0,0,0,101":    {Row: 2, Contest: "A", Published: "101", Why: `cards: "many" is no number`},
		"A,in_progress,516401,0,0.03,1.03905,0,0,0,0,101":      {Row: 2, Contest: "A", Published: "101", Why: "a contest without a margin cannot be audited: count all of it"},
		"A,in_progress,516401,37549,1e-3,1.03905,0,0,0,0,101":  {Row: 2, Contest: "A", Published: "101", Why: `risk limit: "1e-3" is no decimal number`},
		"A,in_progress,516401,37549,0.03,1.03905,-3,0,0,0,101": {Row: 2, Contest: "A", Published: "101", Why: "a count of discrepancies is negative or beyond 2147483647"},
	} {
		got, err := CheckRound(strings.NewReader(head + row + "\n"))
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", row, got, err, want)
		}
	}
	if _, err := CheckRound(strings.NewReader("a,b\n1,2\n")); err == nil {
		t.Error("a file of two columns is a round")
	}
}

func FuzzRound(f *testing.F) {
	f.Add([]byte("contest_name,random_audit_status,ballot_card_count,min_margin,risk_limit,gamma,two_vote_over_count,one_vote_over_count,one_vote_under_count,two_vote_under_count,optimistic_samples_to_audit\nA,in_progress,516401,37549,0.03,1.03905,0,0,0,0,101\n"))
	f.Add([]byte("Contest,ballot count,min margin,Audit Risk Limit %,gamma,disc +2,disc +1,disc -1,disc -2,audited sample count,Risk measurement %\nA,468858,17761,3.0,1.039,0,0,0,0,194,2.8\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _ := CheckRound(bytes.NewReader(data))
		for _, r := range rows {
			if r.Same && r.Why != "" {
				t.Fatalf("%+v is the same and cannot be computed", r)
			}
		}
	})
}

func TestComparisonRefused(t *testing.T) {
	good := Comparison{1000, 10, rat(t, "0.05"), Inflation()}
	for name, spoil := range map[string]func(*Comparison){
		"no margin":       func(c *Comparison) { c.Margin = 0 },
		"negative margin": func(c *Comparison) { c.Margin = -5 },
		"huge margin":     func(c *Comparison) { c.Margin = 1001 },
		"no cards":        func(c *Comparison) { c.Cards = 0 },
		"too many cards":  func(c *Comparison) { c.Cards = math.MaxInt64 },
		"no limit":        func(c *Comparison) { c.Limit = nil },
		"limit of one":    func(c *Comparison) { c.Limit = rat(t, "1") },
		"no inflation":    func(c *Comparison) { c.Gamma = rat(t, "1") },
	} {
		c := good
		spoil(&c)
		if _, err := c.Samples(Discrepancies{}); err == nil {
			t.Errorf("%s: a size", name)
		}
		if _, err := c.Risk(10, Discrepancies{}); err == nil {
			t.Errorf("%s: a risk", name)
		}
	}
	if _, err := good.Samples(Discrepancies{OverOne: -1}); err == nil {
		t.Error("a negative count has a size")
	}
	if _, err := good.Risk(3, Discrepancies{OverOne: 4}); err == nil {
		t.Error("more discrepancies than cards have a risk")
	}
}

func TestLogarithm(t *testing.T) {
	for _, x := range []float64{1e-30, 0.03, 0.5, 0.999, 1, 1.00001, 2, 3, 10, 1e30} {
		got, _ := ln(float().SetFloat64(x)).Float64()
		if want := math.Log(x); math.Abs(got-want) > 4e-16*max(1, math.Abs(want)) {
			t.Errorf("ln %g = %g, want %g", x, got, want)
		}
	}
	// 40 digits of ln 10
	if got := ln(integer(10)).Text('f', 40); got != "2.3025850929940456840179914546843642076011" {
		t.Errorf("ln 10 = %s", got)
	}
}

func TestParse(t *testing.T) {
	for _, s := range []string{"", ".", "1e9", "-1", "+1", "1/3", "0x1", "1.2.3", "1_0", "Inf", "٣", "00000000000000000000000000000000000000000000000001"} {
		if r, err := Parse(s); err == nil {
			t.Errorf("%q is %v", s, r)
		}
	}
	if r := rat(t, "1.03905000"); r.Cmp(Inflation()) != 0 {
		t.Errorf("1.03905000 is %v", r)
	}
}
