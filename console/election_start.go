package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"entente/election/inventory"
	"entente/election/night"
	"entente/election/press"
	"entente/statement"
)

// startPage is the body of the guided start: what was typed, and what is wrong
// with it.
type startPage struct {
	Domains, URL, Place, Name, Phone string
	Refused                          *statement.Refusal
	Decides                          bool
}

func (c *Console) electionStart(v *visit) error {
	return c.render(v, http.StatusOK, "electionstart", frame{Title: "election.start", Up: "/election", Body: startPage{Decides: v.user.decides()}})
}

// electionBegin takes the form and shows the page that was named, fetched.
func (c *Console) electionBegin(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }
	p := startPage{Domains: get("domains"), URL: get("url"), Place: get("place"), Name: get("name"), Phone: get("phone"), Decides: true}
	b := Beginning{Domains: strings.FieldsFunc(p.Domains, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })}
	if p.URL != "" {
		b.Page = inventory.Page{ID: pageName(cmp.Or(p.Place, p.URL)), URL: p.URL, Jurisdiction: p.Place}
	}
	if p.Name != "" {
		b.Call = inventory.Person{ID: pageName(p.Name), Name: p.Name, Phone: p.Phone, For: []string{"results", "domains"}}
		b.Page.Call = b.Call.ID
	}
	err := v.source.Election().Begin(v.r.Context(), v.user, b)
	if r, refused := statement.AsRefusal(err); refused {
		p.Refused = r
		return c.render(v, http.StatusUnprocessableEntity, "electionstart", frame{Title: "election.start", Up: "/election", Body: p})
	}
	if err != nil {
		return err
	}
	if p.URL == "" {
		return v.see("/election")
	}
	return v.see("/election/" + url.PathEscape(b.Page.ID))
}

// pageName makes an id of what people call a place: lower-case letters, digits
// and hyphens.
func pageName(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= inventory.MaxID/2 {
			break
		}
	}
	return cmp.Or(strings.Trim(b.String(), "-"), "page")
}

// pressPage is the body of the statement for the press.
type pressPage struct {
	Election string
	Rows     []press.Row
	Digest   string
}

// electionPress shows the statement for the press, as it stands now.
func (c *Console) electionPress(v *visit) error {
	p := pressPage{Election: strings.TrimSpace(v.r.URL.Query().Get("election"))}
	if p.Election == "" {
		return c.render(v, http.StatusOK, "electionpress", frame{Title: "election.press", Up: "/election", Body: p})
	}
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	views, err := v.source.Election().Pages(v.r.Context())
	if err != nil {
		return err
	}
	f := press.Facts{Election: p.Election, AsOf: h.Now.Truncate(time.Minute), Parties: append([]string{h.Party}, h.Partners...), Checks: night.Checks(views)}
	page, err := press.Markdown(f)
	if err != nil {
		return err
	}
	digest := statement.Digest(press.Digest(page))
	p.Rows, p.Digest = press.Rows(page), digest.String()
	return c.render(v, http.StatusOK, "electionpress", frame{Title: "election.press", Up: "/election", Body: p})
}
