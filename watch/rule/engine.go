package rule

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"entente/exchange/stix/pattern"
	"entente/watch"
	"entente/watch/detect"
	"entente/watch/event"
	"entente/watch/incident"
	"entente/watch/indicator"
	"entente/watch/observed"
	"entente/watch/sigma"
	"entente/watch/sigma/correlation"
)

// Bounds of what is remembered of one source, and how long lines may be out of order within it.
const (
	Lateness = time.Minute
	Keep     = 24 * time.Hour

	maxPending = 1 << 16
	maxEntries = 1 << 17
	maxGroups  = 1 << 15
	maxKept    = 1 << 14
	maxBytes   = 8 << 20
	maxRecent  = 1 << 14
	maxSources = 1024 // remembered at a time
)

// The codes of why a line is a hit, keys of the catalogue.
const (
	CodeSigma       = "match.sigma"
	CodeCorrelation = "match.correlation"
	CodePattern     = "match.pattern"
)

// Codes returns all of them, and those of detections.
func Codes() []string {
	return append([]string{CodeSigma, CodeCorrelation, CodePattern}, detect.Codes()...)
}

// Hit is one line that meets a rule, or completes what a rule waited for.
type Hit struct {
	Rule    int         `json:"rule"` // position among the rules of the set
	Name    string      `json:"name"` // of the rule that fired, see Name
	Title   string      `json:"title"`
	Level   string      `json:"level"`
	Code    string      `json:"code"`
	Place   watch.Place `json:"place"`
	Time    time.Time   `json:"time"`
	Dataset string      `json:"dataset"`
	Field   string      `json:"field"`
	Seen    string      `json:"seen"` // hostile
	Asset   string      `json:"asset"`
	Raw     []byte      `json:"raw"` // the line, at most watch.MaxRaw bytes; of a correlation what it consists of, as JSON
}

// Engine runs a set over the events of sources. What a rule counts or waits for
// is counted for each source by itself, in the order of its lines: so it is the same
// whoever reads the other sources, how fast, and how often a node restarts.
// It is not safe for concurrent use.
type Engine struct {
	set     *Set
	sources map[string]*state
	gone    sigma.WatchStats // of sources that ended, added up
	left    detect.Stats     // likewise
	evicted int64            // sources that were forgotten for others
	turn    int64            // events so far
	hits    []int64          // by position in the report
	mapper  observed.Mapper
	found   []pattern.Hit
}

// state is what is remembered of one source.
type state struct {
	watches  []*sigma.Watch // by group
	patterns *pattern.Matcher
	detects  *detect.Runner
	newest   time.Time // event time
	recent   []line
	next     int // in recent, once it is full
	turn     int64
}

// line is what a later correlation may want to know of one that was read.
type line struct {
	generation     int
	offset         int64
	asset, dataset string
}

// NewEngine returns an engine that has seen nothing.
func NewEngine(s *Set) *Engine {
	return &Engine{set: s, sources: make(map[string]*state), hits: make([]int64, len(s.report))}
}

// Set returns what it runs.
func (e *Engine) Set() *Set { return e.set }

func (e *Engine) state(source string) *state {
	if st := e.sources[source]; st != nil {
		return st
	}
	if len(e.sources) >= maxSources {
		e.evict()
	}
	st := &state{}
	opt := sigma.WatchOptions{Correlation: correlation.Config{Lateness: Lateness, MaxPending: maxPending, MaxEntries: maxEntries, MaxGroups: maxGroups}}
	for _, g := range e.set.groups {
		st.watches = append(st.watches, g.set.NewWatch(opt))
	}
	if len(e.set.patterns) > 0 {
		st.patterns, _ = pattern.NewMatcher(e.set.patterns, pattern.Limits{Keep: Keep, Observations: maxKept, PerPattern: maxKept / 4, Bytes: maxBytes})
	}
	if len(e.set.detects) > 0 {
		st.detects = detect.NewRunner(e.set.detects, detect.Config{Lateness: Lateness})
	}
	e.sources[source] = st
	return st
}

// evict forgets the source that was quiet longest.
func (e *Engine) evict() {
	oldest, turn := "", int64(0)
	for name, st := range e.sources {
		if oldest == "" || st.turn < turn {
			oldest, turn = name, st.turn
		}
	}
	e.forget(oldest)
	e.evicted++
}

