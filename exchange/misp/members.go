package misp

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// Members are the members of a JSON object in their order, each value as the
// bytes that came. Changing one leaves the others as they were, unknown fields
// and spellings of numbers included.
type Members struct {
	names  []string
	values []jsontext.Value
}

// ParseMembers reads an object that has passed stix.CheckJSON; no bytes are no
// members. Anything but an object is refused (E_FIELD).
func ParseMembers(data []byte) (*Members, error) {
	m := new(Members)
	if len(data) == 0 {
		return m, nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, statement.Refuse(statement.CodeField, "an object is expected")
	}
	for dec.PeekKind() == '"' {
		t, err := dec.ReadToken()
		if err != nil {
			return nil, statement.Refuse(statement.CodeJSON, "not JSON")
		}
		name := t.String()
		value, err := dec.ReadValue()
		if err != nil {
			return nil, statement.Refuse(statement.CodeJSON, "not JSON")
		}
		m.names, m.values = append(m.names, name), append(m.values, value.Clone())
	}
	return m, nil
}

// Names returns the names in their order.
func (m *Members) Names() []string { return slices.Clone(m.names) }

// Get returns the bytes of a value, nil for a missing member.
func (m *Members) Get(name string) jsontext.Value {
	if i := slices.Index(m.names, name); i >= 0 {
		return m.values[i]
	}
	return nil
}

// encode writes a value; what is JSON already, and a list of such, keeps its
// bytes.
func encode(name string, value any) (jsontext.Value, error) {
	switch v := value.(type) {
	case jsontext.Value:
		return v.Clone(), nil
	case []jsontext.Value:
		return slices.Concat(jsontext.Value("["), bytes.Join(asBytes(v), []byte(",")), jsontext.Value("]")), nil
	}
	raw, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return nil, statement.Refuse(statement.CodeField, "%s cannot be written", name)
	}
	return raw, nil
}

func asBytes(values []jsontext.Value) [][]byte {
	list := make([][]byte, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// Set replaces a value where it stands, or adds the member at the end. value
// is anything that encodes to JSON; what is JSON already keeps its bytes.
func (m *Members) Set(name string, value any) error {
	raw, err := encode(name, value)
	if err != nil {
		return err
	}
	if i := slices.Index(m.names, name); i >= 0 {
		m.values[i] = raw
		return nil
	}
	m.names, m.values = append(m.names, name), append(m.values, raw)
	return nil
}

// Drop removes a member.
func (m *Members) Drop(name string) {
	if i := slices.Index(m.names, name); i >= 0 {
		m.names, m.values = slices.Delete(m.names, i, i+1), slices.Delete(m.values, i, i+1)
	}
}

// Append adds an element to the end of the list under name, which a missing
// member or null becomes. Anything else there is refused (E_FIELD).
func (m *Members) Append(name string, element any) error {
	raw, err := encode(name, element)
	if err != nil {
		return err
	}
	list := m.Get(name)
	if !isList(list) {
		return statement.Refuse(statement.CodeField, "%s is no list", name)
	}
	var b bytes.Buffer
	if inner := bytes.TrimSpace(list); len(inner) > 1 && inner[0] == '[' {
		inner = bytes.TrimRight(inner[:len(inner)-1], " \t\r\n")
		b.Write(inner)
		if len(inner) > 1 {
			b.WriteByte(',')
		}
	} else {
		b.WriteByte('[')
	}
	b.Write(raw)
	b.WriteByte(']')
	return m.Set(name, jsontext.Value(b.Bytes()))
}

// Marshal writes the object.
func (m *Members) Marshal() (jsontext.Value, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range m.names {
		if i > 0 {
			b.WriteByte(',')
		}
		quoted, err := jsontext.AppendQuote(nil, name)
		if err != nil {
			return nil, statement.Refuse(statement.CodeUTF8, "a name that is not UTF-8")
		}
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(m.values[i])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
