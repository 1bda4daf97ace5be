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
	needs []string
	// known says after how many leaves of a party's log it is known there that
	// another party confirmed the amendment: by confirmed party, then by log.
	known map[string]map[string]uint64
}

// firstRules begins the list of rules.
func (r *Record) firstRules() {
	first := FirstRules(r.charter)
	r.steps = []ruleStep{{from: unknown, rules: &first}}
	r.under = map[int32]*Rules{}
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
// those of the newest amendment in force then. What is decided jointly is
// decided under the rules that its parties knew, see RulesOf.
func (r *Record) Rules(at time.Time) Rules { return *r.rulesAt(at.Unix()) }

// RulesOf returns the rules under which a proposal is decided: those of the newest
// amendment that the logs of the needed parties show to be confirmed before
// they consented. So the rules of a text are fixed by the order of the logs,
// and no amendment changes them later.
func (r *Record) RulesOf(ref statement.Ref) (Rules, bool) {
	p := r.find(ref)
	if bodyOf[Proposal](r, p) == nil {
		return Rules{}, false
	}
	return *r.rulesOf(p), true
}

func (r *Record) rulesOf(place int32) *Rules {
	if rules, ok := r.under[place]; ok {
		return rules
	}
	return r.steps[0].rules
}

// fixRules finds the rules under which a proposal is decided.
func (r *Record) fixRules(place int32, p *Proposal) {
	if len(r.steps) == 1 {
		return
	}
	r.under[place] = r.rulesBefore(r.firstConsents(place, p))
}

// rulesBefore are those of the newest amendment that the logs show, up to these
// places, to be confirmed; else the charter's.
func (r *Record) rulesBefore(places map[string]uint64) *Rules {
	for _, s := range slices.Backward(r.steps) {
		if s.knownBefore(places) {
			return s.rules
		}
	}
	return r.steps[0].rules
}

// knownBefore reports whether the logs show, up to these places, that every party
// confirmed the amendment.
func (s ruleStep) knownBefore(places map[string]uint64) bool {
	return !slices.ContainsFunc(s.needs, func(party string) bool {
		for log, leaves := range s.known[party] {
			if at, ok := places[log]; ok && leaves <= at {
				return false
			}
		}
		return true
	})
}

// firstConsents returns where in the log of each needed party its first consent
// stands, or the end of what was read. Two officers are the least for any
// consent under any rules; more is not asked here, since that is what the
// rules say that are looked for.
func (r *Record) firstConsents(place int32, p *Proposal) map[string]uint64 {
	out := r.ends(p)
	for _, q := range r.on.of(place) {
		e := &r.said[q]
		b, ok := e.body.(*Position)
		if at, needed := out[e.party]; !ok || !needed || at <= e.Ref.Index || !b.plainConsent() {
			continue
		}
		ruling, waiting := r.listsAt(e.party, e.Ref.Index)
		if ruling != nil {
			waiting = append(waiting, ruling)
		}
		if slices.ContainsFunc(waiting, func(l *Officers) bool { return Power{Officers: 2}.met(l, e.Said) }) {
			out[e.party] = e.Ref.Index
		}
	}
	return out
}

// ends is where what was read of the log of each needed party ends.
func (r *Record) ends(p *Proposal) map[string]uint64 {
	out := make(map[string]uint64, len(p.Needs))
	for _, id := range p.Needs {
		out[id] = r.sizes[r.origin(id)]
	}
	return out
}

// plainConsent: a reservation makes it a counter-text, ad referendum a promise.
func (p *Position) plainConsent() bool {
	return p.Stance == Consent && p.Part == "" && p.Reservation == nil && !p.AdReferendum && p.Capacity == "official"
}

// amend weighs the amendments in the order in which the parties consented to
// them, each under what those before it made, and returns them as weighed.
func (r *Record) amend() map[int32]*act {
	type amendment struct {
		place int32
		order uint64
	}
	var list []amendment
	for i := range r.said {
		if p, ok := r.said[i].body.(*Proposal); ok && p.For == ForAmend {
			a := amendment{place: int32(i)}
			for _, at := range r.firstConsents(a.place, p) {
				a.order += at
			}
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b amendment) int {
		x, y := r.said[a.place].Ref.ID, r.said[b.place].Ref.ID
		return cmp.Or(cmp.Compare(a.order, b.order), slices.Compare(x[:], y[:]))
	})
	acts := map[int32]*act{}
	for _, m := range list {
		r.fixRules(m.place, bodyOf[Proposal](r, m.place))
		a := r.weigh(m.place, r.rulesOf(m.place))
		acts[m.place] = a
		if a.confirm != never {
			r.addStep(ruleStep{from: a.Effective, rules: a.p.Rules, ref: a.Ref, needs: a.Needs, known: r.knownFrom(a)})
			r.listOfficers()
		}
	}
	return acts
}

// knownFrom finds where each party's log first shows that another confirmed.
func (r *Record) knownFrom(a *act) map[string]map[string]uint64 {
	out := map[string]map[string]uint64{}
	for _, party := range a.Needs {
		out[party] = map[string]uint64{}
		size := r.sizes[r.origin(party)]
		if at, ok := a.revoked[party]; ok {
			size = min(size, at)
		}
		for _, by := range a.Needs {
			t := r.track(party, by)
			if by == party || t == nil {
				continue
			}
			first := noIndex
			for _, m := range t.byOwner {
				if m.Owner >= a.end.high && m.At <= a.end.low+a.rules.Grace && m.Size <= size && m.Logged != 0 {
					first = min(first, m.Logged)
				}
			}
			if first != noIndex {
				out[party][by] = first
			}
		}
	}
	return out
}
