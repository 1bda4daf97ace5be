package convert

import (
	"strconv"
	"time"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
	"entente/watch/indicator"
)

// Giving is what a list's statement says of itself, for an event made of it.
type Giving struct {
	ID      statement.Digest // of the statement
	Name    string           // of the list
	Source  string
	Party   string    // who said it
	At      time.Time // when, claimed
	Marking string    // label of TLP
	PAP     string    // label of PAP, "" for none
}

// Given is an item of a list.
type Given struct {
	N    int // its number there
	Item indicator.Item
	Held bool // the gate holds it back: it is no means of detection
}

// EventUUID names the event that Event makes of a statement.
func EventUUID(id statement.Digest) string { return misp.UUID("list " + id.String()) }

// ItemUUID names the attribute that Event makes of an item.
func ItemUUID(id statement.Digest, n int) string {
	return misp.UUID("item " + id.String() + " " + strconv.Itoa(n))
}

// Event writes the items of a list as an event of MISP. What is written twice
// has the same uuids.
func Event(g Giving, items []Given) ([]byte, error) {
	d := misp.Draft{
		UUID: EventUUID(g.ID), Info: g.Name, At: g.At, Distribution: misp.Distribution(g.Marking),
		By: misp.Organisation{UUID: misp.Text(misp.UUID("party " + g.Party)), Name: misp.Text(g.Party)},
	}
	if g.Marking != "" {
		d.Tags = append(d.Tags, misp.Mark(g.Marking))
	}
	if g.PAP != "" {
		d.Tags = append(d.Tags, misp.Mark(g.PAP))
	}
	for _, given := range items {
		it := given.Item
		v := misp.DraftValue{UUID: ItemUUID(g.ID, given.N), Value: it.Value, Comment: it.Note, ToIDs: !it.Context && !given.Held}
		var ok bool
		switch v.Type, v.Category, ok = misp.TypeOf(observable.Type(it.Type)); {
		case ok:
		case it.Type == indicator.TypePattern:
			v.Type, v.Category = misp.TypePattern, "Artifacts dropped"
		case it.Type == indicator.TypeSigma:
			v.Type, v.Category = misp.TypeSigma, "Artifacts dropped"
		default:
			continue
		}
		var err error
		if v.Observed, v.Until, err = it.Times(); err != nil {
			return nil, err
		}
		d.Values = append(d.Values, v)
	}
	return d.Marshal()
}

// Observables returns what an attribute names that is looked for, as the gate
// and the watch know it: the values of its type, or its rule. read is false for
// a type that is not looked for.
func Observables(typ, text string) (values []observable.Value, read bool) {
	found, read := misp.Values(typ, text)
	r := row{}
	for _, v := range found {
		r.values = append(r.values, value{v.Type, v.Text})
	}
	if misp.IsRule(typ) {
		read = true
		r.ruleOf(misp.Row{Type: typ, Rule: text})
	}
	for _, raw := range r.values {
		if it, _, refused := item(indicator.Item{}, raw); refused == nil {
			values = append(values, it.Observable())
		}
	}
	return values, read
}

// ruleOf reads an attribute that is a rule: a pattern that says no more than
// values is those values.
func (r *row) ruleOf(a misp.Row) {
	switch {
	case a.Rule == "":
	case a.Type == misp.TypePattern:
		values, rest, err := stix.ReadPattern(a.Rule)
		if err != nil {
			r.refused = append(r.refused, asRefusal(err))
			return
		}
		for _, v := range values {
			r.values = append(r.values, value{v.Type, v.Text})
		}
		if rest != nil {
			r.values = append(r.values, value{indicator.TypePattern, rest.String()})
		}
	case a.Type == misp.TypeSigma:
		r.values = append(r.values, value{indicator.TypeSigma, a.Rule})
	}
}
