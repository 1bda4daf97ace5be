package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// Cases is the part of a node that shows cases and days. A user sees a case only
// if all of it may be seen: what follows from a case follows from all of it.
type Cases interface {
	// CaseList returns every case that the user may see, in no order. It is not
	// changed by whoever gets it.
	CaseList(ctx context.Context) (CaseList, error)
	// Case returns the record in which a case stands: now, or as of an instant
	// as it could be known then. ErrNotFound for a case that is not there.
	Case(ctx context.Context, id string, at time.Time) (CaseRecord, error)
	// Shared returns exactly what another party has of what the own side said in a
	// case, ErrNotFound for whom the charter does not name.
	Shared(ctx context.Context, c CaseRecord, party string) (Shared, error)
	// Report returns the report of a UTC day. It speaks of everything at once, so
	// whoever may not see everything is refused.
	Report(ctx context.Context, day time.Time) (DayReport, error)
	// DaySTIX returns the cases in which something was said on a day as one STIX
	// bundle, as far as the user may see them.
	DaySTIX(ctx context.Context, day time.Time) ([]byte, error)
	// AddIndicators keeps indicators that somebody writes down in a case as a draft of
	// the own side alone, filed under the case, and returns its place in the own log.
	// All are kept or none; what is no value is a *statement.Refusal.
	AddIndicators(ctx context.Context, by User, id string, q QuickAdd) (draft uint64, err error)
	// Reveal opens an own sealed statement of the case, by its number in the own log,
	// to every other party. ErrNotFound for what is none.
	Reveal(ctx context.Context, by User, id string, index uint64) error
	// ExportCase gives what of a case may go to a tool of the own side, as "stix" or
	// "misp", and how many statements stay. ErrNotFound for a case that is not there.
	ExportCase(ctx context.Context, id, format string) (data []byte, left int, err error)
}

// CaseList is every case.
type CaseList struct {
	Self  string
	Now   time.Time
	Cases []accord.CaseSummary
}

// CaseRecord is a record in which one case stands.
type CaseRecord struct {
	*accord.Record
	ID   string
	Self string
}

// refOf is ref for pages.
func refOf(c CaseRecord, r statement.Ref) Ref { return c.ref(r) }

// ref is the place of a statement as pages name it; the zero Ref for one that the
// charter does not know.
func (c CaseRecord) ref(r statement.Ref) Ref {
	p, _ := c.Charter().ByOrigin(r.Origin)
	return Ref{p.ID, r.Index}
}

func (c *Console) caseRoutes() []route {
	return []route{
		{"GET /cases", readers, c.cases},
		{"GET /cases/{id}", readers, c.caseTimeline},
		{"GET /cases/{id}/accounts", readers, c.caseAccounts},
		{"GET /cases/{id}/matrix", readers, c.caseMatrix},
		{"GET /cases/{id}/actions", readers, c.caseActions},
		{"GET /cases/{id}/shared", readers, c.caseShared},
		{"GET /cases/{id}/comparison", readers, c.caseComparison},
		{"GET /cases/{id}/export/{format}", readers, c.exportCase},
		{"POST /cases/{id}/indicators", deciders, c.quickAdd},
		{"POST /cases/{id}/reveal", speakers, c.reveal},
	}
}

// casesPage is the body of the list.
type casesPage struct {
	Self     string
	Kinds    []accord.CaseKind
	Query    caseQuery
	Groups   []caseGroup
	Pager    pager
	Filtered bool
}

// caseQuery is the filter of the list. Zero fields do not filter.
type caseQuery struct {
	Text string
	Kind accord.CaseKind
	Open bool // only what waits for somebody
}

// caseGroup is what stands together in the list: what waits for the own side, for
// others, or for nobody.
type caseGroup struct {
	Key  string // catalogue key below "case.group."
	Rows []accord.CaseSummary
}

func (c *Console) cases(v *visit) error {
	all, err := v.source.Cases().CaseList(v.r.Context())
	if err != nil {
		return err
	}
	get := v.r.URL.Query()
	q := caseQuery{Text: filterText(get, "q"), Open: get.Get("open") == "1"}
	if k := accord.CaseKind(get.Get("kind")); slices.Contains(accord.CaseKinds(), k) {
		q.Kind = k
	}
	rows := slices.DeleteFunc(slices.Clone(all.Cases), func(s accord.CaseSummary) bool { return !q.takes(s) })
	sortCases(all.Self, rows)
	p := casesPage{Self: all.Self, Kinds: accord.CaseKinds(), Query: q, Filtered: q != (caseQuery{})}
	rows, p.Pager = onPage(v, rows)
	p.Groups = groupCases(all.Self, rows)
	return c.render(v, http.StatusOK, "cases", frame{Title: "nav.cases", Live: "record", Body: p})
}

