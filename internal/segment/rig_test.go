package segment

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"testing"
	"time"

	"entente/internal/disk"
	"entente/observable"
	"entente/watch/archive"
	"entente/watch/event"
)

// plainTable stands for the Parquet file: what it holds is another package's.
type plainTable struct {
	w io.Writer
	e *json.Encoder
}

func newTable(w io.Writer) Table { return &plainTable{w, json.NewEncoder(w)} }

func (t *plainTable) Write(r *archive.Record) error { return t.e.Encode(r.Line) }
func (t *plainTable) Close() error                  { return nil }

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func config(d disk.Disk, c *clock) Config {
	return Config{Disk: d, Table: newTable, Now: c.Now, SegmentBytes: 1 << 30, SegmentAge: 24 * time.Hour}
}

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// record number n: its address and its name say so.
func record(n int) *archive.Record {
	r := &archive.Record{Source: fmt.Sprint("log", n%2), Path: "/log", Line: int64(n), Offset: int64(n) * 10, Raw: fmt.Appendf(nil, "line %d", n)}
	r.Event.Dataset = "test.line"
	r.Event.Time = time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC)
	r.Event.Put("source.ip", address(n), event.Address)
	r.Event.Put("dns.question.name", fmt.Sprintf("n%d.zone%d.example", n, n%7), event.Name)
	return r
}

func address(n int) string { return fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255) }

// batch is a run of records and the span that it stands for: ten bytes each.
type batch struct{ from, to int }

func (b batch) span() archive.Span {
	return archive.Span{Source: "log", From: int64(b.from) * 10, To: int64(b.to) * 10}
}

func (b batch) records() iter.Seq[*archive.Record] {
	return func(yield func(*archive.Record) bool) {
		for n := b.from; n < b.to; n++ {
			if !yield(record(n)) {
				return
			}
		}
	}
}

func value(typ observable.Type, canonical string) observable.Value {
	return observable.Value{Type: typ, Canonical: canonical}
}

// everything meets every record.
func everything() *archive.Needles {
	return archive.NewNeedles([]observable.Value{value(observable.Net4, "10.0.0.0/8")})
}

// lines hunts and returns how often each line came.
func lines(t testing.TB, s *Store, n *archive.Needles) map[int64]int {
	t.Helper()
	got := make(map[int64]int)
	err := s.Hunt(t.Context(), n, nil, func(r *archive.Record) error {
		if want := record(int(r.Line)); string(r.Raw) != string(want.Raw) || r.Source != want.Source || len(r.Event.Observables) != 2 || !r.Event.Time.Equal(want.Event.Time) {
			t.Errorf("line %d came back as %+v", r.Line, r)
		}
		got[r.Line]++
		return nil
	})
	ok(t, err)
	return got
}
