package press_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/election/press"
)

var update = flag.Bool("update", false, "write the golden page anew")

func facts() press.Facts {
	return press.Facts{
		Election: "General Election 2026", AsOf: time.Date(2026, 11, 3, 23, 30, 0, 0, time.UTC), Parties: []string{"south", "north", "observer"},
		Checks: []press.Check{
			{Subject: press.Versions, By: []string{"north", "south"}, Outcome: press.Found, Count: 1, Of: 7, Names: []string{"Harbour, Boris Tal"}},
			{Subject: press.Sums, By: []string{"south", "north"}, Outcome: press.Clean, Of: 42},
			{Subject: press.LookAlike, By: []string{"south"}, Outcome: press.Found, Count: 6, Of: 400, Names: []string{"f", "e", "d", "c", "b", "a"}},
		},
	}
}

func page(t *testing.T, f press.Facts) string {
	t.Helper()
	data, err := press.Markdown(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPageIsGolden(t *testing.T) {
	got, path := page(t, facts()), filepath.Join("testdata", "page.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// Two sides that know the same make the same bytes.
func TestOrderDoesNotMatter(t *testing.T) {
	a, b := facts(), facts()
	slices.Reverse(b.Checks)
	slices.Reverse(b.Parties)
	for i := range b.Checks {
		slices.Reverse(b.Checks[i].By)
		slices.Reverse(b.Checks[i].Names)
	}
	if d := cmp.Diff(page(t, a), page(t, b)); d != "" {
		t.Error(d)
	}
}

// What nobody checked is always said, whatever else is.
func TestNothingIsLeftOut(t *testing.T) {
	for i := range 1 << len(press.Subjects()) {
		f := facts()
		f.Checks = nil
		for j, s := range press.Subjects() {
			if i>>j&1 == 1 {
				f.Checks = append(f.Checks, press.Check{Subject: s, By: []string{"north"}, Outcome: press.Clean, Of: 1})
			}
		}
		checked, open, found := strings.Cut(page(t, f), "| **What was not checked** | **Что не проверено** |")
		if !found {
			t.Fatal("no section of what was not checked")
		}
		open, _, _ = strings.Cut(open, "| **What this page cannot say**")
		if n := strings.Count(checked, "\n| north: "); n != len(f.Checks) {
			t.Fatalf("%b: %d checks said, want %d", i, n, len(f.Checks))
		}
		if n := strings.Count(strings.TrimSuffix(open, "| "), "\n| ") + len(f.Checks); n != len(press.Subjects()) {
			t.Fatalf("%b: %d subjects said, want %d:\n%s", i, n, len(press.Subjects()), open)
		}
	}
}

// A name that somebody else chose breaks neither the table nor the direction of reading.
func TestHostileNames(t *testing.T) {
	f := facts()
	f.Election = "A | <b>\u202eB\u202c\n# C"
	f.Checks[0].Names = []string{"[x](http://mallory.test)", strings.Repeat("я", 500), "`|`"}
	got := page(t, f)
	for _, bad := range []string{"\u202e", "<b>", " | <", "\n# C", "](http", strings.Repeat("я", 61)} {
		if strings.Contains(strings.ReplaceAll(got, "\\", "\x00"), bad) {
			t.Errorf("%q stands in the page", bad)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(got), "\n")[2:] {
		if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 3 {
			t.Errorf("%d bars in %q", n, line)
		}
	}
}

func TestRefusesHalfFacts(t *testing.T) {
	for name, spoil := range map[string]func(*press.Facts){
		"no election":      func(f *press.Facts) { f.Election = " " },
		"no time":          func(f *press.Facts) { f.AsOf = time.Time{} },
		"no party":         func(f *press.Facts) { f.Parties = nil },
		"nobody checked":   func(f *press.Facts) { f.Checks[0].By = nil },
		"a stranger":       func(f *press.Facts) { f.Checks[0].By = []string{"mallory"} },
		"unknown subject":  func(f *press.Facts) { f.Checks[0].Subject = "weather" },
		"unknown outcome":  func(f *press.Facts) { f.Checks[0].Outcome = "hacked" },
		"clean with finds": func(f *press.Facts) { f.Checks[1].Count = 1 },
		"too many": func(f *press.Facts) {
			for i := range press.MaxChecks + 1 {
				f.Parties = append(f.Parties, fmt.Sprint("p", i))
				f.Checks = append(f.Checks, press.Check{Subject: press.Sums, By: []string{fmt.Sprint("p", i)}, Outcome: press.Clean})
			}
		},
	} {
		f := facts()
		spoil(&f)
		if got, err := press.Markdown(f); !errors.Is(err, press.ErrFacts) || !bytes.Equal(got, nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A screen shows the sentences of the page, names as they were given.
func TestRows(t *testing.T) {
	f := facts()
	f.Checks[0].Names = []string{`a|b_c\d*`}
	rows := press.Rows([]byte(page(t, f)))
	var heads, named int
	for _, r := range rows {
		if r.Head {
			heads++
		}
		if strings.Contains(r.English, "«"+f.Checks[0].Names[0]+"»") && strings.Contains(r.Russian, "«"+f.Checks[0].Names[0]+"»") {
			named++
		}
		if r.English == "" || r.Russian == "" || strings.Contains(r.English, "**") {
			t.Errorf("%+v", r)
		}
	}
	if heads != 4 || named != 1 || len(rows) != strings.Count(page(t, f), "\n| ") {
		t.Errorf("%d heads, %d rows with the name, %d rows", heads, named, len(rows))
	}
}
