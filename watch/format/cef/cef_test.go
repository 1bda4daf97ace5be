package cef_test

import (
	"testing"
	"time"

	"entente/watch/event"
	"entente/watch/format/cef"
	"entente/watch/format/formattest"
)

func TestFormat(t *testing.T) { formattest.Run(t, cef.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, cef.Format(), `CEF:0|a\|b|\\|c|d|e|f|a=b\=c\\ d=\n e=`, "CEF:0||||||| = ==a=")
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, cef.Format()) }

func TestExtension(t *testing.T) {
	for _, c := range []struct{ extension, field, want string }{
		{"src=192.0.2.1", "source.ip", "192.0.2.1"},
		{"act=blocked a | dst=192.0.2.1", "event.action", "blocked a |"},
		{`act=a \= b msg=x`, "event.action", "a = b"},
		{`fname=C:\Temp\a.exe act=x`, "file.name", `C:\Temp\a.exe`},
		{`filePath=C:\\Temp\\new.exe`, "file.path", `C:\Temp\new.exe`},
		{`msg=one\ntwo\rthree`, "message", "one\ntwo\rthree"},
		{"request=http://a.example/?x=1&y=2 act=x", "url.full", "http://a.example/?x=1&y=2"},
		{"msg=a=b=c d=e", "message", "a=b=c"},
		{"msg=a=b=c d=e", "cef.d", "e"},
		{"msg=  spaced   act=x", "message", "  spaced"},
		{"act= dst=192.0.2.1", "destination.ip", "192.0.2.1"},
		{"proto=UDP", "network.transport", "udp"},
		{"rt=soon", "cef.rt", "soon"},
		{"sourceAddress=192.0.2.1", "source.ip", "192.0.2.1"},
		{"not a pair", "cef.extension", "not a pair"},
	} {
		var ev event.Event
		if !cef.Message(&ev, "CEF:0|v|p|1|2|n|3|"+c.extension) || ev.Get(c.field) != c.want {
			t.Errorf("%q: %s is %q, want %q", c.extension, c.field, ev.Get(c.field), c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	carrier := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for extension, want := range map[string]string{
		"rt=1793692801250":                              "2026-11-03T08:00:01.25Z",
		"rt=Nov 03 2026 08:00:01":                       "2026-11-03T08:00:01Z",
		"rt=Nov 3 2026 08:00:01.125 CET act=x":          "2026-11-03T08:00:01.125Z",
		"rt=2026-11-03T08:00:01+01:00":                  "2026-11-03T07:00:01Z",
		"start=1793692801250 rt=1793692802250":          "2026-11-03T08:00:02.25Z",
		"end=1793692801250":                             "2026-11-03T08:00:01.25Z",
		"rt=Nov 03 08:00:01":                            "2026-01-02T03:04:05Z",
		"rt=99999999999999999999999999999":              "2026-01-02T03:04:05Z",
		"rt=Nov 31 2026 08:00:01 end=1793692801250 a=b": "2026-11-03T08:00:01.25Z",
	} {
		ev := event.Event{Time: carrier}
		if !cef.Message(&ev, "CEF:0|v|p|1|2|n|3|"+extension) || ev.Time.Format(time.RFC3339Nano) != want {
			t.Errorf("%q gave the time %v, want %s", extension, ev.Time, want)
		}
	}
}
