package detect

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/watch"
	"entente/watch/event"
)

var t0 = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

func request404(at time.Time, from, path string) event.Event {
	ev := event.Event{Time: at, Dataset: "web.access"}
	ev.Add("source.ip", from)
	ev.Add("http.request.method", "GET")
	ev.Add("url.original", path)
	ev.Add("http.response.status_code", "404")
	return ev
}

func give(r *Runner, now time.Time, events ...event.Event) (out []Finding) {
	for i := range events {
		out = append(out, r.Event(&events[i], watch.Place{Source: "log", Offset: int64(i)}, now)...)
	}
	return out
}

func scan(from string, n int, at time.Time) (out []event.Event) {
	for i := range n {
		out = append(out, request404(at.Add(time.Duration(i)*time.Second), from, fmt.Sprintf("/p%d", i)))
	}
	return out
}

// What cannot be counted together is counted apart.
func TestLateAndUntimed(t *testing.T) {
	r := NewRunner(Election(Senders{}), Config{})
	early := request404(t0.Add(-time.Hour), "192.0.2.1", "/late")
	none, future := request404(time.Time{}, "192.0.2.1", "/a"), request404(t0.Add(time.Hour), "192.0.2.1", "/b")
	give(r, t0.Add(2*time.Minute), request404(t0, "192.0.2.1", "/x"), request404(t0.Add(2*time.Minute), "192.0.2.1", "/y"), early, none, future)
	if s := r.Stats(); s.Events != 5 || s.Late != 1 || s.Untimed != 2 || s.Hurried != 0 {
		t.Errorf("%+v", s)
	}
}

// A finding waits until no earlier line may come, and comes by time alone.
func TestFindingsWait(t *testing.T) {
	r := NewRunner(Election(Senders{}), Config{})
	if got := give(r, time.Time{}, scan("192.0.2.1", 60, t0)...); len(got) != 0 {
		t.Errorf("early: %+v", got)
	}
	if got := r.Quiet(20 * time.Second); len(got) != 0 {
		t.Errorf("still early: %+v", got)
	}
	got := slices.Clone(r.Quiet(2 * time.Minute))
	if len(got) != 1 || got[0].Place.Offset != 49 || got[0].Seen != "192.0.2.1" || got[0].Raw == nil {
		t.Errorf("%+v", got)
	}
	if more := r.Flush(); len(more) != 0 {
		t.Errorf("again: %+v", more)
	}
}

// More clients than there is room for are forgotten and counted, and what
// waits too much goes early and is counted.
func TestBounds(t *testing.T) {
	r := NewRunner(Election(Senders{}), Config{Pending: 100})
	var all []event.Event
	for i := range 12_000 {
		ev := request404(t0.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("10.%d.%d.9", i>>8, i&255), fmt.Sprintf("/record/%d?x=%d", i, i))
		all = append(all, ev)
	}
	give(r, time.Time{}, all...)
	r.Flush()
	s := r.Stats()
	// clients, pages without answers 200, two pairs of two numbers, and two of patience
	if s.Hurried == 0 || s.Evicted < 2*(12_000-1<<13) || s.Kept > 1<<16 || s.Late != 0 {
		t.Errorf("%+v", s)
	}
	b := newBounded[int, string](10, 100)
	for i := range 20 {
		*b.get(i, true) = "x"
		b.weigh(i, 30)
	}
	if kept, evicted := b.counts(); kept != 3 || evicted != 17 || b.weight != 90 || b.get(16, false) != nil || b.get(19, false) == nil {
		t.Errorf("%d kept, %d evicted, weight %d", kept, evicted, b.weight)
	}
}

// Two scans of one client are one finding, an hour apart two.
func TestSilence(t *testing.T) {
	for gap, want := range map[time.Duration]int{20 * time.Minute: 1, 2 * time.Hour: 2} {
		r := NewRunner(Election(Senders{}), Config{})
		got := give(r, time.Time{}, append(scan("192.0.2.1", 60, t0), scan("192.0.2.1", 60, t0.Add(gap))...)...)
		if got = append(got, r.Flush()...); len(got) != want {
			t.Errorf("%s apart: %d findings, want %d", gap, len(got), want)
		}
	}
}

func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1<<50).Draw(t, "size")
		b := bucketOf(n)
		if top := upTo(b); top < n || top > n+n/8 || bucketOf(top) != b || bucketOf(top+1) == b {
			t.Errorf("%d is in a bucket up to %d", n, top)
		}
	})
}

func TestEndpoint(t *testing.T) {
	for path, want := range map[string]string{
		"/voter/12/ballot": "/voter/*/ballot", "/a/0f4b6f526a534a07/x": "/a/*/x", "/2024/results": "/*/results", "/": "/", "/deadbeef": "/deadbeef", "/x/": "/x/",
	} {
		if got := endpoint(path); got != want {
			t.Errorf("%s is of %s, want %s", path, got, want)
		}
	}
	for s, want := range map[string][2]string{
		"/a?b=c": {"/a", "b=c"}, "http://h.example/a?b": {"/a", "b"}, "/a#b?c": {"/a", ""}, "*": {"", ""}, "h.example:443": {"", ""}, "/a?u=http://x/y": {"/a", "u=http://x/y"},
	} {
		if path, query := target(s); path != want[0] || query != want[1] {
			t.Errorf("%s: %q %q", s, path, query)
		}
	}
}