// Event judges one event. Its time has a year, or it is zero; now is the clock's
// time, or zero where history is read. Hits may be of earlier lines of the source.
func (e *Engine) Event(ev *event.Event, at watch.Place, raw []byte, now time.Time) []Hit {
	st := e.state(at.Source)
	e.turn++
	st.turn = e.turn
	st.remember(ev, at)
	if ev.Time.After(st.newest) {
		st.newest = ev.Time
	}
	var hits []Hit
	for g, w := range st.watches {
		for _, a := range w.Event(ev, at, raw, now) {
			hits = append(hits, e.sigma(st, g, a, ev))
		}
	}
	if st.patterns != nil {
		hits = e.stix(hits, st, ev, at, raw, now)
	}
	if st.detects != nil {
		hits = e.detected(hits, st.detects.Event(ev, at, now), raw)
	}
	return hits
}

// detected makes hits of findings; raw is the line of those that say nothing more.
func (e *Engine) detected(hits []Hit, found []detect.Finding, raw []byte) []Hit {
	for _, f := range found {
		i, d := e.set.detectOf[f.Number], e.set.detects[f.Number]
		h := Hit{Rule: i, Name: d.ID, Title: d.Title, Level: d.Level, Code: d.Code(), Place: f.Place, Time: f.Time, Dataset: f.Dataset, Field: f.Field, Seen: f.Seen, Asset: f.Asset, Raw: f.Raw}
		if h.Raw == nil {
			h.Raw = kept(raw)
		}
		e.hits[e.set.entryOf(i)]++
		hits = append(hits, h)
	}
	return hits
}

// stix lets the patterns look at an event.
func (e *Engine) stix(hits []Hit, st *state, ev *event.Event, at watch.Place, raw []byte, now time.Time) []Hit {
	key := strconv.Itoa(at.Generation) + ":" + strconv.FormatInt(at.Offset, 10)
	if now.IsZero() {
		now = ev.Time
	}
	e.found = st.patterns.Observe(e.mapper.Map(ev, key), now, e.found[:0])
	for _, f := range e.found {
		i := e.set.numbers[f.Pattern]
		it := indicator.Item{Type: indicator.TypePattern, Value: e.set.rules[i].Text}
		h := Hit{Rule: i, Name: Name(it), Title: cut(it.Value, 200), Code: CodePattern, Place: at, Time: ev.Time, Dataset: ev.Dataset, Raw: kept(raw)}
		for _, s := range f.Seen {
			if s.Key == key {
				h.Field, h.Seen = evidence(ev, s.Expression)
			}
		}
		h.Asset = incident.Asset(ev, h.Field)
		e.hits[e.set.entryOf(i)]++
		hits = append(hits, h)
	}
	return hits
}

// evidence finds the field of an event whose value an expression names.
func evidence(ev *event.Event, expression string) (field, seen string) {
	for _, f := range ev.Fields {
		if len(f.Value) > 2 && len(f.Value) < 512 && strings.Contains(expression, "'"+f.Value+"'") {
			return f.Name, f.Value
		}
	}
	return "", cut(expression, 512)
}

// sigma makes a hit of an alert; ev is the event that was given last, nil where time alone told.
func (e *Engine) sigma(st *state, g int, a sigma.Alert, ev *event.Event) Hit {
	grp := e.set.groups[g]
	i := grp.of[a.Number]
	r := e.set.rules[i]
	h := Hit{Rule: i, Name: a.Rule.ID, Title: cut(a.Rule.Title, 200), Level: a.Rule.Level, Code: CodeSigma, Place: a.Place, Time: a.Time, Dataset: a.Dataset, Raw: a.Raw}
	if h.Name == "" {
		h.Name = Digest(r.Text)
	}
	e.hits[grp.entries[a.Number]]++
	if c := a.Correlated; c != nil {
		h.Code = CodeCorrelation
		var names, values []string
		for _, v := range c.Group {
			names, values = append(names, v.Field), append(values, v.Value)
		}
		h.Field, h.Seen = strings.Join(names, " "), cut(strings.Join(values, " "), 512)
		h.Raw, _ = json.Marshal(c) // texts and numbers always encode
		h.Raw = h.Raw[:min(len(h.Raw), watch.MaxRaw)]
		if l, ok := st.find(a.Place); ok {
			h.Asset, h.Dataset = l.asset, l.dataset
		}
		return h
	}
	for _, v := range a.Evidence {
		if first, _, _ := strings.Cut(v.Fields, " "); first != "" || h.Seen == "" {
			h.Field, h.Seen = first, v.Value
			if first != "" {
				break
			}
		}
	}
	h.Asset = incident.Asset(ev, h.Field)
	return h
}

