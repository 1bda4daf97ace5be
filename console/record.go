package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

var partyID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// recordPage is the body of the Record screen.
type recordPage struct {
	Query    RecordQuery
	Record   Record
	Parties  []string
	Words    []word
	Pager    pager
	Filtered bool
	// Housekeeping is how many own leaves are no statement of the four words.
	Housekeeping uint64
	Other        string // path of the same list with, or without, housekeeping
	Dir          string // data folder, as a shell takes it
}

// word is one of the four words with how many own statements have reached it.
type word struct {
	State State
	Count int
}

func (c *Console) record(v *visit) error {
	get := v.r.URL.Query()
	q := RecordQuery{
		Party: filterText(get, "party"), Kind: filterText(get, "kind"), Text: filterText(get, "q"),
		All:   get.Get("all") == "1",
		Limit: PerPage, Offset: (page(get) - 1) * PerPage,
	}
	if s := State(get.Get("state")); slices.Contains(fourWords(), s) {
		q.State = s
	}
	r, err := v.source.Record(v.r.Context(), q)
	if err != nil {
		return err
	}
	p := recordPage{
		Other: otherList(v.r.URL, q.All), Dir: c.dir,
		Query: q, Record: r, Parties: []string{r.Own.Party},
		Filtered: q.Party != "" || q.Kind != "" || q.Text != "" || q.State != "",
		Pager:    newPager(v.r.URL, len(r.Statements), r.Matching),
		Words: []word{
			{StateLogged, r.Own.Logged},
			{StateWitnessed, r.Own.Witnessed},
			{StateHeld, r.Own.Held},
			{StateAcknowledged, r.Own.Acknowledged},
		},
	}
	if n := uint64(max(r.Own.Logged, 0)); r.Own.Size > n {
		p.Housekeeping = r.Own.Size - n
	}
	for _, l := range r.Partners {
		p.Parties = append(p.Parties, l.Party)
	}
	return c.render(v, http.StatusOK, "record", frame{Title: "nav.record", Live: "record", Body: p})
}

// otherList is the address with the rest of its filter and, unless all is
// set, with housekeeping.
func otherList(u *url.URL, all bool) string {
	q := u.Query()
	q.Del("page")
	q.Del("all")
	if !all {
		q.Set("all", "1")
	}
	if len(q) == 0 {
		return u.Path
	}
	return u.Path + "?" + q.Encode()
}

// place reads which statement an address names.
func place(v *visit) (party string, index uint64, err error) {
	party = v.r.PathValue("party")
	index, err = strconv.ParseUint(v.r.PathValue("index"), 10, 63)
	if err != nil || !partyID.MatchString(party) {
		return "", 0, ErrNotFound
	}
	return party, index, nil
}

func (c *Console) statement(v *visit) error {
	party, index, err := place(v)
	if err != nil {
		return err
	}
	s, err := v.source.Statement(v.r.Context(), party, index)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "statement", frame{Title: "statement.title", Live: "record", Up: "/record", Body: s})
}

// bundle hands out the offline proof as a file, never as a page.
func (c *Console) bundle(v *visit) error {
	party, index, err := place(v)
	if err != nil {
		return err
	}
	data, err := v.source.Bundle(v.r.Context(), party, index)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d.bundle"`, party, index))
	h.Set("Content-Length", strconv.Itoa(len(data)))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(data) // an error means that the browser has gone
	return nil
}
