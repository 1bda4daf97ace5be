package bind_test

import (
	"testing"
	"time"

	"entente/watch/event"
	"entente/watch/format/bind"
	"entente/watch/format/formattest"
)

func TestFormat(t *testing.T) { formattest.Run(t, bind.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, bind.Format(), "03-Nov-2026 08:00:02.425 client 1.2.3.4#1: query: a b c ( [ECS", "03-Nov-2026 08:00:02.425 client 1.2.3.4#1 ('/'): 'a/b'")
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, bind.Format()) }

// The message's own time replaces only a carrier's that has no year.
func TestTimeOfTheCarrier(t *testing.T) {
	const text = "19-Oct-2026 05:34:02.425 client 192.0.2.1#3076 (a.example): query 'a.example/ANY/IN' denied"
	for want, carrier := range map[string]time.Time{
		"2026-10-19T05:34:02.425Z": time.Date(0, 11, 3, 8, 0, 6, 0, time.UTC),
		"2026-11-03T07:00:06Z":     time.Date(2026, 11, 3, 7, 0, 6, 0, time.UTC),
	} {
		ev := event.Event{Time: carrier}
		if !bind.Message(&ev, text) || ev.Time.Format(time.RFC3339Nano) != want {
			t.Errorf("%v became %v, want %s", carrier, ev.Time, want)
		}
	}
}
