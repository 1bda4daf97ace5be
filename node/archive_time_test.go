package node_test

import (
	"testing"
	"time"

	"entente/internal/ingest"
	"entente/node"
	"entente/watch/event"
)

// TestArchiveRecordTimes: the archive completes a time without a year where it knows when the file was written, else has none.
func TestArchiveRecordTimes(t *testing.T) {
	modified := time.Date(2026, 11, 8, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ in, modified, want time.Time }{
		{},
		{modified: modified},
		{time.Time{}.Add(1), modified, time.Time{}.Add(1)},
		{time.Date(0, 12, 31, 23, 59, 59, 999, time.UTC), modified, time.Date(2025, 12, 31, 23, 59, 59, 999, time.UTC)},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), modified, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(0, 5, 6, 7, 8, 9, 0, time.UTC), time.Time{}, time.Time{}},
		{time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC), modified, time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC)},
		{modified, modified, modified},
	} {
		b := ingest.Batch{Modified: c.modified, Lines: []ingest.Line{{Event: &event.Event{Time: c.in}}, {Err: event.ErrNoEvent}}}
		n := 0
		for rec := range node.ArchiveRecords(b) {
			if n++; !rec.Event.Time.Equal(c.want) {
				t.Errorf("%v is kept as %v, want %v", c.in, rec.Event.Time, c.want)
			}
		}
		if n != 1 {
			t.Errorf("%d records of one event", n)
		}
	}
}
