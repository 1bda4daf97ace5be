package misphttp

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/statement"
)

// maxSighted is how many attributes one request may sight.
const maxSighted = 100

// sight answers sightings/add: of one attribute, by its uuid or number in the
// path or the body, or of all that have one of the values.
func (s *Server) sight(r request) (any, error) {
	body, err := r.content("Sighting")
	if r.raw == nil {
		body, err = r.body, nil
	}
	if err != nil {
		return nil, err
	}
	sighting, err := s.sighting(r, body)
	if err != nil {
		return nil, err
	}
	ref := r.ref(0)
	for _, name := range []string{"id", "uuid"} {
		if ref == "" {
			ref = textOf(body.Get(name))
		}
	}
	var places []place
	if ref != "" {
		p, err := s.attribute(r, ref)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	} else if places, err = s.withValues(r, body); err != nil {
		return nil, err
	}
	for _, p := range places {
		if sighting.UUID, err = s.draw(); err != nil {
			return nil, err
		}
		if err := s.store.Sight(r.Context(), r.who, p.Event, p.uuid, sighting); err != nil {
			return nil, err
		}
		sighting.Attribute = misp.Text(p.uuid)
	}
	if ref != "" {
		return map[string]any{"Sighting": numbered(sighting, places[0].UUID, places[0].uuid)}, nil
	}
	return done(r, fmt.Sprintf("%d sightings added", len(places))), nil
}

func (s *Server) draw() (misp.Text, error) {
	uuid, err := s.name(new(misp.Members))
	return misp.Text(uuid), err
}

// sighting reads what is said of the attributes.
func (s *Server) sighting(r request, body *misp.Members) (misp.Sighting, error) {
	x := misp.Sighting{Type: misp.Text(textOf(body.Get("type"))), Source: misp.Text(textOf(body.Get("source")))}
	if x.Type == "" {
		x.Type = misp.Seen
	}
	if !slices.Contains([]misp.Text{misp.Seen, misp.FalsePositive, misp.Expires}, x.Type) {
		return x, statement.Refuse(statement.CodeField, "sighting type %.20q: 0 seen, 1 false positive, 2 expires", x.Type)
	}
	if len(x.Source) > 280 {
		return x, statement.Refuse(statement.CodeSize, "a source has at most 280 bytes")
	}
	at := s.now()
	for _, name := range []string{"timestamp", "date_sighting", "date"} {
		if v := body.Get(name); len(v) > 0 && v.Kind() != 'n' {
			sp, err := parseSpan(name, v, at)
			if err != nil {
				return x, err
			}
			at = sp.from
			break
		}
	}
	if at.Unix() <= 0 {
		return x, statement.Refuse(statement.CodeField, "a sighting has a time after 1970")
	}
	x.Date = misp.Text(strconv.FormatInt(at.Unix(), 10))
	org := organisation(r.who.Party)
	x.Org = &org
	return x, nil
}

// withValues finds the attributes that have one of the values of a body.
func (s *Server) withValues(r request, body *misp.Members) ([]place, error) {
	var want words
	for _, name := range []string{"value", "values"} {
		if v := body.Get(name); len(v) > 0 {
			if err := want.read(name, v); err != nil {
				return nil, err
			}
		}
	}
	exact := make(map[string]bool) // a value is no pattern
	maps.Copy(exact, want.any.exact)
	for _, value := range want.any.wild {
		exact[value] = true
	}
	want = words{any: wordSet{exact: exact}}
	if want.none() {
		return nil, statement.Refuse(statement.CodeField, "a sighting names an attribute or values")
	}
	var places []place
	err := s.walk(r, func(e Event) (bool, error) {
		f, err := open(e)
		if err != nil {
			return true, nil
		}
		return true, f.read.EachAttribute(func(a misp.Attribute, at misp.Place, raw jsontext.Value) error {
			if at.Proposal || at.Deleted(a) || !want.meets(valueParts(a)...) {
				return nil
			}
			if len(places) == maxSighted {
				return statement.Refuse(statement.CodeRequest, "more than %d attributes have these values", maxSighted)
			}
			places = append(places, place{found: f, attribute: a, in: at.Object, raw: raw.Clone(), uuid: AttributeUUID(f.UUID, a)})
			return nil
		})
	})
	if err == nil && len(places) == 0 {
		err = ErrNone
	}
	return places, err
}

