package console

import (
	"net/http"
	"net/url"

	"entente/election/roll"
)

// rollsPage is the body of the screen of voter rolls.
type rollsPage struct {
	Views   []RollView
	Decides bool
	Since   *sinceRoll
}

// sinceRoll is what was asked of one site: the difference to a named day.
type sinceRoll struct {
	Site string
	RollDifference
}

// Open counts the alarms that stand on a site's days.
func (v RollView) Open() (n int) {
	for _, d := range v.Days {
		n += len(d.Alarms)
	}
	return n
}

// Kinds are those of a day's alarms, each once, in their order.
func (d RollDay) Kinds() (out []rollKind) {
	for _, a := range d.Alarms {
		if k := len(out); k > 0 && out[k-1].Kind == a.Kind {
			out[k-1].Alarms = append(out[k-1].Alarms, a)
			continue
		}
		out = append(out, rollKind{a.Kind, []roll.Alarm{a}})
	}
	return out
}

// rollKind is all alarms of a day of one kind: what they mean is said once.
type rollKind struct {
	Kind   string
	Alarms []roll.Alarm
}

func (c *Console) rolls(v *visit) error {
	all, err := v.source.Guards().Rolls(v.r.Context())
	if err != nil {
		return err
	}
	p := rollsPage{Views: all, Decides: v.user.decides()}
	q := v.r.URL.Query()
	if site, since := filterText(q, "site"), filterText(q, "since"); site != "" && since != "" {
		d, err := v.source.Guards().RollSince(v.r.Context(), site, since)
		if err != nil {
			return err
		}
		p.Since = &sinceRoll{site, d}
	}
	return c.render(v, http.StatusOK, "rolls", frame{Title: "guard.rolls", Live: "watch", Up: "/election", Body: p})
}

func (c *Console) sealRoll(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if err := v.source.Guards().SealRoll(v.r.Context(), v.user, v.r.PostForm.Get("site"), v.r.PostForm.Get("day")); err != nil {
		return err
	}
	return v.see("/guard/rolls")
}

// rollNotice is where a notice on a day's alarms begins, with counts alone in it.
func rollNotice(d RollDay, kind string) string {
	return "/line/new?" + url.Values{"template": {"assist"}, "blank.what": {d.Header.Jurisdiction + ", " + d.Header.Day + ": " + kind}}.Encode()
}
