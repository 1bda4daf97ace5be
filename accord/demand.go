package accord

import "entente/statement"

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
	return r.demand(&r.said[p], r.rulesFor(p)), true
}

// DemandFor is Demand of a statement that is not in the record, as if it stood in
// it, in its log behind everything that was read. False if the log is no party's.
func (r *Record) DemandFor(s Said) (Demand, bool) {
	owner, ok := r.charter.ByOrigin(s.Ref.Origin)
	if !ok {
		return Demand{}, false
	}
	e := entry{Said: &s, party: owner.ID, at: never, body: parseBody(&s), target: -1}
	if len(s.Act.Refs) > 0 {
		e.target = r.find(s.Act.Refs[0])
	}
	rules := r.rulesAt(r.now.Unix())
	if p, ok := e.body.(*Proposal); ok {
		rules = r.rulesBefore(r.ends(p))
	} else if bodyOf[Proposal](r, e.target) != nil {
		rules = r.rulesOf(e.target)
	}
	return r.demand(&e, rules), true
}

func (r *Record) demand(e *entry, rules *Rules) Demand {
	d := Demand{Name: r.powerName(e)}
	if e.Act.Kind == KindOfficers {
		d.Name = "officers"
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
		d.Need = r.power(rules, d.Name)
	}
	return d
}
