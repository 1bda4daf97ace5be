package haproxy_test

import (
	"testing"
	"time"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/haproxy"
)

func TestFormat(t *testing.T) { formattest.Run(t, haproxy.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, haproxy.Format(), `1.2.3.4:1 [03/Nov/2026:08:00:01.885] f b/s 1/2/3/4/5 200 1 - - ---- 1/1/1/1/1 0/0 {} {} "`)
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, haproxy.Format()) }

// The carrier's time stays where it has a year, and so perhaps a zone.
func TestTimeOfTheCarrier(t *testing.T) {
	const text = "192.0.2.1:1 [03/Nov/2026:08:00:05.655] ft bk/srv 1/2/3 1 -- 1/1/1/1/1 0/0"
	for want, carrier := range map[string]time.Time{
		"2026-11-03T08:00:05.655Z": time.Date(0, 11, 3, 8, 0, 6, 0, time.UTC),
		"2026-11-03T07:00:06Z":     time.Date(2026, 11, 3, 7, 0, 6, 0, time.UTC),
	} {
		ev := event.Event{Time: carrier}
		if !haproxy.Message(&ev, text) || ev.Time.Format(time.RFC3339Nano) != want {
			t.Errorf("%v became %v, want %s", carrier, ev.Time, want)
		}
	}
}

func TestNoMessageLeavesNothing(t *testing.T) {
	for _, text := range []string{
		"Server back/web1 is DOWN, reason: Layer4 timeout", "192.0.2.1:1 [03/Nov/2026:08:00:05.655] ft", "x [03/Nov/2026:08:00:05.655] ft b",
		"192.0.2.1:1 [yesterday] ft b", "", " [] ",
	} {
		var ev event.Event
		if haproxy.Message(&ev, text) || len(ev.Fields)+len(ev.Observables) > 0 || !ev.Time.IsZero() {
			t.Errorf("%q gave %s", text, formattest.Render(&ev))
		}
	}
}
