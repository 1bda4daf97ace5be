package detect

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"entente/watch/event"
)

// flooded gives one reader a minute for at most two hours, and then for four minutes what the night asks.
func flooded(sources, each int, night time.Duration) (out []Finding, s Stats) {
	r := NewRunner([]*Detection{{Name: "request-flood", walk: func() walker { return newFloods() }}}, Config{Pending: 1 << 20})
	ask := func(at time.Duration, from string) {
		ev := event.Event{Time: t0.Add(at), Dataset: "web.access"}
		ev.Add("source.ip", from)
		ev.Add("url.original", "/results")
		out = append(out, give(r, time.Time{}, ev)...)
	}
	for i := range int(min(night, 2*time.Hour).Minutes()) {
		ask(time.Duration(i)*time.Minute, fmt.Sprintf("198.51.100.%d", i%40))
	}
	for minute := range 4 {
		for i := range sources * each {
			from := i % sources
			ask(night+time.Duration(minute)*time.Minute+time.Duration(i)*time.Minute/time.Duration(sources*each), fmt.Sprintf("10.%d.%d.1", from>>8, from&255))
		}
	}
	return append(out, r.Flush()...), r.Stats()
}

// A flood is many requests of few sources, after a day by which it is judged.
func TestFlood(t *testing.T) {
	for _, c := range []struct {
		sources, each int
		after         time.Duration
		want          int
	}{
		{1, 400, 2 * time.Hour, 1},
		{40, 60, 2 * time.Hour, 1},
		{100, 40, 2 * time.Hour, 1},
		{1000, 6, 2 * time.Hour, 0},      // visitors, in numbers
		{4, 60, 2 * time.Hour, 0},        // too few requests
		{40, 60, 30 * time.Hour, 0},      // nobody knows what is usual
		{17_000, 1, 2 * time.Hour, 0},    // more than are told apart
		{40, 60, 150 * time.Minute, 1},   // after an hour's silence in the log
		{1, 7 * 60, 10 * time.Minute, 0}, // before an hour was seen
	} {
		t.Run(fmt.Sprintf("%d times %d after %s", c.sources, c.each, c.after), func(t *testing.T) {
			got, s := flooded(c.sources, c.each, c.after)
			if len(got) != c.want {
				t.Fatalf("%d findings, want %d", len(got), c.want)
			}
			if crowded := c.sources > floodKept; (s.Evicted > 0) != crowded || s.Kept > floodKept {
				t.Errorf("%+v", s)
			}
			if c.want > 0 && (got[0].Time.Sub(t0.Add(c.after)) > 3*time.Minute+time.Second || !strings.Contains(string(got[0].Raw), fmt.Sprintf(`"distinct":%d,`, c.sources)) && c.sources < 300) {
				t.Errorf("%s: %s", got[0].Time, got[0].Raw)
			}
		})
	}
}

// Sources that send unlike count as fewer: one of ten that sends nearly all is one.
func TestEach(t *testing.T) {
	f := newFloods()
	for i, n := range []int{1000, 1, 1, 1, 1, 1, 1, 1, 1, 1} {
		f.sources[host(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))], f.asked = n, f.asked+n
	}
	if got := f.each(); got < 900 || got > 1009 {
		t.Errorf("%f", got)
	}
	clear(f.sources)
	f.asked = 0
	for i := range 64 {
		f.sources[host(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))], f.asked = 5, f.asked+5
	}
	if got := f.each(); got < 4.999 || got > 5.001 {
		t.Errorf("%f", got)
	}
}
