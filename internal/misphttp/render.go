package misphttp

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/exchange/stix"
)

// HeldTag marks an attribute that the gate holds back.
const HeldTag = `entente:gate="held"`

// render writes an event for an answer: its own bytes, with the numbers of this
// instance, who has it and who said it, the sightings, and to_ids off where the
// gate holds an attribute back.
func render(q query, f found) (jsontext.Value, error) {
	m, err := misp.ParseMembers(f.Raw)
	if err != nil {
		return nil, err
	}
	p := pen{q: q, f: f}
	p.head(m)
	if q.metadata {
		for _, list := range []string{"Attribute", "Object", "ShadowAttribute", "EventReport"} {
			m.Drop(list)
		}
	} else {
		p.set(m, "Attribute", p.attributes(m.Get("Attribute"), nil))
		p.set(m, "Object", p.objects(m.Get("Object")))
	}
	if p.err != nil {
		return nil, p.err
	}
	return m.Marshal()
}

// pen writes until the first error.
type pen struct {
	q   query
	f   found
	err error
}

func (p *pen) set(m *misp.Members, name string, v any) {
	if p.err == nil {
		p.err = m.Set(name, v)
	}
}

// head writes what an event says of itself. Clients read some fields without
// asking whether they are there.
func (p *pen) head(m *misp.Members) {
	p.set(m, "id", misp.LocalID(p.f.UUID))
	org := organisation(p.f.From)
	p.set(m, "Org", org)
	p.set(m, "org_id", org.ID)
	orgc := org
	if o := p.f.read.Orgc; o != nil {
		orgc = misp.Organisation{UUID: o.UUID, Name: o.Name, ID: misp.Text(orgID(o)), Local: "0"}
	}
	p.set(m, "Orgc", orgc)
	p.set(m, "orgc_id", orgc.ID)
	for _, field := range []struct {
		name string
		v    any
	}{
		{"date", "1970-01-01"},
		{"threat_level_id", "4"},
		{"analysis", "0"},
		{"distribution", "0"},
		{"published", false},
		{"timestamp", "0"},
		{"publish_timestamp", "0"},
	} {
		if len(m.Get(field.name)) == 0 {
			p.set(m, field.name, field.v)
		}
	}
}

func (p *pen) attributes(list jsontext.Value, in *misp.Object) jsontext.Value {
	return p.each(list, func(raw jsontext.Value) (jsontext.Value, error) {
		var a misp.Attribute
		if err := json.Unmarshal(raw, &a); err != nil || !p.q.keeps(p.f, a, misp.Place{Object: in}) {
			return nil, nil
		}
		return p.attribute(a, in, raw)
	})
}

func (p *pen) objects(list jsontext.Value) jsontext.Value {
	return p.each(list, func(raw jsontext.Value) (jsontext.Value, error) {
		var o misp.Object
		if err := json.Unmarshal(raw, &o); err != nil || o.Deleted.On() && !strings.Contains(p.q.deleted, "1") {
			return nil, nil
		}
		m, err := misp.ParseMembers(raw)
		if err != nil {
			return nil, err
		}
		p.set(m, "id", misp.LocalID(string(o.UUID)))
		p.set(m, "event_id", misp.LocalID(p.f.UUID))
		p.set(m, "Attribute", p.attributes(o.Attributes, &o))
		return m.Marshal()
	})
}

