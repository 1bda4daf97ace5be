package misphttp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// span is a stretch of time, both ends included; zero ends are open.
type span struct{ from, to time.Time }

func (s span) holds(t time.Time) bool {
	return (s.from.IsZero() || !t.Before(s.from)) && (s.to.IsZero() || !t.After(s.to))
}

// query is a search: what events and attributes must have.
type query struct {
	event, attribute filters
	metadata         bool // no attributes in the answer
	deleted          string
	toIDs            string
	published        string
	harmless         bool // enforceWarninglist: leave out what the gate holds
	context          bool // say of each attribute which event it is in
	eventTags        bool
	sightings        bool
	minimal          bool
	page, limit      int
	paged            bool
}

// filters are conditions on one sort of element, empty where none.
type filters struct {
	uuid, id, org, info, tags, value, typ, category, anywhere words
	objects                                                   words
	at, date, published                                       span
}

// known says what a filter's name does; one that is nil changes only what the
// answer carries beside, and is not needed here.
func known() map[string]func(q *query, name string, raw jsontext.Value, now time.Time) error {
	w := func(pick func(*query) *words) func(*query, string, jsontext.Value, time.Time) error {
		return func(q *query, name string, raw jsontext.Value, _ time.Time) (err error) {
			*pick(q), err = parseWords(name, raw)
			return err
		}
	}
	at := func(pick func(*query) *span) func(*query, string, jsontext.Value, time.Time) error {
		return func(q *query, name string, raw jsontext.Value, now time.Time) (err error) {
			*pick(q), err = parseSpan(name, raw, now)
			return err
		}
	}
	text := func(pick func(*query) *string) func(*query, string, jsontext.Value, time.Time) error {
		return func(q *query, name string, raw jsontext.Value, _ time.Time) (err error) {
			*pick(q), err = flags(name, raw)
			return err
		}
	}
	on := func(pick func(*query) *bool) func(*query, string, jsontext.Value, time.Time) error {
		return func(q *query, name string, raw jsontext.Value, _ time.Time) error {
			f, err := flags(name, raw)
			*pick(q) = f == "1"
			return err
		}
	}
	number := func(pick func(*query) *int) func(*query, string, jsontext.Value, time.Time) error {
		return func(q *query, name string, raw jsontext.Value, _ time.Time) (err error) {
			*pick(q), err = count(name, raw)
			return err
		}
	}
	return map[string]func(*query, string, jsontext.Value, time.Time) error{
		"page": number(func(q *query) *int { return &q.page }), "limit": number(func(q *query) *int { return &q.limit }),
		"value": w(func(q *query) *words { return &q.attribute.value }), "attribute": w(func(q *query) *words { return &q.attribute.value }),
		"type":     w(func(q *query) *words { return &q.attribute.typ }),
		"category": w(func(q *query) *words { return &q.attribute.category }), "object_name": w(func(q *query) *words { return &q.attribute.objects }),
		"org": w(func(q *query) *words { return &q.event.org }), "tags": w(func(q *query) *words { return &q.attribute.tags }),
		"event_tags": w(func(q *query) *words { return &q.event.tags }),
		"eventid":    w(func(q *query) *words { return &q.event.id }), "uuid": w(func(q *query) *words { return &q.attribute.uuid }),
		"eventinfo": w(func(q *query) *words { return &q.event.info }),
		"searchall": w(func(q *query) *words { return &q.event.anywhere }), "quickFilter": w(func(q *query) *words { return &q.event.anywhere }),
		"all":       w(func(q *query) *words { return &q.event.anywhere }),
		"timestamp": at(func(q *query) *span { return &q.attribute.at }), "event_timestamp": at(func(q *query) *span { return &q.event.at }),
		"publish_timestamp": at(func(q *query) *span { return &q.event.published }), "last": at(func(q *query) *span { return &q.event.published }),
		"from": dateEnd(false), "to": dateEnd(true), "datefrom": dateEnd(false), "dateuntil": dateEnd(true),
		"to_ids": text(func(q *query) *string { return &q.toIDs }), "deleted": text(func(q *query) *string { return &q.deleted }),
		"published":          text(func(q *query) *string { return &q.published }),
		"metadata":           on(func(q *query) *bool { return &q.metadata }),
		"enforceWarninglist": on(func(q *query) *bool { return &q.harmless }), "includeContext": on(func(q *query) *bool { return &q.context }),
		"includeEventTags": on(func(q *query) *bool { return &q.eventTags }), "includeSightings": on(func(q *query) *bool { return &q.sightings }),
		"minimal": on(func(q *query) *bool { return &q.minimal }), "returnFormat": format,
		"includeEventUuid": nil, "sgReferenceOnly": nil, "withAttachments": nil, "includeDecayScore": nil, "includeCorrelations": nil,
		"extended": nil, "noSightings": nil, "headerless": nil, "requested_attributes": nil,
	}
}

