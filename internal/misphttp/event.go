package misphttp

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/statement"
)

// isRef reports whether a path segment names something: a uuid or a number.
func isRef(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil || misp.IsUUID(s)
}

// event finds the event that a reference names.
func (s *Server) event(r request, ref string) (found, error) {
	if !isRef(ref) {
		return found{}, ErrNone
	}
	uuid, attribute, err := s.store.Locate(r.Context(), r.who, ref)
	if err == nil && attribute != "" {
		err = ErrNone
	}
	if err != nil {
		return found{}, err
	}
	e, err := s.store.Event(r.Context(), r.who, uuid)
	if err != nil {
		return found{}, err
	}
	return open(e)
}

// view answers events/view. Withdrawn attributes are shown on request.
func (s *Server) view(r request) (any, error) {
	f, err := s.event(r, r.ref(0))
	if err != nil {
		return nil, err
	}
	var q query
	if v := r.body.Get("deleted"); v != nil {
		if q.deleted, err = flags("deleted", v); err != nil {
			return nil, err
		}
	}
	return shown(q, f)
}

func shown(q query, f found) (any, error) {
	event, err := render(q, f)
	return wrapped{event}, err
}

// again reads an event that was just written.
func (s *Server) again(r request, uuid string) (any, error) {
	e, err := s.store.Event(r.Context(), r.who, uuid)
	if err != nil {
		return nil, err
	}
	f, err := open(e)
	if err != nil {
		return nil, err
	}
	_, metadata := r.named["metadata"]
	return shown(query{metadata: metadata}, f)
}

// add answers events/add. What the event lacks to be one is filled in; the
// rest stays as it came.
func (s *Server) add(r request) (any, error) {
	m, err := r.content("Event")
	if err != nil {
		return nil, err
	}
	uuid, err := s.complete(r, m)
	if err != nil {
		return nil, err
	}
	switch _, err := s.store.Event(r.Context(), r.who, uuid); {
	case err == nil:
		return nil, errThere
	case !errors.Is(err, ErrNone):
		return nil, err
	}
	if err := s.put(r, uuid, m); err != nil {
		return nil, err
	}
	return s.again(r, uuid)
}

// content returns the members of a body, or of what it wraps.
func (r request) content(wrapper string) (*misp.Members, error) {
	if r.raw.Kind() != '{' {
		return nil, statement.Refuse(statement.CodeField, "%s: an object is expected", wrapper)
	}
	if inner := r.body.Get(wrapper); inner.Kind() == '{' {
		return misp.ParseMembers(inner)
	}
	return r.body, nil
}

// complete fills in what a new event lacks.
func (s *Server) complete(r request, m *misp.Members) (string, error) {
	uuid, err := s.name(m)
	if err != nil {
		return "", err
	}
	now := s.now().UTC()
	org := organisation(r.who.Party)
	for _, field := range []struct {
		name string
		v    any
	}{
		{"date", now.Format(time.DateOnly)},
		{"timestamp", strconv.FormatInt(now.Unix(), 10)},
		{"threat_level_id", "4"},
		{"analysis", "0"},
		{"published", false},
		{"Orgc", misp.Organisation{UUID: org.UUID, Name: org.Name}},
	} {
		if v := m.Get(field.name); len(v) == 0 || v.Kind() == 'n' {
			if err := m.Set(field.name, field.v); err != nil {
				return "", err
			}
		}
	}
	return uuid, nil
}

