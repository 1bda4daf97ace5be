package caddy_test

import (
	"testing"

	"entente/watch/event"
	"entente/watch/format/caddy"
	"entente/watch/format/formattest"
)

func TestFormat(t *testing.T) { formattest.Run(t, caddy.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, caddy.Format(), `{"ts":1,"level":"a","msg":"b","request":{"uri":"x","host":"[::1]:1"}}`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, caddy.Format()) }

// A header field that a client names like a field of the log must not pass for it.
func TestHeadersAreNotTheClient(t *testing.T) {
	var ev event.Event
	line := `{"level":"info","ts":1,"logger":"http.log.access","msg":"x","request":{"remote_ip":"192.0.2.1","uri":"/","headers":{"remote_ip":["198.51.100.9"],"Client_ip":["198.51.100.9"],"..client_ip":["198.51.100.9"]}}}`
	if err := caddy.Format().New().Parse([]byte(line), &ev); err != nil || ev.Get("source.ip") != "192.0.2.1" {
		t.Errorf("%v: %s", err, formattest.Render(&ev))
	}
}

func TestTimes(t *testing.T) {
	for ts, want := range map[string]string{
		`1793692801.7564995`:         "2026-11-03T08:00:01.7564995Z",
		`1793692801756.4`:            "2026-11-03T08:00:01.756Z",
		`1793692801756`:              "2026-11-03T08:00:01.756Z",
		`"2026-11-03T08:00:01.5Z"`:   "2026-11-03T08:00:01.5Z",
		`"2026/11/03 08:00:01.500"`:  "2026-11-03T08:00:01.5Z",
		`-1`:                         "",
		`1e9`:                        "",
		`"Nov  3 08:00:01"`:          "",
		`{"a":1793692801.7564995}`:   "",
		`"2026/11/03T08:00:61.500x"`: "",
	} {
		var ev event.Event
		err := caddy.Format().New().Parse([]byte(`{"level":"info","msg":"x","ts":`+ts+`}`), &ev)
		got := ""
		if err == nil {
			got = ev.Time.Format("2006-01-02T15:04:05.999999999Z07:00")
		}
		if got != want {
			t.Errorf("%s is %q, want %q", ts, got, want)
		}
	}
}

func TestRealLines(t *testing.T) {
	for _, path := range []string{"caddy-logs/caddy-logs.log", "caddy-basic-auth-bf/caddy-logs.log", "caddy-crs-anomaly-score/coraza.log"} {
		t.Run(path, func(t *testing.T) {
			clients := 0
			counts := formattest.Read(t, caddy.Format(), formattest.SharedData(t, "logs/crowdsec-hub/"+path), func(ev *event.Event) {
				if ev.Get("source.ip") != "" {
					clients++
				}
			})
			t.Logf("%d with a client; %+v", clients, counts)
			if counts.Unparsed > 0 || clients < counts.Events*9/10 {
				t.Errorf("%d of %d with a client; unread %q", clients, counts.Events, counts.Unread)
			}
		})
	}
}
