package console

import (
	"html"
	"strings"
	"testing"
)

// TestPosts: a group is shown with its window, p-values and quotations, what it means,
// what it does not, what to do and whom to call, and how to run it again; an export
// that shows nothing raises nothing, and a notice names no account.
func TestPosts(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	page := html.UnescapeString(body(get(r.c, testHost, "/guard/posts", r.enter("analyst"))))
	for _, want := range []string{
		"of 812 accounts tested behaved alike beyond chance.", "60 seconds", "At most 5 % of the named", "nobody is named unless 14 accounts are", "80 % of their words", "< 0.0001", ">0.011<", "patriot4471", "4 wordings",
		"T0084.001", "one text is posted again and again", "It does not say that accounts are false, who runs them or why.", "What to do", "Ann Lee", "+1 555 0100", rootOf(7).String()[:8],
		"entente campaign --window 1m0s --least 2 --rounds 1240 --percent 5 --near 80 --out result.json posts.csv", "9 accounts were tested; none behaved like others", "row 1: no column of the account", "Not read yet", "2 groups more are not shown", "row 9: no time that is known",
		"blank.what=platform+export%3A+34+of+812+accounts+behaved+alike+beyond+chance%3B+result+" + rootOf(7).String(),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(page, "alarm-card"); n != 1 {
		t.Errorf("%d alarms", n)
	}
	if strings.Contains(page, "\u202e") {
		t.Error("a name turns the page around")
	}
	for _, link := range strings.Split(page, "/line/new?")[1:] {
		if what, _, _ := strings.Cut(link, `"`); strings.Contains(what, "patriot") {
			t.Errorf("a notice names an account: %s", what)
		}
	}
}
