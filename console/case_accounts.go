package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// maxTimes is how many instants one comparison is shown as of.
const maxTimes = 3

// accountsPage is the body of a case's accounts: what each party tells, thing by
// thing, and what the two come to, as of one or more instants.
type accountsPage struct {
	caseHead
	AsOf    []time.Time // of the columns of outcomes, the newest last
	Last    accord.Comparison
	Rows    []compareRow
	Sizes   []accord.LogSize
	Export  string // address of the same as Markdown
	Reading CaseRecord
	Speaks  bool // and it is shown as it stands now
}

// compareRow is one thing with its outcome at each instant; nil before anybody
// told of it.
type compareRow struct {
	accord.CompareRow
	Then []*accord.CompareRow
}

// instants reads up to three times as they stand in a body, parted by spaces.
func instants(q url.Values) ([]time.Time, error) {
	var list []time.Time
	for _, s := range strings.FieldsFunc(strings.Join(q["at"], " "), func(r rune) bool { return r == ' ' || r == ',' }) {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil || len(list) == maxTimes {
			return nil, statement.Refuse(statement.CodeField, "at: up to %d instants such as 2026-01-31T12:00:00Z", maxTimes)
		}
		list = append(list, at.UTC())
	}
	slices.SortFunc(list, time.Time.Compare)
	return slices.Compact(list), nil
}

// compared returns the comparisons of the case that an address names, as of the
// times that it asks for, and the record of the last.
func (c *Console) compared(v *visit) (accountsPage, []accord.Comparison, error) {
	last, head, err := c.caseAt(v, "accounts")
	if err != nil {
		return accountsPage{}, nil, err
	}
	p := accountsPage{caseHead: head, Reading: last}
	var list []accord.Comparison
	for _, at := range head.Asked[:max(0, len(head.Asked)-1)] {
		r, err := v.source.Cases().Case(v.r.Context(), last.ID, at)
		if err != nil {
			return p, nil, err
		}
		list = append(list, r.Compare(last.ID))
	}
	list = append(list, last.Compare(last.ID))
	for _, one := range list {
		p.AsOf = append(p.AsOf, unix(one.At))
	}
	return p, list, nil
}

func (c *Console) caseAccounts(v *visit) error {
	p, list, err := c.compared(v)
	if err != nil {
		return err
	}
	p.Last, p.Speaks = list[len(list)-1], len(p.Asked) == 0 && v.user.speaks()
	for _, row := range p.Last.Rows {
		one := compareRow{CompareRow: row}
		for _, c := range list {
			i := slices.IndexFunc(c.Rows, func(r accord.CompareRow) bool { return r.Key == row.Key })
			var then *accord.CompareRow
			if i >= 0 {
				then = &c.Rows[i]
			}
			one.Then = append(one.Then, then)
		}
		p.Rows = append(p.Rows, one)
	}
	for _, party := range p.Reading.Charter().Parties {
		p.Sizes = append(p.Sizes, accord.LogSize{Party: party.ID, Size: p.Last.Sizes[party.Origin]})
	}
	p.Export = casePath(p.Reading.ID, "comparison")
	if v.r.URL.RawQuery != "" {
		p.Export += "?" + v.r.URL.Query().Encode()
	}
	return c.render(v, http.StatusOK, "case_accounts", frame{Title: "case.title", Live: "record", Case: p.Case, Up: "/cases", Body: p})
}

// caseComparison hands out the same as a file, in the reader's language.
func (c *Console) caseComparison(v *visit) error {
	p, list, err := c.compared(v)
	if err != nil {
		return err
	}
	return v.file("text/markdown; charset=utf-8", "comparison-"+p.Reading.ID[:min(8, len(p.Reading.ID))]+"."+v.say.lang+".md", []byte(accord.CompareText(v.say.lexicon(), list)))
}

// file answers with something to keep, never with a page. The name is made here,
// of letters that need no quoting.
func (v *visit) file(media, name string, data []byte) error {
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Content-Length", strconv.Itoa(len(data)))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(data) // an error means that the browser has gone
	return nil
}

// lexicon is the catalogue for the texts that the accord derives.
func (c *catalogue) lexicon() accord.Lexicon {
	return accord.Lexicon{Lang: c.lang, Text: func(key string) string {
		if m, ok := c.texts[key]; ok && m.forms == nil {
			return m.text
		}
		return key
	}}
}

// outcome is a verdict in words, as of an instant.
func (c *catalogue) outcome(v accord.Verdict, at time.Time) string {
	return accord.VerdictText(c.lexicon(), v, at.Unix())
}

// amount is a quantity in figures.
func amount(q *accord.Quantity) string {
	if q == nil {
		return ""
	}
	sign := map[string]string{">=": "≥", "<=": "≤", "=": "", "?": ""}
	cmp, ok := sign[q.Cmp]
	if !ok {
		cmp = q.Cmp
	}
	if q.Cmp == "?" {
		return plain(q.Unit)
	}
	return strings.TrimSpace(cmp + " " + strconv.FormatInt(q.N, 10) + " " + plain(q.Unit))
}

// reveal opens an own sealed account or matrix, and leads back to where it stands.
func (c *Console) reveal(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	index, err := strconv.ParseUint(v.r.PostForm.Get("index"), 10, 53)
	if err != nil {
		return errBadForm
	}
	id := v.r.PathValue("id")
	if err := v.source.Cases().Reveal(v.r.Context(), v.user, id, index); err != nil {
		return err
	}
	if v.r.PostForm.Get("tab") == "matrix" {
		return v.see(casePath(id, "matrix"))
	}
	return v.see(casePath(id, "accounts"))
}
