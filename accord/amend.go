package accord

import (
	"sort"
	"time"

	"entente/statement"
)

// ruleStep is one set of rules and since when it holds.
type ruleStep struct {
	from  int64 // Unix seconds
	until int64 // or never: when the amendment ended
	rules *Rules
	ref   statement.Ref // of the amendment; zero for the first rules
}

// firstRules begins the list of rules.
func (r *Record) firstRules() {
	first := FirstRules(r.charter)
	r.steps = []ruleStep{{from: -never, until: never, rules: &first}}
}

// addStep inserts an amendment that is in force, by its instant.
func (r *Record) addStep(s ruleStep) {
	i := sort.Search(len(r.steps), func(i int) bool { return r.steps[i].from > s.from })
	r.steps = append(r.steps[:i:i], append([]ruleStep{s}, r.steps[i:]...)...)
}

func (r *Record) rulesAt(at int64) *Rules {
	for i := len(r.steps) - 1; i > 0; i-- {
		if s := r.steps[i]; s.from <= at && at < s.until {
			return s.rules
		}
	}
	return r.steps[0].rules
}

// Rules returns the rules in force at an instant: the charter's first ones, or
// those of the newest amendment in force then.
func (r *Record) Rules(at time.Time) Rules { return *r.rulesAt(at.Unix()) }

// rulesOf returns the rules under which a proposal is decided.
func (r *Record) rulesOf(_ int32, p *Proposal) *Rules { return r.rulesAt(p.DecideBy.Time().Unix()) }
