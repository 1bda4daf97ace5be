package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"entente/accord"
	"entente/border"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed locale/*.json
var localeFiles embed.FS

// Languages returns the codes of the languages that the console speaks, the
// default first: one for each catalogue.
func Languages() []string { return languagesIn(localeFiles) }

func languagesIn(files fs.FS) []string {
	list := []string{"en"}
	names, _ := fs.Glob(files, "locale/*.json") // its only error is a bad pattern
	for _, name := range names {
		if lang := strings.TrimSuffix(path.Base(name), ".json"); lang != list[0] {
			list = append(list, lang)
		}
	}
	return list
}

// catalogue holds every text of one language.
type catalogue struct {
	lang  string
	texts map[string]message
}

// phrase is text that the catalogue itself has made.
type phrase string

// message is one text, or one per CLDR plural category.
type message struct {
	text  string
	forms map[string]string
}

func (m *message) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		return json.Unmarshal(data, &m.forms)
	}
	return json.Unmarshal(data, &m.text)
}

// loadCatalogue is the catalogue of a language that comes with the program, read
// once: it does not change, and a sentence is asked for at every alert.
func loadCatalogue(lang string) (*catalogue, error) {
	all, err := catalogues()
	if err != nil {
		return nil, err
	}
	c, ok := all[lang]
	if !ok {
		return catalogueIn(localeFiles, lang) // says which is missing
	}
	return c, nil
}

var catalogues = sync.OnceValues(func() (map[string]*catalogue, error) {
	all := make(map[string]*catalogue)
	for _, lang := range Languages() {
		c, err := catalogueIn(localeFiles, lang)
		if err != nil {
			return nil, err
		}
		all[lang] = c
	}
	return all, nil
})

func catalogueIn(files fs.FS, lang string) (*catalogue, error) {
	data, err := fs.ReadFile(files, "locale/"+lang+".json")
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	c := &catalogue{lang: lang}
	if err := json.Unmarshal(data, &c.texts); err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", lang, err)
	}
	return c, nil
}

// KindLabel returns the name of a kind of statement, as in "sighting/v1", in a
// language, and whether the catalogue has one.
func KindLabel(lang, kind string) (string, bool) {
	c, err := loadCatalogue(lang)
	if err != nil {
		return "", false
	}
	m, ok := c.texts["kind."+kind]
	return m.text, ok
}

// plural returns the CLDR category of a whole number.
func (c *catalogue) plural(n uint64) string {
	few := int(n % 10_000_000) // no language looks at more digits
	if n >= 10_000_000 {
		few += 10_000_000
	}
	form := plural.Cardinal.MatchPlural(language.Make(c.lang), few, 0, 0, 0, 0)
	return [...]string{plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}[form]
}

// t returns the text of a key. The pairs are names and values for its {name}
// places: whole numbers are written the language's way, other text is made
// visible and, where it runs right to left, isolated from its surroundings.
func (c *catalogue) t(key string, pairs ...any) (string, error) {
	m, ok := c.texts[key]
	if !ok || m.forms != nil {
		return "", fmt.Errorf("catalogue %s: no text %q", c.lang, key)
	}
	return c.fill(key, m.text, pairs)
}

// n is t for a counted text: n selects the plural form and fills {n}.
func (c *catalogue) n(key string, n any, pairs ...any) (string, error) {
	count, ok := whole(n)
	m := c.texts[key]
	form := m.forms[c.plural(count)]
	if !ok || form == "" {
		return "", fmt.Errorf("catalogue %s: no counted text %q", c.lang, key)
	}
	return c.fill(key, form, append([]any{"n", n}, pairs...))
}

func (c *catalogue) fill(key, text string, pairs []any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("catalogue %s: %q: odd number of values", c.lang, key)
	}
	var swap []string
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		value := ""
		if n, ok := whole(pairs[i+1]); ok {
			value = c.number(n)
		} else if own, ok := pairs[i+1].(phrase); ok {
			value = string(own)
		} else {
			value = isolate(plain(fmt.Sprint(pairs[i+1])))
		}
		swap = append(swap, "{"+name+"}", value)
	}
	return strings.NewReplacer(swap...).Replace(text), nil
}

// sentence tells an event; one that names no partner is told of all.
func (c *catalogue) sentence(e Event) (string, error) {
	key := "story." + string(e.Kind)
	if _, ok := c.texts[key+".all"]; ok && e.Partner == "" {
		key += ".all"
	}
	return c.n(key, e.Count, "party", e.Partner, "detail", e.Detail)
}

// label returns the text for a code of a family, as in ("rule", "equal"), or
// the code itself where the catalogue does not know it.
func (c *catalogue) label(family string, code any) string {
	s := fmt.Sprint(code)
	if m, ok := c.texts[family+"."+s]; ok && m.forms == nil {
		return m.text
	}
	return plain(s)
}

// detail words what the gate adds to a reason: the parts that are the gate's own
// words are said in the reader's language, data stands as it is.
func (c *catalogue) detail(r Reason) (string, error) {
	switch r.Code {
	case border.HeldUndated:
		return "", nil // the code says it all
	case border.HeldEvidence:
		return c.label("basis", r.Detail), nil
	case border.HeldDecayed:
		return c.t("held.score", c.places(r)...)
	case border.HeldBreadth:
		if what, limit, ok := strings.Cut(r.Detail, ", limit "); ok {
			text, err := c.t("held.limit", "limit", limit)
			return what + ", " + text, err
		}
	case border.HeldWarningList:
		if list, entry, ok := strings.Cut(r.Detail, ": "); ok && c.knows("warning", list) {
			return c.label("warning", list) + ": " + entry, nil
		}
	}
	return r.Detail, nil
}

// knows reports whether the catalogue has a text for a code of a family.
func (c *catalogue) knows(family string, code any) bool {
	_, ok := c.texts[family+"."+fmt.Sprint(code)]
	return ok
}

// partName names a numbered part of a statement, as in "item/3".
func (c *catalogue) partName(part string) (string, error) {
	name, no, err := accord.SplitPart(part)
	if err != nil || part == "" {
		return plain(part), nil
	}
	return c.t("case.part."+name, "n", no)
}

// formsOf returns the plural forms of a key, as JSON, for a module that counts
// by itself.
func (c *catalogue) formsOf(key string) (string, error) {
	f := c.texts[key].forms
	if f == nil {
		return "", fmt.Errorf("catalogue %s: no counted text %q", c.lang, key)
	}
	data, err := json.Marshal(f)
	return string(data), err
}

// whole takes any whole number that is not negative.
func whole(v any) (uint64, bool) {
	switch n := v.(type) {
	case int:
		return uint64(max(n, 0)), true
	case int64:
		return uint64(max(n, 0)), true
	case uint64:
		return n, true
	}
	return 0, false
}

// number writes n with its thousands apart: 5,000 or 5 000.
func (c *catalogue) number(n uint64) string {
	sep := c.texts["meta.thousands"].text
	s := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(sep)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// duration writes the two largest units of a length of time.
func (c *catalogue) duration(d time.Duration) (phrase, error) {
	units := []struct {
		key  string
		size time.Duration
	}{{"unit.day", 24 * time.Hour}, {"unit.hour", time.Hour}, {"unit.minute", time.Minute}, {"unit.second", time.Second}}
	d = max(d, 0)
	for i, u := range units {
		if d < u.size && i < len(units)-1 {
			continue
		}
		out, err := c.t(u.key, "n", int64(d/u.size))
		if err != nil || i == len(units)-1 || d%u.size < units[i+1].size {
			return phrase(out), err
		}
		next, err := c.t(units[i+1].key, "n", int64(d%u.size/units[i+1].size))
		return phrase(out + "\u00a0" + next), err
	}
	return "", nil
}

// size writes a number of bytes.
func (c *catalogue) size(n int64) (phrase, error) {
	n = max(n, 0)
	keys := []string{"unit.kib", "unit.mib", "unit.gib"}
	if n < 1024 {
		s, err := c.t("unit.byte", "n", n)
		return phrase(s), err
	}
	f := float64(n) / 1024
	i := 0
	for ; f >= 1024 && i < len(keys)-1; i++ {
		f /= 1024
	}
	s := strconv.FormatFloat(f, 'f', 1, 64)
	s = strings.Replace(s, ".", c.texts["meta.decimal"].text, 1)
	s, err := c.t(keys[i], "n", s)
	return phrase(s), err
}

const languageCookie = "lang"

// languageOf picks the reader's language: the cookie, else the first known one
// that the browser asks for, else the default.
func languageOf(r *http.Request, langs []string) string {
	known := func(s string) string {
		for _, l := range langs {
			if s == l || strings.HasPrefix(s, l+"-") {
				return l
			}
		}
		return ""
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		if l := known(c.Value); l != "" {
			return l
		}
	}
	asked := r.Header.Get("Accept-Language")
	if len(asked) > 200 {
		asked = asked[:200]
	}
	for part := range strings.SplitSeq(asked, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if l := known(strings.ToLower(tag)); l != "" {
			return l
		}
	}
	return langs[0]
}
