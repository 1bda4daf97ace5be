package main

import "testing"

// TestBenchMatch: what the bench times is a whole match: half of the items are
// found by both, and each item costs four points and two places on the wire.
func TestBenchMatch(t *testing.T) {
	const n = 1 << 11
	took, sent, err := doubleLock(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if each := sent / n; each < 136 || each > 166 {
		t.Errorf("%d bytes for each pair", each)
	}
	if took <= 0 {
		t.Error("no processor time was taken")
	}
	if took, err := watchlistQuery(t.Context(), 64); err != nil || took <= 0 {
		t.Errorf("a question took %v, %v", took, err)
	}
}