func dateEnd(end bool) func(*query, string, jsontext.Value, time.Time) error {
	return func(q *query, name string, raw jsontext.Value, now time.Time) error {
		s, err := parseSpan(name, raw, now)
		if end {
			q.event.date.to = s.from
		} else {
			q.event.date.from = s.from
		}
		return err
	}
}

func format(_ *query, _ string, raw jsontext.Value, _ time.Time) error {
	var f misp.Text
	if err := json.Unmarshal(raw, &f); err != nil || f != "json" && f != "" {
		return statement.Refuse(statement.CodeRequest, "returnFormat: json alone is answered here")
	}
	return nil
}

// parseQuery reads a search. The search may also stand within "request".
func parseQuery(m *misp.Members, now time.Time) (query, error) {
	q := query{page: 1}
	if inner := m.Get("request"); inner.Kind() == '{' {
		var err error
		if m, err = misp.ParseMembers(inner); err != nil {
			return q, err
		}
	}
	table := known()
	for _, name := range m.Names() {
		read, ok := table[name]
		raw := m.Get(name)
		switch {
		case !ok && slices.Contains([]string{"null", "false", "0", `""`, "[]"}, string(raw)): // asks for nothing
			continue
		case !ok:
			return q, statement.Refuse(statement.CodeRequest, "no filter %.80q here; one that is ignored would answer more than was asked for", name)
		case read == nil, raw.Kind() == 'n', raw.Kind() == 'f' && !slices.Contains([]string{"to_ids", "published", "deleted"}, name):
			continue
		}
		if err := read(&q, name, raw, now); err != nil {
			return q, err
		}
	}
	q.paged = q.limit > 0
	return q, nil
}

// flags reads 1, true, "0", [0, 1] as the digits that it holds, sorted.
func flags(name string, raw jsontext.Value) (string, error) {
	var found []string
	one := func(v jsontext.Value) error {
		var t misp.Text
		if err := json.Unmarshal(v, &t); err != nil {
			return statement.Refuse(statement.CodeRequest, "%s: 0 or 1 is expected", name)
		}
		switch t {
		case "1", "true":
			found = append(found, "1")
		case "0", "false", "":
			found = append(found, "0")
		default:
			return statement.Refuse(statement.CodeRequest, "%s: 0 or 1 is expected", name)
		}
		return nil
	}
	err := error(nil)
	if raw.Kind() == '[' {
		err = stix.EachElement(raw, one)
	} else {
		err = one(raw)
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ""), err
}

func count(name string, raw jsontext.Value) (int, error) {
	var t misp.Text
	n := 0
	err := json.Unmarshal(raw, &t)
	if err == nil {
		n, err = strconv.Atoi(cmp.Or(string(t), "0"))
	}
	if err != nil || n < 0 || n > 1<<30 {
		return 0, statement.Refuse(statement.CodeRequest, "%s: a number is expected", name)
	}
	return n, nil
}

// parseSpan reads a time from which on, or a list of the two ends.
func parseSpan(name string, raw jsontext.Value, now time.Time) (span, error) {
	var s span
	var ends []time.Time
	one := func(v jsontext.Value) error {
		var t misp.Text
		at := time.Time{}
		err := json.Unmarshal(v, &t)
		if err == nil {
			at, err = moment(string(t), now)
		}
		if err != nil || len(ends) == 2 {
			return statement.Refuse(statement.CodeRequest, "%s: seconds since 1970, a date, 7d, 24h, or two of them are expected", name)
		}
		ends = append(ends, at)
		return nil
	}
	if raw.Kind() != '[' {
		err := one(raw)
		if err == nil {
			s.from = ends[0]
		}
		return s, err
	}
	if err := stix.EachElement(raw, one); err != nil || len(ends) == 0 {
		return s, cmp.Or(err, error(statement.Refuse(statement.CodeRequest, "%s: an empty list", name)))
	}
	s.from = ends[0]
	if len(ends) == 2 {
		if s.to = ends[1]; s.to.Before(s.from) {
			s.from, s.to = s.to, s.from
		}
	}
	return s, nil
}

// moment reads seconds since 1970, a date, RFC 3339, or how long ago.
func moment(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	units := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}
	if len(text) > 1 {
		if unit, ok := units[text[len(text)-1:]]; ok {
			n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
			return now.Add(-time.Duration(n) * unit), err
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f < 1<<36) {
		return time.Time{}, statement.Refuse(statement.CodeRequest, "no time")
	}
	return time.Unix(int64(f), 0).UTC(), nil
}