// Inherit takes over what patterns of another engine remember, where both have
// them. The other must not be used any more. What Sigma rules count begins anew.
func (e *Engine) Inherit(old *Engine) {
	for source, was := range old.sources {
		if was.patterns == nil || len(e.set.patterns) == 0 {
			continue
		}
		st := e.state(source)
		st.patterns.Inherit(was.patterns)
		st.newest, st.recent, st.next = was.newest, was.recent, was.next
	}
}

// Advance tells what waits that so much time has gone by since the newest event
// of a source, and returns what is certain then.
func (e *Engine) Advance(source string, quiet time.Duration) (hits []Hit) {
	st := e.sources[source]
	if st == nil || st.newest.IsZero() {
		return nil
	}
	for g, w := range st.watches {
		for _, a := range w.Advance(st.newest.Add(quiet - Lateness)) {
			hits = append(hits, e.sigma(st, g, a, nil))
		}
	}
	if st.detects != nil {
		hits = e.detected(hits, st.detects.Quiet(quiet), nil)
	}
	return hits
}

// End forgets a source that will give no more, and returns what is certain then.
func (e *Engine) End(source string) (hits []Hit) {
	st := e.sources[source]
	if st == nil {
		return nil
	}
	for g, w := range st.watches {
		for _, a := range w.Flush() {
			hits = append(hits, e.sigma(st, g, a, nil))
		}
	}
	if st.detects != nil {
		hits = e.detected(hits, st.detects.Flush(), nil)
	}
	e.forget(source)
	return hits
}

// forget drops a source and keeps its counts.
func (e *Engine) forget(source string) {
	st := e.sources[source]
	for _, w := range st.watches {
		e.leave(w.Stats())
	}
	if st.detects != nil {
		d := st.detects.Stats()
		e.left.Events, e.left.Late, e.left.Untimed = e.left.Events+d.Events, e.left.Late+d.Late, e.left.Untimed+d.Untimed
		e.left.Hurried, e.left.Evicted = e.left.Hurried+d.Hurried, e.left.Evicted+d.Evicted
	}
	delete(e.sources, source)
}

// leave keeps the counts of a source that is forgotten.
func (e *Engine) leave(w sigma.WatchStats) {
	g := &e.gone
	g.Events, g.Judged, g.Overrun, g.Untimed = g.Events+w.Events, g.Judged+w.Judged, g.Overrun+w.Overrun, g.Untimed+w.Untimed
	g.Correlation.Late += w.Correlation.Late
	g.Correlation.Evicted += w.Correlation.Evicted
	g.Correlation.Hurried += w.Correlation.Hurried
}

// Sources returns the names of those that are remembered.
func (e *Engine) Sources() (names []string) {
	for name := range e.sources {
		names = append(names, name)
	}
	return names
}

func (st *state) remember(ev *event.Event, at watch.Place) {
	l := line{at.Generation, at.Offset, strings.Clone(incident.Asset(ev, "")), ev.Dataset} // the asset is part of a longer text
	if len(st.recent) < maxRecent {
		st.recent = append(st.recent, l)
		return
	}
	st.recent[st.next] = l
	st.next = (st.next + 1) % maxRecent
}

func (st *state) find(at watch.Place) (line, bool) {
	for i := len(st.recent) - 1; i >= 0; i-- {
		l := st.recent[(st.next+i)%len(st.recent)]
		if l.generation == at.Generation && l.offset == at.Offset {
			return l, true
		}
	}
	return line{}, false
}

func kept(raw []byte) []byte { return append([]byte(nil), raw[:min(len(raw), watch.MaxRaw)]...) }

func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
