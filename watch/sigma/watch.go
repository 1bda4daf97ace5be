package sigma

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"entente/statement"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/sigma/correlation"
	"entente/watch/sigma/logsource"
)

// WatchOptions bound what a watch remembers.
type WatchOptions struct {
	// Correlation holds the lateness and the bounds of memory.
	Correlation correlation.Config
	// Ahead is how far an event's time may be ahead of the clock; one that is further ahead is not
	// correlated, because it would make everything after it late. Zero means five minutes.
	Ahead time.Duration
}

// Alert says that an event met a rule, or that events together met a correlation.
type Alert struct {
	// ID is the same however often the events are read, and in whatever order within the lateness.
	ID         statement.Digest `json:"id"`
	Number     int              `json:"number"` // of the rule in the set
	Rule       Rule             `json:"rule"`
	Time       time.Time        `json:"time"` // of the event, or of the moment that completed a correlation; may be zero
	Place      watch.Place      `json:"place"`
	Dataset    string           `json:"dataset,omitempty"`
	Raw        []byte           `json:"raw,omitempty"` // at most watch.MaxRaw bytes of the line
	Size       int              `json:"size,omitempty"`
	Evidence   []Evidence       `json:"evidence,omitempty"`
	Correlated *Correlated      `json:"correlated,omitempty"` // nil for a single event
}

// Correlated is what an alert by a correlation says more.
type Correlated struct {
	Group  []GroupValue        `json:"group,omitempty"`
	First  time.Time           `json:"first"`
	Last   time.Time           `json:"last"`
	Amount float64             `json:"amount"` // what the condition was compared with
	Count  int                 `json:"count"`  // of events
	Values []string            `json:"values,omitempty"`
	Events []correlation.Event `json:"events"` // the oldest and the newest; Rule is a number in the set
}

// GroupValue is one field that events were grouped by.
type GroupValue struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// WatchStats counts what a watch did.
type WatchStats struct {
	Stats
	Correlation correlation.Stats `json:"correlation"`
	Untimed     int64             `json:"untimed"` // hits without a time, or with one of the future: not correlated
}

// Watch judges events by all rules of a set. It is not safe for concurrent use: of several, each
// correlates what it saw itself.
type Watch struct {
	set     *Set
	matcher *Matcher
	engine  *correlation.Engine
	ahead   time.Duration
	hits    []int
	untimed int64
}

// NewWatch returns a watch.
func (s *Set) NewWatch(opt WatchOptions) *Watch {
	var rules []correlation.Rule
	for _, c := range s.correlations {
		rules = append(rules, c.rule)
	}
	if opt.Ahead <= 0 {
		opt.Ahead = 5 * time.Minute
	}
	return &Watch{set: s, matcher: s.NewMatcher(), engine: correlation.New(rules, opt.Correlation), ahead: opt.Ahead}
}

// Stats returns the counts so far.
func (w *Watch) Stats() WatchStats {
	return WatchStats{Stats: w.matcher.Stats(), Correlation: w.engine.Stats(), Untimed: w.untimed}
}

// Overruns returns for how many events a rule was given up: see Stats.Overrun.
func (w *Watch) Overruns(rule int) int64 { return w.matcher.Overruns(rule) }

// Event judges one event and returns the alerts that are certain now: those of the event itself, then those of
// correlations. now is the clock's time, or zero where history is read. raw may be nil.
func (w *Watch) Event(ev *event.Event, at watch.Place, raw []byte, now time.Time) []Alert {
	alerts, hits := w.Single(ev, at, raw, now)
	return append(alerts, w.Correlate(hits)...)
}

// Single is the half of Event that needs no memory: the alerts of the event itself, and what is to be given to
// Correlate, maybe of another watch of the same set in another process.
func (w *Watch) Single(ev *event.Event, at watch.Place, raw []byte, now time.Time) (alerts []Alert, hits []correlation.Hit) {
	w.hits = w.matcher.Match(ev, raw, w.hits[:0])
	var kept []byte
	for _, i := range w.hits {
		if !w.set.silent[i] {
			if kept == nil && len(raw) > 0 {
				kept = append(kept, raw[:min(len(raw), watch.MaxRaw)]...)
			}
			alerts = append(alerts, Alert{
				ID: w.set.single(i, at), Number: i, Rule: w.set.rules[i], Time: ev.Time, Place: at, Dataset: ev.Dataset,
				Raw: kept, Size: len(raw), Evidence: w.matcher.Explain(i),
			})
		}
		if !w.engine.Wants(i) {
			continue
		}
		if ev.Time.IsZero() || ev.Time.Year() == 0 || !now.IsZero() && ev.Time.After(now.Add(w.ahead)) {
			w.untimed++
			continue
		}
		hits = append(hits, correlation.Hit{Rule: i, Time: ev.Time, Place: at, Fields: w.fields(i, ev)})
	}
	return alerts, hits
}

