package accord

import "slices"

// formLabel says why a proposal is no text that could become joint: it does not
// need whom it binds, leaves the scope, or lacks a language.
func (r *Record) formLabel(place int32, rules *Rules) Label {
	p, ok := r.said[place].body.(*Proposal)
	if !ok {
		return LabelNone
	}
	if !r.needsFit(place, p) {
		return LabelNeeds
	}
	if p.Supersedes || p.Ends {
		t := bodyOf[Proposal](r, r.said[place].target)
		// Rules are replaced by other rules; an end is final.
		if t == nil || p.Ends && (t.For == ForEnd || t.For == ForAmend) {
			return LabelTarget
		}
		if p.Ends && !subset(t.Needs, p.Needs) {
			return LabelNeeds
		}
	}
	if p.For == ForAmend && len(p.DependsOn) > 0 {
		return LabelTarget
	}
	if foreignTag(p, rules) != "" {
		return LabelScope
	}
	if !subset(rules.Languages, p.Authentic) {
		return LabelLanguages
	}
	return LabelNone
}

// needsFit: a joint act needs two nodes of the charter or more, its author among
// them; an amendment needs every party.
func (r *Record) needsFit(place int32, p *Proposal) bool {
	if len(p.Needs) < 2 || !slices.Contains(p.Needs, r.said[place].party) {
		return false
	}
	for _, id := range p.Needs {
		if _, ok := r.charter.Party(id); !ok {
			return false
		}
	}
	if p.For != ForAmend {
		return true
	}
	return subset(r.members(), p.Needs)
}

// foreignTag is the first act tag of a clause that is not in the charter's list.
func foreignTag(p *Proposal, rules *Rules) string {
	for _, c := range p.Clauses {
		for _, tag := range c.Acts {
			if !slices.Contains(rules.Scope, tag) {
				return tag
			}
		}
	}
	return ""
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}
