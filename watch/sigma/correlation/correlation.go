// Package correlation counts, compares and orders the hits of rules in event time, the same in whatever order they arrive within a lateness bound.
//
// Hits wait until no earlier one may come any more and are then taken in the order of their times. A
// correlation that can only become true, such as "at least ten", is judged at each hit over the timespan that
// ends there, and consumes its events when it fires. One that can become false again, such as "fewer than
// three" or an average, is judged once, when the timespan that its first event opened is over.
// Source: Sigma Correlation Rules Specification 2.1.0.
package correlation

import (
	"cmp"
	"container/heap"
	"container/list"
	"slices"
	"strings"
	"time"

	"entente/watch"
)

// Kind is a type of correlation, by its name in the specification.
type Kind string

// The types.
const (
	EventCount      Kind = "event_count"
	ValueCount      Kind = "value_count"
	Temporal        Kind = "temporal"
	TemporalOrdered Kind = "temporal_ordered"
	ValueSum        Kind = "value_sum"
	ValueAvg        Kind = "value_avg"
	ValuePercentile Kind = "value_percentile"
)

// Bound is one comparison of a condition; all of them must hold.
type Bound struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Value float64
}

func (b Bound) holds(x float64) bool {
	switch b.Op {
	case "gt":
		return x > b.Value
	case "gte":
		return x >= b.Value
	case "lt":
		return x < b.Value
	case "lte":
		return x <= b.Value
	case "eq":
		return x == b.Value
	case "neq":
		return x != b.Value
	}
	return false
}

// Member is one rule that a correlation looks at.
type Member struct {
	Rule   int      // its number, of a detection or of a correlation before this one
	Group  []string // the names of the hit's fields that stand for Rule.Group
	Values []string // the names of the hit's fields that are counted or summed
}

// Rule is one correlation.
type Rule struct {
	Number     int // what others name it by
	Kind       Kind
	Members    []Member // in the order that TemporalOrdered demands
	Group      []string // names to show beside the values of a group
	Timespan   time.Duration
	Bounds     []Bound
	Percentile float64 // of ValuePercentile; below 0 compares the share in percent of each value instead
}

// waits reports whether the correlation is judged at the end of its timespan.
func (r *Rule) waits() bool {
	if r.Kind == ValueAvg || r.Kind == ValuePercentile {
		return true
	}
	return slices.ContainsFunc(r.Bounds, func(b Bound) bool { return b.Op != "gt" && b.Op != "gte" })
}

// Limits of what is remembered, where a configuration does not say otherwise.
const (
	MaxPending = 1 << 20 // hits that wait for earlier ones
	MaxGroups  = 100_000 // groups of all correlations
	MaxEntries = 1 << 20 // hits in all groups
	MaxPerOne  = 20_000  // hits in one group
	maxShown   = 32      // events and values in an alert
)

// Config bounds an engine; zero means the limits above.
type Config struct {
	Lateness   time.Duration // how much older than the newest a hit may be when it arrives
	MaxPending int
	MaxGroups  int
	MaxEntries int
	MaxPerOne  int
}

// Hit is one event that met a rule.
type Hit struct {
	Rule   int               `json:"rule"`
	Time   time.Time         `json:"time"`
	Place  watch.Place       `json:"place"`
	Fields map[string]string `json:"fields,omitempty"` // what Member.Group and Member.Values name; never changed
}

// Event is one hit in an alert.
type Event struct {
	Rule  int         `json:"rule"`
	Time  time.Time   `json:"time"`
	Place watch.Place `json:"place"`
}

// Alert says that a correlation holds.
type Alert struct {
	Rule   int       // its number
	Time   time.Time // of the hit that made it true, or the end of the timespan that was judged
	First  time.Time // of the oldest event
	Last   time.Time // of the newest event
	Group  []string  // values, in the order of Rule.Group
	Amount float64   // what the condition was compared with
	Events []Event   // the oldest and the newest at most, see Count
	Count  int       // of events
	Values []string  // some of the values that were counted

	fields map[string]string
}

// Stats counts what an engine did. Nothing is lost without a count.
type Stats struct {
	Hits       int64 `json:"hits"`
	Late       int64 `json:"late"`       // older than the lateness allows: not correlated
	Duplicates int64 `json:"duplicates"` // the same rule and place again
	Hurried    int64 `json:"hurried"`    // taken before their time because too many waited
	Ungrouped  int64 `json:"ungrouped"`  // without a field to group by, or without the value
	Evicted    int64 `json:"evicted"`    // hits forgotten because too much was remembered
	Groups     int64 `json:"groups"`     // remembered now
	Alerts     int64 `json:"alerts"`
}

// Engine correlates. It is not safe for concurrent use.
type Engine struct {
	cfg     Config
	rules   []*Rule
	feeds   map[int][]feed // by the number of a rule: what looks at it
	pending pending
	mark    time.Time // everything up to here is taken
	newest  time.Time
	started bool
	last    Hit // taken last
	taken   bool
	ends    ends
	groups  []map[string]*group // by position of the rule
	recent  *list.List          // of *group, the one that was touched longest ago first
	entries int
	inbox   [][]entry // of the moment, by position of the rule
	out     []Alert
	stats   Stats
}

// feed is one place of a rule in a correlation.
type feed struct{ rule, member int }

