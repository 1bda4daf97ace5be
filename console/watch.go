package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// watchPage is the body of the Watch screen.
type watchPage struct {
	Query    WatchQuery
	Watch    Watch
	Tabs     []tab
	Pager    pager
	Filtered bool
	Decides  bool
	Observer bool
	Lines    Ledger // sum of the ledger
	Lag      int64
	Sources  []Ledger // those that pass the filter
	Givers   []string
	Clear    string
}

// tab is one of the lists of the Watch screen.
type tab struct {
	View    View
	Path    string
	Count   int
	Current bool
}

// pager says which rows of how many are shown and where the others are.
type pager struct {
	From, To, Total int
	Prev, Next      string
}

const maxPage = 10_000

// page reads the page number, from 1.
func page(q url.Values) int {
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 1 || n > maxPage {
		return 1
	}
	return n
}

// newPager keeps the filter of the address in its links.
func newPager(u *url.URL, rows, total int) pager {
	q := u.Query()
	n := page(q)
	at := func(n int) string {
		q.Set("page", strconv.Itoa(n))
		return u.Path + "?" + q.Encode()
	}
	p := pager{From: (n-1)*PerPage + 1, To: (n-1)*PerPage + rows, Total: total}
	if n > 1 {
		p.Prev = at(n - 1)
	}
	if p.To < total && n < maxPage {
		p.Next = at(n + 1)
	}
	return p
}

// onPage cuts the page that the address asks for out of a whole list.
func onPage[T any](v *visit, all []T) ([]T, pager) {
	from := min((page(v.r.URL.Query())-1)*PerPage, len(all))
	rows := all[from:min(from+PerPage, len(all))]
	return rows, newPager(v.r.URL, len(rows), len(all))
}

// filterText takes a filter from the address; what is too long is cut.
func filterText(q url.Values, name string) string {
	s := strings.TrimSpace(q.Get(name))
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "")
}

func watchQuery(q url.Values) WatchQuery {
	w := WatchQuery{
		View: View(q.Get("view")), Text: filterText(q, "q"), Giver: filterText(q, "giver"),
		Limit: PerPage, Offset: (page(q) - 1) * PerPage,
	}
	if !slices.Contains(views(), w.View) {
		w.View = ViewIncidents
	}
	switch w.View {
	case ViewIncidents:
		if s := IncidentState(q.Get("state")); slices.Contains(incidentStates(), s) {
			w.Incident = s
		}
	case ViewAlerts:
		if s := State(q.Get("state")); slices.Contains(alertStates(), s) {
			w.State = s
		}
	case ViewHeld:
		w.Reason = filterText(q, "reason")
	}
	return w
}

func views() []View {
	return []View{ViewIncidents, ViewAlerts, ViewHeld, ViewReceived, ViewRules, ViewSources}
}

func alertStates() []State { return append([]State{StateNone, StateWaiting}, fourWords()...) }

func (c *Console) watch(v *visit) error {
	q := watchQuery(v.r.URL.Query())
	w, err := v.source.Watch(v.r.Context(), q)
	if err != nil {
		return err
	}
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	p := watchPage{
		Query: q, Watch: w, Decides: v.user.decides(), Observer: h.Observer, Givers: append([]string{h.Party}, h.Partners...),
		Filtered: q.Text != "" || q.Giver != "" || q.State != "" || q.Incident != "" || q.Reason != "",
		Clear:    "/watch?view=" + string(q.View),
	}
	p.add(w.Ledger)
	counts := map[View]int{
		ViewIncidents: w.Counts.Incidents, ViewAlerts: w.Counts.Alerts, ViewHeld: w.Counts.HeldBack,
		ViewReceived: w.Counts.Received, ViewRules: w.Counts.Rules, ViewSources: len(w.Ledger),
	}
	for _, view := range views() {
		p.Tabs = append(p.Tabs, tab{view, "/watch?view=" + string(view), counts[view], view == q.View})
	}
	p.Pager = newPager(v.r.URL, len(w.Incidents)+len(w.Alerts)+len(w.HeldBack)+len(w.Received)+len(w.Rules), w.Matching)
	return c.render(v, http.StatusOK, "watch", frame{Title: "nav.watch", Live: "watch", Body: p})
}

// add sums the ledger and picks the sources that pass the filter.
func (p *watchPage) add(ledger []Ledger) {
	text := strings.ToLower(p.Query.Text)
	for _, l := range ledger {
		p.Lines.Read += l.Read
		p.Lines.Matched += l.Matched
		p.Lines.Clean += l.Clean
		p.Lines.Unparsed += l.Unparsed
		p.Lines.Dropped += l.Dropped
		p.Lag += l.Lag
		if strings.Contains(strings.ToLower(l.Name+" "+l.File+" "+l.Format), text) {
			p.Sources = append(p.Sources, l)
		}
	}
}

// alertPage is the body of the page of one alert.
type alertPage struct {
	Alert   Alert
	Decides bool
}

func (c *Console) alert(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	a, err := v.source.Alert(v.r.Context(), id)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "alert", frame{
		Title: "alert.title", Live: "watch", Up: "/watch", Body: alertPage{a, v.user.decides()},
	})
}

// itemID checks an id of a Source before it is used.
func itemID(s string) (string, error) {
	if s == "" || len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '/' || r == '?' || r == '#' || r == '%'
	}) {
		return "", errBadForm
	}
	return s, nil
}

// itemIDs reads the ids that a form has marked.
func itemIDs(form url.Values) ([]string, error) {
	ids := form["id"]
	if len(ids) == 0 || len(ids) > MaxBatch {
		return nil, errBadForm
	}
	for _, id := range ids {
		if _, err := itemID(id); err != nil {
			return nil, err
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func (c *Console) releaseOne(v *visit) error {
	id, err := itemID(v.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	if err := v.source.Release(v.r.Context(), v.user, []string{id}); err != nil {
		return err
	}
	return v.see("/watch/alert/" + url.PathEscape(id))
}

func (c *Console) release(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	ids, err := itemIDs(v.r.PostForm)
	if err != nil {
		return err
	}
	if err := v.source.Release(v.r.Context(), v.user, ids); err != nil {
		return err
	}
	return v.see("/watch?view=" + string(ViewAlerts))
}

func (c *Console) accept(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	ids, err := itemIDs(v.r.PostForm)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	if len(reason) < 3 || len(reason) > MaxReason || strings.ToValidUTF8(reason, "") != reason {
		return errBadForm
	}
	if err := v.source.Accept(v.r.Context(), v.user, ids, reason); err != nil {
		return err
	}
	return v.see("/watch?view=" + string(ViewHeld))
}
