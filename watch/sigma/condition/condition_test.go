package condition_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/watch/sigma/condition"
)

// write gives a condition all its brackets.
func write(e condition.Expr) string {
	switch e.Op {
	case condition.Name:
		return e.Text
	case condition.Of:
		count := fmt.Sprint(e.Count)
		if e.Count == condition.All {
			count = "all"
		}
		return count + " of " + e.Text
	case condition.Not:
		return "(not " + write(e.Args[0]) + ")"
	}
	word := map[condition.Op]string{condition.And: " and ", condition.Or: " or "}[e.Op]
	var all []string
	for _, a := range e.Args {
		all = append(all, write(a))
	}
	return "(" + strings.Join(all, word) + ")"
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"selection":                               "selection",
		"keywords1 or keywords2":                  "(keywords1 or keywords2)",
		"keywords and not filters":                "(keywords and (not filters))",
		"selection1 and (keywords1 or keywords2)": "(selection1 and (keywords1 or keywords2))",
		"a or b and c":                            "(a or (b and c))",
		"a and b or c":                            "((a and b) or c)",
		"not a and b":                             "((not a) and b)",
		"not (a and b)":                           "(not (a and b))",
		"not not a":                               "(not (not a))",
		"1 of them":                               "1 of them",
		"ALL OF Them":                             "all of them",
		"any of sel*":                             "1 of sel*",
		"2 of *_sel*":                             "2 of *_sel*",
		"1 of selection* and not 1 of filter_*":   "(1 of selection* and (not 1 of filter_*))",
		"all of selection":                        "all of selection",
		"a AND b Or NOT c":                        "((a and b) or (not c))",
		"((a))":                                   "a",
		"a\nand\n\tb":                             "(a and b)",
		"sel-1.b and ünder":                       "(sel-1.b and ünder)",
		"a and b and c":                           "(a and b and c)",
		"not 1 of filter_main_* and not all of x*": "((not 1 of filter_main_*) and (not all of x*))",
	} {
		e, err := condition.Parse(in)
		if err != nil || write(e) != want {
			t.Errorf("%q is %s, %v; want %s", in, write(e), err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "character 1: a search identifier is missing",
		"a and":                        "character 6: a search identifier is missing",
		"a b":                          `character 3: what is "b" here?`,
		"(a":                           "character 3: a closing bracket is missing",
		"a)":                           `character 2: what is ")" here?`,
		"a | count() > 5":              "character 3: the aggregation after | is obsolete: write a correlation rule",
		"1 of":                         `character 5: a pattern is missing after "of"`,
		"1 of (a)":                     `character 6: a pattern is missing after "of"`,
		"some of them":                 `character 1: "some" is no quantity: write 1, any or all before "of"`,
		"0 of them":                    `character 1: "0" is no quantity: write 1, any or all before "of"`,
		"sel*":                         `character 1: a pattern needs "1 of" or "all of" before it`,
		"a & b":                        `character 3: what is '&' here?`,
		"not":                          "character 4: a search identifier is missing",
		"or a":                         "character 1: a search identifier is missing",
		strings.Repeat("(", 70) + "a":  "character 66: nested too deeply",
		strings.Repeat("not ", 70):     "character 261: nested too deeply",
		strings.Repeat("a and ", 5000): "character 1: 30000 bytes, at most 16384",
	} {
		_, err := condition.Parse(in)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", in, err, want)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"them", "selection", true},
		{"them", "_selection", false},
		{"sel*", "selection", true},
		{"sel*", "filter", false},
		{"*", "_anything", true},
		{"_*", "_anything", true},
		{"*_win_*", "a_win_b", true},
		{"*_win_*", "_win", false},
		{"a*b*c", "aXbYc", true},
		{"a*b*c", "acb", false},
		{"ab*ba", "aba", false},
		{"sel", "sel", true},
		{"sel", "sel1", false},
	} {
		if got := condition.Fits(c.pattern, c.name); got != c.want {
			t.Errorf("Fits(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

// TestRoundTrip: what is written out with all its brackets is the same condition.
func TestRoundTrip(t *testing.T) {
	var gen func(depth int) *rapid.Generator[string]
	gen = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			if depth == 0 {
				return rapid.SampledFrom([]string{"a", "b1", "1 of them", "all of sel*", "2 of x_*"}).Draw(t, "term")
			}
			x, y := gen(depth-1).Draw(t, "x"), gen(depth-1).Draw(t, "y")
			return rapid.SampledFrom([]string{x + " and " + y, x + " or " + y, "not " + x, "(" + x + ")"}).Draw(t, "form")
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		in := gen(3).Draw(t, "condition")
		e, err := condition.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := condition.Parse(write(e))
		if err != nil || write(again) != write(e) {
			t.Fatalf("%q became %q and %q, %v", in, write(e), write(again), err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("1 of selection* and not (all of filter_* or x)")
	f.Add("a | count() by b > 5")
	f.Add("((not (not a")
	f.Fuzz(func(t *testing.T, in string) {
		e, err := condition.Parse(in)
		if err != nil {
			return
		}
		if again, err := condition.Parse(write(e)); len(write(e)) < condition.MaxLength && (err != nil && !strings.Contains(err.Error(), "too deeply") || err == nil && write(again) != write(e)) {
			t.Errorf("%q became %q, %v", in, write(e), err)
		}
	})
}
