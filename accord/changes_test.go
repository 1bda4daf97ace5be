package accord

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestChanges: what is kept and gone is the old text, what is kept and new the
// new one, and what did not change is not shown as changed.
func TestChanges(t *testing.T) {
	got := ""
	for _, c := range Changes("a\nb\nc\n", "a\nx\nc\nd\n") {
		got += c.Op + c.Line + ";"
	}
	if got != " a;-b;+x; c;+d;" {
		t.Errorf("%q", got)
	}
	line := rapid.SampledFrom([]string{"a", "b", "c"})
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.SliceOf(line).Draw(r, "before"), rapid.SliceOf(line).Draw(r, "after")
		var was, is []string
		for _, c := range Changes(strings.Join(a, "\n"), strings.Join(b, "\n")) {
			if c.Op != "+" {
				was = append(was, c.Line)
			}
			if c.Op != "-" {
				is = append(is, c.Line)
			}
		}
		if strings.Join(was, "\n") != strings.Join(a, "\n") || strings.Join(is, "\n") != strings.Join(b, "\n") {
			r.Fatalf("%v and %v", was, is)
		}
	})
}
