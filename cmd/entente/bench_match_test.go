package main

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"
)

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

// TestBenchPair: the long bench is a whole run between two processes, to its
// end, and says how far it has come.
func TestBenchPair(t *testing.T) {
	self, err := exec.LookPath("entente")
	if err != nil {
		t.Fatal(err)
	}
	const n = 1 << 10
	var screen bytes.Buffer
	results, err := pair(t.Context(), env{stdout: io.Discard, stderr: &screen, terminal: true}, self, n)
	if err != nil {
		t.Fatal(err)
	}
	for side, r := range results {
		if r.Count != n/2 || r.Found != n/2 || r.CPU <= 0 || r.Bytes/n < 60 || r.Bytes/n > 110 {
			t.Errorf("side %d: %+v", side, r)
		}
	}
	if peakResident() > 0 && (results[0].Peak <= 0 || results[1].Peak <= 0) {
		t.Errorf("no memory was measured: %+v", results)
	}
	if !strings.Contains(screen.String(), "match ") {
		t.Errorf("no progress: %q", screen.String())
	}
	if _, err := pair(t.Context(), env{stdout: io.Discard, stderr: io.Discard}, self+"-none", n); err == nil {
		t.Error("a program that is not there gave figures")
	}
}