// New returns an engine. A correlation comes after those that it looks at.
func New(rules []Rule, cfg Config) *Engine {
	for _, d := range []struct {
		to      *int
		missing int
	}{{&cfg.MaxPending, MaxPending}, {&cfg.MaxGroups, MaxGroups}, {&cfg.MaxEntries, MaxEntries}, {&cfg.MaxPerOne, MaxPerOne}} {
		if *d.to <= 0 {
			*d.to = d.missing
		}
	}
	e := &Engine{cfg: cfg, feeds: make(map[int][]feed), recent: list.New(), inbox: make([][]entry, len(rules))}
	for i := range rules {
		e.rules = append(e.rules, &rules[i])
		e.groups = append(e.groups, make(map[string]*group))
		for m, member := range rules[i].Members {
			e.feeds[member.Rule] = append(e.feeds[member.Rule], feed{i, m})
		}
	}
	return e
}

// Wants reports whether any correlation looks at a rule.
func (e *Engine) Wants(rule int) bool { return len(e.feeds[rule]) > 0 }

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Groups = int64(e.recent.Len())
	return s
}

// Add takes a hit and returns the alerts that are certain now.
func (e *Engine) Add(h Hit) []Alert {
	e.stats.Hits++
	h.Time = h.Time.UTC()
	if e.started && !h.Time.After(e.mark) {
		e.stats.Late++
		return nil
	}
	heap.Push(&e.pending, h)
	if !e.started || h.Time.After(e.newest) {
		e.newest = h.Time
		if !e.started {
			e.mark, e.started = h.Time.Add(-e.cfg.Lateness-1), true
		}
	}
	for len(e.pending) > e.cfg.MaxPending {
		e.stats.Hurried++
		e.moment(e.pending[0].Time)
	}
	return e.Advance(e.newest.Add(-e.cfg.Lateness - 1))
}

// Advance says that nothing at or before a time is to come, and returns the alerts that are certain then. Hits
// that come nevertheless are late.
func (e *Engine) Advance(to time.Time) []Alert {
	for len(e.pending) > 0 && !e.pending[0].Time.After(to) {
		e.moment(e.pending[0].Time)
	}
	if e.started && to.After(e.mark) {
		e.close(to)
		e.mark = to
	}
	return e.flushed()
}

// Flush says that nothing is to come at all, and judges what is open.
func (e *Engine) Flush() []Alert {
	for len(e.pending) > 0 {
		e.moment(e.pending[0].Time)
	}
	for len(e.ends) > 0 {
		e.mark = e.ends[0].at
		e.close(e.ends[0].at.Add(1))
	}
	return e.flushed()
}

func (e *Engine) flushed() []Alert {
	out := e.out
	e.out = nil
	e.stats.Alerts += int64(len(out))
	return out
}

// moment takes all hits of one time together, so that their order of arrival is nothing.
func (e *Engine) moment(t time.Time) {
	e.close(t)
	for len(e.pending) > 0 && e.pending[0].Time.Equal(t) {
		h := heap.Pop(&e.pending).(Hit)
		if e.taken && compareHits(e.last, h) == 0 {
			e.stats.Duplicates++
			continue
		}
		e.last, e.taken = h, true
		for _, f := range e.feeds[h.Rule] {
			e.inbox[f.rule] = append(e.inbox[f.rule], entry{time: t, member: f.member, place: h.Place, fields: h.Fields})
		}
	}
	if t.After(e.mark) {
		e.mark = t
	}
	e.deliver()
}

// deliver gives every correlation what waits for it; those that come later may look at those before.
func (e *Engine) deliver() {
	for i := range e.rules {
		in := e.inbox[i]
		e.inbox[i] = nil
		slices.SortFunc(in, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.member, b.member), comparePlaces(a.place, b.place))
		})
		for _, one := range in {
			e.feed(i, one)
		}
	}
}

// close judges the timespans that ended before t, the oldest first.
func (e *Engine) close(t time.Time) {
	for len(e.ends) > 0 && e.ends[0].at.Before(t) {
		end := heap.Pop(&e.ends).(ending)
		if g := end.group; g.list != nil {
			e.judge(g, end.at)
			e.forget(g)
			e.deliver()
		}
	}
	for front := e.recent.Front(); front != nil; front = e.recent.Front() {
		g := front.Value.(*group)
		if g.waits || !g.last.Add(e.rules[g.rule].Timespan).Before(t) {
			return
		}
		e.forget(g)
	}
}

// pending is a heap of hits by time, rule and place.
type pending []Hit

func (p pending) Len() int           { return len(p) }
func (p pending) Less(i, j int) bool { return compareHits(p[i], p[j]) < 0 }
func (p pending) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pending) Push(x any)        { *p = append(*p, x.(Hit)) }
func (p *pending) Pop() any {
	last := len(*p) - 1
	h := (*p)[last]
	(*p)[last] = Hit{}
	*p = (*p)[:last]
	return h
}

func compareHits(a, b Hit) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Rule, b.Rule), comparePlaces(a.Place, b.Place))
}

func comparePlaces(a, b watch.Place) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Line, b.Line))
}

// ending is when a group is to be judged.
type ending struct {
	at    time.Time
	group *group
}

// ends is a heap of them by time, rule and group.
type ends []ending

func (p ends) Len() int { return len(p) }
func (p ends) Less(i, j int) bool {
	a, b := p[i], p[j]
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.group.rule, b.group.rule), strings.Compare(a.group.key, b.group.key)) < 0
}
func (p ends) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *ends) Push(x any)   { *p = append(*p, x.(ending)) }
func (p *ends) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = ending{}
	*p = (*p)[:last]
	return x
}
