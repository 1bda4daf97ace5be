package campaign

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestQuotes: of a burst each group is quoted by what it carried together, in one
// wording of those that count as the same; what strangers wrote is not quoted, and
// an adjusted p-value is no smaller than its own and within what is borne.
func TestQuotes(t *testing.T) {
	var b strings.Builder
	b.WriteString("account,time,text\n")
	chance := rand.New(rand.NewPCG(4, 1))
	word := func() string {
		return string([]byte{'a' + byte(chance.IntN(26)), 'e', 'a' + byte(chance.IntN(26)), 'o'})
	}
	for account := range 200 {
		for range 8 {
			fmt.Fprintf(&b, "u%03d,%d,%s %s %s of the %s with %s\n", account, 1_600_000_000+chance.IntN(12*3600), word(), word(), word(), word(), word())
		}
	}
	for wave := range 5 {
		for a := range 8 {
			fmt.Fprintf(&b, "bot%d,%d,polls of wave %s close early tonight so stay at home and tell your friends about it %s\n", a, 1_600_004_000+wave*7000+a, []string{"one", "two", "three", "four", "five"}[wave], []string{"now", "today"}[a/6])
		}
	}
	posts, rep, err := Read(strings.NewReader(b.String()), Columns{Near: true})
	if err != nil {
		t.Fatal(err)
	}
	res, err := Analyse(posts, Params{Window: 60, Least: 2, Rounds: 1000, Percent: 5, Near: 70, Carries: rep.Carries})
	if err != nil || len(res.Groups) != 1 || len(res.Groups[0]) != 8 {
		t.Fatalf("%+v, %v", res, err)
	}
	quotes, err := res.Quotes(t.Context(), posts, 3, Work{Steps: unbounded})
	if err != nil || len(quotes) != 1 || len(quotes[0]) != 3 {
		t.Fatalf("%+v, %v", quotes, err)
	}
	for _, q := range quotes[0] {
		if q.Posts != 8 || q.Accounts != 8 || q.Wordings != 2 || !strings.HasSuffix(q.Says, "about it now") {
			t.Errorf("%+v", q)
		}
	}
	for i, adjusted := range res.Adjusted() {
		if p := res.Accounts[i].P; adjusted < p || adjusted > 0.05 {
			t.Errorf("%v becomes %v", p, adjusted)
		}
	}
	got := Result{Tested: 10, Accounts: []Account{{P: 0.008}, {P: 0.001}, {P: 0.009}}}.Adjusted()
	if want := []float64{0.03, 0.01, 0.03}; fmt.Sprintf("%.6f", got) != fmt.Sprintf("%.6f", want) {
		t.Errorf("%v, not %v", got, want)
	}
}
