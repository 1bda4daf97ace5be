// Package misp reads indicators from MISP events, and warning lists in the format of misp-warninglists.
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
	"strconv"
	"time"

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

// Attribute is what one attribute of an event says.
type Attribute struct {
	Row      int    // position in the file, from 1
	Type     string // as MISP names it
	Values   []Value
	Observed string   // first_seen, else its timestamp, else the event's date; "" for none
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
func Read(data []byte, visit func(Attribute) error) (Summary, error) {
	if err := stix.CheckJSON(data); err != nil {
		return Summary{}, err
	}
	r := reader{visit: visit}
	err := r.root(data, true)
	return r.sum, err
}

type reader struct {
	sum   Summary
	visit func(Attribute) error
}

// wrapper is every shape that a file, or an element of its list, may have.
type wrapper struct {
	Event      jsontext.Value `json:"Event"`
	Response   jsontext.Value `json:"response"`
	Attributes jsontext.Value `json:"Attribute"`
}

// event is the part of an event that is read. Lists stay bytes and are walked
// element by element: a bad attribute spoils no other, and a list of a million
// is never held as a million values.
type event struct {
	Info       text           `json:"info"`
	Date       text           `json:"date"`
	Timestamp  text           `json:"timestamp"`
	Tags       []tag          `json:"Tag"`
	Attributes jsontext.Value `json:"Attribute"`
	Objects    jsontext.Value `json:"Object"`
	Proposals  jsontext.Value `json:"ShadowAttribute"`
}

type object struct {
	Deleted    text           `json:"deleted"`
	Attributes jsontext.Value `json:"Attribute"`
}

type attribute struct {
	Type      text           `json:"type"`
	Value     text           `json:"value"`
	Comment   text           `json:"comment"`
	ToIDs     text           `json:"to_ids"`
	Deleted   text           `json:"deleted"`
	FirstSeen text           `json:"first_seen"`
	Timestamp text           `json:"timestamp"`
	Tags      []tag          `json:"Tag"`
	Proposals jsontext.Value `json:"ShadowAttribute"`
	Event     *event         `json:"Event"` // in answers of attributes/restSearch
}

type tag struct {
	Name text `json:"name"`
}

// root reads the events of a file, of its outer "response" (mayWrap), or of
// one element of a list.
func (r *reader) root(data jsontext.Value, mayWrap bool) error {
	if data.Kind() == '[' {
		return r.list(data)
	}
	var w wrapper
	if err := json.Unmarshal(data, &w); err != nil {
		return errNotMISP()
	}
	switch {
	case w.Event.Kind() == '{':
		return r.event(w.Event)
	case w.Attributes.Kind() == '[':
		return r.attributes(event{}, w.Attributes, false)
	case mayWrap && (w.Response.Kind() == '{' || w.Response.Kind() == '['):
		return r.root(w.Response, false)
	default:
		return errNotMISP()
	}
}

func (r *reader) list(data jsontext.Value) error {
	events := 0
	err := stix.EachElement(data, func(element jsontext.Value) error {
		events++
		var w wrapper
		if err := json.Unmarshal(element, &w); err != nil || w.Event.Kind() != '{' {
			return errNotMISP()
		}
		return r.event(w.Event)
	})
	if err == nil && events == 0 {
		return errNotMISP()
	}
	return err
}

func errNotMISP() error { return statement.Refuse(statement.CodeKind, "not a MISP event") }

func (r *reader) event(data jsontext.Value) error {
	var e event
	if err := json.Unmarshal(data, &e); err != nil || !isList(e.Attributes) || !isList(e.Objects) {
		return statement.Refuse(statement.CodeField, "event %d has a field of the wrong type", r.sum.Events+1)
	}
	r.sum.Events++
	r.sum.Proposals += count(e.Proposals)
	if err := r.attributes(e, e.Attributes, false); err != nil {
		return err
	}
	return stix.EachElement(e.Objects, func(raw jsontext.Value) error {
		var o object
		if err := json.Unmarshal(raw, &o); err != nil || !isList(o.Attributes) {
			return r.refuse("an object with a field of the wrong type")
		}
		return r.attributes(e, o.Attributes, o.Deleted.on())
	})
}

// isList reports whether a field that should hold a list does, or is missing.
func isList(v jsontext.Value) bool {
	return len(v) == 0 || v.Kind() == '[' || v.Kind() == 'n'
}

// refuse counts and passes on what should have been an attribute.
func (r *reader) refuse(why string) error {
	r.sum.Attributes++
	return r.visit(Attribute{
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

func (r *reader) attributes(e event, list jsontext.Value, deleted bool) error {
	return stix.EachElement(list, func(raw jsontext.Value) error { return r.attribute(e, raw, deleted) })
}

func (r *reader) attribute(e event, raw jsontext.Value, deleted bool) error {
	var a attribute
	if err := json.Unmarshal(raw, &a); err != nil {
		return r.refuse("an attribute with a field of the wrong type")
	}
	r.sum.Attributes++
	out := Attribute{Row: r.sum.Attributes}
	r.sum.Proposals += count(a.Proposals)
	if a.Event != nil {
		e = *a.Event
	}
	out.Type, out.Event, out.Comment = string(a.Type), string(e.Info), string(a.Comment)
	out.Context = !a.ToIDs.on()
	out.Observed = cmp.Or(string(a.FirstSeen), a.Timestamp.unix(), string(e.Date), e.Timestamp.unix())
	out.Markings = tlp(e.Tags, a.Tags)
	values, read := split(out.Type, string(a.Value))
	switch {
	case deleted || a.Deleted.on():
		out.refuse(stix.CodeRevoked, "deleted by its producer")
	case !read:
		out.refuse(statement.CodeKind, "type %.40q is not read", out.Type)
	case len(values) == 0:
		out.refuse(statement.CodeValue, "no value")
	default:
		out.Values = values
	}
	return r.visit(out)
}

func (a *Attribute) refuse(code statement.Code, format string, args ...any) {
	a.Refused = append(a.Refused, statement.Refuse(code, format, args...))
}

// tlp returns the labels of the TLP taxonomy among the tags, as written
// ("tlp:amber"). Other taxonomies say nothing about release.
func tlp(lists ...[]tag) []string {
	var labels []string
	for _, tags := range lists {
		for _, t := range tags {
			if n := string(t.Name); len(n) > 4 && len(n) <= 32 && (n[:4] == "tlp:" || n[:4] == "TLP:") {
				labels = append(labels, n)
			}
		}
	}
	return labels
}

// text is a field that MISP writes now as a string, now as a number or a
// boolean ("1", 1, true); null is "".
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch v := jsontext.Value(raw); v.Kind() {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = text(s)
	case 'n':
		*t = ""
	case '0', 't', 'f':
		*t = text(raw)
	default:
		return statement.Refuse(statement.CodeField, "text, a number or a boolean is expected")
	}
	return nil
}

// on reads a flag.
func (t text) on() bool { return t == "1" || t == "true" }

// unix reads a count of seconds since 1970 as RFC 3339; "" for 0 and for
// anything else.
func (t text) unix() string {
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || n <= 0 || n > 1<<36 {
		return ""
	}
	return time.Unix(n, 0).UTC().Format(time.RFC3339)
}
