package convert

import (
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/observable"
	"entente/watch/indicator"
)

// MaxDerived is how many items the objects of one statement give. What goes
// beyond it is not watched; the objects themselves are kept whole.
const MaxDerived = 4 * indicator.MaxItems

// Derive returns what objects ask to look for, and of which of them each item
// is. objects are those of one statement, nil where one was refused. What cannot
// be read gives no item; the same value in one object twice gives one.
func Derive(media string, objects [][]byte) (items []indicator.Item, of []int) {
	d := deriver{}
	switch media {
	case stix.MediaSTIX:
		d.fromSTIX(objects)
	case stix.MediaMISP:
		for n, raw := range objects {
			d.seen = make(map[observable.Value]bool)
			if raw == nil {
				continue
			}
			// An error means that the rest of the event cannot be read.
			_, _ = misp.Read(raw, func(a misp.Row) error {
				r := row{observed: a.Observed, until: a.Until, context: a.Context, note: join(a.Event, a.Comment)}
				for _, v := range a.Values {
					r.values = append(r.values, value{v.Type, v.Text})
				}
				r.ruleOf(a)
				d.add(n, r)
				return nil
			})
		}
	}
	return d.items, d.of
}

type deriver struct {
	items []indicator.Item
	of    []int
	seen  map[observable.Value]bool // in the object at hand
}

func (d *deriver) fromSTIX(objects [][]byte) {
	var some [][]byte
	var numbers []int
	for n, raw := range objects {
		if raw != nil {
			some, numbers = append(some, raw), append(numbers, n)
		}
	}
	// Each object passed its own check, so the envelope passes too.
	_, _ = stix.Read(stix.JoinEnvelope(some), func(ind stix.Indicator) error {
		d.seen = make(map[observable.Value]bool)
		r := row{observed: ind.ValidFrom, until: ind.ValidUntil, note: join(ind.Name, ind.Description)}
		for _, v := range ind.Values {
			r.values = append(r.values, value{v.Type, v.Text})
		}
		if ind.Pattern != nil {
			r.values = append(r.values, value{indicator.TypePattern, ind.Pattern.String()})
		}
		d.add(numbers[ind.Row-1], r)
		return nil
	})
}

func (d *deriver) add(n int, r row) {
	observed, _ := date(r.observed)
	until, _ := date(r.until)
	template := indicator.Item{Observed: observed, Until: until, Context: r.context, Note: OneLine(r.note)}
	for _, raw := range r.values {
		it, _, refused := item(template, raw)
		if refused != nil || d.seen[it.Observable()] || len(d.items) >= MaxDerived {
			continue
		}
		d.seen[it.Observable()] = true
		d.items, d.of = append(d.items, it), append(d.of, n)
	}
}
