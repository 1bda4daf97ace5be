package console

import (
	"strings"

	"entente/border"
)

// Explain says in a whole sentence of a language why the gate holds something
// back: of a warning list with its name and the entry.
func Explain(lang string, r Reason) (string, error) {
	c, err := loadCatalogue(lang)
	if err != nil {
		return "", err
	}
	return c.explain(r)
}

// explain is Explain in the catalogue's language.
func (c *catalogue) explain(r Reason) (string, error) {
	return c.t("explain."+r.Code, c.places(r)...)
}

// places names the parts of what the gate adds to a reason.
func (c *catalogue) places(r Reason) []any {
	switch r.Code {
	case border.HeldBreadth:
		value, limit, _ := strings.Cut(r.Detail, ", limit ")
		return []any{"value", value, "limit", limit}
	case border.HeldWarningList:
		list, entry, _ := strings.Cut(r.Detail, ": ")
		return []any{"list", c.label("warning", list), "entry", entry}
	case border.HeldDecayed:
		scores, date, _ := strings.Cut(r.Detail, ", ")
		score, limit, _ := strings.Cut(scores, " < ")
		return []any{"score", score, "limit", limit, "date", date}
	case border.HeldEvidence:
		return []any{"basis", c.label("basis", r.Detail)}
	}
	return []any{"value", r.Detail}
}
