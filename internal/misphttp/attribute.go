package misphttp

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

func textOf(raw jsontext.Value) string {
	var t misp.Text
	if len(raw) == 0 || json.Unmarshal(raw, &t) != nil {
		return ""
	}
	return string(t)
}

// elements reads a list of objects and their uuids.
func elements(list jsontext.Value) (all []element, err error) {
	if k := list.Kind(); len(list) > 0 && k != '[' && k != 'n' {
		return nil, statement.Refuse(statement.CodeField, "a list is expected")
	}
	err = stix.EachElement(list, func(raw jsontext.Value) error {
		m, err := misp.ParseMembers(raw)
		if err == nil {
			all = append(all, element{textOf(m.Get("uuid")), raw.Clone()})
		}
		return err
	})
	return all, err
}

// place is an attribute and the event that it is in.
type place struct {
	found
	attribute misp.Attribute
	in        *misp.Object
	raw       jsontext.Value
	uuid      string
}

// attribute finds the attribute that a reference names.
func (s *Server) attribute(r request, ref string) (place, error) {
	var p place
	if !isRef(ref) {
		return p, ErrNone
	}
	event, attribute, err := s.store.Locate(r.Context(), r.who, ref)
	if err == nil && attribute == "" {
		err = ErrNone
	}
	if err != nil {
		return p, err
	}
	e, err := s.store.Event(r.Context(), r.who, event)
	if err != nil {
		return p, err
	}
	if p.found, err = open(e); err != nil {
		return p, err
	}
	return p, p.find(attribute)
}

func (p *place) find(uuid string) error {
	err := p.read.EachAttribute(func(a misp.Attribute, at misp.Place, raw jsontext.Value) error {
		if !at.Proposal && p.raw == nil && AttributeUUID(p.UUID, a) == uuid {
			p.attribute, p.in, p.raw, p.uuid = a, at.Object, raw.Clone(), uuid
		}
		return nil
	})
	if err == nil && p.raw == nil {
		err = ErrNone
	}
	return err
}

func (s *Server) viewAttribute(r request) (any, error) {
	p, err := s.attribute(r, r.ref(0))
	if err != nil {
		return nil, err
	}
	return p.shown()
}

func (p place) shown() (any, error) {
	w := pen{f: p.found}
	written, err := w.withContext(p.attribute, p.in, p.raw)
	return map[string]any{"Attribute": written}, err
}

// addAttribute answers attributes/add: one attribute, or a list of which those
// that are taken come back with the faults of the others.
func (s *Server) addAttribute(r request) (any, error) {
	f, err := s.event(r, r.ref(0))
	if err != nil {
		return nil, err
	}
	sent := []jsontext.Value{r.raw}
	if r.raw.Kind() == '[' {
		sent = sent[:0]
		if err := stix.EachElement(r.raw, func(e jsontext.Value) error { sent = append(sent, e.Clone()); return nil }); err != nil {
			return nil, err
		}
	}
	var uuids []string
	faults := make(map[string]any)
	err = s.changeFound(r, f, func(m *misp.Members) error {
		there, err := inventory(f)
		if err != nil {
			return err
		}
		list, err := elements(m.Get("Attribute"))
		if err != nil {
			return err
		}
		for i, raw := range sent {
			uuid, written, err := s.newAttribute(there, raw)
			if err != nil && r.raw.Kind() != '[' {
				return err
			}
			if err != nil {
				faults["attribute_"+strconv.Itoa(i)] = map[string]any{"value": []string{err.Error()}}
				continue
			}
			uuids, list = append(uuids, uuid), append(list, element{raw: written})
		}
		if len(uuids) == 0 {
			return statement.Refuse(statement.CodeField, "none of %d attributes can be taken", len(sent))
		}
		return m.Set("Attribute", values(list))
	})
	if err != nil {
		return nil, err
	}
	return s.added(r, f.UUID, uuids, faults)
}

// newAttribute makes an attribute whole, unless it is there already.
func (s *Server) newAttribute(there stock, raw jsontext.Value) (uuid string, written jsontext.Value, err error) {
	m, err := misp.ParseMembers(raw)
	if err != nil {
		return "", nil, err
	}
	if inner := m.Get("Attribute"); inner.Kind() == '{' {
		if m, err = misp.ParseMembers(inner); err != nil {
			return "", nil, err
		}
	}
	if uuid, err = s.name(m); err != nil {
		return "", nil, err
	}
	if v := m.Get("timestamp"); len(v) == 0 || v.Kind() == 'n' {
		err = m.Set("timestamp", strconv.FormatInt(s.now().Unix(), 10))
	}
	if err != nil {
		return "", nil, err
	}
	if written, err = m.Marshal(); err != nil {
		return "", nil, err
	}
	var a misp.Attribute
	if err := json.Unmarshal(written, &a); err != nil || a.Type == "" || strings.TrimSpace(string(a.Value)) == "" {
		return "", nil, statement.Refuse(statement.CodeField, "an attribute has a type and a value")
	}
	return uuid, written, there.add(a)
}

// stock is what an event holds: the names of its attributes, and what those that
// stand in no object say.
type stock struct {
	uuids map[string]bool
	said  map[[3]misp.Text]bool
}

