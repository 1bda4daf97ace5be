package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entente/border"
	"entente/statement"
)

// maxLists is how many bytes a form with lists of items may have.
const maxLists = 32 << 20

// matchForm is what was typed of an offer, a consent or a commitment, and what
// is wrong with it.
type matchForm struct {
	To, Purpose, Class, Mode, Observer, Audit, Hours, Text, UpTo string

	Days, Budget string // of a watchlist
	Echo         bool

	Types   []string // chosen of the class; none: all
	Exclude []string // digests of warning lists
	Release bool
	Chosen  []string // roots of stocks
	Stocks  []MatchStock
	Refused *statement.Refusal
}

// offerPage is the body of the form of an offer.
type offerPage struct {
	MatchRuns
	Form   matchForm
	Never  []string
	Speaks bool
}

func (c *Console) matchNew(v *visit) error {
	q := v.r.URL.Query()
	f := matchForm{To: filterText(q, "to"), Purpose: filterText(q, "purpose"), Class: filterText(q, "class"), Mode: "names", Hours: "1", UpTo: "0"}
	return c.showOffer(v, http.StatusOK, f)
}

func (c *Console) showOffer(v *visit, status int, f matchForm) error {
	p, err := v.offering(f)
	if err != nil {
		return err
	}
	return c.render(v, status, "matchnew", frame{Title: "match.new", Up: "/match", Body: p})
}

// offering is the page of a form for a match or a watchlist, with the first class and the only partner chosen where none is.
func (v *visit) offering(f matchForm) (offerPage, error) {
	all, err := v.source.Matches().Runs(v.r.Context(), 0, 0)
	if err != nil {
		return offerPage{}, err
	}
	f.Stocks = all.Stocks
	if f.Class == "" && len(all.Classes) > 0 {
		f.Class = all.Classes[0].Name
	}
	if f.To == "" && len(all.Partners) == 1 {
		f.To = all.Partners[0]
	}
	return offerPage{MatchRuns: all, Form: f, Never: border.MatchNever(), Speaks: v.user.speaks() && all.Party}, nil
}

// matchOffer takes the form and shows the run, or the draft that asks for it.
func (c *Console) matchOffer(v *visit) error {
	form, list, err := v.lists()
	if err != nil {
		return err
	}
	f := formOf(form)
	o, err := offerOf(f, list)
	if err == nil {
		o.Types, err = typesOf(f)
	}
	var made MatchMade
	if err == nil {
		made, err = v.source.Matches().Offer(v.r.Context(), v.user, o)
	}
	if r, refused := statement.AsRefusal(err); refused {
		f.Refused = r
		return c.showOffer(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.seeMade(made)
}

// matchConsent answers a partner's offer with the own list.
func (c *Console) matchConsent(v *visit) error {
	form, list, err := v.lists()
	if err != nil {
		return err
	}
	r, err := v.source.Matches().Run(v.r.Context(), v.r.PathValue("run"))
	if err != nil {
		return err
	}
	f := formOf(form)
	list.UpTo, err = number(f.UpTo, "up_to")
	var made MatchMade
	if err == nil {
		made, err = v.source.Matches().Consent(v.r.Context(), v.user, r.ID, list)
	}
	if no, refused := statement.AsRefusal(err); refused {
		f.Refused = no
		return c.showRun(v, http.StatusUnprocessableEntity, r, f)
	}
	if err != nil {
		return err
	}
	return v.seeMade(made)
}

// stockPage is the body of the form of a commitment.
type stockPage struct {
	MatchRuns
	Form   matchForm
	Speaks bool
	Made   *MatchMade
}

func (c *Console) matchStock(v *visit) error {
	return c.showStock(v, http.StatusOK, matchForm{Class: filterText(v.r.URL.Query(), "class")})
}

func (c *Console) showStock(v *visit, status int, f matchForm) error {
	all, err := v.source.Matches().Runs(v.r.Context(), 0, 0)
	if err != nil {
		return err
	}
	if f.Class == "" && len(all.Classes) > 0 {
		f.Class = all.Classes[len(all.Classes)-1].Name // who comes here needs it for what must be old
	}
	p := stockPage{MatchRuns: all, Form: f, Speaks: v.user.speaks() && all.Party, Made: madeOf(v.r.URL.Query().Get("read"))}
	return c.render(v, status, "matchstock", frame{Title: "match.stock", Up: "/match", Body: p})
}

func (c *Console) matchCommit(v *visit) error {
	form, list, err := v.lists()
	if err != nil {
		return err
	}
	f := formOf(form)
	types, err := typesOf(f)
	var made MatchMade
	if err == nil {
		made, err = v.source.Matches().Stock(v.r.Context(), v.user, types, list)
	}
	if r, refused := statement.AsRefusal(err); refused {
		f.Refused = r
		return c.showStock(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.see("/match/stock?read=" + made.read())
}

// lists reads a posted form with lists of items, as text and as files. Files
// stay in memory: what a party looks for is not put on a disk beside the node's.
func (v *visit) lists() (url.Values, MatchList, error) {
	var list MatchList
	kind, _, _ := strings.Cut(v.r.Header.Get("Content-Type"), ";")
	if kind != "multipart/form-data" {
		err := v.form()
		list.Text, list.Stocks = v.r.PostForm.Get("items"), v.r.PostForm["stock"]
		return v.r.PostForm, list, err
	}
	if err := v.r.ParseMultipartForm(maxLists); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, list, err
		}
		return nil, list, errBadForm
	}
	form := url.Values(v.r.MultipartForm.Value)
	list.Text, list.Stocks = form.Get("items"), form["stock"]
	for _, h := range v.r.MultipartForm.File["file"] {
		if h.Size == 0 && h.Filename == "" {
			continue // no file was chosen
		}
		f, err := h.Open()
		if err != nil {
			return nil, list, err
		}
		data, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, list, err
		}
		list.Files = append(list.Files, MatchFile{h.Filename, data})
	}
	return form, list, nil
}

func formOf(form url.Values) matchForm {
	get := func(name string) string { return strings.TrimSpace(strings.ToValidUTF8(form.Get(name), "")) }
	return matchForm{
		To: get("to"), Purpose: get("purpose"), Class: get("class"), Mode: get("mode"), Observer: get("observer"), Audit: get("audit"), Hours: get("hours"),
		Text: form.Get("items"), UpTo: get("up_to"), Types: form["type"], Chosen: form["stock"], Exclude: form["exclude"], Release: get("release") != "",
		Days: get("days"), Budget: get("budget"), Echo: get("echo") != "",
	}
}

// number reads a whole number of a form; nothing written is 0.
func number(s, name string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, statement.Refuse(statement.CodeField, "%s: a whole number", name)
	}
	return int(n), nil
}

