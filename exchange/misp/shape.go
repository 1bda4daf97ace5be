package misp

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
	"entente/statement"
)

// wrapper is every shape that a file, or an element of its list, may have.
type wrapper struct {
	Event      jsontext.Value `json:"Event"`
	Response   jsontext.Value `json:"response"`
	Attributes jsontext.Value `json:"Attribute"`
	Objects    jsontext.Value `json:"Object"`
	Info       jsontext.Value `json:"info"`
	UUID       jsontext.Value `json:"uuid"`
}

// isEvent says that the object is an event itself.
func (w wrapper) isEvent() bool {
	return len(w.Info) > 0 && (len(w.UUID) > 0 || len(w.Attributes) > 0 || len(w.Objects) > 0)
}

// EachEvent calls visit with the bytes of each event of a file, without what
// they are wrapped in: {"Event": …}, {"response": [{"Event": …}]}, a list of
// either, and bare events. raw is valid until visit returns. A file that is
// not strict JSON (stix.CheckJSON, with line and byte) or holds no event
// (E_KIND) is refused; an error of visit ends the reading.
func EachEvent(data []byte, visit func(raw jsontext.Value) error) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := stix.CheckJSON(data); err != nil {
		return err
	}
	return eachEvent(data, visit)
}

func eachEvent(data jsontext.Value, visit func(raw jsontext.Value) error) error {
	if data.Kind() == '{' {
		var w wrapper
		if err := json.Unmarshal(data, &w); err != nil {
			return errNotMISP()
		}
		if w.Event.Kind() != '{' && !w.isEvent() {
			if data = w.Response; data.Kind() == '{' {
				return oneEvent(data, visit)
			}
		}
	}
	if data.Kind() != '[' {
		return oneEvent(data, visit)
	}
	events := 0
	err := stix.EachElement(data, func(element jsontext.Value) error {
		events++
		return oneEvent(element, visit)
	})
	if err == nil && events == 0 {
		return errNotMISP()
	}
	return err
}

func oneEvent(data jsontext.Value, visit func(raw jsontext.Value) error) error {
	var w wrapper
	if len(data) == 0 || json.Unmarshal(data, &w) != nil {
		return errNotMISP()
	}
	switch {
	case w.Event.Kind() == '{':
		return visit(w.Event)
	case w.isEvent():
		return visit(data)
	default:
		return errNotMISP()
	}
}

func errNotMISP() error { return statement.Refuse(statement.CodeKind, "not a MISP event") }

// Wrap puts events into the shape of an answer to a search.
func Wrap(events [][]byte) []byte {
	var b bytes.Buffer
	b.WriteString(`{"response":[`)
	for i, e := range events {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"Event":`)
		b.Write(e)
		b.WriteByte('}')
	}
	b.WriteString("]}")
	return b.Bytes()
}

// Events returns the events of a file, each as the bytes that came, without
// what they are wrapped in. It refuses what EachEvent does.
func Events(data []byte) ([][]byte, error) {
	var list [][]byte
	err := EachEvent(data, func(raw jsontext.Value) error {
		list = append(list, raw.Clone())
		return nil
	})
	return list, err
}
