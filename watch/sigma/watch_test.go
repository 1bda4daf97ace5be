package sigma_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"entente/watch"
	"entente/watch/event"
	"entente/watch/sigma"
	"entente/watch/sigma/correlation"
)

func placeAt(i int) watch.Place {
	return watch.Place{Source: "test", Line: int64(i) + 1, Offset: int64(i) * 100}
}

// logon makes an event of Windows' security log.
func logon(code, user string, second int) *event.Event {
	ev := &event.Event{Dataset: "windows.security", Time: time.Date(2026, 11, 3, 8, 0, second, 0, time.UTC)}
	ev.Add("event.code", code)
	ev.Add("winlog.channel", "Security")
	ev.Add("winlog.event_data.User", user)
	return ev
}

// bruteForce is the example of the specification, in its own words but for the texts around it.
const bruteForce = `title: Correlation - Multiple Failed Logins Followed by Successful Login
id: b180ead8-d58f-40b2-ae54-c8940995b9b6
status: experimental
correlation:
    type: temporal_ordered
    rules:
        - multiple_failed_login
        - successful_login
    group-by:
        - User
    timespan: 10m
level: high
---
title: Multiple failed logons
id: a8418a5a-5fc4-46b5-b23b-6c73beb19d41
name: multiple_failed_login
correlation:
    type: event_count
    rules:
        - failed_login
    group-by:
        - User
    timespan: 10m
    condition:
        gte: 10
---
title: Single failed login
id: 53ba33fd-3a50-4468-a5ef-c583635cfa92
name: failed_login
logsource:
    product: windows
    service: security
detection:
    selection:
        EventID:
            - 529
            - 4625
    condition: selection
---
title: Successful login
id: 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8
name: successful_login
logsource:
    product: windows
    service: security
detection:
    selection:
        EventID:
            - 528
            - 4624
    condition: selection
`

func TestBruteForce(t *testing.T) {
	set := load(t, bruteForce)
	if set.Reach() != 20*time.Minute {
		t.Errorf("reach %v", set.Reach())
	}
	type line struct {
		ev *event.Event
		at int
	}
	var lines []line
	for i := range 12 {
		lines = append(lines, line{logon("4625", "clerk", i*5), len(lines)}, line{logon("4625", fmt.Sprint("user", i), i*5+1), len(lines) + 1})
	}
	lines = append(lines, line{logon("4624", "CLERK", 70), len(lines)}, line{logon("4624", "user1", 71), len(lines) + 1})
	var first string
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		if seed > 0 {
			rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		w := set.NewWatch(sigma.WatchOptions{Correlation: correlation.Config{Lateness: 5 * time.Minute}})
		var alerts []sigma.Alert
		for _, l := range lines {
			alerts = append(alerts, w.Event(l.ev, placeAt(l.at), nil, time.Time{})...)
		}
		alerts = append(alerts, w.Flush()...)
		if len(alerts) != 1 || alerts[0].Correlated == nil || alerts[0].Rule.Level != "high" {
			t.Fatalf("%+v, %+v", alerts, w.Stats())
		}
		a := alerts[0]
		if got := fmt.Sprint(a.Correlated.Group, a.Correlated.Count, a.Time.Second(), a.Place.Line); got != "[{User clerk}] 2 10 25" {
			t.Errorf("seed %d: %s", seed, got)
		}
		if id := fmt.Sprint(a.ID); first == "" {
			first = id
		} else if id != first {
			t.Errorf("seed %d: another id", seed)
		}
	}
}

func TestAliasesAndGenerate(t *testing.T) {
	const text = `title: both ways
correlation:
    type: temporal
    rules: [internal_error, new_network_connection]
    group-by: [internal_ip, remote_ip]
    timespan: 10s
    generate: true
    aliases:
        internal_ip: {internal_error: destination.ip, new_network_connection: source.ip}
        remote_ip: {internal_error: source.ip, new_network_connection: destination.ip}
---
title: error
name: internal_error
taxonomy: ecs
logsource: {product: zeek, service: http}
detection: {selection: {http.response.status_code: 500}, condition: selection}
---
title: connection
name: new_network_connection
taxonomy: ecs
logsource: {product: zeek, service: conn}
detection: {selection: {network.transport: tcp}, condition: selection}
`
	set := load(t, text)
	w := set.NewWatch(sigma.WatchOptions{})
	send := func(dataset, from, to string, second int, more string) (titles string) {
		ev := &event.Event{Dataset: dataset, Time: time.Date(2026, 11, 3, 8, 0, second, 0, time.UTC)}
		ev.Add("source.ip", from)
		ev.Add("destination.ip", to)
		name, value, _ := strings.Cut(more, "=")
		ev.Add(name, value)
		for _, a := range w.Event(ev, placeAt(second), nil, time.Time{}) {
			titles += a.Rule.Title + ";"
		}
		return titles
	}
	got := send("zeek.http", "203.0.113.66", "192.0.2.10", 0, "http.response.status_code=500") +
		send("zeek.conn", "192.0.2.10", "203.0.113.67", 1, "network.transport=tcp") +
		send("zeek.conn", "192.0.2.10", "203.0.113.66", 2, "network.transport=tcp")
	for _, a := range w.Flush() {
		got += a.Rule.Title
	}
	if got != "error;connection;connection;both ways" {
		t.Error(got)
	}
}

