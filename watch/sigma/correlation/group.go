package correlation

import (
	"container/heap"
	"container/list"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/watch"
)

// entry is one hit that a group remembers.
type entry struct {
	time   time.Time
	member int
	place  watch.Place
	value  string            // folded; of several fields together
	number float64           // of the kinds that compute
	fields map[string]string // on the way to a group, and of its last entry
}

// group is what is remembered of one correlation for one set of values.
type group struct {
	rule    int
	key     string
	values  []string // as they were first seen
	entries []entry
	last    time.Time
	fields  map[string]string // of the last entry
	waits   bool
	seen    map[string]int // how often each value is in entries, where values are counted
	list    *list.Element  // nil once forgotten
}

// feed gives a correlation one hit.
func (e *Engine) feed(i int, one entry) {
	r := e.rules[i]
	member := &r.Members[one.member]
	values, ok := pick(one.fields, member.Group)
	if !ok || !one.measure(r, member) {
		e.stats.Ungrouped++
		return
	}
	key := strings.ToLower(strings.Join(values, "\x00"))
	g := e.groups[i][key]
	if g == nil {
		g = &group{rule: i, key: key, values: values, waits: r.waits()}
		if r.Kind == ValueCount {
			g.seen = make(map[string]int)
		}
		e.groups[i][key] = g
		g.list = e.recent.PushBack(g)
		if g.waits {
			heap.Push(&e.ends, ending{one.time.Add(r.Timespan), g})
		}
	}
	e.recent.MoveToBack(g.list)
	g.fields, g.last = one.fields, one.time
	one.fields = nil
	e.remember(g, one)
	if !g.waits {
		for len(g.entries) > 0 && g.entries[0].time.Before(one.time.Add(-r.Timespan)) {
			e.drop(g)
		}
		// A group that begins anew shows its values as the new hit has them, however long the old one was kept.
		if len(g.entries) == 1 {
			g.values = values
		}
		e.judge(g, one.time)
	}
	e.limit(g)
}

