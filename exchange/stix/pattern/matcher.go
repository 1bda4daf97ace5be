package pattern

import (
	"slices"
	"time"

	"entente/statement"
)

// Limits bound what a Matcher remembers and does. Zero fields mean the defaults.
type Limits struct {
	// Keep is how long an observation waits for others where no WITHIN around the whole pattern says it; the most
	// for one that does. Default 24 hours.
	Keep time.Duration
	// Lateness is how far behind the latest observation one may come and still be remembered, and how far ahead
	// of now it may claim to be. Default 5 minutes.
	Lateness     time.Duration
	Observations int // remembered by all patterns together; default 131072
	PerPattern   int // remembered by one; default 4096
	Bytes        int // of all that is remembered; default 64 MiB
	Steps        int // of one search; default 20000
	Work         int // on one observation, by all patterns together; default 16 times MaxWork
}

func (l Limits) filled() Limits {
	set := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	if l.Keep <= 0 {
		l.Keep = 24 * time.Hour
	}
	if l.Lateness <= 0 {
		l.Lateness = 5 * time.Minute
	}
	set(&l.Observations, 1<<17)
	set(&l.PerPattern, 1<<12)
	set(&l.Bytes, 64<<20)
	set(&l.Steps, 20_000)
	set(&l.Work, 16*MaxWork)
	return l
}

// Rule is a pattern under a name.
type Rule struct {
	ID      string
	Pattern *Pattern
}

// Hit is one match of a pattern.
type Hit struct {
	Pattern string    `json:"pattern"` // the rule's id
	First   time.Time `json:"first"`   // of what matched; zero where that has no time
	Last    time.Time `json:"last"`
	Seen    []Seen    `json:"seen"` // in order of time; an observation that serves several times stands several times
}

// Seen says which observation served which part of a pattern.
type Seen struct {
	Key        string    `json:"key"`
	Time       time.Time `json:"time"`
	Expression string    `json:"expression"` // the observation expression that it satisfies
}

// Stats counts what a Matcher did, and all that it dropped.
type Stats struct {
	Observations int64 `json:"observations"`
	Evaluated    int64 `json:"evaluated"` // pairs of an observation and a pattern that were looked at
	Hits         int64 `json:"hits"`
	Late         int64 `json:"late"`      // looked at with what was there, not remembered: too far behind
	Ahead        int64 `json:"ahead"`     // likewise: from the future
	Untimed      int64 `json:"untimed"`   // likewise: no time
	Evicted      int64 `json:"evicted"`   // dropped at a limit of number or bytes
	Forgotten    int64 `json:"forgotten"` // dropped after Limits.Keep, although the pattern would still wait
	Cut          int64 `json:"cut"`       // searches given up at Limits.Steps
	Heavy        int64 `json:"heavy"`     // evaluations given up at MaxWork or Limits.Work
	Stopped      int   `json:"stopped"`   // patterns that gave up too often and are evaluated no more
	Kept         int   `json:"kept"`      // observations remembered now
	Bytes        int   `json:"bytes"`     // of these
}

// Matcher evaluates rules over observations that come one by one, in about the order of their times. A pattern that
// one observation can match is decided at once; for the others it keeps of each observation that satisfies a part
// its key, times and which part, until the pattern's WITHIN, or Limits.Keep, has passed. A match uses up the
// observations that it consists of: the next one needs others.
//
// It is not safe for concurrent use.
type Matcher struct {
	limits Limits
	rules  []*rule
	index  index
	stamps []uint64 // of each leaf: the observation that it was last looked up for
	stamp  uint64
	touch  []int32 // rules that the present observation may concern
	latest time.Time
	sweep  int // the rule to clear next
	stats  Stats
}

type rule struct {
	Rule
	text    string
	window  time.Duration // how long an observation may matter
	whole   bool          // the pattern itself says so
	alone   bool          // every match is one observation
	timed   bool          // and a part of the pattern needs its time
	pending []int32       // leaves that the present observation may satisfy
	kept    []candidate   // by time
	room    []int32       // of each leaf: how often the kept ones can serve it
	hits    int64
	heavy   int // evaluations given up in a row
	stopped bool
}

// mostHeavy is how often in a row a pattern may cost more than MaxWork before it is stopped.
const mostHeavy = 16

// NewMatcher compiles rules. refused holds for each of them, in order, why it is not among those that are evaluated,
// or nil: see Pattern.Specific.
func NewMatcher(rules []Rule, limits Limits) (m *Matcher, refused []*statement.Refusal) {
	m = &Matcher{limits: limits.filled(), index: index{types: make(map[string]*typeIndex)}}
	refused = make([]*statement.Refusal, len(rules))
	for i, r := range rules {
		if err := r.Pattern.Specific(); err != nil {
			refused[i], _ = statement.AsRefusal(err)
			continue
		}
		compiled := &rule{Rule: r, text: r.Pattern.String(), window: m.limits.Keep, alone: r.Pattern.cost.Observations == 1}
		if w := r.Pattern.cost.Within; w > 0 && w <= m.limits.Keep {
			compiled.window, compiled.whole = w, true
		}
		compiled.timed, compiled.room = r.Pattern.root.timed(), make([]int32, len(r.Pattern.leaves))
		for _, l := range r.Pattern.leaves {
			m.index.add(l, ref{int32(len(m.rules)), int32(l.number), int32(len(m.stamps))})
			m.stamps = append(m.stamps, 0)
		}
		m.rules = append(m.rules, compiled)
	}
	return m, refused
}

