package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entente/border"
	"entente/statement"
)

// maxDrafts is how many drafts one share takes.
const maxDrafts = 32

// sharePage is the body of the composer: what is chosen, and what it comes to.
type sharePage struct {
	Share    Share
	Partners []string
	Markings []string
	Drafts   []Object // own drafts to choose from, one for each statement
	Preview  *Preview
	Refusal  *statement.Refusal
	Decides  bool
	Changed  bool // what was looked at is no longer what would go
}

func (c *Console) compose(v *visit) error {
	s, err := shareOf(v.r.URL.Query())
	if err != nil {
		return err
	}
	return c.composer(v, sharePage{Share: s})
}

// composer shows the form, and below it the preview or why there is none.
func (c *Console) composer(v *visit, p sharePage) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	p.Partners, p.Decides = h.Partners, v.user.decides()
	for _, m := range border.Markings() {
		p.Markings = append(p.Markings, string(m))
	}
	own, err := v.source.Border().Objects(v.r.Context(), ObjectsQuery{Scope: "own", Limit: 1000})
	if err != nil {
		return err
	}
	seen := map[uint64]bool{}
	for _, o := range slices.Backward(own.Rows) {
		if o.Draft && !seen[o.Ref.Index] && len(p.Drafts) < PerPage {
			seen[o.Ref.Index] = true
			p.Drafts = append(p.Drafts, o)
		}
	}
	return c.render(v, http.StatusOK, "share", frame{Title: "share.title", Up: "/objects", Body: p})
}

func (c *Console) preview(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	s, err := shareOf(v.r.PostForm)
	if err != nil {
		return err
	}
	return c.previewed(v, s, false)
}

func (c *Console) previewed(v *visit, s Share, changed bool) error {
	p := sharePage{Share: s, Changed: changed}
	shown, err := v.source.Border().Preview(v.r.Context(), v.user, s)
	refusal, refused := statement.AsRefusal(err)
	if err != nil && !refused {
		return err
	}
	p.Refusal, p.Preview = refusal, &shown
	return c.composer(v, p)
}

// send lets it go, if what would go is what was looked at.
func (c *Console) send(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	s, err := shareOf(v.r.PostForm)
	if err != nil {
		return err
	}
	digest := v.r.PostForm.Get("digest")
	if len(digest) != 64 || !isHex(digest) {
		return errBadForm
	}
	ref, err := v.source.Border().Send(v.r.Context(), v.user, s, digest)
	if refusal, ok := statement.AsRefusal(err); ok && refusal.Code == statement.CodeDigest {
		return c.previewed(v, s, true)
	}
	if err != nil {
		return err
	}
	return v.see(stmtPath(ref.Party, ref.Index))
}

// shareOf reads what the form of the composer, or a link to it, says.
func shareOf(form url.Values) (Share, error) {
	s := Share{Text: strings.TrimSpace(form.Get("text")), Name: filterText(form, "name"), Marking: form.Get("marking"), To: filterText(form, "to")}
	for _, d := range form["draft"] {
		index, err := strconv.ParseUint(d, 10, 63)
		if err != nil || len(s.Drafts) >= maxDrafts {
			return s, errBadForm
		}
		s.Drafts = append(s.Drafts, index)
	}
	if s.Marking != "" {
		if _, err := border.ParseMarking(s.Marking); err != nil {
			return s, errBadForm
		}
	}
	return s, nil
}