func inventory(f found) (stock, error) {
	there := stock{make(map[string]bool), make(map[[3]misp.Text]bool)}
	err := f.read.EachAttribute(func(a misp.Attribute, at misp.Place, _ jsontext.Value) error {
		there.uuids[strings.ToLower(string(a.UUID))] = true
		if !at.Proposal && !at.Deleted(a) && at.Object == nil {
			there.said[[3]misp.Text{a.Type, a.Category, a.Value}] = true
		}
		return nil
	})
	return there, err
}

// add enters an attribute, or refuses one that is there already.
func (s stock) add(a misp.Attribute) error {
	says := [3]misp.Text{a.Type, a.Category, a.Value}
	if s.said[says] || s.uuids[string(a.UUID)] {
		return statement.Refuse(statement.CodeValue, "a similar attribute already exists for this event")
	}
	s.said[says], s.uuids[string(a.UUID)] = true, true
	return nil
}

// added shows attributes that were just written: one, or a list.
func (s *Server) added(r request, event string, uuids []string, faults map[string]any) (any, error) {
	e, err := s.store.Event(r.Context(), r.who, event)
	if err != nil {
		return nil, err
	}
	f, err := open(e)
	if err != nil {
		return nil, err
	}
	want := make(map[string]bool, len(uuids))
	for _, uuid := range uuids {
		want[uuid] = true
	}
	var list []jsontext.Value
	w := pen{f: f}
	err = f.read.EachAttribute(func(a misp.Attribute, at misp.Place, raw jsontext.Value) error {
		uuid := AttributeUUID(f.UUID, a)
		if at.Proposal || !want[uuid] {
			return nil
		}
		delete(want, uuid)
		written, err := w.attribute(a, at.Object, raw)
		list = append(list, written)
		return err
	})
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"Attribute": list}
	if len(list) == 1 { // MISP answers one as one, however it was sent
		answer["Attribute"] = list[0]
	}
	if len(faults) > 0 {
		answer["errors"] = faults
	}
	return answer, nil
}

// editAttribute answers attributes/edit.
func (s *Server) editAttribute(r request) (any, error) {
	sent, err := r.content("Attribute")
	if err != nil {
		return nil, err
	}
	return s.changeAttribute(r, r.ref(0), func(m *misp.Members) error {
		for _, name := range sent.Names() {
			switch name {
			case "uuid", "id", "event_id", "object_id", "timestamp":
				continue
			}
			if err := m.Set(name, sent.Get(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeAttribute answers attributes/delete: the attribute stays and is marked
// as withdrawn, the only retraction that MISP passes on.
func (s *Server) removeAttribute(r request) (any, error) {
	_, err := s.changeAttribute(r, r.ref(0), func(m *misp.Members) error { return m.Set("deleted", true) })
	return done(r, "Attribute deleted."), err
}

// changeAttribute edits an attribute where it stands in its event.
func (s *Server) changeAttribute(r request, ref string, edit func(*misp.Members) error) (any, error) {
	p, err := s.attribute(r, ref)
	if err != nil {
		return nil, err
	}
	m, err := misp.ParseMembers(p.raw)
	if err != nil {
		return nil, err
	}
	if err := edit(m); err != nil {
		return nil, err
	}
	if err := m.Set("timestamp", strconv.FormatInt(max(s.now().Unix(), p.attribute.Timestamp.Int()+1), 10)); err != nil {
		return nil, err
	}
	if err := m.Set("uuid", p.uuid); err != nil {
		return nil, err
	}
	written, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	err = s.changeFound(r, p.found, func(event *misp.Members) error {
		if p.in == nil {
			return swap(event, "Attribute", p.raw, written)
		}
		return inObject(event, string(p.in.UUID), func(o *misp.Members) error { return swap(o, "Attribute", p.raw, written) })
	})
	if err != nil {
		return nil, err
	}
	return s.added(r, p.UUID, []string{p.uuid}, nil)
}

// swap replaces the first element of a list that has these bytes.
func swap(m *misp.Members, name string, old, written jsontext.Value) error {
	all, err := elements(m.Get(name))
	if err != nil {
		return err
	}
	list := values(all)
	for i, e := range all {
		if old != nil && string(e.raw) == string(old) {
			list[i], old = written, nil
		}
	}
	return m.Set(name, list)
}

func values(all []element) []jsontext.Value {
	list := make([]jsontext.Value, len(all))
	for i, e := range all {
		list[i] = e.raw
	}
	return list
}

// inObject edits the object of an event that a uuid names.
func inObject(event *misp.Members, uuid string, edit func(*misp.Members) error) error {
	all, err := elements(event.Get("Object"))
	if err != nil {
		return err
	}
	list := make([]jsontext.Value, len(all))
	for i, e := range all {
		list[i] = e.raw
		if e.uuid != uuid {
			continue
		}
		o, err := misp.ParseMembers(e.raw)
		if err != nil {
			return err
		}
		if err := edit(o); err != nil {
			return err
		}
		if list[i], err = o.Marshal(); err != nil {
			return err
		}
	}
	return event.Set("Object", list)
}
