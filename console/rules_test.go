package console

import (
	"net/http"
	"strings"
	"testing"
)

// The tab says of each rule what became of it, in words, and shows a rule's own
// words as text alone.
func TestRules(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("observer")
	w := get(r.c, testHost, "/watch?view=rules", me)
	body := w.Body.String()
	if w.Code != http.StatusOK {
		t.Fatal(w.Code)
	}
	for _, want := range []string{
		"1 run, 1 can never match here, 1 are refused.", "2 more are held back until a person accepts them.",
		"&lt;script&gt;alert(1)", "line 7, column 5: modifier re: &lt;b&gt;", "No event has web.access: x, y.",
		"unheard of", "3 of 4,000 events so far", "Sigma correlation", "given up for 2 events", `data-total="3"`,
		"nothing in an event is required, so every one is judged", `narrowed by the filter: <bdi class="raw">&lt;b&gt;`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if strings.Contains(body, "<script>alert") || strings.Contains(body, "\x1b") {
		t.Error("a rule's text is obeyed")
	}
}
