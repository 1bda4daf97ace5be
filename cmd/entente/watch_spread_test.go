package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/nats/natstest"
)

// watchOut runs the verb and returns what it prints, in the order of text but for the last line, the account.
func watchOut(ctx context.Context, t *testing.T, args ...string) (matches []string, account string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
	if err := runWatch(ctx, e, args); err != nil {
		t.Errorf("watch %v: %v %s", args, err, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	matches = lines[:len(lines)-1]
	slices.Sort(matches)
	return matches, lines[len(lines)-1]
}

const spreadRules = `title: one request
id: 11111111-2222-4333-8444-555555555555
name: one
logsource: {category: webserver}
detection:
  s: {c-ip: 203.0.113.3}
  condition: s
---
title: many requests
id: 21111111-2222-4333-8444-555555555555
correlation:
  type: event_count
  rules: [one]
  group-by: [c-ip]
  timespan: 1h
  generate: true
  condition: {gte: 7}
---
title: another request
name: another
logsource: {category: webserver}
detection:
  s: {c-ip: 203.0.113.9}
  condition: s
---
title: one before another
id: 31111111-2222-4333-8444-555555555555
correlation:
  type: temporal_ordered
  rules: [one, another]
  timespan: 2s
`

// spreadPatterns need one line, two of a source in their order, or several of a source.
const spreadPatterns = `[domain-name:value = 'bad.example' AND domain-name:value LIKE 'b%']
[network-traffic:extensions.'http-request-ext'.request_value = '/7'] FOLLOWEDBY [network-traffic:extensions.'http-request-ext'.request_value = '/12'] WITHIN 2 SECONDS
[network-traffic:src_ref.value = '203.0.113.4'] REPEATS 6 TIMES WITHIN 60 SECONDS
[domain-name:value = 'good.example'] AND [domain-name:value = 'bad.example']
`

// spreading is one run of the test: what is looked for, where, and whom it ships to.
type spreading struct {
	t              *testing.T
	ctx            context.Context
	url, web, zeek string
	with           []string // what workers look for
	rules          []string // what who collects needs
}

func newSpreading(t *testing.T, ctx context.Context, url string) *spreading {
	dir := t.TempDir()
	s := &spreading{t: t, ctx: ctx, url: url, web: filepath.Join(dir, "web.log"), zeek: filepath.Join(dir, "dns.log")}
	list, rules := filepath.Join(dir, "list.txt"), filepath.Join(dir, "rules")
	if err := os.Mkdir(rules, 0o700); err != nil {
		t.Fatal(err)
	}
	s.add(list, "203.0.113.7\nbad.example\n")
	s.add(filepath.Join(rules, "scan.yml"), spreadRules)
	s.add(filepath.Join(rules, "some.pattern"), spreadPatterns)
	s.add(s.zeek, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\n#types\ttime\tstring\taddr\tport\taddr\tport\tstring\n")
	s.rules = []string{"--rules", rules, "--pack", "election"}
	s.with = append([]string{"--accept", "--indicators", list}, s.rules...)
	return s
}

func (s *spreading) add(path, text string) {
	s.t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// grow appends lines to both logs, and ships them.
func (s *spreading) grow(from, to int) {
	s.t.Helper()
	for i := from; i < to; i++ {
		s.add(s.web, fmt.Sprintf("203.0.113.%d - - [05/Jan/2026:10:%02d:%02d +0000] \"GET /%d HTTP/1.1\" 200 512 \"-\" \"-\"\n", i%20, i/600, i/10%60, i))
		s.add(s.zeek, fmt.Sprintf("%d.5\tC%d\t10.0.0.1\t1\t10.0.0.2\t53\t%s.example\n", i/10, i, []string{"good", "bad"}[i%2]))
	}
	s.add(s.web, "\x01junk\n"+strings.Repeat("x", 2<<20)+"\n")
	var out bytes.Buffer
	e := &env{stdout: &out, stderr: &out, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
	if err := runWatch(s.ctx, e, []string{"--to", s.url, s.web, s.zeek}); err != nil {
		s.t.Fatal(err)
	}
}

// worker starts one that can be killed: a process of the real binary.
func (s *spreading) worker() (kill func()) {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := exec.Command(self, append([]string{"watch", "--source", s.url}, s.with...)...)
	cmd.Args[0], cmd.Stderr = "entente", &errs // see TestMain
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		s.t.Helper()
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err == nil || strings.Contains(errs.String(), "error:") {
			s.t.Errorf("a worker ended by itself: %v %s", err, errs.String())
		}
	}
}

// judged waits until the workers' account holds a text.
func (s *spreading) judged(want string) (got []string) {
	s.t.Helper()
	for s.ctx.Err() == nil {
		var account string
		if got, account = watchOut(s.ctx, s.t, append([]string{"--results", s.url}, s.rules...)...); strings.Contains(account, want) {
			return got
		}
	}
	s.t.Fatal("not all is judged in time")
	return nil
}

// compare demands of the workers' results that they are those of one process.
func (s *spreading) compare() {
	s.t.Helper()
	want, account := watchOut(s.ctx, s.t, append(slices.Clone(s.with), s.web, s.zeek)...)
	_, ledger, _ := strings.Cut(account, `"ledger":`)
	ledger, _, _ = strings.Cut(ledger, "}")
	got := s.judged(ledger)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 1000 {
		s.t.Errorf("%d matches, %d spread: %.2000s", len(want), len(got), diff)
	}
	missing := []string{`"indicator":`, "5c04"}
	for _, title := range []string{"one request", "many requests", "one before another", "[domain-name:value = 'bad.example' AND", "[network-traffic:extensions", "[network-traffic:src_ref", "[domain-name:value = 'good.example'] AND"} {
		missing = append(missing, `"rule":"`+title)
	}
	all := strings.Join(got, "\n")
	if missing = slices.DeleteFunc(missing, func(m string) bool { return strings.Contains(all, m) }); len(missing) > 0 {
		s.t.Errorf("of these kinds none is found: %q", missing)
	}
}

// What workers find in shipped lines, and who collects works out, is what one process finds in the files: also behind
// headers, in lines that are none, in what is shipped twice, and after more was appended.
func TestWatchSpread(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := newSpreading(t, ctx, natstest.One(t)+"/EVENTS")
	worker, stop := context.WithCancel(ctx)
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			var out bytes.Buffer
			e := &env{stdout: &out, stderr: &out, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
			ended <- runWatch(worker, e, append([]string{"--source", s.url}, s.with...))
		}()
	}
	s.grow(0, 1500)
	s.grow(1500, 2000)
	ship := []string{"--to", s.url, s.web, s.zeek}
	var out bytes.Buffer
	e := &env{stdout: &out, stderr: &out, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
	if err := runWatch(ctx, e, ship); err != nil {
		t.Error(err)
	}
	s.compare()
	other := filepath.Join(t.TempDir(), "other.pattern")
	s.add(other, "[domain-name:value = 'bad.example']\n")
	if err := runWatch(ctx, e, []string{"--results", s.url, "--rules", other}); !errors.Is(err, errOtherRules) {
		t.Errorf("other rules than the workers': %v", err)
	}
	out.Reset()
	if err := runWatch(ctx, e, []string{"--results", s.url}); err != nil || !strings.Contains(out.String(), "wait for rules that correlate") {
		t.Errorf("without rules: %v %s", err, out.String())
	}
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// On three servers, with workers and the leaders of both streams killed in mid-stream, the results are those of one
// process: also what needs the lines of a source in their order.
func TestWatchSpreadKilled(t *testing.T) {
	if os.Getenv("ENTENTE_DAYS") == "" {
		t.Skip("starts three servers and kills them, a minute; set ENTENTE_DAYS=1")
	}
	servers := natstest.NewCluster(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := newSpreading(t, ctx, servers.URL("EVENTS?replicas=3&group=matchers"))
	for round, stream := range []string{"EVENTS", "EVENTS_results", "EVENTS"} {
		first, second := s.worker(), s.worker()
		s.grow(700*round, 700*round+400)
		down := servers.Leader(ctx, stream)
		servers.Kill(down)
		first()
		s.grow(700*round+400, 700*(round+1))
		servers.Start(down)
		second()
	}
	defer s.worker()()
	s.compare()
}
