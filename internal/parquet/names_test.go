package parquet

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"entente/observable"
	"entente/watch/archive"
	"entente/watch/event"
)

// TestNamesWithoutEnd: names for which there is no room stand in the pages, in the middle of a page and of a row, and so do the
// names that had numbers before; fields that have columns of their own are still found.
func TestNamesWithoutEnd(t *testing.T) {
	const n = 2*dictValues + 100
	record := func(i int) *archive.Record {
		r := &archive.Record{Source: fmt.Sprint("source", i), Path: fmt.Sprint("/path/", i/2), Line: int64(i)}
		ev := &r.Event
		ev.Dataset = fmt.Sprint("set", i%(dictValues+7))
		ev.Add("source.ip", "192.0.2.1")
		ev.Add(fmt.Sprint("first", i/3), "1")
		ev.Add("message", fmt.Sprint("m", i))
		ev.Add(fmt.Sprint("second", i), "2")
		ev.Add("source.port", "443")
		ev.Observables = append(ev.Observables, event.Observable{Field: fmt.Sprint("f", i), Value: observable.Value{Type: observable.Type(fmt.Sprint("t", i%9000)), Canonical: "v"}})
		return r
	}
	var out bytes.Buffer
	w := NewWriter(&out, "test")
	for i := range n {
		if err := w.Write(record(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	i := 0
	err := Read(bytes.NewReader(out.Bytes()), int64(out.Len()), func(got Row) error {
		var want Row
		var at time.Time
		want.fill(record(i), &at)
		if i%13 == 0 || i > dictValues-100 && i < dictValues+100 || i > dictValues/2-100 && i < dictValues/2+100 {
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				return fmt.Errorf("row %d: %s", i, d)
			}
		}
		if got.SourceIP != "192.0.2.1" || got.SourcePort != 443 || len(got.Fields) != 3 || got.Fields[2].Name != want.Fields[2].Name {
			return fmt.Errorf("row %d: %+v", i, got)
		}
		i++
		return nil
	})
	if err != nil || i != n {
		t.Fatalf("%d rows, %v", i, err)
	}
}