// Correlate takes hits of Single and returns the alerts that are certain then. A hit of no rule of the set is left out.
func (w *Watch) Correlate(hits []correlation.Hit) (alerts []Alert) {
	for _, h := range hits {
		if h.Rule >= 0 && h.Rule < len(w.set.rules) {
			alerts = w.together(alerts, w.engine.Add(h))
		}
	}
	return alerts
}

// Advance says that no event at or before a time is to come, and returns what is certain then. A live watch
// calls it now and then with the clock less the lateness, so that an alert does not wait for the next event.
func (w *Watch) Advance(to time.Time) []Alert { return w.together(nil, w.engine.Advance(to)) }

// Flush judges what is open, at the end of history.
func (w *Watch) Flush() []Alert { return w.together(nil, w.engine.Flush()) }

// fields takes what correlations need of an event, under the names of the rule.
func (w *Watch) fields(rule int, ev *event.Event) map[string]string {
	out := make(map[string]string)
	d := w.set.detections[rule]
	route, ok := logsource.Find(ev.Dataset, d.rule.Logsource, d.taxonomy)
	if !ok {
		route, _ = logsource.Find(logsource.Root(ev.Dataset), d.rule.Logsource, d.taxonomy)
	}
	for _, name := range w.set.needs[rule] {
		for _, f := range route.Fields(name) {
			from, part, derived := logsource.Derive(f)
			if !derived {
				from = f
			}
			v := ""
			if i := slices.IndexFunc(ev.Fields, func(f event.Field) bool { return logsource.Plain(f.Name) == from }); i >= 0 {
				v = ev.Fields[i].Value
			}
			if f == logsource.Timestamp {
				v = ev.Time.UTC().Format(time.RFC3339Nano)
			}
			if derived {
				v = part(v)
			}
			if v != "" {
				out[name] = strings.Clone(v) // a part of a longer text, which would stay with it
				break
			}
		}
	}
	return out
}

func (w *Watch) together(alerts []Alert, certain []correlation.Alert) []Alert {
	for _, c := range certain {
		if w.set.silent[c.Rule] {
			continue
		}
		last := c.Events[len(c.Events)-1]
		a := Alert{
			ID: w.set.several(c), Number: c.Rule, Rule: w.set.rules[c.Rule], Time: c.Time, Place: last.Place,
			Correlated: &Correlated{First: c.First, Last: c.Last, Amount: c.Amount, Count: c.Count, Values: c.Values, Events: c.Events},
		}
		for i, name := range w.groupOf(c.Rule) {
			a.Correlated.Group = append(a.Correlated.Group, GroupValue{name, c.Group[i]})
		}
		alerts = append(alerts, a)
	}
	return alerts
}

func (w *Watch) groupOf(rule int) []string {
	for _, c := range w.set.correlations {
		if c.number == rule {
			return c.rule.Group
		}
	}
	return nil
}

// identity names a rule in ids: its own id, or its title where it has none.
func (r Rule) identity() []byte {
	if r.ID != "" {
		return []byte("id " + r.ID)
	}
	return []byte("title " + r.Title)
}

func bytesOf(p watch.Place) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.Generation))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Offset))
	return append(b, p.Source...)
}

// single is the id of an alert by one event.
func (s *Set) single(rule int, at watch.Place) statement.Digest {
	return digest(s.rules[rule].identity(), bytesOf(at))
}

// several is the id of an alert by a correlation: its rule, moment, group and the events that it shows.
func (s *Set) several(c correlation.Alert) statement.Digest {
	parts := [][]byte{s.rules[c.Rule].identity(), binary.BigEndian.AppendUint64(nil, uint64(c.Time.UnixNano())), binary.BigEndian.AppendUint64(nil, uint64(c.Count))}
	for _, g := range c.Group {
		parts = append(parts, []byte(fold(g)))
	}
	for _, e := range c.Events {
		parts = append(parts, bytesOf(e.Place))
	}
	return digest(parts...)
}

// digest writes the length before each part, so that no two lists of parts have the same bytes.
func digest(parts ...[]byte) statement.Digest {
	var b []byte
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return statement.TaggedSum("entente/sigma-alert/v1", b)
}
