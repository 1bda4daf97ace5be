package console

import (
	"fmt"
	"slices"
)

// Words are the texts of one language, for what is said elsewhere than on pages.
type Words struct{ say *catalogue }

// WordsIn loads them; the code is one of Languages.
func WordsIn(lang string) (Words, error) {
	if !slices.Contains(Languages(), lang) {
		return Words{}, fmt.Errorf("no language %q; there are %v", lang, Languages())
	}
	c, err := loadCatalogue(lang)
	return Words{c}, err
}

// Text is the text of a key with its places filled, as pairs of name and value.
// A key without a text stands for itself.
func (w Words) Text(key string, pairs ...any) string {
	s, err := w.say.t(key, pairs...)
	if err != nil {
		return key
	}
	return s
}

// Count is the text of a key for a number, which fills its place {n}.
func (w Words) Count(key string, n uint64, pairs ...any) string {
	s, err := w.say.n(key, n, pairs...)
	if err != nil {
		return key
	}
	return s
}

// Label names a code of a family; one that has no text stands for itself.
func (w Words) Label(family, code string) string { return w.say.label(family, code) }
