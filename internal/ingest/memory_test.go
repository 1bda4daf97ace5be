package ingest

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"entente/watch/event"
)

// TestSourcesShareEvents: only one batch is with the sink at a time, so many sources take the memory of one.
func TestSourcesShareEvents(t *testing.T) {
	seen := make(map[*event.Event]int)
	sink := sinkFunc(func(b Batch) error {
		if len(b.Lines) > 0 { // else it only says that a source has ended
			seen[b.Lines[0].Event]++
		}
		return nil
	})
	var sources []Source
	for _, id := range []string{"a", "b", "c", "d"} {
		sources = append(sources, Source{ID: id, Reader: strings.NewReader(strings.Repeat("name=value\n", 20))})
	}
	if err := Once(t.Context(), config(), sources, nil, sink); err != nil || len(seen) != 1 {
		t.Errorf("%d first events of four sources, %v", len(seen), err)
	}
}

// TestBacklogTakesNoMore: full batches of usual lines, however many, are read in the memory of the first.
func TestBacklogTakesNoMore(t *testing.T) {
	took := func(batches int) uint64 {
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, strings.Repeat(strings.Repeat("a", 999)+"\n", batches*DefaultBatchBytes/1000))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := Once(t.Context(), Config{}, []Source{{ID: "log", Path: path}}, nil, sinkFunc(func(Batch) error { return nil })); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := took(2), took(20); many > few+DefaultBatchBytes {
		t.Errorf("2 batches took %d bytes of memory, 20 took %d", few, many)
	}
}