// sightings answers sightings/listSightings and sightings/index.
func (s *Server) sightings(r request) (any, error) {
	ref := r.ref(0)
	for _, name := range []string{"id", "uuid"} {
		if ref == "" {
			ref = textOf(r.body.Get(name))
		}
	}
	list, err := s.sightingsOf(r, ref, textOf(r.body.Get("org_id")))
	return list, err
}

// searchSightings answers sightings/restSearch.
func (s *Server) searchSightings(r request) (any, error) {
	for _, name := range r.body.Names() {
		if !slices.Contains([]string{"returnFormat", "id", "uuid", "type", "from", "to", "last", "org_id", "source", "includeAttribute", "includeEvent"}, name) {
			return nil, statement.Refuse(statement.CodeRequest, "no filter %.80q here", name)
		}
	}
	for _, name := range []string{"includeAttribute", "includeEvent"} {
		if f, err := flags(name, r.body.Get(name)); len(r.body.Get(name)) > 0 && (err != nil || f == "1") {
			return nil, statement.Refuse(statement.CodeRequest, "%s is not answered here; events/view shows both", name)
		}
	}
	ref := textOf(r.body.Get("id"))
	if ref == "" {
		ref = textOf(r.body.Get("uuid"))
	}
	all, err := s.sightingsOf(r, ref, textOf(r.body.Get("org_id")))
	if err != nil {
		return nil, err
	}
	when, err := s.spanOf(r.body)
	if err != nil {
		return nil, err
	}
	typ, source := textOf(r.body.Get("type")), textOf(r.body.Get("source"))
	kept := slices.DeleteFunc(all, func(m map[string]misp.Sighting) bool {
		x := m["Sighting"]
		return typ != "" && string(x.Type) != typ || source != "" && string(x.Source) != source || !when.holds(x.Date.Time())
	})
	return map[string]any{"response": kept}, nil
}

func (s *Server) spanOf(body *misp.Members) (span, error) {
	var when span
	for _, name := range []string{"from", "last", "to"} {
		v := body.Get(name)
		if len(v) == 0 || v.Kind() == 'n' {
			continue
		}
		one, err := parseSpan(name, v, s.now())
		if err != nil {
			return when, err
		}
		if name == "to" {
			when.to = one.from
		} else {
			when.from = one.from
		}
	}
	return when, nil
}

// sightingsOf lists the sightings of an attribute, of an event, or all.
func (s *Server) sightingsOf(r request, ref, org string) ([]map[string]misp.Sighting, error) {
	list := []map[string]misp.Sighting{}
	collect := func(f found, only string) error {
		return f.read.EachAttribute(func(a misp.Attribute, _ misp.Place, _ jsontext.Value) error {
			uuid := AttributeUUID(f.UUID, a)
			if only != "" && uuid != only {
				return nil
			}
			beside, err := f.sightings(a, uuid)
			if err != nil {
				return err
			}
			for _, x := range slices.Concat(a.Sightings, beside) {
				if org == "" || x.Org != nil && (org == orgID(x.Org) || org == string(x.Org.UUID)) {
					list = append(list, map[string]misp.Sighting{"Sighting": numbered(x, f.UUID, uuid)})
				}
			}
			if len(list) > MaxAttributes {
				return statement.Refuse(statement.CodeRequest, "more than %d sightings: ask for those of one event", MaxAttributes)
			}
			return nil
		})
	}
	if ref == "" {
		err := s.walk(r, func(e Event) (bool, error) {
			f, err := open(e)
			if err != nil {
				return true, nil
			}
			return true, collect(f, "")
		})
		return list, err
	}
	p, err := s.attribute(r, ref)
	if err == nil {
		return list, collect(p.found, p.uuid)
	}
	if !errors.Is(err, ErrNone) {
		return list, err
	}
	f, err := s.event(r, ref)
	if err != nil {
		return list, err
	}
	return list, collect(f, "")
}