// takes reports whether a case passes the filter.
func (q caseQuery) takes(s accord.CaseSummary) bool {
	if q.Kind != "" && s.Kind != q.Kind || q.Open && len(s.Owner) == 0 {
		return false
	}
	if q.Text == "" || strings.Contains(s.Case, q.Text) {
		return true
	}
	for _, text := range s.Title {
		if strings.Contains(strings.ToLower(text), strings.ToLower(q.Text)) {
			return true
		}
	}
	return false
}

// caseWait is the place of a case's group.
func caseWait(self string, s accord.CaseSummary) int {
	switch {
	case slices.Contains(s.Owner, self):
		return 0
	case len(s.Owner) > 0:
		return 1
	}
	return 2
}

// sortCases puts first what waits for the own side, then what waits for others;
// within each what is due next, then what was last spoken of.
func sortCases(self string, rows []accord.CaseSummary) {
	due := func(s accord.CaseSummary) int64 {
		if s.Due == 0 {
			return 1<<63 - 1
		}
		return s.Due
	}
	slices.SortFunc(rows, func(a, b accord.CaseSummary) int {
		return cmp.Or(cmp.Compare(caseWait(self, a), caseWait(self, b)), cmp.Compare(due(a), due(b)), cmp.Compare(b.Last, a.Last), strings.Compare(a.Case, b.Case))
	})
}

func groupCases(self string, rows []accord.CaseSummary) []caseGroup {
	var list []caseGroup
	for _, s := range rows {
		key := []string{"yours", "others", "rest"}[caseWait(self, s)]
		if n := len(list); n == 0 || list[n-1].Key != key {
			list = append(list, caseGroup{Key: key})
		}
		last := &list[len(list)-1]
		last.Rows = append(last.Rows, s)
	}
	return list
}

// casePath is the page of a case, or of one of its tabs.
func casePath(id, tab string) string {
	if tab == "" || tab == caseTimeline {
		return "/cases/" + url.PathEscape(id)
	}
	return "/cases/" + url.PathEscape(id) + "/" + tab
}

// The tabs of a case.
const caseTimeline = "timeline"

// caseHead is what every tab of a case says of it.
type caseHead struct {
	accord.CaseSummary
	Self   string
	Tab    string
	Asked  []time.Time // as of which it is shown, the newest last; empty: now
	Unsaid bool        // nothing had been said in it then
	Clock  clock
	Others []Present // of the own side, beside the reader
}

// caseSharedTab is the tab that is shown as it stands now alone.
const caseSharedTab = "shared"

// caseAt reads the case that an address names, as of the last of the instants that it
// asks for.
func (c *Console) caseAt(v *visit, tab string) (CaseRecord, caseHead, error) {
	id := v.r.PathValue("id")
	if len(id) > maxText {
		return CaseRecord{}, caseHead{}, ErrNotFound
	}
	asked, err := instants(v.r.URL.Query())
	if err != nil {
		return CaseRecord{}, caseHead{}, err
	}
	now, err := v.source.Cases().Case(v.r.Context(), id, time.Time{})
	if err != nil {
		return now, caseHead{}, err
	}
	s, ok := now.CaseSummary(id)
	if !ok {
		return now, caseHead{}, ErrNotFound
	}
	c.present.mark(Present{Case: id, User: v.user.Name})
	head := caseHead{CaseSummary: s, Self: now.Self, Tab: tab, Others: c.present.others(id, v.user.Name)}
	if tab == caseSharedTab {
		return now, head, nil
	}
	r, at := now, time.Time{}
	if len(asked) > 0 {
		at = asked[len(asked)-1]
		if r, err = v.source.Cases().Case(v.r.Context(), id, at); err != nil {
			return r, head, err
		}
		then, ok := r.CaseSummary(id)
		if head.Unsaid = !ok; ok {
			head.CaseSummary = then
		}
	}
	head.Asked, head.Clock = asked, clockAt(casePath(id, tab), at, now.instantsOf())
	return r, head, nil
}

const mediaSTIX = "application/stix+json;version=2.1"

// exportCase gives one case to another tool.
func (c *Console) exportCase(v *visit) error {
	id, format := v.r.PathValue("id"), v.r.PathValue("format")
	media := map[string]string{"stix": mediaSTIX, "misp": "application/json"}[format]
	if media == "" || len(id) > maxText {
		return ErrNotFound
	}
	data, _, err := v.source.Cases().ExportCase(v.r.Context(), id, format)
	if err != nil {
		return err
	}
	return v.file(media, "case-"+id+"."+format+".json", data)
}
