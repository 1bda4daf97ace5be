package rulepack

import (
	"bufio"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/watch"
	"entente/watch/event"
	"entente/watch/format/caddy"
	"entente/watch/format/eve"
	"entente/watch/format/haproxy"
	"entente/watch/format/syslog"
	"entente/watch/format/weblog"
	"entente/watch/format/zeekjson"
	"entente/watch/format/zeektsv"
	"entente/watch/rule"
)

// met is what the pack finds in real logs, by file and rule: each a real attack
// or scan, and no false alarm. Files that are not here meet nothing.
var met = map[string]int{
	"suricata/test6-malicious.eve.json 0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a01":                                              2, // zgrab, a survey of the Internet
	"crowdsec-hub/apache-cve-2021-41773/apache-cve-2021-41773.log 0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a06":                   2,
	"crowdsec-hub/bunkerweb-http-path-traversal/bunkerweb-http-path-traversal.log 0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a06":   8,
	"crowdsec-hub/nginx-http-path-traversal/nginx-http-path-traversal.log 0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a06":           8,
	"crowdsec-hub/apache2-http-sensitive-files/apache2-http-sensitive-files.log 0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a02":     2,
	"crowdsec-hub/litespeed-http-sensitive-files/litespeed-http-sensitive-files.log 0f4b6f52-6a53-4a07-8a4e-6f0d9c2e1a02": 1,
}

// TestRealLogs runs the pack over real logs of servers, sensors and mail.
func TestRealLogs(t *testing.T) {
	const root = "../../../shared/data/logs"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared logs are not here")
	}
	set := election(t)
	formats := []event.Format{weblog.Format(), eve.Format(), syslog.Format(), haproxy.Format(), caddy.Format(), zeekjson.Format(), zeektsv.Format()}
	got, lines := make(map[string]int), 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, ".log") && !strings.Contains(path, ".json") {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		n, hits := judgeFile(t, set, formats, path)
		lines += n
		for _, h := range hits {
			got[filepath.ToSlash(rel)+" "+h.Name]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines", lines)
	for k, n := range got {
		if met[k] != n {
			t.Errorf("%s: %d, want %d", k, n, met[k])
		}
	}
	for k, n := range met {
		if got[k] == 0 {
			t.Errorf("%s: none, want %d", k, n)
		}
	}
}

func judgeFile(t *testing.T, set *rule.Set, formats []event.Format, path string) (lines int, hits []rule.Hit) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	var parser event.Parser
	var head [][]byte
	e, offset := rule.NewEngine(set), int64(0)
	var ev event.Event
	judge := func(line []byte) {
		lines++
		offset += int64(len(line)) + 1
		if parser.Parse(line, &ev) != nil {
			return
		}
		ev.Time = event.CompleteYear(ev.Time, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))
		hits = append(hits, e.Event(&ev, watch.Place{Source: "log", Line: int64(lines), Offset: offset}, line, time.Time{})...)
	}
	begin := func() {
		best := 0
		for _, f := range formats {
			if n := f.Sniff(head); n > best {
				best, parser = n, f.New()
			}
		}
		for _, l := range head {
			if parser != nil {
				judge(l)
			}
		}
		head = nil
	}
	for s.Scan() {
		if parser == nil {
			if head = append(head, append([]byte(nil), s.Bytes()...)); len(head) == 20 {
				if begin(); parser == nil {
					return 0, nil // no format of those here
				}
			}
			continue
		}
		judge(s.Bytes())
	}
	if parser == nil {
		begin()
	}
	return lines, append(hits, e.End("log")...)
}
