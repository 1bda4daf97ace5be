package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/node"
	"entente/watch/event"
	"entente/watch/sigma"
)

// benchSigma measures how many events a second one core judges by a set of rules: those in a folder, or as many that
// the bench makes of the same shapes. Lines of eight sources are parsed before. The limit is reading and case-folding
// every text of the same events once, without looking for anything.
func benchSigma(ctx context.Context, budget time.Duration, rules string, out func(figure)) error {
	set, loaded, err := benchRules(rules)
	if err != nil {
		return err
	}
	events, raw, err := benchEvents(800) // a round is short enough to run undisturbed now and then
	if err != nil {
		return err
	}
	m := set.NewMatcher()
	var hits []int
	judged := rate(ctx, budget, len(events), func() {
		for i := range events {
			hits = m.Match(&events[i], raw[i], hits[:0])
		}
	})
	length := 0
	folded := rate(ctx, budget, len(events), func() {
		for i := range events {
			for _, f := range events[i].Fields {
				length += len(strings.ToLower(f.Value))
			}
			length += len(strings.ToLower(string(raw[i])))
		}
	})
	if length == 0 || m.Stats().Judged == 0 {
		return fmt.Errorf("nothing was judged by %d rules", loaded)
	}
	out(speed("sigma", "events/s", judged, folded))
	return ctx.Err()
}

// rate runs a round of so many pieces again and again and returns the best pieces per second of processor time, over
// stretches that are long beside the clock's ticks.
func rate(ctx context.Context, budget time.Duration, pieces int, round func()) float64 {
	const stretch = 100 * time.Millisecond
	best := 0.0
	for end := time.Now().Add(budget); ctx.Err() == nil; {
		start, took, n := cpuTime(), time.Duration(0), int64(0)
		for took < stretch && ctx.Err() == nil {
			round()
			n, took = n+int64(pieces), cpuTime()-start
		}
		best = max(best, perSecond(n, max(took, time.Microsecond)))
		if time.Now().After(end) {
			break
		}
	}
	return best
}

// benchRules loads the rules that are not for Windows, as the folder has them or as the bench makes them.
func benchRules(folder string) (*sigma.Set, int, error) {
	files := madeRules()
	if folder != "" {
		var err error
		if files, err = ruleFiles(folder); err != nil {
			return nil, 0, err
		}
		files = slices.DeleteFunc(files, func(f sigma.File) bool { return strings.Contains(string(f.Data), "product: windows") })
	}
	set, report := sigma.Load(files, sigma.Options{})
	if n := report.Count(sigma.Loaded); n > 0 {
		return set, n, nil
	}
	return nil, 0, fmt.Errorf("no rule of %s can be loaded", folder)
}

// madeRules are 300 rules in the shapes and numbers of the public ones: programs by the ends of their paths, words in
// command lines, lists of names, keywords over whole lines, exceptions.
func madeRules() (files []sigma.File) {
	word := func(n int) string { return fmt.Sprintf("%c%c%cool-%d", 'a'+n%26, 'a'+n/26%26, 'k'+n%7, n) }
	many := func(from, count int, form string) string {
		var b strings.Builder
		for i := range count {
			fmt.Fprintf(&b, "\n            - '"+form+"'", word(from+i))
		}
		return b.String()
	}
	add := func(n int, logsource, detection string) {
		text := fmt.Sprintf("title: Made rule %d\nlogsource: {%s}\ndetection:\n%s", n, logsource, detection)
		files = append(files, sigma.File{Name: fmt.Sprintf("made_%d.yml", n), Data: []byte(text)})
	}
	for n := range 300 {
		switch {
		case n < 120:
			add(n, "product: linux, category: process_creation", fmt.Sprintf("    img:\n        Image|endswith: '/%s'\n    cli:\n        CommandLine|contains|all:%s\n    not_that:\n        CommandLine|contains: '%s'\n    condition: img and cli and not not_that\n",
				word(n), many(n, 2, " -%s"), word(n+7)))
		case n < 170:
			add(n, "product: linux, service: auditd", fmt.Sprintf("    sel:\n        type: EXECVE\n        a0: '%s'\n        a1|contains:%s\n    condition: sel\n", word(n), many(n, 3, "%s")))
		case n < 200:
			add(n, "product: linux", fmt.Sprintf("    keywords:%s\n    condition: keywords\n", strings.ReplaceAll(many(n, 12, "run %s now"), "            -", "        -")))
		case n < 250:
			add(n, "category: proxy", fmt.Sprintf("    agent:\n        c-useragent|contains:%s\n    host:\n        cs-host|endswith:%s\n    condition: agent or host\n", many(n, 30, "%s/1."), many(n, 30, ".%s.example")))
		case n < 270:
			add(n, "category: webserver", fmt.Sprintf("    method:\n        cs-method: GET\n    keywords:%s\n    gone:\n        sc-status: 404\n    condition: method and keywords and not gone\n", strings.ReplaceAll(many(n, 20, "=%s("), "            -", "        -")))
		case n < 285:
			add(n, "category: dns", fmt.Sprintf("    sel:\n        query|endswith:%s\n    condition: sel\n", many(n, 60, ".%s.example")))
		default:
			add(n, "product: zeek, service: http", fmt.Sprintf("    sel:\n        uri|re: '/%s/[0-9a-f]{8,16}\\.(exe|dll)$'\n        method: [GET, POST]\n    condition: sel\n", word(n)))
		}
	}
	return files
}

