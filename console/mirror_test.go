package console

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// mirrored is the English catalogue in letters that run from right to left, as a
// further language would be added: by one file.
func mirrored(t *testing.T) fs.FS {
	t.Helper()
	letters := func(s string) string {
		depth := 0
		return strings.Map(func(r rune) rune {
			switch {
			case r == '{':
				depth++
			case r == '}':
				depth--
			case depth == 0 && r >= 'a' && r <= 'z':
				return 'א' + (r - 'a')
			case depth == 0 && r >= 'A' && r <= 'Z':
				return 'א' + (r - 'A')
			}
			return r
		}, s)
	}
	texts := map[string]any{}
	for key, m := range say(t, "en").texts {
		texts[key] = letters(m.text)
		if m.forms != nil {
			forms := map[string]string{}
			for _, f := range []string{"zero", "one", "two", "few", "many", "other"} {
				forms[f] = f + " " + letters(m.forms["other"])
			}
			texts[key] = forms
		}
	}
	texts["lang.ar"], texts["lang.short.ar"] = "العربية", "AR"
	texts["meta.dir"], texts["meta.thousands"] = "rtl", "٬"
	data, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{"locale/ar.json": {Data: data}}
	for _, lang := range Languages() {
		own, err := fs.ReadFile(localeFiles, "locale/"+lang+".json")
		if err != nil {
			t.Fatal(err)
		}
		all["locale/"+lang+".json"] = &fstest.MapFile{Data: own}
	}
	return all
}

// TestMirrored adds a catalogue and nothing else: every page is there in its
// direction, and the language can be chosen.
func TestMirrored(t *testing.T) {
	files := mirrored(t)
	if got := languagesIn(files); !slices.Equal(got, []string{"en", "ar", "ru"}) {
		t.Fatalf("languages: %v", got)
	}
	r := newRig(t, shift("north", "south"))
	var err error
	if r.c.pages, err = loadPages(r.c.files, files); err != nil {
		t.Fatal(err)
	}
	me, ar := r.enter("administrator"), &http.Cookie{Name: languageCookie, Value: "ar"}
	for _, l := range looks() {
		if l.at != "north" || l.form != "" {
			continue
		}
		page := body(get(r.c, testHost, l.path, me, ar))
		if !strings.Contains(page, `<html lang="ar" dir="rtl">`) || !strings.Contains(page, `value="ar" lang="ar" title="العربية"`) {
			t.Errorf("%v: %.200s", l, page)
		}
	}
	c, err := catalogueIn(files, "ar")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[uint64]string{0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other", 12_000_003: "few"} {
		if got, err := c.n("live.new", n); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
	if got := c.number(1234567); got != "1٬234٬567" {
		t.Errorf("%q", got)
	}
}
