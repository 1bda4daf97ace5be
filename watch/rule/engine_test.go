package rule

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/watch"
	"entente/watch/event"
	"entente/watch/format/weblog"
	"entente/watch/indicator"
)

const burst = `title: many errors
name: one_error
logsource:
  category: webserver
detection:
  s:
    sc-status: 404
  condition: s
---
title: a scan
id: 5c7d1f3e-2f1b-4a49-9a10-6f1f2f9f0b01
level: high
correlation:
  type: event_count
  rules: [one_error]
  group-by: [c-ip]
  timespan: 5m
  condition:
    gte: 3
`

const (
	asked   = "network-traffic:extensions.'http-request-ext'.request_value"
	follows = "[" + asked + " = '/login'] FOLLOWEDBY [" + asked + " = '/export'] WITHIN 600 SECONDS"
)

type logLine struct {
	ev  event.Event
	at  watch.Place
	raw []byte
}

// access parses lines of an access log.
func access(t testing.TB, source string, lines ...string) (out []logLine) {
	t.Helper()
	p := weblog.Format().New()
	offset := int64(0)
	for i, text := range lines {
		l := logLine{at: watch.Place{Source: source, Line: int64(i + 1), Offset: offset}, raw: []byte(text)}
		if err := p.Parse(l.raw, &l.ev); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
		offset += int64(len(text)) + 1
	}
	return out
}

func request(minute int, from, path string, status int) string {
	return fmt.Sprintf("%s - - [05/Jan/2026:10:%02d:00 +0000] \"GET %s HTTP/1.1\" %d 512 \"-\" \"-\"", from, minute, path, status)
}

func rules() []Rule {
	return []Rule{
		{Group: "south", File: "list 4, item 0", Type: indicator.TypeSigma, Text: burst},
		{Group: "south", File: "list 4, item 1", Type: indicator.TypePattern, Text: follows},
		{File: "own.yml", Type: indicator.TypeSigma, Text: "title: a trace\nid: own\nlogsource: {category: webserver}\ndetection:\n  s: {c-uri: /trace}\n  condition: s\n"},
		{File: "bad.yml", Type: indicator.TypeSigma, Text: "title: bad\nlogsource: {category: webserver}\ndetection:\n  s: {c-uri|nothing: x}\n  condition: s\n"},
		{File: "other.yml", Type: indicator.TypeSigma, Text: "title: elsewhere\nlogsource: {product: m365}\ndetection:\n  s: {x: y}\n  condition: s\n"},
		{Group: "west", File: "list 1, item 0", Type: indicator.TypeSigma, Text: "title: uses another's\ncorrelation:\n  type: event_count\n  rules: [one_error]\n  timespan: 5m\n  condition: {gte: 1}\n"},
	}
}

func traffic(t testing.TB) []logLine {
	return access(t, "web",
		request(0, "192.0.2.1", "/a", 404), request(0, "192.0.2.2", "/login", 200), request(1, "192.0.2.1", "/b", 404),
		request(2, "192.0.2.1", "/c", 404), request(3, "192.0.2.2", "/export", 200), request(3, "192.0.2.9", "/trace", 200), request(9, "192.0.2.3", "/", 200))
}

func feed(e *Engine, lines []logLine) (hits []Hit) {
	for i := range lines {
		hits = append(hits, e.Event(&lines[i].ev, lines[i].at, lines[i].raw, time.Time{})...)
	}
	return hits
}

func show(hits []Hit) (out []string) {
	for _, h := range hits {
		out = append(out, fmt.Sprintf("%d %s %s %s line %d %s=%s asset %s", h.Rule, h.Code, h.Name, h.Level, h.Place.Line, h.Field, h.Seen, h.Asset))
	}
	slices.Sort(out)
	return out
}