// benchEvents makes lines of eight sources in turn and parses them.
func benchEvents(count int) (events []event.Event, raw [][]byte, err error) {
	sources := []struct{ format, line string }{
		{"zeekjson", `{"_path":"http","ts":1793692806.%[1]d,"uid":"C%[1]d","id.orig_h":"192.0.2.%[2]d","id.orig_p":40000,"id.resp_h":"198.51.100.%[2]d","id.resp_p":80,"method":"GET","host":"www%[2]d.North.example","uri":"/static/%[1]d/app.js?v=%[1]d","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0","status_code":200,"resp_mime_types":["text/html"]}`},
		{"zeekjson", `{"_path":"dns","ts":1793692806.%[1]d,"uid":"D%[1]d","id.orig_h":"192.0.2.%[2]d","id.orig_p":5353,"id.resp_h":"192.0.2.53","id.resp_p":53,"proto":"udp","query":"host-%[1]d.Mail.North.example","qtype_name":"A","rcode_name":"NOERROR","AA":false,"rejected":false,"answers":["198.51.100.%[2]d"]}`},
		{"eve", `{"timestamp":"2026-11-03T08:00:06.%06[1]d+0100","flow_id":%[1]d,"event_type":"http","src_ip":"192.0.2.%[2]d","src_port":40001,"dest_ip":"198.51.100.%[2]d","dest_port":80,"proto":"TCP","http":{"hostname":"cdn.north.example","url":"/img/%[1]d.png","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":512}}`},
		{"weblog", `203.0.113.%[2]d - - [03/Nov/2026:08:00:06 +0100] "GET /register/%[1]d?step=2&lang=EN HTTP/1.1" 200 5120 "https://vote.north.example/start" "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15"`},
		{"syslog", `Nov  3 08:00:06 gate sshd[%[1]d]: Failed password for invalid user admin%[2]d from 203.0.113.%[2]d port 4%04[2]d ssh2`},
		{"syslog", `Nov  3 08:00:06 gate systemd[1]: Started session %[1]d of user Clerk%[2]d.`},
		{"auditd", `type=EXECVE msg=audit(1793692806.%03[2]d:%[1]d): argc=4 a0="rsync" a1="-av" a2="/srv/ballots/%[1]d" a3="backup%[2]d:/srv/"`},
		{"auditd", `type=PATH msg=audit(1793692806.%03[2]d:%[1]d): item=0 name="/var/lib/app/%[1]d/State.db" inode=%[1]d dev=fd:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0`},
	}
	parsers := make(map[string]event.Parser)
	for _, f := range node.Formats() {
		parsers[f.Name()] = f.New()
	}
	for i := range count {
		s := sources[i%len(sources)]
		line := fmt.Appendf(nil, s.line, 1000+i, 1+i%199)
		var ev event.Event
		p := parsers[s.format]
		if p == nil {
			return nil, nil, fmt.Errorf("no format %s", s.format)
		}
		if err := p.Parse(line, &ev); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.format, err)
		}
		events, raw = append(events, ev), append(raw, line)
	}
	return events, raw, nil
}
