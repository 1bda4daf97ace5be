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

// Event writes the items of a list as an event of MISP. held says which of
// them the gate holds back: they are no means of detection there. What is
// written twice has the same uuids.
func Event(g Giving, items []indicator.Item, held func(n int) bool) ([]byte, error) {
	id := g.ID.String()
	d := misp.Draft{
		UUID: misp.UUID("list " + id), Info: g.Name, At: g.At, Distribution: misp.Distribution(g.Marking),
		By: misp.Organisation{UUID: misp.Text(misp.UUID("party " + g.Party)), Name: misp.Text(g.Party)},
	}
	if g.Marking != "" {
		d.Tags = append(d.Tags, misp.Mark(g.Marking))
	}
	if g.PAP != "" {
		d.Tags = append(d.Tags, misp.Mark(g.PAP))
	}
	for n, it := range items {
		v := misp.DraftValue{UUID: misp.UUID("item " + id + " " + strconv.Itoa(n)), Value: it.Value, Comment: it.Note, ToIDs: !it.Context && !held(n)}
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
