package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/internal/ingest"
	"entente/internal/sqlite"
	"entente/watch/event"
)

const (
	scanRule = `title: one client asks for much that is not there
name: nothing_there
logsource:
  category: webserver
detection:
  s:
    sc-status: 404
  condition: s
---
title: a scan of the web server
id: 5c7d1f3e-2f1b-4a49-9a10-6f1f2f9f0b01
level: high
correlation:
  type: event_count
  rules: [nothing_there]
  group-by: [c-ip]
  timespan: 5m
  condition:
    gte: 3
`
	traceRule = `title: a trace of the web server
id: 0d5b8a7e-55a0-4d6c-8f9d-2f1f6b7f0a11
level: low
logsource:
  category: webserver
detection:
  s:
    cs-method: TRACE
  condition: s
`
	orderPattern = "[network-traffic:extensions.'http-request-ext'.request_value = '/login'] FOLLOWEDBY [network-traffic:extensions.'http-request-ext'.request_value = '/export'] WITHIN 600 SECONDS"
)

func bundleOf(patterns ...string) []byte {
	var objects []map[string]string
	for _, p := range patterns {
		objects = append(objects, map[string]string{"type": "indicator", "pattern": p, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"})
	}
	data, _ := json.Marshal(map[string]any{"type": "bundle", "objects": objects})
	return data
}

// visits appends lines of an access log, one for each of "minute client method path status".
func (u *unit) visits(path string, lines ...string) {
	u.t.Helper()
	f := must(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600))(u.t)
	for _, l := range lines {
		x := strings.Fields(l)
		_, err := fmt.Fprintf(f, "%s - - [05/Jan/2026:10:%s:00 +0000] \"%s %s HTTP/1.1\" %s 512 \"-\" \"-\"\n", x[1], x[0], x[2], x[3], x[4])
		u.ok(err)
	}
	u.ok(f.Close())
}

func ruleStory() []string {
	return []string{
		"00 192.0.2.1 GET /a 404", "00 192.0.2.2 GET /login 200", "01 192.0.2.1 GET /b 404", "02 192.0.2.9 TRACE / 405",
		"02 192.0.2.1 GET /c 404", "03 192.0.2.2 GET /export 200", "04 192.0.2.7 GET / 200", "30 192.0.2.7 GET / 200",
	}
}

// found says of each alert of a node what it is and on which lines.
func (u *unit) found(name string) (out []string) {
	u.t.Helper()
	groups, _, err := u.node(name).seen.Groups(u.t.Context(), false, 100, 0)
	u.ok(err)
	for _, g := range groups {
		for _, h := range must(u.node(name).seen.Hits(u.t.Context(), g.Key, 100))(u.t) {
			out = append(out, fmt.Sprintf("%s %s %s line %d %s=%s", g.Type, g.Value, h.Rule, h.Line, h.Field, h.Seen))
		}
	}
	return out
}

func wanted() []string {
	return []string{
		"stix-pattern " + orderPattern + " match.pattern line 6 url.original=/export",
		"sigma-rule 5c7d1f3e-2f1b-4a49-9a10-6f1f2f9f0b01 match.correlation line 5 c-ip=192.0.2.1",
		"sigma-rule 0d5b8a7e-55a0-4d6c-8f9d-2f1f6b7f0a11 match.sigma line 4 http.request.method=TRACE",
	}
}

// demand compares what a node found with what the story holds.
func (u *unit) demand(name string, want ...string) {
	u.t.Helper()
	all := strings.Join(u.found(name), "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			u.t.Errorf("%s has not found %q in:\n%s", name, w, all)
		}
	}
	if got := u.tally(name); !got.LedgerAdds {
		u.t.Errorf("%+v", got)
	}
}

// Own rules run on own logs, are this party's own on every screen, and nothing
// goes back to anybody; a file that changes is read again.
func TestOwnRules(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(north)
	u.automatic(north, 10)
	dir := filepath.Join(u.dir, "rules")
	u.ok(os.MkdirAll(dir, 0o700))
	write(t, filepath.Join(dir, "scan.yml"), []byte(scanRule))
	u.cfg[north].Rules = []string{dir}
	u.start(north, south)
	u.open(north, south)
	u.visits(path, ruleStory()...)
	u.eventually("the rule finds what is there", func() bool { return len(u.found(north)) > 0 })
	u.settle()
	u.demand(north, wanted()[1])
	if got := u.found(north); len(got) != 1 {
		t.Errorf("found %q", got)
	}
	write(t, filepath.Join(dir, "trace.yml"), []byte(traceRule))
	u.eventually("the new rule looks back", func() bool { return len(u.found(north)) == 2 })
	u.demand(north, wanted()[1], wanted()[2])
	for _, a := range must(u.node(north).Control().Alerts(t.Context(), api.AlertQuery{Limit: 10}))(t).Items {
		if a.Giver != north || a.State != "none" {
			t.Errorf("%+v", a)
		}
		if _, err := u.node(north).Control().Release(t.Context(), api.ReleaseRequest{Officer: officer, IDs: []string{a.ID}}); err == nil {
			t.Error("an alert by an own rule was released")
		}
	}
	list := must(u.node(north).Control().Incidents(t.Context(), api.IncidentQuery{Limit: 10}))(t)
	if len(list.Items) != 2 || len(list.Givers) != 1 || list.Givers[0].Giver != north || list.Givers[0].Incidents != 2 {
		t.Errorf("%+v", list)
	}
	if i := list.Items[1]; i.Level != "high" && list.Items[0].Level != "high" {
		t.Errorf("no level: %+v", i)
	}
	write(t, filepath.Join(dir, "bad.yml"), []byte(strings.Replace(traceRule, "cs-method", "cs-method|nothing", 1)))
	u.eventually("the report on the bad rule", func() bool {
		return must(u.node(north).Control().Rules(t.Context()))(t).Refused == 1
	})
	r := must(u.node(north).Control().Rules(t.Context()))(t)
	if r.Loaded != 3 || r.Stats.Events == 0 {
		t.Errorf("%+v", r)
	}
	for _, e := range r.Items {
		if e.Refusal != nil && (e.Refusal.Line == 0 || e.Refusal.Construct == "" || !strings.HasSuffix(e.File, "bad.yml")) {
			t.Errorf("%+v", e)
		}
	}
	page := must(u.node(north).whole().Watch(t.Context(), console.WatchQuery{View: console.ViewRules, Limit: 10}))(t)
	if page.Matching != 4 || page.Rules[0].Outcome != "refused" || page.Rules[1].Hits != 1 || page.Rules[2].Hits != 1 {
		t.Errorf("%+v", page.Rules)
	}
	if got := u.tally(north); got.Sent != 0 {
		t.Errorf("%+v", got)
	}
	for _, s := range must(u.node(north).Control().Statements(t.Context(), api.StatementQuery{Party: north, Limit: 10}))(t).Items {
		if s.Kind != "key/v1" {
			t.Errorf("%s was said to %v", s.Kind, s.Recipients)
		}
	}
}