// A walk is known by its order, or by how densely it fills a range; readers
// who have a browser in common are not one walk.
func TestWalks(t *testing.T) {
	x := newIDs()
	list := func(n int, f func(i int) int64) (out []numbered) {
		for i := range n {
			out = append(out, numbered{t0, f(i)})
		}
		return out
	}
	for _, c := range []struct {
		name    string
		list    []numbered
		readers bool
		want    bool
	}{
		{"up", list(120, func(i int) int64 { return int64(500 + i) }), true, true},
		{"down in threes", list(120, func(i int) int64 { return int64(5000 - 3*i) }), true, true},
		{"too few", list(99, func(i int) int64 { return int64(i) }), false, false},
		{"all in no order", list(600, func(i int) int64 { return int64(i * 367 % 601) }), false, true},
		{"all in no order, by many readers", list(600, func(i int) int64 { return int64(i * 367 % 601) }), true, false},
		{"far apart", list(600, func(i int) int64 { return int64(i*7919%100_003) * 1000 }), false, false},
		{"the same again and again", list(1000, func(i int) int64 { return int64(i % 90) }), false, false},
		{"dense, but read twice", list(1000, func(i int) int64 { return int64(i * 367 % 501) }), false, false},
	} {
		if _, words := x.judge(c.list, c.readers); (words != "") != c.want {
			t.Errorf("%s: %q", c.name, words)
		}
	}
}

func TestSenderText(t *testing.T) {
	s := Senders{List: []Sender{{Names: []string{"VR Systems", "VR Elections"}, Domains: []string{"vrsystems.com"}, Addresses: []string{"vr.systems.office@gmail.com"}}}}
	for header, want := range map[string]bool{
		`"VR Systems" <someone@gmail.com>`:                                   true,
		`V.R. SYSTEMS support <someone@gmail.com>`:                           true,
		`=?utf-8?B?VlIgU3lzdGVtcw==?= <someone@gmail.com>`:                   true,
		`vr.elections.team@gmail.com`:                                        true,
		`"help@vrsystems.com" <x@elsewhere.example>`:                         true,
		`"VR Systems" <news@vrsystems.com>`:                                  false,
		`"Fans of VR Systems" <list@vendorwatch.example>`:                    false,
		`VR Systems <VR.Systems.Office@gmail.com>`:                           false,
		`Maria <maria@gmail.com>`:                                            false,
		`VR Systems" <<someone@gmail.com>`:                                   true,
		`a@b.example, "VR Systems" <someone@gmail.com>, Carol <c@d.example>`: true,
		``: false, `<>`: false, `undisclosed-recipients:;`: false,
	} {
		if why := s.Imitates(header); (why != "") != want {
			t.Errorf("%s: %q", header, why)
		}
	}
	if s.text() == (Senders{}).text() {
		t.Error("who is protected changes nothing")
	}
}

func FuzzSender(f *testing.F) {
	for _, s := range []string{`"VR Systems" <a@gmail.com>`, "=?utf-8?Q?=", "<<a@b>", "a@b,c@d", "\x00<@>"} {
		f.Add(s)
	}
	s := Senders{List: []Sender{{Names: []string{"VR Systems"}, Domains: []string{"vrsystems.com"}}}}
	f.Fuzz(func(t *testing.T, header string) {
		if why := s.Imitates(header); len(why) > len(header)+200 {
			t.Errorf("%q", why)
		}
	})
}

// What waits of a request are its values, not the line of which they are parts.
func TestLinesAreLetGo(t *testing.T) {
	const lines, size = 1000, 64 << 10
	r := NewRunner(Election(Senders{}), Config{Lateness: time.Hour})
	before := inUse()
	for i := range lines {
		line := strings.Repeat("x", size) + fmt.Sprintf("198.51.100.%03dGET/a404curl", 100+i%100)
		part := func(from, to int) string { return line[size+from : size+to] }
		ev := event.Event{Time: t0.Add(time.Duration(i) * time.Second), Dataset: "web.access"}
		ev.Add("source.ip", part(0, 14))
		ev.Add("http.request.method", part(14, 17))
		ev.Add("url.original", part(17, 19))
		ev.Add("http.response.status_code", part(19, 22))
		ev.Add("user_agent.original", part(22, 26))
		give(r, time.Time{}, ev)
	}
	if grown := inUse() - before; len(r.waiting) != lines || grown > lines*size/8 {
		t.Errorf("%d of %d lines of %d bytes wait and left %d", len(r.waiting), lines, size, grown)
	}
	runtime.KeepAlive(r)
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
