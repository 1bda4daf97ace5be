package accord

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"entente/statement"
)

// ruleStep is one set of rules and since when it holds.
type ruleStep struct {
	from  int64 // Unix seconds
	rules *Rules
	ref   statement.Ref // of the amendment; zero for the first rules
}

// firstRules begins the list of rules.
func (r *Record) firstRules() {
	first := FirstRules(r.charter)
	r.steps = []ruleStep{{from: unknown, rules: &first}}
}

// addStep inserts an amendment that is in force, by its instant.
func (r *Record) addStep(s ruleStep) {
	i := sort.Search(len(r.steps), func(i int) bool { return r.steps[i].from > s.from })
	r.steps = append(r.steps[:i:i], append([]ruleStep{s}, r.steps[i:]...)...)
}

func (r *Record) rulesAt(at int64) *Rules {
	for i := len(r.steps) - 1; i > 0; i-- {
		if s := r.steps[i]; s.from <= at {
			return s.rules
		}
	}
	return r.steps[0].rules
}

// Rules returns the rules in force at an instant: the charter's first ones, or
// those of the newest amendment in force then.
func (r *Record) Rules(at time.Time) Rules { return *r.rulesAt(at.Unix()) }

// rulesOf returns the rules under which a proposal is decided.
func (r *Record) rulesOf(place int32, p *Proposal) *Rules {
	if rules, ok := r.amendRules[place]; ok {
		return rules
	}
	return r.rulesAt(p.DecideBy.Time().Unix())
}

// amend weighs the amendments in the order of their decide_by, which their texts
// fix, each under what those before it made, and returns them as weighed.
func (r *Record) amend() map[int32]*act {
	r.amendRules = map[int32]*Rules{}
	var places []int32
	for i := range r.said {
		if p, ok := r.said[i].body.(*Proposal); ok && p.For == ForAmend {
			places = append(places, int32(i))
		}
	}
	slices.SortStableFunc(places, func(a, b int32) int {
		x, y := &r.said[a], &r.said[b]
		return cmp.Or(cmp.Compare(bodyOf[Proposal](r, a).DecideBy, bodyOf[Proposal](r, b).DecideBy), cmp.Compare(x.Ref.Origin, y.Ref.Origin), compareRefs(x.Said, y.Said))
	})
	acts := map[int32]*act{}
	for _, place := range places {
		p := bodyOf[Proposal](r, place)
		rules := r.rulesAt(p.DecideBy.Time().Unix())
		r.amendRules[place] = rules
		a := r.weigh(place, rules)
		acts[place] = a
		if a.confirm != never {
			r.addStep(ruleStep{from: a.Effective, rules: p.Rules, ref: a.Ref})
			r.listOfficers()
		}
	}
	return acts
}
