package detect

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"strings"
	"time"

	"entente/watch"
	"entente/watch/event"
	"entente/watch/incident"
)

// Config bounds a runner. Zero means a minute, 32,768 requests and five minutes.
type Config struct {
	Lateness time.Duration // how far behind the newest a request may come
	Pending  int           // requests that wait at a time
	Ahead    time.Duration // how far ahead of the clock; one that is further is not counted
}

// Finding is one line that is what a detection looks for, or that completes it.
type Finding struct {
	Number  int // of the detection, by position
	Place   watch.Place
	Time    time.Time
	Dataset string
	Field   string
	Seen    string // hostile
	Asset   string
	// Raw is nil where the line itself says it, else what was counted, as JSON.
	Raw []byte
}

// evidence is what a walker found, at the visit that it saw last.
type evidence struct {
	Field    string    `json:"-"`
	Seen     string    `json:"-"`
	Group    string    `json:"group"`    // whose requests
	Endpoint string    `json:"endpoint"` // of which page
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Count    int       `json:"count"`    // requests
	Distinct int       `json:"distinct"` // different ones
	Measured string    `json:"measured"` // in words, against the bound
	Examples []string  `json:"examples,omitempty"`
}

// Stats counts what a runner did and gave up.
type Stats struct {
	Events  int64 `json:"events"`
	Late    int64 `json:"late"`    // too far behind to be counted together with others
	Untimed int64 `json:"untimed"` // without a time, or with one of the future
	Hurried int64 `json:"hurried"` // taken before their lateness was over, for want of room
	Kept    int64 `json:"kept"`    // clients, pages and pairs remembered now
	Evicted int64 `json:"evicted"` // of these forgotten for want of room
}

// Runner runs detections over the events of one source. It is not safe for
// concurrent use.
type Runner struct {
	list    []*Detection
	walkers []walker // nil where a detection judges lines alone
	walks   bool
	cfg     Config
	waiting queue
	newest  time.Time
	passed  time.Time // everything up to here was walked
	stats   Stats
	out     []Finding
}

// NewRunner returns a runner that has seen nothing.
func NewRunner(list []*Detection, cfg Config) *Runner {
	cfg.Lateness, cfg.Pending, cfg.Ahead = cmp.Or(cfg.Lateness, time.Minute), cmp.Or(cfg.Pending, 1<<15), cmp.Or(cfg.Ahead, 5*time.Minute)
	r := &Runner{list: list, cfg: cfg}
	for _, d := range list {
		var w walker
		if d.walk != nil {
			w, r.walks = d.walk(), true
		}
		r.walkers = append(r.walkers, w)
	}
	return r
}

// Stats returns the counts so far.
func (r *Runner) Stats() Stats {
	out := r.stats
	for _, w := range r.walkers {
		if w != nil {
			kept, evicted := w.counts()
			out.Kept, out.Evicted = out.Kept+kept, out.Evicted+evicted
		}
	}
	return out
}

// Event judges one event: what it is alone, and what is certain by it. now is
// the clock's time, or zero where history is read. What is returned is good
// until the next call.
func (r *Runner) Event(ev *event.Event, at watch.Place, now time.Time) []Finding {
	r.out = r.out[:0]
	r.stats.Events++
	for i, d := range r.list {
		if d.line == nil {
			continue
		}
		if field, seen := d.line(ev); field != "" {
			r.out = append(r.out, Finding{Number: i, Place: at, Time: ev.Time, Dataset: ev.Dataset, Field: field, Seen: cut(seen, 512), Asset: incident.Asset(ev, field)})
		}
	}
	var v visit
	if !r.walks || !visitOf(ev, &v) && !letterOf(ev, &v) {
		return r.out
	}
	if ev.Time.IsZero() || ev.Time.Year() == 0 || !now.IsZero() && ev.Time.After(now.Add(r.cfg.Ahead)) {
		r.stats.Untimed++
		return r.out
	}
	if !ev.Time.After(r.passed) {
		r.stats.Late++
		return r.out
	}
	v.time, v.at, v.dataset, v.asset = ev.Time, at, ev.Dataset, strings.Clone(incident.Asset(ev, "source.ip"))
	v.page = strings.Clone(endpoint(v.path))
	v.method, v.path, v.query, v.agent = strings.Clone(v.method), strings.Clone(v.path), strings.Clone(v.query), strings.Clone(v.agent)
	heap.Push(&r.waiting, v)
	if ev.Time.After(r.newest) {
		r.newest = ev.Time
	}
	r.pass(r.newest.Add(-r.cfg.Lateness))
	for len(r.waiting) > r.cfg.Pending {
		r.stats.Hurried++
		r.pass(r.waiting[0].time)
	}
	return r.out
}

// Advance says that no request at or before a time is to come, and returns what
// is certain then.
func (r *Runner) Advance(to time.Time) []Finding {
	r.out = r.out[:0]
	r.pass(to)
	return r.out
}

// Quiet is Advance by how long nothing came.
func (r *Runner) Quiet(d time.Duration) []Finding { return r.Advance(r.newest.Add(d - r.cfg.Lateness)) }

// Flush walks all that waits, at the end of history.
func (r *Runner) Flush() []Finding { return r.Advance(r.newest) }

func (r *Runner) pass(to time.Time) {
	for len(r.waiting) > 0 && !r.waiting[0].time.After(to) {
		v := heap.Pop(&r.waiting).(visit)
		for i, w := range r.walkers {
			if w != nil && r.list[i].mails == (v.from != "") {
				w.see(&v, func(e evidence) { r.found(i, &v, e) })
			}
		}
	}
	if to.After(r.passed) {
		r.passed = to
	}
}

func (r *Runner) found(i int, v *visit, e evidence) {
	raw, err := json.Marshal(e)
	if err != nil {
		return // texts, numbers and times of four-digit years
	}
	r.out = append(r.out, Finding{Number: i, Place: v.at, Time: v.time, Dataset: v.dataset, Field: e.Field, Seen: cut(e.Seen, 512), Asset: v.asset, Raw: raw})
}

func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// queue orders visits by time, then place: a heap.
type queue []visit

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	if c := a.time.Compare(b.time); c != 0 {
		return c < 0
	}
	return cmp.Or(cmp.Compare(a.at.Generation, b.at.Generation), cmp.Compare(a.at.Offset, b.at.Offset), cmp.Compare(a.at.Line, b.at.Line)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(v any)   { *q = append(*q, v.(visit)) }
func (q *queue) Pop() any {
	old := *q
	v := old[len(old)-1]
	old[len(old)-1] = visit{}
	*q = old[:len(old)-1]
	return v
}