// TestFilters: both ways of writing a filter suppress what its selection meets.
func TestFilters(t *testing.T) {
	for condition, want := range map[string]string{"sel": "root", "not sel": "root", "not 1 of se*": "root", "sel and not other": "adm_x root"} {
		text := rule("s: {a: '1'}\ncondition: s") + "id: 6f3e2987-db24-4c78-a860-b4f4095a7095\n---\n" +
			"title: admins\nlogsource: {product: zeek}\nfilter:\n    rules: [6F3E2987-db24-4c78-a860-b4f4095a7095, df0841c0]\n    sel: {who|startswith: adm_}\n    other: {b: '1'}\n    condition: " + condition + "\n"
		set, report := sigma.Load([]sigma.File{{Name: "x", Data: []byte(text)}}, sigma.Options{})
		var got []string
		m := set.NewMatcher()
		for _, fields := range []string{"a=1;who=adm_x;b=1", "a=1;who=root"} {
			ev := made(fields)
			if len(m.Match(ev, nil, nil)) > 0 {
				got = append(got, ev.Get("zeek.test.who"))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", condition, got, want)
		}
		notes := fmt.Sprint(report.Entries[0].Notes, report.Entries[1].Notes)
		if !strings.Contains(notes, "{sigma.note.filtered admins}") || !strings.Contains(notes, "{sigma.note.filter_rule df0841c0}") {
			t.Error(notes)
		}
	}
}

// TestGlobal: the old style's documents of what several rules have in common.
func TestGlobal(t *testing.T) {
	const text = `action: global
title: family
logsource: {product: zeek, service: test}
detection: {condition: sel}
---
detection: {sel: {a: '1'}}
---
action: repeat
detection: {sel: {b: '1'}}
---
detection: {sel: {c: '1'}}
`
	set := load(t, text)
	m := set.NewMatcher()
	for fields, want := range map[string]string{"a=1": "[0]", "b=1": "[]", "a=1;b=1": "[0 1]", "c=1": "[2]"} {
		if got := fmt.Sprint(m.Match(made(fields), nil, nil)); got != want {
			t.Errorf("%s: %s, want %s", fields, got, want)
		}
	}
}

func TestReport(t *testing.T) {
	const text = `title: waits for nothing
logsource: {category: webserver}
detection: {s: {cs-cookie: x}, condition: s}
---
title: toaster
logsource: {product: toaster}
detection: {s: {a: b}, condition: s}
---
title: half
logsource: {category: webserver}
detection: {s: {cs-cookie: x}, t: {cs-method: PUT}, condition: s or t}
---
title: nothing left
logsource: {category: webserver}
detection: {s: {cs-cookie: x}, condition: not s}
---
title: of them
correlation: {type: event_count, rules: [toaster2], timespan: 1m, condition: {gte: 2}}
---
title: loop
name: loop
correlation: {type: event_count, rules: [loop2], timespan: 1m, condition: {gte: 2}}
---
title: loop
name: loop2
correlation: {type: event_count, rules: [loop], timespan: 1m, condition: {gte: 2}}
`
	_, report := sigma.Load([]sigma.File{{Name: "x", Data: []byte(text)}}, sigma.Options{})
	var got []string
	for _, e := range report.Entries {
		s := string(e.Outcome)
		if e.Refusal != nil {
			s += " " + e.Refusal.Construct
		}
		for _, m := range e.Missing {
			if m.Dataset == "" || m.Dataset == "web.access" {
				s += fmt.Sprintf(" %s:%s", m.Dataset, m.Field)
			}
		}
		got = append(got, s)
	}
	want := "never web.access:cs-cookie|never :|loaded|never web.access:cs-cookie|refused rules|refused rules|refused rules"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestWork: a regular expression on which one event costs too much is given up and counted.
func TestWork(t *testing.T) {
	var items []string
	for i := range 20 {
		items = append(items, fmt.Sprintf("'(.{30}%d|x*y*z*){20}w'", i))
	}
	set := load(t, rule("s: {f|re: ["+strings.Join(items, ", ")+"]}\ncondition: s")+"---\n"+rule("s: {f|re: 'q+$'}\ncondition: s"))
	m := set.NewMatcher()
	hits := m.Match(made("f="+strings.Repeat("q", event.MaxValue)), nil, nil)
	if s := m.Stats(); s.Overrun != 1 || len(hits) != 1 || hits[0] != 1 || m.Overruns(0) != 1 {
		t.Errorf("%+v, hits %v", s, hits)
	}
	_, report := sigma.Load([]sigma.File{{Name: "x", Data: []byte(rule("s: {f|re: [" + strings.Repeat("'(a{30}b){30}', ", 1000) + "]}\ncondition: s"))}}, sigma.Options{})
	if r := report.Entries[0].Refusal; r == nil || r.Construct != "values" {
		t.Errorf("a thousand large programs: %+v", report.Entries)
	}
}
