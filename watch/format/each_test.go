package format_test

import (
	"errors"
	"testing"
	"time"

	"entente/watch/event"
	"entente/watch/format"
	"entente/watch/format/eve"
	"entente/watch/format/syslog"
	"entente/watch/format/weblog"
	"entente/watch/format/zeekjson"
)

func eachFormats() []event.Format {
	return []event.Format{eve.Format(), zeekjson.Format(), weblog.Format(), syslog.Format()}
}

func TestEach(t *testing.T) {
	p := format.Each(eachFormats()).New()
	for _, tt := range []struct{ line, dataset, field, value string }{
		{"<38>Oct  5 08:00:01 gate sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2", "syslog.sshd", "source.ip", "192.0.2.7"},
		{`192.0.2.8 - - [05/Oct/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"`, "web.access", "source.ip", "192.0.2.8"},
		{`{"timestamp":"2026-10-05T08:00:00.000000+0000","event_type":"dns","src_ip":"192.0.2.9","dns":{"type":"query","rrname":"a.example"}}`, "suricata.dns", "source.ip", "192.0.2.9"},
		{`<134>Oct  5 08:00:01 ids suricata[9]: {"timestamp":"2026-10-05T08:00:00.000000+0000","event_type":"dns","src_ip":"192.0.2.9","dns":{"type":"query","rrname":"a.example"}}`, "suricata.dns", "host.hostname", "ids"},
		{`<134>1 2026-10-05T08:00:00Z ids zeek - - - {"ts":1.5,"_path":"dns","uid":"C1","query":"b.example"}`, "zeek.dns", "dns.question.name", "b.example"},
		{`<13>Oct  5 08:00:01 host app: {not json}`, "syslog", "message", "{not json}"},
		{`<13>Oct  5 08:00:01 host app: a {"x":1} b`, "syslog", "host.hostname", "host"},
	} {
		var ev event.Event
		if err := p.Parse([]byte(tt.line), &ev); err != nil || ev.Dataset != tt.dataset || ev.Get(tt.field) != tt.value {
			t.Errorf("%s: %v %s %v", tt.line, err, ev.Dataset, ev.Fields)
		}
		if ev.Time.IsZero() {
			t.Errorf("%s: no time", tt.line)
		}
	}
	ev := event.Event{Time: time.Unix(1, 0)}
	if err := p.Parse([]byte("junk"), &ev); err == nil || !ev.Time.IsZero() {
		t.Errorf("junk: %v %+v", err, ev)
	}
	if err := p.Parse([]byte(" \r"), &ev); !errors.Is(err, event.ErrNoEvent) {
		t.Errorf("blank: %v", err)
	}
	if p.State() != nil || p.Restore([]byte("x")) == nil || p.Restore(nil) != nil {
		t.Error("it has a state")
	}
}

func FuzzEach(f *testing.F) {
	f.Add([]byte(`<134>Oct  5 08:00:01 ids suricata[9]: {"timestamp":"2026-10-05T08:00:00.000000+0000","event_type":"dns"}`))
	f.Add([]byte(`<13>Oct  5 08:00:01 h CEF:0|a|b|c|d|e|5|src=192.0.2.1 {}`))
	p := format.Each(eachFormats()).New()
	f.Fuzz(func(t *testing.T, line []byte) {
		var a, b event.Event
		errA := p.Parse(line, &a)
		errB := format.Each(eachFormats()).New().Parse(line, &b)
		if (errA == nil) != (errB == nil) || a.Dataset != b.Dataset || len(a.Fields) != len(b.Fields) {
			t.Fatalf("a parser remembers: %v, %v", errA, errB)
		}
		if errA != nil && len(a.Fields)+len(a.Observables) > 0 {
			t.Fatal("an error and an event")
		}
	})
}
