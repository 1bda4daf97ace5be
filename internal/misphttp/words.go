package misphttp

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// Bounds of one filter. A word with a % is compared with every text.
const (
	maxWords = 10_000
	maxWild  = 100
)

// words is a filter over texts: at least one of any (if there are any), each of
// all, none of not. A word may hold % for any run of characters; letter case
// does not count.
type words struct {
	any, not wordSet
	all      []wordSet // each of one word
}

type wordSet struct {
	exact map[string]bool
	wild  []string
}

func (s *wordSet) add(word string) {
	word = strings.ToLower(word)
	if strings.Contains(word, "%") {
		s.wild = append(s.wild, word)
		return
	}
	if s.exact == nil {
		s.exact = make(map[string]bool)
	}
	s.exact[word] = true
}

func (s *wordSet) join(t wordSet) {
	s.wild = append(s.wild, t.wild...)
	for word := range t.exact {
		s.add(word)
	}
}

func (s wordSet) len() int { return len(s.exact) + len(s.wild) }

func (s wordSet) has(texts []string) bool {
	for _, t := range texts {
		t = strings.ToLower(t)
		if s.exact[t] || slices.ContainsFunc(s.wild, func(w string) bool { return like(t, w) }) {
			return true
		}
	}
	return false
}

func (w words) none() bool { return w.any.len()+w.not.len()+len(w.all) == 0 }

// parseWords reads "a", 5, ["a", "!b"], {"OR": […], "AND": […], "NOT": […]}
// and "a&&b". A word behind "!" is one that must not be.
func parseWords(name string, raw jsontext.Value) (words, error) {
	var w words
	err := w.read(name, raw)
	if err == nil && (w.any.len()+w.not.len()+len(w.all) > maxWords || len(w.any.wild)+len(w.not.wild)+len(w.all) > maxWild) {
		err = statement.Refuse(statement.CodeRequest, "%s: at most %d words, and %d with %%", name, maxWords, maxWild)
	}
	return w, err
}

func (w *words) read(name string, raw jsontext.Value) error {
	switch raw.Kind() {
	case '{':
		return w.readParts(name, raw)
	case '[':
		return stix.EachElement(raw, func(element jsontext.Value) error {
			if k := element.Kind(); k == '[' || k == '{' {
				return statement.Refuse(statement.CodeRequest, "%s: a list of texts is expected", name)
			}
			return w.read(name, element)
		})
	}
	var text misp.Text
	if err := json.Unmarshal(raw, &text); err != nil {
		return statement.Refuse(statement.CodeRequest, "%s: a text is expected", name)
	}
	for part := range strings.SplitSeq(string(text), "&&") {
		switch no, is := strings.CutPrefix(part, "!"); {
		case is:
			w.not.add(no)
		case part != "":
			w.any.add(part)
		}
	}
	return nil
}

// readParts reads the form that PyMISP's build_complex_query makes.
func (w *words) readParts(name string, raw jsontext.Value) error {
	m, err := misp.ParseMembers(raw)
	if err != nil {
		return err
	}
	for _, part := range m.Names() {
		var inner words
		if m.Get(part).Kind() == '{' {
			return statement.Refuse(statement.CodeRequest, "%s: a list of texts is expected", name)
		}
		if err := inner.read(name, m.Get(part)); err != nil {
			return err
		}
		switch strings.ToUpper(part) {
		case "OR":
			w.any.join(inner.any)
			w.not.join(inner.not)
		case "AND":
			for word := range inner.any.exact {
				w.all = append(w.all, wordSet{exact: map[string]bool{word: true}})
			}
			for _, word := range inner.any.wild {
				w.all = append(w.all, wordSet{wild: []string{word}})
			}
			w.not.join(inner.not)
		case "NOT":
			w.not.join(inner.any)
		default:
			return statement.Refuse(statement.CodeRequest, "%s: OR, AND and NOT are known, not %.40q", name, part)
		}
	}
	return nil
}

// meets holds the filter against what an element has.
func (w words) meets(have ...string) bool {
	if w.not.has(have) {
		return false
	}
	for _, one := range w.all {
		if !one.has(have) {
			return false
		}
	}
	return w.any.len() == 0 || w.any.has(have)
}

// named returns the words of which one must be met, if these are few and exact.
func (w words) named() ([]string, bool) {
	if n := len(w.any.exact); n == 0 || n > maxNamed || len(w.any.wild) > 0 {
		return nil, false
	}
	return slices.Sorted(maps.Keys(w.any.exact)), true
}

// like reports whether text is word, in which % stands for any run of
// characters. It takes time in the order of both lengths' product at most.
func like(text, word string) bool {
	parts := strings.Split(word, "%")
	if len(parts) == 1 {
		return text == word
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return strings.HasSuffix(text, last)
}
