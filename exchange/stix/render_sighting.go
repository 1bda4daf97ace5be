package stix

import (
	"strings"
	"time"

	"entente/observable"
	"entente/statement"
)

// SaidSighting is one sighting of an indicator that somebody gave.
type SaidSighting struct {
	Said
	Of          SaidIndicator // of it statement, item, type and value count
	Count       int
	First, Last time.Time
}

// RenderSighting returns a sighting, and in front of it what was seen: the
// observable and the observed-data that counts it. Of a rule nothing is said of what
// met it, so the sighting stands alone. marking definitions and identities are
// the caller's to add.
func RenderSighting(s SaidSighting) ([]Object, error) {
	c, err := s.common("sighting")
	if err != nil {
		return nil, err
	}
	var objects []Object
	var seen []string
	what, ok, err := RenderObservable(s.Of.Type, s.Of.Value, c.Markings)
	if err != nil {
		return nil, err
	}
	if ok {
		data := c
		data.Type, data.ID = "observed-data", saidID("observed-data", s.Ref.ID, s.Item)
		o, err := render(struct {
			common `json:",inline"`
			First  string   `json:"first_observed"`
			Last   string   `json:"last_observed"`
			Count  int      `json:"number_observed"`
			Refs   []string `json:"object_refs"`
		}{data, millis(s.First), millis(s.Last), s.count(), []string{what.ID}})
		if err != nil {
			return nil, err
		}
		objects, seen = []Object{what, o}, []string{o.ID}
	}
	o, err := render(struct {
		common   `json:",inline"`
		First    string      `json:"first_seen"`
		Last     string      `json:"last_seen"`
		Count    int         `json:"count"`
		Of       string      `json:"sighting_of_ref"`
		Observed []string    `json:"observed_data_refs,omitzero"`
		Where    []string    `json:"where_sighted_refs"`
		External []reference `json:"external_references"`
	}{c, millis(s.First), millis(s.Last), s.count(), IndicatorID(s.Of.Ref.ID, s.Of.Item), seen, []string{IdentityID(s.Ref.Origin)}, s.external()})
	if err != nil {
		return nil, err
	}
	return append(objects, o), nil
}

// count keeps within what section 4.14 allows.
func (s SaidSighting) count() int { return min(max(s.Count, 1), 999_999_999) }

// RenderObservable returns the observable that a value is, with its deterministic
// identifier. ok is false for a type that is none, a rule's.
func RenderObservable(typ, value string, markings []string) (o Object, ok bool, err error) {
	sco, text, ok := observableOf(typ, value)
	if !ok {
		return Object{}, false, nil
	}
	if algorithm, hash := strings.CutPrefix(sco, "file:"); hash {
		o, err = renderHash(algorithm, text, markings)
	} else {
		o, err = render(struct {
			common `json:",inline"`
			Value  string `json:"value"`
		}{common{Type: sco, SpecVersion: specVersion, ID: ValueID(sco, text), Markings: markings}, text})
	}
	return o, err == nil, err
}

func renderHash(algorithm, value string, markings []string) (Object, error) {
	o := struct {
		common `json:",inline"`
		Hashes map[string]string `json:"hashes"`
	}{common{Type: "file", SpecVersion: specVersion, ID: "file--0a1b2c3d-1111-4222-8333-444455556666", Markings: markings}, map[string]string{algorithm: value}}
	draft, err := render(o)
	if err != nil {
		return Object{}, err
	}
	if o.ID, _ = draft.DeterministicID(); o.ID == "" {
		return Object{}, statement.Refuse(statement.CodeValue, "a file without an identifier")
	}
	return render(o)
}

// observableOf names the observable that a value is: its type, or "file:" and the
// algorithm of a hash.
func observableOf(typ, value string) (sco, text string, ok bool) {
	switch t := observable.Type(typ); t {
	case observable.IPv4, observable.Net4:
		return "ipv4-addr", value, true
	case observable.IPv6, observable.Net6:
		return "ipv6-addr", value, true
	case observable.Domain, observable.Email:
		return typ, value, true
	case observable.URL:
		return "url", "http://" + value, true
	case observable.MD5:
		return "file:MD5", value, true
	case observable.SHA1:
		return "file:SHA-1", value, true
	case observable.SHA256:
		return "file:SHA-256", value, true
	}
	return "", "", false
}
