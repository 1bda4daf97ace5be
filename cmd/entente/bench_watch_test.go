package main

import (
	"path/filepath"
	"slices"
	"testing"

	"entente/watch"
)

// TestBenchWatchLines finds what was planted in the lines of the bench, the same with the sieve and without.
func TestBenchWatchLines(t *testing.T) {
	b := &watchBench{file: filepath.Join(t.TempDir(), "eve.json"), values: benchIndicators(1000)}
	if err := makeLines(b.file, 12<<20, b.values); err != nil {
		t.Fatal(err)
	}
	set, _ := b.set(1000)
	meta := func(uint32) (watch.Meta, bool) { return watch.Meta{Status: watch.Active}, true }
	sieved, full := &hitSink{matcher: watch.NewMatcher(set, meta)}, &hitSink{matcher: watch.NewMatcher(set, meta)}
	if err := b.read(t.Context(), set, sieved); err != nil {
		t.Fatal(err)
	}
	if err := b.read(t.Context(), nil, full); err != nil {
		t.Fatal(err)
	}
	if sieved.ledger != full.ledger || full.ledger.Unparsed > 0 {
		t.Errorf("%+v with the sieve, %+v without", sieved.ledger, full.ledger)
	}
	want := []int64{}
	for n := int64(plantEvery); n <= full.ledger.Read; n += plantEvery {
		want = append(want, n)
	}
	if !slices.Equal(sieved.hits, want) || !slices.Equal(full.hits, want) || len(want) < 2 {
		t.Errorf("hits in lines %v with the sieve, %v without, want %v", sieved.hits, full.hits, want)
	}
}