func TestEngine(t *testing.T) {
	s := NewSet(rules())
	e := NewEngine(s)
	got := show(append(feed(e, traffic(t)), e.End("web")...))
	want := []string{
		"0 match.correlation 5c7d1f3e-2f1b-4a49-9a10-6f1f2f9f0b01 high line 4 c-ip=192.0.2.1 asset 192.0.2.1",
		"1 match.pattern " + follows + "  line 5 url.original=/export asset 192.0.2.2",
		"2 match.sigma own  line 6 url.original=/trace asset 192.0.2.9",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	outcomes := map[string]string{}
	for _, r := range e.Report() {
		outcomes[fmt.Sprintf("%s:%d", r.File, r.Line)] = fmt.Sprint(r.Outcome, " ", r.Hits)
	}
	if d := cmp.Diff(map[string]string{
		"list 4, item 0:1": "loaded 0", "list 4, item 0:10": "loaded 1", "list 4, item 1:1": "loaded 1", "own.yml:1": "loaded 1",
		"bad.yml:1": "refused 0", "other.yml:1": "never 0", "list 1, item 0:1": "refused 0",
	}, outcomes); d != "" {
		t.Error(d)
	}
}

// What a rule counts does not depend on other sources, nor on a restart: an
// engine that is fed again what another had seen goes on as that would.
func TestEngineGoesOn(t *testing.T) {
	s := NewSet(rules())
	lines := traffic(t)
	whole := NewEngine(s)
	want := append(feed(whole, lines), whole.End("web")...)
	other := access(t, "later", request(59, "192.0.2.1", "/x", 404), request(59, "192.0.2.1", "/y", 404))
	for cut := range lines {
		first := NewEngine(s)
		feed(first, other)
		got := feed(first, lines[:cut])
		second := NewEngine(s)
		feed(second, lines[:cut])
		feed(second, other)
		got = append(append(got, feed(second, lines[cut:])...), second.End("web")...)
		if d := cmp.Diff(show(want), show(got)); d != "" {
			t.Errorf("cut at %d: %s", cut, d)
		}
	}
}

// Time that goes by makes certain what waits for later lines, and no more.
func TestAdvance(t *testing.T) {
	e := NewEngine(NewSet(rules()))
	if hits := feed(e, traffic(t)[:4]); len(hits) != 0 {
		t.Errorf("early: %v", show(hits))
	}
	if hits := e.Advance("web", Lateness/2); len(hits) != 0 {
		t.Errorf("half the lateness: %v", show(hits))
	}
	if hits := e.Advance("web", Lateness+time.Second); len(hits) != 1 {
		t.Errorf("after the lateness: %v", show(hits))
	}
	if hits := append(e.Advance("web", time.Hour), e.Advance("nowhere", time.Hour)...); len(hits) != 0 {
		t.Errorf("again: %v", show(hits))
	}
}

// A giver's rules may lie in any of its lists, and mean the same as in one; what another giver has is neither used nor
// changed. The meaning of a rule is another with what it refers to.
func TestGroups(t *testing.T) {
	one, scan, _ := strings.Cut(burst, "---\n")
	filter := "title: ours\nlogsource: {category: webserver}\nfilter: {rules: any, sel: {c-ip: 192.0.2.1}, condition: sel}\n"
	of := func(group, file, text string) Rule {
		return Rule{Group: group, File: file, Type: indicator.TypeSigma, Text: text}
	}
	fires := func(rules ...Rule) string {
		e := NewEngine(NewSet(rules))
		var names []string
		for _, h := range append(feed(e, traffic(t)), e.End("web")...) {
			names = append(names, rules[h.Rule].File)
		}
		return strings.Join(names, " ")
	}
	north, detects := of("north", "scan", scan), of("north", "one", one)
	for _, c := range []struct {
		want  string
		rules []Rule
	}{
		{"scan", []Rule{north, detects}},
		{"scan", []Rule{detects, north}},
		{"", []Rule{north}},
		{"", []Rule{north, of("south", "one", strings.Replace(one, "404", "500", 1))}},
		{"scan", []Rule{north, of("south", "filter", filter), detects}},
		{"", []Rule{north, of("north", "filter", filter), detects}},
	} {
		if got := fires(c.rules...); got != c.want {
			t.Errorf("%+v: %q fired, want %q", c.rules, got, c.want)
		}
	}
	alone, whole := NewSet([]Rule{north}), NewSet([]Rule{of("south", "x", one), north, detects, {Group: "north", Type: indicator.TypePattern, Text: follows}})
	if alone.Meaning(0) != scan || whole.Meaning(1) == scan || whole.Meaning(0) != one || !slices.Equal(whole.Others(1), []int{2}) || whole.Others(3) != nil {
		t.Error("others", whole.Others(0), whole.Others(1), whole.Others(2), whole.Others(3))
	}
}

// Any number of sources costs the memory of so many.
func TestSourcesAreBounded(t *testing.T) {
	e := NewEngine(NewSet(rules()[2:3]))
	for i := range maxSources + 5 {
		feed(e, access(t, fmt.Sprint("log", i), request(0, "192.0.2.1", "/trace", 200)))
	}
	if s := e.Stats(); s.Sources != maxSources || s.Evicted != 5 || s.Events != maxSources+5 || e.Report()[0].Hits != maxSources+5 {
		t.Errorf("%+v", s)
	}
	if slices.Contains(e.Sources(), "log0") || !slices.Contains(e.Sources(), "log5") {
		t.Error("another than the oldest was forgotten")
	}
}

// What is remembered of an event are its values, not the line of which they are parts.
func TestLinesAreLetGo(t *testing.T) {
	const lines, size = 1000, 64 << 10
	e := NewEngine(NewSet(rules()))
	before := heap()
	for i := range lines {
		ip := fmt.Sprintf("192.0.%d.%d", i/250, i%250)
		line := strings.Repeat("x", size) + ip + "/a404"
		ev := event.Event{Dataset: "web.access", Time: time.Date(2026, 1, 5, 10, 0, i, 0, time.UTC)}
		ev.Add("source.ip", line[size:size+len(ip)])
		ev.Add("url.original", line[size+len(ip):size+len(ip)+2])
		ev.Add("http.response.status_code", line[size+len(ip)+2:])
		e.Event(&ev, watch.Place{Source: "web", Line: int64(i + 1), Offset: int64(i)}, nil, time.Time{})
	}
	if grown := heap() - before; grown > lines*size/8 {
		t.Errorf("%d lines of %d bytes left %d", lines, size, grown)
	}
	runtime.KeepAlive(e)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