// Shared rules run when a person has accepted them, and find in the archive
// what they would have found live, whatever restarts lie between.
func TestSharedRules(t *testing.T) {
	t.Parallel()
	play := func(t *testing.T, how func(u *unit, path string, share, accept func())) []sqlite.Hit {
		u := newUnit(t, nil, north, south)
		path := u.watches(south)
		u.start(north, south)
		u.open(north, south)
		how(u, path, func() {
			u.share(north, south, "scan.yml", []byte(scanRule))
			u.share(north, south, "trace.yml", []byte(traceRule))
			u.share(north, south, "order.json", bundleOf(orderPattern))
			u.settle()
		}, func() {
			got := must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{All: true, Officer: officer, Reason: "read"}))(t)
			if got.Items != 3 {
				t.Errorf("accepted %+v", got)
			}
			u.settle()
		})
		u.eventually("all is found", func() bool { return len(u.found(south)) == 3 })
		u.demand(south, wanted()...)
		return u.alertRows(south)
	}
	live := play(t, func(u *unit, path string, share, accept func()) {
		share()
		accept()
		u.visits(path, ruleStory()...)
		u.settle()
	})
	back := play(t, func(u *unit, path string, share, accept func()) {
		u.visits(path, ruleStory()...)
		share()
		held, _, err := u.node(south).whole().heldBack(t.Context(), u.node(south).lists.get(), console.WatchQuery{Limit: 10})
		u.ok(err)
		if len(held) != 3 || held[0].Reasons[0].Code != border.HeldRule || held[0].WouldMatch != 0 || len(u.found(south)) != 0 {
			t.Errorf("held %+v", held)
		}
		u.ok(os.Remove(path)) // the archive alone has it
		write(t, path, nil)
		accept()
	})
	if d := gocmp.Diff(live, back); d != "" {
		t.Errorf("looking back differs from live: %.3000s", d)
	}
	cut := play(t, func(u *unit, path string, share, accept func()) {
		share()
		accept()
		for i, line := range ruleStory() {
			u.visits(path, line)
			u.settle()
			if i == 2 || i == 4 || i == 5 { // in the middle of windows
				u.stop(south)
				u.start(south)
				u.open(south)
			}
		}
		u.settle()
	})
	if d := gocmp.Diff(live, cut); d != "" {
		t.Errorf("restarts differ from live: %.3000s", d)
	}
}

// A batch that was judged and could not be stored counts once when it comes
// again, and not at all if another comes in its place.
func TestRulesCountWhatIsStored(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(north)
	rules := filepath.Join(u.dir, "scan.yml")
	write(t, rules, []byte(scanRule))
	u.cfg[north].Rules = []string{rules}
	u.start(north)
	u.open(north)
	u.visits(path, ruleStory()[0], ruleStory()[2])
	u.eventually("two lines are read", func() bool { return u.tally(north).Lines == 2 })
	l := u.node(north).lookout
	ev := &event.Event{Time: time.Date(2026, 1, 5, 10, 2, 0, 0, time.UTC), Dataset: "web.access"}
	ev.Put("source.ip", "192.0.2.1", event.Address)
	ev.Add("http.response.status_code", "404")
	b := ingest.Batch{Source: "web", From: 200, To: 100_000, Lines: []ingest.Line{{Number: 3, Offset: 200, Raw: []byte("x"), Event: ev}}}
	judge := func() (n int64) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _, err := l.judge(t.Context(), l.lists.get(), b)
		u.ok(err)
		return l.rules.run.engine.Stats().Events
	}
	if first, again := judge(), judge(); first != 3 || again != 3 {
		t.Errorf("%d events, and when the batch comes again %d", first, again)
	}
	u.visits(path, ruleStory()[4], ruleStory()[6], ruleStory()[7])
	u.eventually("what was stored is counted", func() bool { return len(u.found(north)) == 1 })
	u.demand(north, "match.correlation line 3 c-ip=192.0.2.1")
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := l.rules.run.engine.Stats().Events; got != 5 {
		t.Errorf("%d events are counted", got)
	}
}
