// Package stix reads indicators and observed data from STIX 2.1 bundles.
//
// Read takes indicator objects. Where their pattern is one comparison for
// equality, or an OR of such, a set of values says the same as the pattern, and
// comes out; of every other, the parsed pattern does (package pattern). What else
// a bundle holds is counted, never guessed at. The bundle is walked object by
// object; no tree of it is built, and one bad object spoils no other.
package stix

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix/pattern"
	"entente/observable"
	"entente/statement"
)

// Reason codes of this package, beside those of package statement.
const (
	CodePattern                = pattern.CodeSyntax // no pattern, or one of another language
	CodeRevoked statement.Code = "E_REVOKED"        // withdrawn by its producer
)

// Value is one value of a pattern, as written there.
type Value struct {
	Type observable.Type // "" when the pattern leaves it open: to be detected
	Text string
}

// Indicator is what one indicator object says (STIX 2.1, section 4.7).
type Indicator struct {
	Row                   int // position in the bundle's objects, from 1
	ID, Name, Description string
	Values                []Value          // for the exact index
	Pattern               *pattern.Pattern // what the values do not say, for a pattern matcher; nil if they say all
	ValidFrom, ValidUntil string           // timestamps as written
	Markings              []string         // TLP labels, of the definitions that the specifications fix
	Refused               []*statement.Refusal
}

// Summary counts what a bundle held.
type Summary struct {
	Objects    int
	Indicators int
	// NotRead counts the other objects by type; types beyond the first 64
	// are counted as "other".
	NotRead map[string]int
}

// Read calls visit for each indicator object, in order. data is a bundle or a
// TAXII 2.1 envelope: an object with a list "objects". A file that is not
// strict JSON (see CheckJSON) or neither of the two is refused before visit is
// called; an error of visit ends the reading.
func Read(data []byte, visit func(Indicator) error) (Summary, error) {
	sum := Summary{NotRead: make(map[string]int)}
	if err := CheckJSON(data); err != nil {
		return sum, err
	}
	list, err := objectsOf(data)
	if err != nil {
		return sum, err
	}
	err = EachElement(list, func(raw jsontext.Value) error {
		sum.Objects++
		return readObject(raw, &sum, visit)
	})
	return sum, err
}

// objectsOf returns the bytes of the list "objects" of the root. A root that
// says its type must be a bundle; an envelope does not say it.
func objectsOf(data []byte) (list []byte, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return nil, statement.Refuse(statement.CodeKind, "not a STIX bundle")
	}
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, jsonRefusal(data, err)
		}
		name := tok.String() // before the next read, which reuses its bytes
		value, err := dec.ReadValue()
		if err != nil {
			return nil, jsonRefusal(data, err)
		}
		switch name {
		case "type":
			if string(value) != `"bundle"` {
				return nil, statement.Refuse(statement.CodeKind, "a STIX object of the type %.40q, not a bundle", value)
			}
		case "objects":
			end := int(dec.InputOffset())
			list = data[end-len(value) : end]
		}
	}
	if len(list) == 0 || list[0] != '[' {
		return nil, statement.Refuse(statement.CodeField, "a bundle without a list of objects")
	}
	return list, nil
}

// object is the part of an indicator object that is read.
type object struct {
	Type           string   `json:"type"`
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Pattern        string   `json:"pattern"`
	PatternType    string   `json:"pattern_type"`
	ValidFrom      string   `json:"valid_from"`
	ValidUntil     string   `json:"valid_until"`
	Revoked        bool     `json:"revoked"`
	ObjectMarkings []string `json:"object_marking_refs"`
}

func readObject(raw jsontext.Value, sum *Summary, visit func(Indicator) error) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		head.Type = ""
	}
	if head.Type != "indicator" {
		sum.skip(head.Type)
		return nil
	}
	sum.Indicators++
	var o object
	ind := Indicator{Row: sum.Objects}
	if err := json.Unmarshal(raw, &o); err != nil {
		ind.refuse(statement.CodeField, "an indicator with a property of the wrong type")
		return visit(ind)
	}
	ind.ID, ind.Name, ind.Description = o.ID, o.Name, o.Description
	ind.ValidFrom, ind.ValidUntil = o.ValidFrom, o.ValidUntil
	ind.Markings = tlp(o.ObjectMarkings)
	switch {
	case o.Revoked:
		ind.refuse(CodeRevoked, "revoked by its producer")
	case o.PatternType != "" && o.PatternType != "stix":
		ind.refuse(CodePattern, "pattern type %.40q is not read", o.PatternType)
	default:
		var err error
		ind.Values, ind.Pattern, err = ReadPattern(o.Pattern)
		if r, ok := statement.AsRefusal(err); ok {
			ind.Refused = append(ind.Refused, r)
		}
	}
	return visit(ind)
}

func (ind *Indicator) refuse(code statement.Code, format string, a ...any) {
	ind.Refused = append(ind.Refused, statement.Refuse(code, format, a...))
}

func (s *Summary) skip(typ string) {
	const maxTypes, maxType = 64, 64
	if _, known := s.NotRead[typ]; !known && len(s.NotRead) >= maxTypes || typ == "" || len(typ) > maxType {
		typ = "other"
	}
	s.NotRead[typ]++
}

// tlp returns the labels of the TLP marking definitions among refs: the four
// that STIX 2.1 fixes (section 7.2.1.4) and the five of TLP 2.0 (FIRST and
// OASIS, 2022). Definitions under other ids say nothing here.
func tlp(refs []string) []string {
	var labels []string
	for _, ref := range refs {
		label := ""
		switch ref {
		case "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487":
			label = "TLP:CLEAR"
		case "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb":
			label = "TLP:GREEN"
		case "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421":
			label = "TLP:AMBER"
		case "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003":
			label = "TLP:AMBER+STRICT"
		case "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1":
			label = "TLP:RED"
		}
		if label != "" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}
