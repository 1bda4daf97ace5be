package watch

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"entente/observable"
	"entente/statement"
	"entente/watch/event"
	"entente/watch/indicator"
)

// MaxRaw is how much of a line a hit keeps, in bytes.
const MaxRaw = 4 << 10

// Status says whether hits of an indicator are alerts.
type Status string

// The two states of an indicator that can match.
const (
	Active Status = "active" // hits are alerts
	Held   Status = "held"   // the gate keeps it back; hits are counted and shown nowhere else
)

// Meta is what a matcher knows about one indicator beyond its value.
type Meta struct {
	Giver     string           `json:"giver"`     // party id
	Statement statement.Ref    `json:"statement"` // the list it came in
	Item      int              `json:"item"`      // position in the list, from 0
	List      string           `json:"list"`      // name of the list
	Value     observable.Value `json:"value"`
	Status    Status           `json:"status"`
}

// Lookup gives what is known about the indicator with an id of the set; ok is false for one that was
// withdrawn since the set was built, which then does not match. It must be safe for concurrent use if the
// matcher is shared.
type Lookup func(id uint32) (m Meta, ok bool)

// Place says where a line stands.
type Place struct {
	Source     string `json:"source"`     // name of the log source
	Generation int    `json:"generation"` // which incarnation of it, since rotation began at 0
	Line       int64  `json:"line"`       // from 1
	Offset     int64  `json:"offset"`     // of its first byte, decompressed
}

// Hit is one line that holds one indicator, and why.
type Hit struct {
	ID      uint32           `json:"id"` // the indicator's, in the set that matched
	Meta    Meta             `json:"indicator"`
	Seen    observable.Value `json:"seen"`  // what the line holds, in canonical form
	Field   string           `json:"field"` // where in the event
	Rule    indicator.Rule   `json:"rule"`  // why Seen meets Meta.Value
	Place   Place            `json:"place"`
	Time    time.Time        `json:"time"` // of the event; zero if the line has none
	Dataset string           `json:"dataset"`
	Raw     []byte           `json:"raw"`  // at most MaxRaw bytes of the line
	Size    int              `json:"size"` // bytes of the whole line
}

// Matcher matches events against one set. It is immutable and safe for concurrent use.
type Matcher struct {
	set    *indicator.Set
	lookup Lookup
}

// NewMatcher returns a matcher for a set whose ids lookup knows.
func NewMatcher(set *indicator.Set, lookup Lookup) *Matcher {
	return &Matcher{set: set, lookup: lookup}
}

// Screen says for each event whether Match could report anything of it; a nil one is none. It judges many events in less time than
// Match takes for each: see indicator.Screen, which is the caller's. The answer is valid until its next use.
func (m *Matcher) Screen(s *indicator.Screen, events iter.Seq[*event.Event]) []bool {
	s.Begin(m.set)
	for ev := range events {
		s.Next()
		if ev == nil {
			continue
		}
		for i := range ev.Observables {
			s.Add(&ev.Observables[i].Value)
		}
	}
	return s.Judge()
}

// found is the best reason so far why one indicator meets the line.
type found struct {
	id   uint32
	rule indicator.Rule
	at   int // index in ev.Observables
}

// Match appends to hits one Hit for each indicator that the event meets, ordered by indicator id. Where an
// indicator meets several values of the line, the strictest rule tells why, then the first field. raw is
// copied; at and ev only read.
func (m *Matcher) Match(ev *event.Event, at Place, raw []byte, hits []Hit) []Hit {
	var all []found // nearly always stays empty: no memory is taken for a clean line
	for i := range ev.Observables {
		m.set.Match(ev.Observables[i].Value, func(id uint32, rule indicator.Rule) {
			all = append(all, found{id, rule, i})
		})
	}
	if len(all) == 0 {
		return hits
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.rule, b.rule), cmp.Compare(a.at, b.at))
	})
	all = slices.CompactFunc(all, func(a, b found) bool { return a.id == b.id })
	kept := slices.Clone(raw[:min(len(raw), MaxRaw)]) // shared by the line's hits
	for _, f := range all {
		meta, ok := m.lookup(f.id)
		if !ok {
			continue
		}
		seen := ev.Observables[f.at]
		hits = append(hits, Hit{
			ID: f.id, Meta: meta, Seen: seen.Value, Field: seen.Field, Rule: f.rule,
			Place: at, Time: ev.Time, Dataset: ev.Dataset, Raw: kept, Size: len(raw),
		})
	}
	return hits
}
