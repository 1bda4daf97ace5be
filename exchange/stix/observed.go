package stix

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix/pattern"
	"entente/statement"
)

// MaxValues is how many values the observed objects of one bundle may hold, lists and dictionaries included.
const MaxValues = 500_000

// Observed says what became of the observed-data objects of a bundle.
type Observed struct {
	Observations []pattern.Observation
	Total        int // observed-data objects
	Dangling     int // references of theirs to objects that the bundle lacks
	Refused      []ObservedRefusal
}

// ObservedRefusal is one observed-data object that became no observation.
type ObservedRefusal struct {
	Row int // position in the bundle's objects, from 1
	Why *statement.Refusal
}

// ReadObserved reads the observed-data objects of a bundle (STIX 2.1, section 4.14) with the objects that they refer
// to, for patterns: the key of an observation is its id. Objects embedded as STIX 2.0 has them ("objects", which 2.1
// deprecates) are read too. What is wrong with one object refuses that one; the error is for the bundle (see Read).
func ReadObserved(data []byte) (Observed, error) {
	var out Observed
	if err := CheckJSON(data); err != nil {
		return out, err
	}
	list, err := objectsOf(data)
	if err != nil {
		return out, err
	}
	r := observedReader{raw: make(map[string]jsontext.Value), objects: make(map[string]*pattern.Object)}
	var rows []int
	var observed []jsontext.Value
	row := 0
	err = EachElement(list, func(raw jsontext.Value) error {
		row++
		var head struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		}
		if json.Unmarshal(raw, &head) != nil {
			return nil // no object, or one without a type: nothing refers to it
		}
		switch _, known := r.raw[head.ID]; {
		case head.Type == "observed-data":
			rows, observed = append(rows, row), append(observed, raw.Clone())
		case head.ID != "" && !known:
			r.raw[head.ID] = raw.Clone()
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Total = len(observed)
	for i, raw := range observed {
		o, why := r.observation(raw)
		if why != nil && why.Code == statement.CodeSize {
			return out, why
		}
		if why != nil {
			out.Refused = append(out.Refused, ObservedRefusal{rows[i], why})
		} else {
			out.Observations = append(out.Observations, o)
		}
	}
	out.Dangling = r.dangling
	return out, nil
}

type observedReader struct {
	raw      map[string]jsontext.Value
	objects  map[string]*pattern.Object // read so far; nil for one that cannot be read
	values   int
	dangling int
}

func (r *observedReader) observation(raw jsontext.Value) (o pattern.Observation, why *statement.Refusal) {
	var head struct {
		ID             string                    `json:"id"`
		FirstObserved  string                    `json:"first_observed"`
		LastObserved   string                    `json:"last_observed"`
		NumberObserved int                       `json:"number_observed"`
		ObjectRefs     []string                  `json:"object_refs"`
		Objects        map[string]jsontext.Value `json:"objects"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return o, statement.Refuse(statement.CodeField, "an observed-data object with a property of the wrong type")
	}
	first, ok1 := pattern.ParseTime(head.FirstObserved)
	last, ok2 := pattern.ParseTime(head.LastObserved)
	switch {
	case !ok1 || !ok2 || last.Before(first):
		return o, statement.Refuse(statement.CodeField, "first_observed and last_observed are no times in that order")
	case head.NumberObserved < 1 || head.NumberObserved > 999_999_999:
		return o, statement.Refuse(statement.CodeField, "number_observed is not from 1 to 999,999,999")
	}
	o = pattern.Observation{Key: head.ID, First: first, Last: last, Count: head.NumberObserved}
	if len(head.ObjectRefs) == 0 && len(head.Objects) > 0 {
		return o, r.embedded(&o, head.Objects)
	}
	o.Refs = r.objects
	for _, id := range head.ObjectRefs {
		obj, why := r.object(id)
		if why != nil {
			return o, why
		}
		if obj == nil {
			r.dangling++
			continue
		}
		o.Objects = append(o.Objects, *obj)
	}
	return o, nil
}

// embedded reads objects that are numbered within the observed-data object and refer to each other by number.
func (r *observedReader) embedded(o *pattern.Observation, objects map[string]jsontext.Value) *statement.Refusal {
	o.Refs = make(map[string]*pattern.Object)
	for id, raw := range objects {
		obj, why := r.decode(id, raw)
		if why != nil {
			return why
		}
		o.Refs[id] = obj
	}
	for _, obj := range o.Refs {
		o.Objects = append(o.Objects, *obj)
	}
	return nil
}

// object reads an object of the bundle and, so that paths can go on there, all that it refers to.
func (r *observedReader) object(id string) (*pattern.Object, *statement.Refusal) {
	for todo := []string{id}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		raw, known := r.raw[next]
		if _, done := r.objects[next]; done || !known {
			continue
		}
		obj, why := r.decode(next, raw)
		if why != nil {
			return nil, why
		}
		r.objects[next] = obj
		todo = references(&obj.Value, todo)
	}
	return r.objects[id], nil
}

// references adds what the properties _ref and _refs of a value name.
func references(v *pattern.Value, ids []string) []string {
	for i := range v.Fields {
		f := &v.Fields[i]
		switch {
		case strings.HasSuffix(f.Name, "_ref") && f.Value.Kind == pattern.String:
			ids = append(ids, f.Value.Text)
		case strings.HasSuffix(f.Name, "_refs"):
			for _, item := range f.Value.Items {
				ids = append(ids, item.Text)
			}
		default:
			ids = references(&f.Value, ids)
		}
	}
	for i := range v.Items {
		ids = references(&v.Items[i], ids)
	}
	return ids
}

// decode reads one object. Its type and id become those of the pattern's object.
func (r *observedReader) decode(id string, raw jsontext.Value) (*pattern.Object, *statement.Refusal) {
	v, why := r.value(jsontext.NewDecoder(bytes.NewReader(raw)))
	if why != nil {
		return nil, why
	}
	obj := &pattern.Object{ID: id, Value: v}
	if t, ok := v.Get("type"); ok {
		obj.Type = t.Text
	}
	return obj, nil
}

// value reads one value. CheckJSON has bounded its depth and made sure of its grammar.
func (r *observedReader) value(dec *jsontext.Decoder) (v pattern.Value, why *statement.Refusal) {
	if r.values++; r.values > MaxValues {
		return v, statement.Refuse(statement.CodeSize, "observed objects of more than %d values", MaxValues)
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return v, statement.Refuse(statement.CodeJSON, "not JSON")
	}
	switch tok.Kind() {
	case '"':
		return pattern.Text(tok.String()), nil
	case 't':
		return pattern.Value{Kind: pattern.Bool, Int: 1}, nil
	case 'f':
		return pattern.Value{Kind: pattern.Bool}, nil
	case '0':
		return number(tok.String())
	case '[':
		v.Kind = pattern.List
		for dec.PeekKind() != ']' && why == nil {
			var item pattern.Value
			item, why = r.value(dec)
			v.Items = append(v.Items, item)
		}
	case '{':
		v.Kind = pattern.Dict
		for dec.PeekKind() != '}' && why == nil {
			name, err := dec.ReadToken()
			if err != nil {
				return v, statement.Refuse(statement.CodeJSON, "not JSON")
			}
			f := pattern.Field{Name: name.String()}
			f.Value, why = r.value(dec)
			v.Fields = append(v.Fields, f)
		}
	default:
		return v, nil // null
	}
	if why == nil {
		_, err = dec.ReadToken()
	}
	if err != nil {
		return v, statement.Refuse(statement.CodeJSON, "not JSON")
	}
	return v, why
}

// number keeps integers of 64 bits exact.
func number(s string) (pattern.Value, *statement.Refusal) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return pattern.Number(n), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return pattern.Value{}, statement.Refuse(statement.CodeNumber, "a number beyond the range of a double")
	}
	return pattern.Value{Kind: pattern.Float, Float: f}, nil
}
