package node

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/api"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/statement"
	"entente/watch/incident"
	"entente/watch/indicator"
)

// Limits of one search.
const (
	maxSearchFound = 500
	searchFound    = 20 // where no limit is given
	searchBytes    = 1 << 30
	searchTime     = 10 * time.Second // in the archive, and once more in each database
)

// search is one request, checked.
type search struct {
	on    screens // what it may find
	text  sqlite.Text
	value observable.Value // of no type: other text
	limit int
	told  func(done, total int64)
	bytes int64
	until time.Duration
}

// Search says where a text stands: in the archive, a value by its index and
// other text in the lines, in what is known of own logs, and in the statements
// that this node can read.
func (c control) Search(ctx context.Context, r api.SearchRequest, told func(done, total int64)) (api.SearchResult, error) {
	began := time.Now()
	var out api.SearchResult
	s, err := c.n.whole().newSearch(r, told)
	if err != nil {
		return out, err
	}
	if s.value.Type != "" {
		out.Type, out.Value = string(s.value.Type), s.value.Canonical
	}
	in := r.In
	if len(in) == 0 {
		in = api.SearchPlaces()
	}
	if slices.Contains(in, api.InArchive) {
		if out.Archive, err = s.archive(ctx); err != nil {
			return out, err
		}
	}
	if slices.Contains(in, api.InAlerts) {
		if out.Alerts, err = s.alerts(ctx); err != nil {
			return out, err
		}
	}
	if slices.Contains(in, api.InStatements) {
		if out.Statements, err = s.statements(ctx); err != nil {
			return out, err
		}
	}
	out.Seconds = float64(time.Since(began).Microseconds()) / 1e6
	return out, nil
}

func (on screens) newSearch(r api.SearchRequest, told func(done, total int64)) (*search, error) {
	switch {
	case strings.TrimSpace(r.Text) == "":
		return nil, statement.Refuse(statement.CodeRequest, "search for what? the text is empty")
	case len(r.Text) > api.MaxSearchText:
		return nil, statement.Refuse(statement.CodeSize, "a text of %d bytes; search for at most %d", len(r.Text), api.MaxSearchText)
	case !utf8.ValidString(r.Text) || strings.ContainsFunc(r.Text, unicode.IsControl):
		return nil, statement.Refuse(statement.CodeRequest, "search for text without control characters")
	case r.Limit < 0 || r.Limit > maxSearchFound:
		return nil, statement.Refuse(statement.CodeRequest, "limit is a number from 0 to %d", maxSearchFound)
	}
	for _, place := range r.In {
		if !slices.Contains(api.SearchPlaces(), place) {
			return nil, statement.Refuse(statement.CodeRequest, "no place %.40q; search in %s", place, strings.Join(api.SearchPlaces(), ", "))
		}
	}
	s := &search{on: on, text: sqlite.Text{Given: r.Text, Canonical: r.Text}, limit: cmp.Or(r.Limit, searchFound), told: told, bytes: searchBytes, until: searchTime}
	if v, err := observable.Detect(r.Text); err == nil && !r.Plain {
		s.value, s.text.Canonical = v, v.Canonical
	}
	return s, nil
}

// alerts looks at incidents and at the items behind them.
func (s *search) alerts(ctx context.Context) (*api.SearchAlerts, error) {
	bounded, end := context.WithTimeout(ctx, s.until)
	defer end()
	out := &api.SearchAlerts{Incidents: []incident.Incident{}, Items: []api.Alert{}}
	err := s.alertsInto(bounded, out)
	out.Stopped, err = outOfTime(ctx, bounded, err)
	return out, err
}

// outOfTime makes a word of an error that came of the time being up.
func outOfTime(ctx, bounded context.Context, err error) (string, error) {
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return api.StoppedTime, nil
	}
	return "", err
}

func (s *search) alertsInto(ctx context.Context, out *api.SearchAlerts) error {
	n, on := s.on.n, s.on
	found := make(map[string]bool)
	for _, text := range slices.Compact([]string{s.text.Canonical, s.text.Given}) {
		list, total, err := on.seen.Incidents(ctx, sqlite.IncidentQuery{Text: text, Limit: s.limit})
		if err != nil {
			return err
		}
		for _, i := range list {
			if !found[i.ID] {
				found[i.ID] = true
				out.Incidents = append(out.Incidents, i.Incident)
			}
		}
		out.TotalIncidents = max(out.TotalIncidents, total)
	}
	slices.SortStableFunc(out.Incidents, func(a, b incident.Incident) int { return cmp.Compare(b.Last, a.Last) })
	out.Incidents = out.Incidents[:min(len(out.Incidents), s.limit)]
	list := n.lists.get()
	groups, err := on.seen.SearchGroups(ctx, s.text, s.limit+1, func(k sqlite.Key) bool {
		i, ok := list.byKey[k]
		return ok && on.sees(list.entries[i]) && s.inEntry(list.entries[i])
	})
	if err != nil {
		return err
	}
	if out.More = len(groups) > s.limit; out.More {
		groups = groups[:s.limit]
	}
	for _, g := range groups {
		a, err := on.alert(ctx, list, g)
		if err != nil {
			return err
		}
		one, err := on.apiAlert(ctx, a)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, one)
	}
	return nil
}

// inEntry says that an item's list, note or title holds the text.
func (s *search) inEntry(e entry) bool {
	return holdsText(e.name, s.text.Given) || holdsText(e.item.Note, s.text.Given) || holdsText(e.title, s.text.Given)
}

// statements looks at what the record says.
func (s *search) statements(ctx context.Context) (*api.SearchStatements, error) {
	bounded, end := context.WithTimeout(ctx, s.until)
	defer end()
	out := &api.SearchStatements{Items: []api.SearchStatement{}}
	list, err := s.on.n.view.SearchStatements(bounded, s.on.lens, s.text, s.limit+1)
	if out.Stopped, err = outOfTime(ctx, bounded, err); err != nil {
		return out, err
	}
	if out.More = len(list) > s.limit; out.More {
		list = list[:s.limit]
	}
	for _, f := range list {
		one := api.SearchStatement{Party: f.Party, Index: f.Index, Time: f.Time, Kind: f.Kind, Case: f.Case, Where: shorten(f.Where, 300)}
		var body indicator.ListBody
		if handsOn(f.Kind) && json.Unmarshal(f.Body, &body) == nil {
			one.List = body.Name
		}
		if f.Item >= 0 {
			items, err := s.on.n.view.Items(ctx, f.Origin, f.Index)
			if err != nil {
				return out, err
			}
			if f.Item < len(items) {
				one.Item = &api.HuntValue{Type: items[f.Item].Type, Value: shorten(items[f.Item].Value, 300)}
			}
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

// shorten keeps the first bytes of a text, whole letters.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