// pick takes the fields of these names; ok is false if one is missing.
func pick(fields map[string]string, names []string) (values []string, ok bool) {
	for _, name := range names {
		v := fields[name]
		if v == "" {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// measure takes the value or number that the kind needs; false if the hit has none.
func (one *entry) measure(r *Rule, m *Member) bool {
	switch r.Kind {
	case ValueCount, ValueSum, ValueAvg, ValuePercentile:
	default:
		return true
	}
	values, ok := pick(one.fields, m.Values)
	if !ok {
		return false
	}
	one.value = strings.ToLower(strings.Join(values, "\x00"))
	if r.Kind == ValueCount || r.Kind == ValuePercentile && r.Percentile < 0 {
		return true
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(values[0]), 64)
	one.number = x
	return err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
}

func (e *Engine) remember(g *group, one entry) {
	r := e.rules[g.rule]
	// Of hits of one rule on end, the newest is as good as all of them for an order.
	if n := len(g.entries); r.Kind == TemporalOrdered && n > 0 && !g.waits && g.entries[n-1].member == one.member {
		g.entries[n-1] = one
		return
	}
	if r.Kind == Temporal && !g.waits { // and of each rule, for a set
		if at := slices.IndexFunc(g.entries, func(x entry) bool { return x.member == one.member }); at >= 0 {
			g.entries = slices.Delete(g.entries, at, at+1)
			e.entries--
		}
	}
	g.entries = append(g.entries, one)
	e.entries++
	if g.seen != nil {
		g.seen[one.value]++
	}
}

// drop forgets the oldest entry of a group.
func (e *Engine) drop(g *group) {
	if g.seen != nil {
		v := g.entries[0].value
		if g.seen[v]--; g.seen[v] == 0 {
			delete(g.seen, v)
		}
	}
	g.entries[0] = entry{}
	g.entries = g.entries[1:]
	e.entries--
}

// forget drops a whole group.
func (e *Engine) forget(g *group) {
	e.entries -= len(g.entries)
	e.recent.Remove(g.list)
	delete(e.groups[g.rule], g.key)
	g.list, g.entries, g.fields, g.seen = nil, nil, nil, nil
}

// limit keeps memory within bounds: first of the group itself, then of the groups that were quiet longest.
func (e *Engine) limit(g *group) {
	for len(g.entries) > e.cfg.MaxPerOne {
		e.stats.Evicted++
		e.drop(g)
	}
	for e.entries > e.cfg.MaxEntries || e.recent.Len() > e.cfg.MaxGroups {
		oldest := e.recent.Front().Value.(*group)
		if oldest.waits || !oldest.last.Add(e.rules[oldest.rule].Timespan).Before(g.last) {
			e.stats.Evicted += int64(len(oldest.entries))
		}
		e.forget(oldest)
	}
}

// judge raises an alert if the condition holds, and consumes the events then.
func (e *Engine) judge(g *group, at time.Time) {
	r := e.rules[g.rule]
	amount, values, ok := g.amount(r)
	if !ok || len(g.entries) == 0 {
		return
	}
	a := Alert{
		Rule: r.Number, Time: at, Group: g.values, Amount: amount, Count: len(g.entries), Values: values,
		First: g.entries[0].time, Last: g.entries[len(g.entries)-1].time,
	}
	for i, one := range g.entries {
		if half := maxShown / 2; i < half || i >= len(g.entries)-half {
			a.Events = append(a.Events, Event{Rule: r.Members[one.member].Rule, Time: one.time, Place: one.place})
		}
	}
	a.fields = make(map[string]string, len(g.fields)+len(r.Group))
	for k, v := range g.fields {
		a.fields[k] = v
	}
	for i, name := range r.Group {
		a.fields[name] = g.values[i]
	}
	e.out = append(e.out, a)
	for _, f := range e.feeds[r.Number] {
		e.inbox[f.rule] = append(e.inbox[f.rule], entry{time: at, member: f.member, place: a.Events[len(a.Events)-1].Place, fields: a.fields})
	}
	e.entries -= len(g.entries)
	g.entries = nil
	if g.seen != nil {
		clear(g.seen)
	}
}

func holds(bounds []Bound, x float64) bool {
	return !slices.ContainsFunc(bounds, func(b Bound) bool { return !b.holds(x) })
}

// amount computes what the condition is compared with, and reports whether it holds.
func (g *group) amount(r *Rule) (x float64, values []string, ok bool) {
	switch r.Kind {
	case EventCount:
		x = float64(len(g.entries))
	case ValueCount:
		x = float64(len(g.seen))
		if holds(r.Bounds, x) {
			for v := range g.seen {
				values = append(values, strings.ReplaceAll(v, "\x00", " "))
			}
			slices.Sort(values)
			values = values[:min(len(values), maxShown)]
		}
	case Temporal:
		kinds := make(map[int]bool, len(r.Members))
		for _, one := range g.entries {
			kinds[one.member] = true
		}
		x = float64(len(kinds))
	case TemporalOrdered:
		x = float64(g.longest(len(r.Members)))
	case ValueSum, ValueAvg:
		for _, one := range g.entries {
			x += one.number
		}
		if r.Kind == ValueAvg {
			x /= float64(len(g.entries))
		}
	case ValuePercentile:
		if r.Percentile < 0 {
			return g.rare(r)
		}
		x = g.percentile(r.Percentile)
	}
	return x, values, holds(r.Bounds, x)
}

// longest returns how many members hit in their order. Hits of one time are sorted by member.
func (g *group) longest(members int) int {
	best := make([]int, members) // the longest sequence that ends with a member
	most := 0
	for _, one := range g.entries {
		n := 1
		for _, b := range best[:one.member] {
			n = max(n, b+1)
		}
		best[one.member] = max(best[one.member], n)
		most = max(most, n)
	}
	return most
}

// percentile returns the smallest number that at least p percent of all do not exceed.
func (g *group) percentile(p float64) float64 {
	numbers := make([]float64, 0, len(g.entries))
	for _, one := range g.entries {
		numbers = append(numbers, one.number)
	}
	slices.Sort(numbers)
	rank := int(math.Ceil(p/100*float64(len(numbers)))) - 1
	return numbers[max(0, min(rank, len(numbers)-1))]
}

// rare finds the values whose share of all is what the condition says; the amount is the share of the first of them.
func (g *group) rare(r *Rule) (x float64, values []string, ok bool) {
	count := make(map[string]int)
	for _, one := range g.entries {
		count[one.value]++
	}
	share := func(v string) float64 { return 100 * float64(count[v]) / float64(len(g.entries)) }
	for v := range count {
		if holds(r.Bounds, share(v)) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, nil, false
	}
	slices.Sort(values)
	x = share(values[0])
	values = values[:min(len(values), maxShown)]
	for i := range values {
		values[i] = strings.ReplaceAll(values[i], "\x00", " ")
	}
	return x, values, true
}
