package accord

import (
	"entente/record"
	"entente/statement"
)

// Demand is what a statement must bear to be its party's position.
type Demand struct {
	Name   string // of the power in Rules.Powers; empty where no officer has to sign
	Need   Power
	Ruling Officers // the list that rules there
	Ruled  bool     // there is one
	Before bool     // and it is not the statement itself, as the first list of a log is
}

// Demand tells what the rules demand of a statement: how many officers, in which
// roles, of which list. False if there is no such statement.
func (r *Record) Demand(ref statement.Ref) (Demand, bool) {
	p := r.find(ref)
	if p < 0 || r.said[p].party == "" {
		return Demand{}, false
	}
	e := &r.said[p]
	d := Demand{Name: r.powerName(p)}
	switch e.Act.Kind {
	case KindOfficers:
		d.Name = "officers"
	case record.KindWithdrawal: // a party that leaves the unit leaves every instrument of it
		d.Name = "withdraw"
	}
	ruling, _ := r.listsAt(e.party, e.Ref.Index)
	if own, ok := e.body.(*Officers); ok && (ruling == nil || ruling == own) {
		// The first list of a log has no one before it: its own officers show that
		// they hold the keys.
		d.Ruling, d.Ruled = *own, true
	} else if ruling != nil {
		d.Ruling, d.Ruled, d.Before = *ruling, true, true
	}
	if d.Name != "" {
		d.Need = r.power(r.rulesFor(p), d.Name)
	}
	return d, true
}