func offerOf(f matchForm, list MatchList) (MatchOffer, error) {
	o := MatchOffer{To: f.To, Purpose: f.Purpose, Exclude: f.Exclude, Observer: f.Observer, Release: f.Release, List: list}
	switch f.Mode {
	case "count":
		o.Count = true
	case "names":
	default:
		return o, statement.Refuse(statement.CodeField, "mode: names or count")
	}
	var read readings
	for _, n := range []struct {
		text, name string
		to         *int
	}{{f.UpTo, "up_to", &o.List.UpTo}, {f.Audit, "audit", &o.Audit}} {
		var err error
		*n.to, err = number(n.text, n.name)
		read.keep(err)
	}
	hours, err := number(f.Hours, "hours")
	read.keep(err)
	if o.Step = int64(hours) * 3600; hours < 1 || hours > 7*24 {
		read.refuse("hours: 1 to %d", 7*24)
	}
	if o.Purpose == "" {
		read.refuse("purpose: say why, for both records")
	}
	if o.Release && o.Observer == "" {
		read.refuse("release: choose the observer who gives the names out")
	}
	if o.Release && o.Count {
		read.refuse("release: only names are given out, and this run asks for none")
	}
	return o, read.err
}

// typesOf are the types that a form chose of its class.
func typesOf(f matchForm) (types []string, err error) {
	all := border.MatchClasses()
	i := slices.IndexFunc(all, func(c border.MatchClass) bool { return c.Name == f.Class })
	if i < 0 {
		return nil, statement.Refuse(statement.CodeField, "class: choose one")
	}
	for _, chosen := range []bool{true, false} { // none chosen: all
		for _, t := range all[i].Types {
			if !chosen || slices.Contains(f.Types, string(t)) {
				types = append(types, string(t))
			}
		}
		if len(types) > 0 {
			break
		}
	}
	return types, nil
}

// read is what was read of a list, as an address carries it.
func (m MatchMade) read() string {
	return fmt.Sprintf("%d.%d.%d.%d.%d.%d", m.Items, m.Other, m.Common, m.NotAged, m.Skipped, m.Excluded)
}

// madeOf reads it again; nil for anything else.
func madeOf(s string) *MatchMade {
	f := strings.Split(s, ".")
	if len(f) != 6 {
		return nil
	}
	var m MatchMade
	for i, to := range []*int{&m.Items, &m.Other, &m.Common, &m.NotAged, &m.Skipped, &m.Excluded} {
		n, err := strconv.ParseUint(f[i], 10, 31)
		if err != nil {
			return nil
		}
		*to = int(n)
	}
	return &m
}

// seeMade leads to what was made: the sheet to sign, or the run.
func (v *visit) seeMade(m MatchMade) error {
	if m.Draft != "" {
		return v.see("/drafts/" + m.Draft)
	}
	return v.see("/match/" + m.Run + "?read=" + m.read())
}
