package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"entente/election/intake"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/press"
	"entente/statement"
)

// startPage is the body of the guided start: what was typed, what is wrong with
// it, and the first answer.
type startPage struct {
	Domains, URL, Place, Name, Phone string
	Refused                          *statement.Refusal
	Trouble                          string // large, many, cut; empty: none
	Decides                          bool

	Files   []fileAnswer
	Remarks []intake.Remark
	Begun   bool // what was named and read is guarded now
	Now     inventory.Inventory
	Page    *night.PageView // the page that was named
	MiB     int             // of all files at one time
	Most    int             // files
}

func newStartPage() startPage {
	return startPage{Decides: true, MiB: intake.MaxTotal >> 20, Most: intake.MaxFiles}
}

func (c *Console) electionStart(v *visit) error {
	p := newStartPage()
	p.Decides = v.user.decides()
	return c.showStart(v, http.StatusOK, p)
}

func (c *Console) showStart(v *visit, status int, p startPage) error {
	return c.render(v, status, "electionstart", frame{Title: "election.start", Up: "/election", Body: p})
}

// electionBegin takes the form. With files it answers on the same page; without,
// the page that was named is shown, fetched.
func (c *Console) electionBegin(v *visit) error {
	form, err := v.readStart()
	if err != nil {
		return err
	}
	p, get := newStartPage(), form.fields
	p.Domains, p.URL, p.Place, p.Name, p.Phone = get["domains"], get["url"], get["place"], get["name"], get["phone"]
	if p.Trouble = form.trouble; p.Trouble != "" {
		return c.showStart(v, http.StatusRequestEntityTooLarge, p)
	}
	if p.Files, p.Remarks, err = c.answers(v, form.files); err != nil {
		return err
	}
	b := p.beginning()
	status := http.StatusOK
	if len(p.Files) == 0 || !b.empty() {
		err = v.source.Election().Begin(v.r.Context(), v.user, b)
		p.Begun = err == nil
	}
	if r, refused := statement.AsRefusal(err); refused {
		p.Refused, err, status = r, nil, http.StatusUnprocessableEntity
	}
	if err != nil {
		return err
	}
	if len(p.Files) > 0 || p.Refused != nil {
		return c.firstAnswer(v, status, p, b)
	}
	if p.URL == "" {
		return v.see("/election")
	}
	return v.see("/election/" + url.PathEscape(b.Page.ID))
}

// firstAnswer shows what was read, what was wrong, and what is watched now.
func (c *Console) firstAnswer(v *visit, status int, p startPage, b Beginning) error {
	pages, err := v.source.Election().Pages(v.r.Context())
	if err != nil {
		return err
	}
	published(p.Files, pages)
	if p.Begun {
		p.Now = b.More
		for _, d := range b.Domains {
			p.Now.Domains = append(p.Now.Domains, inventory.Domain{Name: d})
		}
		for i := range pages {
			if pages[i].Page.ID == b.Page.ID {
				p.Page = &pages[i]
			}
		}
	}
	return c.showStart(v, status, p)
}

// beginning is what the form and its files name.
func (p startPage) beginning() Beginning {
	b := Beginning{Domains: strings.FieldsFunc(p.Domains, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }), More: guarding(p.Files)}
	if p.URL != "" {
		b.Page = inventory.Page{ID: pageName(cmp.Or(p.Place, p.URL)), URL: p.URL, Jurisdiction: p.Place}
	}
	if p.Name != "" {
		b.Call = inventory.Person{ID: pageName(p.Name), Name: p.Name, Phone: p.Phone, For: []string{"results", "domains"}}
		b.Page.Call = b.Call.ID
	}
	return b
}

func (b Beginning) empty() bool {
	return len(b.Domains) == 0 && b.Page.URL == "" && b.Call.Name == "" && b.More.Empty()
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
