package convert

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/list"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
	"entente/watch/indicator"
)

// read finds out the format and reads.
func (c *collector) read(data []byte) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return statement.Refuse(statement.CodeValue, "the file is empty")
	case looksLikeJSON(data):
		return c.readJSON(data)
	case looksLikeSigma(data):
		return c.readSigma(data)
	case list.IsCSV(data):
		c.report.Format = FormatCSV
		return list.ReadCSV(data, c.listRow)
	default:
		c.report.Format = FormatPlain
		return list.ReadPlain(data, c.listRow)
	}
}

// looksLikeJSON looks at the first characters: a list may begin with a
// bracketed address ("[2001:db8::1]:443"), but never with "[{" or "[]".
func looksLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	if data[0] == '{' {
		return true
	}
	rest := bytes.TrimLeft(data[1:], " \t\r\n")
	return data[0] == '[' && (len(rest) == 0 || rest[0] == '{' || rest[0] == ']' || rest[0] == '"')
}

func (c *collector) readJSON(data []byte) error {
	if err := stix.CheckJSON(data); err != nil {
		return err
	}
	switch keys := rootKeys(data); {
	case keys["objects"], keys["spec_version"]:
		return c.readSTIX(data)
	case keys["list"] && (keys["matching_attributes"] || keys["name"]):
		return statement.Refuse(statement.CodeKind, "this is a warning list: it says what is harmless, not what to look for")
	case keys["Event"], keys["response"], keys["Attribute"], keys["info"] && keys["uuid"]:
		return c.readMISP(data)
	default:
		return statement.Refuse(statement.CodeKind, "JSON, but neither a STIX bundle nor a MISP event")
	}
}

// rootKeys returns the keys of the root object, or of the first element of a
// root list. data has passed CheckJSON.
func rootKeys(data []byte) map[string]bool {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	for dec.PeekKind() == '[' {
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
	}
	keys := make(map[string]bool)
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return keys
	}
	for dec.PeekKind() == '"' {
		tok, err := dec.ReadToken()
		if err != nil {
			return keys
		}
		keys[tok.String()] = true
		if err := dec.SkipValue(); err != nil {
			return keys
		}
	}
	return keys
}

func (c *collector) readSTIX(data []byte) error {
	c.report.Format = FormatSTIX
	sum, err := stix.Read(data, func(ind stix.Indicator) error {
		r := row{
			number: ind.Row, observed: ind.ValidFrom, until: ind.ValidUntil,
			note: join(ind.Name, ind.Description), markings: ind.Markings, refused: ind.Refused,
		}
		for _, v := range ind.Values {
			r.values = append(r.values, value{v.Type, v.Text})
		}
		if ind.Pattern != nil {
			r.values = append(r.values, value{indicator.TypePattern, ind.Pattern.String()})
		}
		return c.add(r)
	})
	c.report.NotRead = sum.Objects - sum.Indicators
	return err
}

func (c *collector) readMISP(data []byte) error {
	c.report.Format = FormatMISP
	sum, err := misp.Read(data, func(a misp.Row) error {
		r := row{
			number: a.Row, observed: a.Observed, until: a.Until, context: a.Context,
			note: join(a.Event, a.Comment), markings: a.Markings, refused: a.Refused,
		}
		for _, v := range a.Values {
			r.values = append(r.values, value{v.Type, v.Text})
		}
		r.ruleOf(a)
		return c.add(r)
	})
	c.report.NotRead = sum.Proposals
	return err
}

func (c *collector) listRow(l list.Row) error {
	r := row{
		number: l.Line, observed: l.Observed, until: l.Until,
		note: l.Note, recovered: l.Recovered, refused: l.Refused,
	}
	if l.Marking != "" {
		r.markings = []string{l.Marking}
	}
	for _, v := range l.Values {
		r.values = append(r.values, value{v.Type, v.Text})
	}
	return c.add(r)
}

func join(a, b string) string {
	if a != "" && b != "" {
		return a + ": " + b
	}
	return a + b
}

// normalise makes a value of what a file calls one. A file's label is often
// too narrow (an address with its port, a network, a hash of another length),
// so a value that is not of its type may be of one akin; never of another kind.
func normalise(raw value) (observable.Value, error) {
	if raw.typ == "" {
		return observable.Detect(raw.text)
	}
	v, err := observable.Normalise(raw.typ, raw.text)
	if err == nil {
		return v, nil
	}
	if d, again := observable.Detect(raw.text); again == nil && akin(d.Type) == akin(raw.typ) {
		return d, nil
	}
	return observable.Value{}, err
}

// akin groups the types that lists mix up.
func akin(t observable.Type) observable.Type {
	switch t {
	case observable.IPv4, observable.IPv6, observable.Net4, observable.Net6:
		return observable.IPv4
	case observable.MD5, observable.SHA1, observable.SHA256:
		return observable.MD5
	default:
		return t
	}
}
