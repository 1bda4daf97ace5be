package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
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
`

// What workers find in shipped lines is what one process finds in the files: also behind headers, in lines that are
// none, in what is shipped twice, and after more was appended.
func TestWatchSpread(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Shutdown()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server does not start")
	}
	url := s.ClientURL() + "/EVENTS"
	dir := t.TempDir()
	list, web, zeek := filepath.Join(dir, "list.txt"), filepath.Join(dir, "web.log"), filepath.Join(dir, "dns.log")
	rules, other := filepath.Join(dir, "rules"), filepath.Join(dir, "ordered.pattern")
	appendTo := func(path, text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(list, "203.0.113.7\nbad.example\n")
	if err := os.Mkdir(rules, 0o700); err != nil {
		t.Fatal(err)
	}
	appendTo(filepath.Join(rules, "scan.yml"), spreadRules)
	appendTo(filepath.Join(rules, "name.pattern"), "[domain-name:value = 'bad.example' AND domain-name:value LIKE 'b%']\n")
	appendTo(other, "[domain-name:value = 'bad.example'] FOLLOWEDBY [domain-name:value = 'good.example']\n")
	appendTo(zeek, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\n#types\ttime\tstring\taddr\tport\taddr\tport\tstring\n")
	more := func(from, to int) {
		for i := from; i < to; i++ {
			appendTo(web, fmt.Sprintf("203.0.113.%d - - [05/Jan/2026:10:00:00 +0000] \"GET /%d HTTP/1.1\" 200 512 \"-\" \"-\"\n", i%20, i))
			appendTo(zeek, fmt.Sprintf("1.5\tC%d\t10.0.0.1\t1\t10.0.0.2\t53\t%s.example\n", i, []string{"good", "bad"}[i%2]))
		}
		appendTo(web, "\x01junk\n"+strings.Repeat("x", 2<<20)+"\n")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	worker, stop := context.WithCancel(ctx)
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			var out bytes.Buffer
			e := &env{stdout: &out, stderr: &out, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
			ended <- runWatch(worker, e, []string{"--accept", "--indicators", list, "--rules", rules, "--source", url})
		}()
	}
	for _, part := range [][2]int{{0, 1500}, {1500, 2000}, {2000, 2000}} {
		if part[0] < part[1] {
			more(part[0], part[1])
		}
		var out bytes.Buffer
		e := &env{stdout: &out, stderr: &out, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
		if err := runWatch(ctx, e, []string{"--to", url, web, zeek}); err != nil {
			t.Fatal(err)
		}
	}
	want, account := watchOut(ctx, t, "--accept", "--indicators", list, "--rules", rules, web, zeek)
	_, ledger, _ := strings.Cut(account, `"ledger":`)
	ledger, _, _ = strings.Cut(ledger, "}")
	var got []string
	for ctx.Err() == nil {
		var sum string
		if got, sum = watchOut(ctx, t, "--results", url, "--rules", rules); strings.Contains(sum, ledger) {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 1000 {
		t.Errorf("%d matches, %d spread: %.2000s", len(want), len(got), diff)
	}
	kinds := make(map[string]int)
	for _, m := range got {
		for _, kind := range []string{`"rule":"one request"`, `"rule":"many requests"`, `"rule":"[domain-name`, `"indicator":`} {
			if strings.Contains(m, kind) {
				kinds[kind]++
			}
		}
	}
	if len(kinds) != 4 {
		t.Errorf("not of every kind: %v", kinds)
	}
	var out bytes.Buffer
	e := &env{stdout: &out, stderr: &out, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
	if err := runWatch(ctx, e, []string{"--results", url, "--rules", other}); !errors.Is(err, errOtherRules) {
		t.Errorf("other rules than the workers': %v", err)
	}
	if err := runWatch(ctx, e, []string{"--source", url, "--rules", other}); err == nil || !strings.Contains(err.Error(), "order") {
		t.Errorf("a pattern that needs the lines in order: %v", err)
	}
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