// timed reports whether there is a condition on time anywhere.
func (e *expression) timed() bool {
	return e.within > 0 || e.bounded || e.join == followedBy || slices.ContainsFunc(e.terms, (*expression).timed)
}

// Inherit takes over what another matcher remembers for the rules that both have, under the same id and text, and
// its counts. The other must not be used any more.
func (m *Matcher) Inherit(old *Matcher) {
	byID := make(map[string]*rule, len(old.rules))
	for _, r := range old.rules {
		byID[r.ID] = r
	}
	m.latest, m.stats = old.latest, old.stats
	m.stats.Kept, m.stats.Bytes, m.stats.Stopped = 0, 0, 0
	for _, r := range m.rules {
		if o := byID[r.ID]; o != nil && o.text == r.text {
			r.kept, r.hits, r.heavy, r.stopped = o.kept, o.hits, o.heavy, o.stopped
			for i := range r.kept {
				m.account(r, &r.kept[i], 1)
			}
			m.bound(r)
			if r.stopped {
				m.stats.Stopped++
			}
		}
	}
}

// Stats returns the counts so far.
func (m *Matcher) Stats() Stats { return m.stats }

// RuleReport says how one rule fares.
type RuleReport struct {
	ID      string        `json:"id"`
	Hits    int64         `json:"hits"`
	Kept    int           `json:"kept"`    // observations that it remembers
	Window  time.Duration `json:"window"`  // how long it remembers one; 0 for a pattern that one observation matches
	Stopped bool          `json:"stopped"` // it cost too much too often, and is evaluated no more
}

// Report says how each rule fares that is evaluated, in the order in which they were given.
func (m *Matcher) Report() []RuleReport {
	list := make([]RuleReport, len(m.rules))
	for i, r := range m.rules {
		list[i] = RuleReport{r.ID, r.hits, len(r.kept), r.window, r.stopped}
		if r.alone {
			list[i].Window = 0
		}
	}
	return list
}

// Observe takes one observation and appends its hits. now is the time by the clock. The observation may be used
// again afterwards; only its key is kept.
func (m *Matcher) Observe(o *Observation, now time.Time, hits []Hit) []Hit {
	m.stats.Observations++
	m.stamp++
	m.touch = m.touch[:0]
	w := work{o: o, left: m.limits.Work}
	m.index.each(&w, func(r ref) {
		rule := m.rules[r.rule]
		if m.stamps[r.id] == m.stamp || rule.stopped {
			return
		}
		m.stamps[r.id] = m.stamp
		if len(rule.pending) == 0 {
			m.touch = append(m.touch, r.rule)
		}
		rule.pending = append(rule.pending, r.leaf)
	})
	if w.over {
		m.stats.Heavy++
	}
	first, _ := o.times()
	ahead := first.After(now.Add(m.limits.Lateness))
	if !ahead && first.After(m.latest) {
		m.latest = first
	}
	slices.Sort(m.touch)
	for _, n := range m.touch {
		r := m.rules[n]
		m.stats.Evaluated++
		slices.Sort(r.pending)
		c, ok := m.evaluate(r, &w)
		r.pending = r.pending[:0]
		switch {
		case !ok:
		case r.alone:
			hits = m.decide(r, c, hits)
		default:
			hits = m.remember(r, &c, ahead, hits)
		}
	}
	if len(m.rules) > 0 {
		m.sweep = (m.sweep + 1) % len(m.rules)
		m.expire(m.rules[m.sweep])
	}
	return hits
}

// evaluate spends on a pattern no more than MaxWork and no more than is left of the observation's.
func (m *Matcher) evaluate(r *rule, all *work) (candidate, bool) {
	w := work{o: all.o, left: min(all.left, MaxWork)}
	given := w.left
	c, ok := r.Pattern.candidate(&w, r.pending)
	all.left -= given - max(w.left, 0)
	switch {
	case !w.over:
		r.heavy = 0
		return c, ok
	case given == MaxWork:
		if r.heavy++; r.heavy == mostHeavy {
			r.stopped = true
			m.stats.Stopped++
		}
	}
	m.stats.Heavy++
	return c, ok
}

// decide answers for a pattern that one observation matches.
func (m *Matcher) decide(r *rule, c candidate, hits []Hit) []Hit {
	if r.timed && c.first.IsZero() {
		s := search{pattern: r.Pattern, cands: []candidate{c}, limit: m.limits.Steps}
		if s.run() == nil {
			return hits
		}
	}
	m.stats.Hits++
	r.hits++
	return append(hits, Hit{r.ID, c.first, c.last, []Seen{{c.key, c.first, r.Pattern.Expression(int(c.leaves[0]))}}})
}
