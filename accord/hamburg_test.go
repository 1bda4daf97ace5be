package accord_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/accord/accordtest"

	"github.com/google/go-cmp/cmp"
)

// hamburg is the case of 7 July 2017: what both sides told of one meeting, in
// our own words, each with its speaker and source.
func hamburg(t testing.TB) (accord.World, string) {
	t.Helper()
	data, err := os.ReadFile("testdata/hamburg/script.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := accordtest.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.World()
	if err != nil {
		t.Fatal(err)
	}
	return w, s.Case
}

func lexicon(t testing.TB, lang string) accord.Lexicon {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "console", "locale", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]any{}
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return accord.Lexicon{Lang: lang, Text: func(key string) string {
		s, ok := texts[key].(string)
		if !ok {
			t.Errorf("%s: no text %q", lang, key)
		}
		return s
	}}
}

// asOf are the times at which the comparison is asked for: before, between and
// after what was said on Sunday.
var asOf = []accord.Instant{"2017-07-08T18:00:00Z", "2017-07-09T12:00:00Z", "2017-07-10T12:00:00Z"}

func comparisons(t testing.TB) (list []accord.Comparison) {
	w, id := hamburg(t)
	for _, at := range asOf {
		list = append(list, accord.NewRecord(w.AsOf(at.Time())).Compare(id))
	}
	return list
}

// TestHamburg: the twelve rows, as of each of the three times. The language is
// not looked at.
func TestHamburg(t *testing.T) {
	en := lexicon(t, "en")
	got := map[string][]string{}
	list := comparisons(t)
	for i, c := range list {
		for _, r := range c.Rows {
			for len(got[r.Key]) < i {
				got[r.Key] = append(got[r.Key], "")
			}
			text := accord.VerdictText(en, r.Verdict, c.At)
			for _, a := range r.Aspects {
				text += "; " + a.Name + " " + accord.VerdictText(en, a.Verdict, c.At)
			}
			for _, s := range r.Sides {
				for _, d := range s.Dissents {
					text += "; " + d.Officers[0] + " " + string(d.Stance)
				}
			}
			got[r.Key] = append(got[r.Key], text)
		}
	}
	want := map[string][]string{
		"meeting-day":     {"agreed", "agreed", "agreed"},
		"unit-discussed":  {"only ru", "agreed", "agreed"},
		"unit-agreed":     {"not answered by us, asked: 1, for 29 min", "not answered by us, asked: 1, for 18 h 29 min", "contradict"},
		"unit-author":     {"", "", "only ru"},
		"cyber-time":      {"", "", "not comparable"},
		"meddling-raised": {"agreed; manner only ru (about us)", "agreed; manner differ", "agreed; manner differ"},
		"denial":          {"agreed", "agreed", "agreed"},
		"denial-accepted": {"not answered by us, asked: 2, for 7 h 59 min", "no comment from us", "contradict; trump no-comment; mnuchin no-comment"},
		"left-open":       {"only us", "only us", "only us"},
		"truce":           {"agreed; scope differ", "agreed; scope differ", "agreed; scope differ"},
		"us-ready":        {"", "", "only ru (about us)"},
		"unit-exists":     {"", "", "differ"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("want, got:\n%s", d)
	}
	others := list[2].Rows[0]
	if len(others.Others) != 1 || others.Key != "meeting-day" || others.Others[0].Label != accord.LabelReported {
		t.Errorf("the press's Saturday is a third party's and compared with nothing: %+v", others)
	}
}

// TestHamburgInPrint fixes the report in both languages.
func TestHamburgInPrint(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	list := comparisons(t)
	for _, lang := range []string{"en", "ru"} {
		got := accord.CompareText(lexicon(t, lang), list)
		path := filepath.Join("testdata", "hamburg", "hamburg."+lang+".md")
		if update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s:\n%s", path, d)
		}
		pages := strings.Split(got, "\n---\n")
		if len(pages) != 2 {
			t.Errorf("%s: %d pages, want 2", path, len(pages))
		}
		for i, p := range pages {
			if n := printed(p); n > 88 { // A4, 9 pt, 16 mm of margin
				t.Errorf("%s: page %d has %d lines of print", path, i+1, n)
			}
		}
	}
}

// printed is about how many lines a page takes, of 120 signs each.
func printed(page string) (n int) {
	for line := range strings.Lines(page) {
		if strings.TrimSpace(line) != "" {
			n += 1 + len([]rune(line))/120
		}
	}
	return n
}

// TestAsOfIsReproducible: what comes later does not change what was.
func TestAsOfIsReproducible(t *testing.T) {
	w, id := hamburg(t)
	when := asOf[1].Time()
	then := accord.NewRecord(w.AsOf(when)).Compare(id)
	for _, later := range []time.Time{w.Now, asOf[2].Time(), w.Now.AddDate(5, 0, 0)} {
		again := accord.NewRecord(w.AsOf(later).AsOf(when)).Compare(id)
		if d := cmp.Diff(then, again, cmp.AllowUnexported(accord.CompareRow{})); d != "" {
			t.Errorf("asked at %s: %s", later, d)
		}
	}
	sizes := accord.NewRecord(w.Upto(then.Sizes)).Compare(id)
	if d := cmp.Diff(then.Rows[0].Verdict, sizes.Rows[0].Verdict); d != "" {
		t.Error(d)
	}
}
