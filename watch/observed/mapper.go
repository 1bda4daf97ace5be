package observed

import (
	"strconv"
	"strings"
	"time"

	"entente/exchange/stix/pattern"
	"entente/observable"
	"entente/watch/event"
)

// MaxObjects is how many objects one event becomes at most; what is left off is counted.
const MaxObjects = 256

// Mapper makes observations of events. It keeps its memory from one event to the next and is not safe for
// concurrent use.
type Mapper struct {
	// Left counts observables that became no object because the event had too many.
	Left int64

	facts  facts
	out    pattern.Observation
	fields []pattern.Field // of all objects of the event, in stretches
	refs   []pattern.Value
	at     []place
	file   hashes
	server hashes
	client hashes
}

// place says which object came from a field.
type place struct {
	field  string
	object int
}

// hashes are those of one file or certificate.
type hashes []pattern.Field

func (h *hashes) add(t observable.Type, text string) {
	name := "MD5"
	switch t {
	case observable.SHA1:
		name = "SHA-1"
	case observable.SHA256:
		name = "SHA-256"
	}
	for _, f := range *h {
		if f.Name == name {
			return
		}
	}
	*h = append(*h, textField(name, text))
}

// Map returns the observation that an event is, under a key that names it in hits. The observation, and what it
// points to, is good until the next call; a pattern.Matcher keeps nothing of it but the key.
func (m *Mapper) Map(ev *event.Event, key string) *pattern.Observation {
	m.facts.read(ev)
	m.fields, m.refs, m.at = m.fields[:0], m.refs[:0], m.at[:0]
	m.file, m.server, m.client = m.file[:0], m.server[:0], m.client[:0]
	m.out = pattern.Observation{Key: key, First: ev.Time, Objects: m.out.Objects[:0]}
	for i := range ev.Observables {
		m.observable(ev, &ev.Observables[i])
	}
	m.macs()
	m.answers()
	m.traffic(ev)
	m.mail()
	user := m.users()
	m.files()
	m.processes(user)
	m.certificates()
	return &m.out
}

// add appends an object with the fields since a mark; it returns its index, -1 if there are too many.
func (m *Mapper) add(typ string, from int) int {
	n := len(m.out.Objects)
	if n == MaxObjects {
		m.Left++
		return -1
	}
	end := len(m.fields)
	m.out.Objects = append(m.out.Objects, pattern.Object{
		Type: typ, ID: strconv.Itoa(n), Value: pattern.Value{Kind: pattern.Dict, Fields: m.fields[from:end:end]},
	})
	return n
}

// value appends an object with a value, or finds the one that is there.
func (m *Mapper) value(typ, field, text string) {
	n := -1
	for i := range m.out.Objects {
		if o := &m.out.Objects[i]; o.Type == typ && o.Value.Fields[0].Value.Text == text {
			n = i
			break
		}
	}
	if n < 0 {
		from := len(m.fields)
		m.text("value", text)
		n = m.add(typ, from)
	}
	if n >= 0 {
		m.at = append(m.at, place{field, n})
	}
}

func (m *Mapper) observable(ev *event.Event, o *event.Observable) {
	switch o.Value.Type {
	case observable.IPv4, observable.Net4:
		m.value("ipv4-addr", o.Field, o.Value.Canonical)
	case observable.IPv6, observable.Net6:
		m.value("ipv6-addr", o.Field, o.Value.Canonical)
	case observable.Domain:
		m.value("domain-name", o.Field, o.Value.Canonical)
	case observable.Email:
		m.value("email-addr", o.Field, o.Value.Canonical)
	case observable.URL:
		text := ev.Get(o.Field)
		if !strings.Contains(text, "://") || strings.ContainsAny(text, " \t") {
			text = o.Value.Canonical
		}
		m.value("url", o.Field, text)
	case observable.MD5, observable.SHA1, observable.SHA256:
		m.hash(o.Field, o.Value)
	}
}

func (m *Mapper) hash(field string, v observable.Value) {
	switch {
	case strings.HasPrefix(field, "file.hash."):
		m.file.add(v.Type, v.Canonical)
	case strings.HasPrefix(field, "tls.server.hash."):
		m.server.add(v.Type, v.Canonical)
	case strings.HasPrefix(field, "tls.client.hash."):
		m.client.add(v.Type, v.Canonical)
	default:
		var own hashes
		own.add(v.Type, v.Canonical)
		from := len(m.fields)
		m.dict("hashes", own)
		m.add("file", from)
	}
}

// The following append a property to the object that is being made; an empty text appends none.

func textField(name, text string) pattern.Field {
	return pattern.Field{Name: name, Value: pattern.Text(text)}
}

func (m *Mapper) text(name, text string) {
	if text != "" {
		m.fields = append(m.fields, textField(name, text))
	}
}

func (m *Mapper) number(name, text string) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		m.fields = append(m.fields, pattern.Field{Name: name, Value: pattern.Number(n)})
	}
}

func (m *Mapper) dict(name string, fields []pattern.Field) {
	if len(fields) > 0 {
		m.fields = append(m.fields, pattern.Field{Name: name, Value: pattern.Value{Kind: pattern.Dict, Fields: fields}})
	}
}

func (m *Mapper) list(name string, from int) {
	if end := len(m.refs); end > from {
		m.fields = append(m.fields, pattern.Field{Name: name, Value: pattern.Value{Kind: pattern.List, Items: m.refs[from:end:end]}})
	}
}

// ref appends a reference to an object; none for -1.
func (m *Mapper) ref(name string, object int) {
	if object >= 0 {
		m.text(name, strconv.Itoa(object))
	}
}

// refsOf appends references to all objects of a field; of addresses only if asked.
func (m *Mapper) refsOf(name, field string, addresses bool) {
	from := len(m.refs)
	for _, p := range m.at {
		if p.field == field && (!addresses || strings.HasPrefix(m.out.Objects[p.object].Type, "ip")) {
			m.refs = append(m.refs, pattern.Text(strconv.Itoa(p.object)))
		}
	}
	m.list(name, from)
}

// of returns the first object that came from a field, -1 if there is none.
func (m *Mapper) of(field string) int {
	for _, p := range m.at {
		if p.field == field {
			return p.object
		}
	}
	return -1
}

// stamp is a STIX timestamp.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999999Z")
}
