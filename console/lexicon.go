package console

import "entente/accord"

// Lexicon is the catalogue of one language for the texts that the accord
// derives. A key that it lacks stands as itself; a test finds such keys.
func Lexicon(lang string) (accord.Lexicon, error) {
	c, err := loadCatalogue(lang)
	if err != nil {
		return accord.Lexicon{}, err
	}
	return c.lexicon(), nil
}
