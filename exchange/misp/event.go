// Package misp reads, edits and writes MISP events, feeds, warning lists and the tags of three taxonomies.
//
// An event is kept as the bytes that came: Event, Attribute and their like are
// what this version understands of them, Unread names the rest, and Members
// changes one field without touching another.
//
// Read takes the shapes in which events travel: {"Event": …}, {"response":
// [{"Event": …}]}, a list of either, and the answer of attributes/restSearch.
// Each attribute, in an event or in one of its objects, becomes one Attribute:
// with values to normalise or with the reason why there are none.
//
// to_ids decides whether a value is meant for detection. Producers leave
// legitimate services that an intruder used (a messenger's API, a mail relay)
// in their events with to_ids off; such a value is passed on as Context.
package misp

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
)

// Value is one value of an attribute, as written there.
type Value struct {
	Type observable.Type // "" when the attribute's type leaves it open: to be detected
	Text string
}

// Row is what one attribute of an event says.
type Row struct {
	Row      int    // position in the file, from 1
	Type     string // as MISP names it
	Values   []Value
	Rule     string   // of a type that holds a rule: TypePattern, TypeSigma
	Observed string   // last_seen, first_seen, its timestamp or the event's date, the first there is; "" for none
	Until    string   // the end that a sighting of type 2 names, RFC 3339
	Context  bool     // to_ids is off
	Event    string   // the event's info
	Comment  string   // the attribute's
	Markings []string // tags of the TLP taxonomy on the event and the attribute, as written
	Refused  []*statement.Refusal
}

// Summary counts what a file held.
type Summary struct {
	Events     int
	Attributes int
	Proposals  int // shadow attributes: what others propose is not read
}

// Read calls visit for each attribute, in order. A file that is not strict
// JSON (stix.CheckJSON) or has none of the known shapes (E_KIND) is refused
// before visit is called; an error of visit ends the reading.
func Read(data []byte, visit func(Row) error) (Summary, error) {
	if err := stix.CheckJSON(data); err != nil {
		return Summary{}, err
	}
	r := reader{visit: visit}
	err := r.root(data)
	return r.sum, err
}

type reader struct {
	sum   Summary
	visit func(Row) error
}

// root reads the events of a file, or what attributes/restSearch answers.
func (r *reader) root(data jsontext.Value) error {
	var w wrapper
	if err := json.Unmarshal(data, &w); err == nil {
		var inner wrapper
		if w.Response.Kind() == '{' && json.Unmarshal(w.Response, &inner) == nil {
			w = inner
		}
		if w.Attributes.Kind() == '[' && !w.isEvent() {
			return r.attributes(Event{}, Object{}, w.Attributes)
		}
	}
	return eachEvent(data, r.event)
}

func (r *reader) event(data jsontext.Value) error {
	e, err := parse(data)
	if err != nil {
		return statement.Refuse(statement.CodeField, "event %d has a field of the wrong type", r.sum.Events+1)
	}
	r.sum.Events++
	r.sum.Proposals += count(e.Proposals)
	if err := r.attributes(e, Object{}, e.Attributes); err != nil {
		return err
	}
	return stix.EachElement(e.Objects, func(raw jsontext.Value) error {
		var o Object
		if err := json.Unmarshal(raw, &o); err != nil || !isList(o.Attributes) {
			return r.refuse("an object with a field of the wrong type")
		}
		return r.attributes(e, o, o.Attributes)
	})
}

// isList reports whether a field that should hold a list does, or is missing.
func isList(v jsontext.Value) bool {
	return len(v) == 0 || v.Kind() == '[' || v.Kind() == 'n'
}

// refuse counts and passes on what should have been an attribute.
func (r *reader) refuse(why string) error {
	r.sum.Attributes++
	return r.visit(Row{
		Row: r.sum.Attributes, Refused: []*statement.Refusal{statement.Refuse(statement.CodeField, "%s", why)},
	})
}

func count(list jsontext.Value) int {
	n := 0
	if err := stix.EachElement(list, func(jsontext.Value) error { n++; return nil }); err != nil {
		return 0
	}
	return n
}

func (r *reader) attributes(e Event, o Object, list jsontext.Value) error {
	return stix.EachElement(list, func(raw jsontext.Value) error { return r.attribute(e, o, raw) })
}

func (r *reader) attribute(e Event, o Object, raw jsontext.Value) error {
	var a Attribute
	if err := json.Unmarshal(raw, &a); err != nil {
		return r.refuse("an attribute with a field of the wrong type")
	}
	r.sum.Attributes++
	out := Row{Row: r.sum.Attributes}
	r.sum.Proposals += count(a.Proposals)
	if a.Event != nil {
		e = *a.Event
	}
	out.Type, out.Event, out.Comment = string(a.Type), string(e.Info), string(a.Comment)
	out.Context = !a.ToIDs.On()
	out.Observed = cmp.Or(
		string(a.LastSeen), string(a.FirstSeen), string(o.LastSeen), string(o.FirstSeen),
		a.Timestamp.unix(), string(e.Date), e.Timestamp.unix(),
	)
	if slices.ContainsFunc(a.Tags, func(t Tag) bool { return t.Name == UndatedTag }) {
		out.Observed = ""
	}
	out.Until = until(a.Sightings)
	out.Markings = append(labels(e.Tags), labels(a.Tags)...)
	values, read := Values(out.Type, string(a.Value))
	switch {
	case Place{Object: &o}.Deleted(a):
		out.refuse(stix.CodeRevoked, "deleted by its producer")
	case IsRule(out.Type) && a.Value != "":
		out.Rule = string(a.Value)
	case !read && !IsRule(out.Type):
		out.refuse(statement.CodeKind, "type %.40q is not read", out.Type)
	case len(values) == 0:
		out.refuse(statement.CodeValue, "no value")
	default:
		out.Values = values
	}
	return r.visit(out)
}

func (a *Row) refuse(code statement.Code, format string, args ...any) {
	a.Refused = append(a.Refused, statement.Refuse(code, format, args...))
}
