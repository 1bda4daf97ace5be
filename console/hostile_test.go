package console

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// poison holds what a page must never pass on: markup, attribute and script
// breakouts, template syntax, terminal escapes, bidirectional and invisible
// characters, broken UTF-8.
const poison = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "`" + `--></style>{{.}}${x}javascript:alert(3)` +
	"\x1b[31m\x00\x07\r\n\u202e\u2066\u200b\ufeff\u00ad\u2028\U000e0041\xff\xfe end"

// spoil puts poison into every string below v that is foreign text.
func spoil(v reflect.Value, depth int) {
	if depth > 8 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type().PkgPath() == "" {
			v.SetString(poison)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if name == "ID" && v.Type() != reflect.TypeFor[StatementRow]() {
				continue // made by the node, URL-safe by contract
			}
			spoil(v.Field(i), depth+1)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(poison))
			return
		}
		for i := range v.Len() {
			spoil(v.Index(i), depth+1)
		}
	}
}

func poisoned() *memory {
	m := shift("north", "south")
	for _, v := range []any{&m.header, &m.incidents, &m.alerts, &m.held, &m.received, &m.ledger, &m.rows, &m.logs, &m.story} {
		spoil(reflect.ValueOf(v).Elem(), 0)
	}
	for i := range m.rows { // a row of a poisoned log keeps its address for the test
		m.rows[i].Party = "north"
	}
	for k, s := range m.full {
		spoil(reflect.ValueOf(&s).Elem(), 0)
		m.full[k] = s
	}
	m.logs.Partners[0].Forks = []Fork{{noon, 1, 2, poison, poison, poison}}
	m.logs.Partners[0].Silent = Silence{ago(time.Hour), 2, true}
	m.logs.Own.UnwitnessedSince = ago(time.Hour)
	return m
}

func harmless(t *testing.T, name, page string) {
	t.Helper()
	for _, bad := range []string{
		"<script>alert", "<img", "onerror=alert(2)>", "</style>", "\x1b", "\x00", "\x07",
		"\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\u2028", "\U000e0041", "href=\"javascript", "ZgotmplZ",
	} {
		if i := strings.Index(page, bad); i >= 0 {
			t.Errorf("%s: %q in %q", name, bad, page[max(0, i-80):min(len(page), i+80)])
		}
	}
	if !utf8.ValidString(page) {
		t.Errorf("%s: not UTF-8", name)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	r := newRig(t, poisoned())
	me := r.enter("administrator")
	paths := []string{
		"/watch", "/watch?view=alerts", "/watch/incident/" + digest("a4")[:32], "/watch?view=held_back", "/watch?view=received", "/watch?view=sources", "/watch/alert/a0", "/watch/alert/a1", "/watch/alert/a5",
		"/record", "/record/north/1283", "/record/north/1282", "/watch?" + url.Values{"q": {poison}, "giver": {poison}, "state": {poison}}.Encode(),
		"/watch?" + url.Values{"view": {"held_back"}, "q": {poison}, "reason": {poison}}.Encode(),
		"/record?" + url.Values{"q": {poison}, "party": {poison}, "kind": {poison}}.Encode(),
	}
	for _, p := range paths {
		for _, lang := range Languages() {
			w := get(r.c, testHost, p, me, &http.Cookie{Name: languageCookie, Value: lang})
			if w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", p, w.Code, w.Body)
			}
			harmless(t, lang+" "+p, w.Body.String())
		}
	}
	page := body(get(r.c, testHost, "/watch/alert/a0", me))
	for _, shown := range []string{"&lt;script&gt;alert(1)", `<span class="ctl">U&#43;202E</span>`, `<span class="ctl">ESC</span>`, `<span class="ctl">\xFF</span>`, `<span class="ctl">\x00</span>`} {
		if !strings.Contains(page, shown) {
			t.Errorf("%q is not made visible", shown)
		}
	}
}

func TestHostileExercise(t *testing.T) {
	e, me := newPlay(t, poisoned(), poisoned(), poisoned())
	w := get(e, playHost, "/", me)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	harmless(t, "exercise", w.Body.String())
}

func TestErrorsShowOnlyRefusals(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	src.budget = 0
	w := post(r.c, testHost, "/watch/alert/a0/release", nil, me)
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "E_BUDGET") {
		t.Errorf("over the budget: %d %s", w.Code, w.Body)
	}
	src.broken = fmt.Errorf("open /var/secret/path: permission denied")
	for _, p := range []string{"/watch", "/record"} {
		w := get(r.c, testHost, p, me)
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", p, w.Code, w.Body)
		}
	}
}

func TestSplitMakesVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":              "plain",
		"a\tb\nc\r":          "a⟨\\t⟩b⟨\\n⟩c⟨\\r⟩",
		"x\u202ey":           "x⟨U+202E⟩y",
		"ключ – ü – 漢 – 😀":   "ключ – ü – 漢 – 😀",
		"\xc3":               "⟨\\xC3⟩",
		"a\u00a0b":           "a⟨U+00A0⟩b",
		"z\u0085":            "z⟨\\x85⟩",
		"\ue000\ufff9\ufe0f": "⟨U+E000⟩⟨U+FFF9⟩⟨U+FE0F⟩",
		"שלום":               "\u2068שלום\u2069",
	} {
		if got := isolate(plain(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	long := split(strings.Repeat("ж", maxShown), false)
	if last := long[len(long)-1]; !last.Mark || len(long) != 2 {
		t.Errorf("a long text is cut into %d segments", len(long))
	}
	hit := splitHit(`{"host":"Login.Example"}`, "login.example")
	if len(hit) != 3 || !hit[1].Hit || hit[1].Text != "Login.Example" {
		t.Errorf("hit: %+v", hit)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(poison, "alert")
	f.Add("\xf0\x9f", "\x9f")
	f.Fuzz(func(t *testing.T, raw, seen string) {
		for _, s := range append(splitHit(raw, seen), split(raw, true)...) {
			if !utf8.ValidString(s.Text) {
				t.Fatalf("%q is not UTF-8", s.Text)
			}
			for _, r := range s.Text {
				if r < 0x20 && r != '\n' && r != '\t' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Fatalf("%q passes %U", s.Text, r)
				}
			}
		}
	})
}
