package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"
)

// notifyPage is the body of the composer of notices.
type notifyPage struct {
	Self      string
	Templates []accord.NoticeTemplate
	Template  accord.NoticeTemplate
	Parties   []string // that can be asked
	To        []string
	About     string // "north/14", as people write it, or empty
	Values    map[string]string
	Preview   *accord.Notice // what the other side will read; nil until it is whole
	Rings     bool
	Ack       time.Duration // within which an acknowledgement is asked, by the rules
	Refusal   *statement.Refusal
}

// Value is what was written for a blank.
func (p notifyPage) Value(name string) string { return p.Values[name] }

// Empty are the blanks that nothing was written for, once somebody has tried.
func (p notifyPage) Empty() (names []string) {
	for _, name := range p.Template.Blanks() {
		if p.Refusal != nil && p.Values[name] == "" {
			names = append(names, name)
		}
	}
	return names
}

// Blank is the name of the form's field for a blank.
func (p notifyPage) Blank(name string) string { return "blank." + name }

func (c *Console) notifyRoutes() []route {
	return []route{
		{"GET /line/new", readers, c.notify},
		{"POST /line/new", speakers, c.notifyPreview},
		{"POST /line/draft", speakers, c.notifyDraft},
		{"POST /line/check", speakers, c.lineCheck},
		{"POST /line/{party}/{index}/ack", speakers, c.acknowledge},
	}
}

// notify shows the composer, with what a link to it has chosen already.
func (c *Console) notify(v *visit) error {
	p, _, err := c.noticeOf(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	p.Preview, p.Refusal = nil, nil
	return c.render(v, http.StatusOK, "notify", frame{Title: "notify.title", Up: "/line", Body: p})
}

func (c *Console) notifyPreview(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	p, _, err := c.noticeOf(v, v.r.PostForm)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "notify", frame{Title: "notify.title", Up: "/line", Body: p})
}

// notifyDraft lays the notice before the officers.
func (c *Console) notifyDraft(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	p, about, err := c.noticeOf(v, v.r.PostForm)
	if err != nil {
		return err
	}
	if p.Preview == nil {
		return c.render(v, http.StatusOK, "notify", frame{Title: "notify.title", Up: "/line", Body: p})
	}
	id, err := v.source.Lines().Notify(v.r.Context(), v.user, *p.Preview, about)
	if err != nil {
		return err
	}
	return v.see("/drafts/" + id)
}

// lineCheck drafts a test notice to all others: a person there is to sign that it
// was seen.
func (c *Console) lineCheck(v *visit) error {
	form := url.Values{"template": {accord.LevelTest}}
	p, _, err := c.noticeOf(v, form)
	if err != nil {
		return err
	}
	form["to"] = p.Parties
	p, about, err := c.noticeOf(v, form)
	if err != nil {
		return err
	}
	if p.Preview == nil {
		return p.Refusal
	}
	id, err := v.source.Lines().Notify(v.r.Context(), v.user, *p.Preview, about)
	if err != nil {
		return err
	}
	return v.see("/drafts/" + id)
}

// acknowledge drafts that somebody here saw a notice, which is no agreement.
func (c *Console) acknowledge(v *visit) error {
	p, err := c.noticeAt(v)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Calls, callRow.ToAck) {
		return statement.Refuse(statement.CodeState, "this notice does not ask the own side, or is acknowledged")
	}
	id, err := v.source.Lines().Acknowledge(v.r.Context(), v.user, p.Ref)
	if err != nil {
		return err
	}
	return v.see("/drafts/" + id)
}

// noticeOf reads what a form has chosen, and makes the notice if that is whole.
func (c *Console) noticeOf(v *visit, form url.Values) (notifyPage, []Ref, error) {
	l, err := v.source.Lines().Line(v.r.Context())
	if err != nil {
		return notifyPage{}, nil, err
	}
	p := notifyPage{Self: l.Self, Templates: accord.NoticeTemplates(), About: filterText(form, "about"), Values: map[string]string{}}
	i := max(0, slices.IndexFunc(p.Templates, func(t accord.NoticeTemplate) bool { return t.ID == form.Get("template") }))
	p.Template = p.Templates[i]
	for _, one := range l.Charter().Parties {
		if one.ID != l.Self && one.Role == charter.RoleParty {
			p.Parties = append(p.Parties, one.ID)
		}
	}
	for _, to := range slices.Compact(slices.Sorted(slices.Values(form["to"]))) {
		if slices.Contains(p.Parties, to) {
			p.To = append(p.To, to)
		}
	}
	about, err := aboutOf(p.About)
	if err != nil {
		return p, nil, err
	}
	for _, name := range p.Template.Blanks() {
		p.Values[name] = strings.TrimSpace(form.Get(p.Blank(name)))
	}
	if p.Values["notice"] == "" && p.About != "" && slices.Contains(p.Template.Blanks(), "notice") {
		p.Values["notice"] = p.About
	}
	p.fill(l)
	return p, about, nil
}

// fill makes the notice, or says why there is none yet.
func (p *notifyPage) fill(l LineRecord) {
	n, err := p.Template.Fill(p.Values)
	if err == nil && len(p.To) == 0 {
		err = statement.Refuse(statement.CodeRecipient, "to whom?")
	}
	if err == nil && n.Corrects && p.About == "" {
		err = statement.Refuse(statement.CodeField, "which notice is corrected?")
	}
	if err != nil {
		p.Refusal, _ = statement.AsRefusal(err)
		return
	}
	n.To, n.AckBy = p.To, accord.At(l.Now().Truncate(time.Second)) // the rules give more, and they count
	p.Preview, p.Rings, p.Ack = &n, accord.Rings(n, accord.LabelNone), time.Duration(l.Rules(l.Now()).Clocks.AckWithin(n.Level))*time.Second
}

// aboutOf reads PARTY/N, or nothing.
func aboutOf(s string) ([]Ref, error) {
	if s == "" {
		return nil, nil
	}
	party, number, ok := strings.Cut(s, "/")
	index, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil {
		return nil, statement.Refuse(statement.CodeField, "a statement is named as in north/14")
	}
	return []Ref{{party, index}}, nil
}
