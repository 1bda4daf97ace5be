package ingest

import (
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