// name makes sure that there is a uuid.
func (s *Server) name(m *misp.Members) (string, error) {
	if v := m.Get("uuid"); len(v) > 0 && v.Kind() != 'n' {
		uuid := textOf(v)
		if !misp.IsUUID(uuid) {
			return "", statement.Refuse(statement.CodeField, "%.80q is no uuid", uuid)
		}
		if low := strings.ToLower(uuid); low != uuid {
			uuid = low
			return uuid, m.Set("uuid", uuid)
		}
		return uuid, nil
	}
	var b [16]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("draw a uuid: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	return uuid, m.Set("uuid", uuid)
}

// put checks an event and writes it.
func (s *Server) put(r request, uuid string, m *misp.Members) error {
	raw, err := m.Marshal()
	if err != nil {
		return err
	}
	e, err := misp.ParseEvent(raw)
	if err != nil {
		return err
	}
	marks, err := e.Marks()
	if err == nil {
		err = marks.Err()
	}
	if err != nil {
		return err
	}
	return s.store.Put(r.Context(), r.who, uuid, raw)
}

// edit answers events/edit: fields that are sent replace those that are there;
// attributes, objects and reports are told apart by their uuids.
func (s *Server) edit(r request) (any, error) {
	sent, err := r.content("Event")
	if err != nil {
		return nil, err
	}
	return s.change(r, r.ref(0), func(m *misp.Members) error {
		for _, name := range sent.Names() {
			switch name {
			case "uuid", "id", "Org", "Orgc", "org_id", "orgc_id", "timestamp":
				continue
			case "Attribute", "Object", "EventReport":
				if err := join(m, name, sent.Get(name)); err != nil {
					return err
				}
				continue
			}
			if err := m.Set(name, sent.Get(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// change edits an event of the own side and writes its new version.
func (s *Server) change(r request, ref string, edit func(*misp.Members) error) (any, error) {
	f, err := s.event(r, ref)
	if err != nil {
		return nil, err
	}
	if err := s.changeFound(r, f, edit); err != nil {
		return nil, err
	}
	return s.again(r, f.UUID)
}

func (s *Server) changeFound(r request, f found, edit func(*misp.Members) error) error {
	if !f.Own {
		return ErrNotOwn
	}
	m, err := misp.ParseMembers(f.Raw)
	if err != nil {
		return err
	}
	if err := edit(m); err != nil {
		return err
	}
	// A version is later than the one before, whatever the clock says.
	at := max(s.now().Unix(), f.read.Timestamp.Int()+1)
	if err := m.Set("timestamp", strconv.FormatInt(at, 10)); err != nil {
		return err
	}
	return s.put(r, f.UUID, m)
}

// join puts the elements of a sent list into the one that is there: in the
// place of the one with the same uuid, else at the end.
func join(m *misp.Members, name string, sent jsontext.Value) error {
	have, err := elements(m.Get(name))
	if err != nil {
		return err
	}
	add, err := elements(sent)
	if err != nil {
		return err
	}
	at := make(map[string]int, len(have))
	for i, e := range have {
		at[e.uuid] = i
	}
	for _, e := range add {
		i, known := at[e.uuid]
		if e.uuid == "" || !known {
			at[e.uuid] = len(have)
			have = append(have, e)
			continue
		}
		have[i] = e
	}
	list := make([]jsontext.Value, len(have))
	for i, e := range have {
		list[i] = e.raw
	}
	return m.Set(name, list)
}

type element struct {
	uuid string
	raw  jsontext.Value
}

// remove answers events/delete: the event is retracted.
func (s *Server) remove(r request) (any, error) {
	f, err := s.event(r, r.ref(0))
	if err != nil {
		return nil, err
	}
	if !f.Own {
		return nil, ErrNotOwn
	}
	if err := s.store.Retract(r.Context(), r.who, f.UUID); err != nil {
		return nil, err
	}
	return done(r, "Event deleted"), nil
}

// publish answers events/publish: no tool lets anything out.
func (s *Server) publish(r request) (any, error) {
	if _, err := s.event(r, r.ref(0)); err != nil {
		return nil, err
	}
	return nil, statement.Refuse(statement.CodeState, "a draft leaves when a person shares it: entente misp share as it is, entente share its values")
}

// success is MISP's form of a success that has nothing to show.
type success struct {
	Saved   bool   `json:"saved"`
	Success bool   `json:"success"`
	Name    string `json:"name"`
	Message string `json:"message"`
	URL     string `json:"url"`
}

func done(r request, what string) success {
	return success{Saved: true, Success: true, Name: what, Message: what, URL: r.path}
}
