package console

import (
	"testing"

	"entente/accord"
)

// TestLexicon: the words of likelihood are fixed by the accord, in both
// languages, and the catalogue has the same.
func TestLexicon(t *testing.T) {
	for _, lang := range Languages() {
		l, err := Lexicon(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range accord.Likelihoods() {
			if want, _ := accord.LikelihoodWord(lang, name); l.Text("accord.likelihood."+name) != want {
				t.Errorf("%s: %q for %s, the accord says %q", lang, l.Text("accord.likelihood."+name), name, want)
			}
		}
		for _, key := range accord.CompareKeys() {
			if l.Text(key) == key {
				t.Errorf("%s: no text %q", lang, key)
			}
		}
	}
}
