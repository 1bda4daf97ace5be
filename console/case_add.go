package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"entente/border"
	"entente/watch/indicator"
)

// QuickAdd is what somebody writes down in a case to be looked for.
type QuickAdd struct {
	Values  []string // as typed or pasted, at most maxQuick
	Basis   string   // one of indicator.Bases
	Note    string
	Marking string // TLP label
}

// maxQuick is how many values are added at once: more are a file.
const maxQuick = PerPage

// quickAdd drafts indicators from the timeline, and leads on to the composer, where
// they are looked at before they go to anybody.
func (c *Console) quickAdd(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	q, err := quickOf(v.r.PostForm)
	if err != nil {
		return err
	}
	if len(id) > maxText {
		return ErrNotFound
	}
	draft, err := v.source.Cases().AddIndicators(v.r.Context(), v.user, id, q)
	if err != nil {
		return err
	}
	return v.see("/share?draft=" + strconv.FormatUint(draft, 10))
}

func quickOf(form url.Values) (QuickAdd, error) {
	f := fields{Values: form}
	q := QuickAdd{Values: f.lines("values"), Basis: f.Get("basis"), Note: f.Get("note"), Marking: strings.TrimSpace(form.Get("marking"))}
	_, err := border.ParseMarking(q.Marking)
	if err != nil || len(q.Values) == 0 || len(q.Values) > maxQuick || !slices.Contains(indicator.Bases(), q.Basis) || len(q.Note) > MaxReason || !utf8.ValidString(q.Note) {
		return q, errBadForm
	}
	return q, nil
}
