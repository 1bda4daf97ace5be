package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"
)

// Bounds of a flood: in each of two whole minutes and the next, or a part of it, at least 300
// requests, eight times what nine of ten minutes of the last day do not exceed, and
// eight times as many for each source that they could come from evenly (two to the
// power of their entropy over sources), more than one in two seconds. Visitors of
// an election night multiply the requests too, but each sends what visitors send.
const (
	floodLeast  = 300
	floodTimes  = 8
	floodEach   = 4 // requests of a source in a minute that are always usual
	floodRun    = 2
	floodDay    = 24 * 60 // minutes
	floodLearn  = 60      // minutes with requests that are known before any is judged
	floodAgain  = time.Hour
	floodKept   = 1 << 14 // sources of a minute that are told apart
	floodShown  = 5
	floodUsual  = 90 // per cent of minutes
	floodMinute = 60 // seconds
)

// floods compares each minute of a server with the day before.
type floods struct {
	minute  int64 // that is counted now
	begun   bool
	sources map[netip.Prefix]int
	asked   int
	alone   int // requests of sources beyond floodKept: each counts as a source
	crowded int64
	days    []measured // by minute modulo floodDay
	hot     int        // minutes before this one that were a flood, without a gap
	since   time.Time
	quiet   time.Time
}

// measured is what one minute had: requests, and how many of each source if all
// had sent alike.
type measured struct {
	minute int64
	asked  int
	each   float64
}

func newFloods() *floods {
	return &floods{sources: make(map[netip.Prefix]int), days: make([]measured, floodDay)}
}

func (f *floods) counts() (int64, int64) { return int64(len(f.sources)), f.crowded }

func (f *floods) see(v *visit, found func(evidence)) {
	minute := v.time.Unix() / floodMinute
	if minute < 0 || v.referred && partOfPage(v.path) {
		return
	}
	if !f.begun {
		f.begun, f.minute = true, minute
	}
	if minute > f.minute {
		f.end(minute, v, found)
	}
	f.asked++
	key := host(v.client)
	if f.sources[key] == 0 && len(f.sources) == floodKept {
		f.alone++
		f.crowded++
	} else {
		f.sources[key]++
	}
	// at the least number and each time that it has doubled: judging goes through all sources
	if f.asked%floodLeast == 0 && f.asked/floodLeast&(f.asked/floodLeast-1) == 0 {
		f.tell(f.judge(), v, v.time, found)
	}
}

// tell tells of a minute that is one of a flood, until a time.
func (f *floods) tell(words string, v *visit, until time.Time, found func(evidence)) {
	if words == "" || f.hot < floodRun || v.time.Before(f.quiet) {
		return
	}
	f.quiet = v.time.Add(floodAgain)
	busiest, examples := f.busiest()
	found(evidence{
		Field: "source.ip", Seen: busiest.Addr().String(), Group: busiest.String(), First: f.since, Last: until, Count: f.asked, Distinct: len(f.sources) + f.alone,
		Measured: words, Examples: examples,
	})
}

// end closes the minute that is counted and begins another.
func (f *floods) end(next int64, v *visit, found func(evidence)) {
	words, begin := f.judge(), time.Unix(f.minute*floodMinute, 0).UTC()
	f.tell(words, v, begin.Add(time.Minute), found)
	switch {
	case words == "" || next != f.minute+1:
		f.hot = 0
	default:
		if f.hot == 0 {
			f.since = begin
		}
		f.hot++
	}
	f.days[f.minute%floodDay] = measured{f.minute, f.asked, f.each()}
	clear(f.sources)
	f.minute, f.asked, f.alone = next, 0, 0
}

// each is how many requests a source sent, if as many sources as the entropy
// amounts to had sent alike.
func (f *floods) each() float64 {
	if f.asked == 0 {
		return 0
	}
	counts := make([]int, 0, len(f.sources))
	for _, c := range f.sources {
		counts = append(counts, c)
	}
	slices.Sort(counts) // so that the sum is the same each time
	sum := 0.0
	for _, c := range counts {
		sum += float64(c) * math.Log2(float64(c))
	}
	// n / 2^H, where H is log2 n less the mean of log2 c over requests
	return math.Exp2(sum / float64(f.asked))
}

// judge says in words why the minute is a flood as far as it is counted, or "".
func (f *floods) judge() string {
	if f.asked < floodLeast {
		return ""
	}
	asked, each, ok := f.usual()
	if !ok || f.asked < floodTimes*asked {
		return ""
	}
	now := f.each()
	if now < floodTimes*max(each, floodEach) {
		return ""
	}
	return fmt.Sprintf("%d requests in the last minute or less, %.1f of each of %.1f sources by their entropy; nine of ten minutes of the day before had at most %d, and %.1f of each",
		f.asked, now, float64(f.asked)/now, asked, each)
}

// usual is what nine of ten of the minutes with requests of the day before do not exceed.
func (f *floods) usual() (asked int, each float64, ok bool) {
	var list []int
	var alike []float64
	for _, m := range f.days {
		if m.asked > 0 && m.minute < f.minute && m.minute > f.minute-floodDay {
			list, alike = append(list, m.asked), append(alike, m.each)
		}
	}
	if len(list) < floodLearn {
		return 0, 0, false
	}
	slices.Sort(list)
	slices.Sort(alike)
	at := (len(list) - 1) * floodUsual / 100
	return list[at], alike[at], true
}

// busiest is the source of the most requests, and how many the first few sent.
func (f *floods) busiest() (first netip.Prefix, examples []string) {
	type sent struct {
		from netip.Prefix
		n    int
	}
	list := make([]sent, 0, len(f.sources))
	for from, n := range f.sources {
		list = append(list, sent{from, n})
	}
	slices.SortFunc(list, func(a, b sent) int { return cmp.Or(b.n-a.n, a.from.Addr().Compare(b.from.Addr())) })
	for _, s := range list[:min(len(list), floodShown)] {
		examples = append(examples, fmt.Sprintf("%s %d", s.from.Addr(), s.n))
	}
	return list[0].from, examples
}
