// Package stix reads STIX 2.1: single objects whose exact bytes are kept, and the indicators and observed data of bundles.
//
// ParseObject holds one object to everything that the specification says of
// it, and keeps its bytes, because they are what was signed. What it does not
// understand it names (Object.Unread) and passes on.
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

// tlp returns the labels of the TLP marking definitions among refs. Definitions
// under other ids say nothing here.
func tlp(refs []string) []string {
	var labels []string
	for _, ref := range refs {
		if label, ok := TLPLabel(ref); ok && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}