// each rewrites the elements of a list; one that becomes nil is left out.
func (p *pen) each(list jsontext.Value, f func(jsontext.Value) (jsontext.Value, error)) jsontext.Value {
	var out bytes.Buffer
	out.WriteByte('[')
	err := stix.EachElement(list, func(raw jsontext.Value) error {
		written, err := f(raw)
		if err != nil || written == nil {
			return err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(written)
		return nil
	})
	if p.err == nil {
		p.err = err
	}
	out.WriteByte(']')
	return out.Bytes()
}

// attribute writes one attribute.
func (p *pen) attribute(a misp.Attribute, in *misp.Object, raw jsontext.Value) (jsontext.Value, error) {
	m, err := misp.ParseMembers(raw)
	if err != nil {
		return nil, err
	}
	uuid := AttributeUUID(p.f.UUID, a)
	p.set(m, "uuid", uuid)
	p.set(m, "id", misp.LocalID(uuid))
	p.set(m, "event_id", misp.LocalID(p.f.UUID))
	object := "0"
	if in != nil {
		object = misp.LocalID(string(in.UUID))
	}
	p.set(m, "object_id", object)
	if a.ToIDs.On() && p.f.held(a) {
		p.set(m, "to_ids", false)
		if p.err == nil {
			p.err = m.Append("Tag", misp.Tag{Name: HeldTag, Local: "1"})
		}
	}
	all, err := p.f.sightings(a, uuid)
	if err != nil {
		return nil, err
	}
	if err := beside(m, p.f.UUID, uuid, all); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	return m.Marshal()
}

// beside puts sightings behind those that stand in an attribute.
func beside(m *misp.Members, event, attribute string, all []misp.Sighting) error {
	if len(all) == 0 {
		return nil
	}
	there, err := elements(m.Get("Sighting"))
	if err != nil {
		return err
	}
	list := values(there)
	for _, s := range all {
		raw, err := json.Marshal(numbered(s, event, attribute), json.Deterministic(true))
		if err != nil {
			return err
		}
		list = append(list, raw)
	}
	return m.Set("Sighting", list)
}

// sightings are those of an attribute that do not stand within the event.
func (f found) sightings(a misp.Attribute, uuid string) ([]misp.Sighting, error) {
	if f.Seen == nil {
		return f.Sightings[uuid], nil
	}
	seen, err := f.Seen(a)
	return slices.Concat(f.Sightings[uuid], seen), err
}

// numbered gives a sighting the numbers of this instance.
func numbered(s misp.Sighting, event, attribute string) misp.Sighting {
	s.ID = misp.Text(misp.LocalID(string(s.UUID)))
	s.EventID, s.AttrID = misp.Text(misp.LocalID(event)), misp.Text(misp.LocalID(attribute))
	s.Attribute = misp.Text(attribute)
	return s
}

// AttributeUUID names an attribute, also one that came without a name.
func AttributeUUID(event string, a misp.Attribute) string {
	if misp.IsUUID(string(a.UUID)) {
		return strings.ToLower(string(a.UUID))
	}
	return misp.UUID("attribute " + event + " " + string(a.Type) + " " + string(a.Value))
}

// organisation writes a party as an organisation.
func organisation(party string) misp.Organisation {
	o := misp.Organisation{UUID: misp.Text(misp.UUID("party " + party)), Name: misp.Text(party), Local: "1"}
	o.ID = misp.Text(orgID(&o))
	return o
}

func orgID(o *misp.Organisation) string {
	if o.UUID != "" {
		return misp.LocalID(string(o.UUID))
	}
	return misp.LocalID("org " + string(o.Name))
}

// Plain writes an event for a feed: its own bytes, with to_ids off where the
// gate holds an attribute back. An event of which it holds none stays as it is.
func Plain(e Event) ([]byte, error) {
	f, err := open(e)
	if err != nil || e.Held == nil {
		return e.Raw, err
	}
	held := false
	err = f.read.EachAttribute(func(a misp.Attribute, at misp.Place, _ jsontext.Value) error {
		held = held || !at.Proposal && a.ToIDs.On() && e.Held(a)
		return nil
	})
	if err != nil || !held {
		return e.Raw, err
	}
	f.Sightings, f.Seen = nil, nil
	m, err := misp.ParseMembers(f.Raw)
	if err != nil {
		return nil, err
	}
	p := pen{q: query{deleted: "01"}, f: f}
	if len(m.Get("Attribute")) > 0 {
		p.set(m, "Attribute", p.attributes(m.Get("Attribute"), nil))
	}
	if len(m.Get("Object")) > 0 {
		p.set(m, "Object", p.objects(m.Get("Object")))
	}
	if p.err != nil {
		return nil, p.err
	}
	return m.Marshal()
}
