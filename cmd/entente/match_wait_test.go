package main

import (
	"testing"

	"entente/api"
)

// TestPlayedLine: who waits for a run sees how far it has come and how long the
// rest takes, and nothing that is not known.
func TestPlayedLine(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]api.MatchRun{
		"waits for the consent": {Waits: "consent"},
		"waits for the partner": {},
		"[########........................] locking the own list: 25,000 of 100,000 items": {Locked: 25_000, ToLock: 100_000},
		"[................................] 0 of 128 chunks":                               {Total: 128},
		"[################................] 64 of 128 chunks, about 1m5s left":             {Done: 64, Total: 128, TimeMS: 65_200},
		"[################################] 128 of 128 chunks":                             {Done: 128, Total: 128},
		"[################################] 130 of 128 chunks":                             {Done: 130, Total: 128},
	} {
		if got := playedLine(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestLeftOut: what is left out of a list is said, and nothing of what is not.
func TestLeftOut(t *testing.T) {
	for want, r := range map[string]api.MatchRead{
		"nothing is left out":        {Items: 9},
		"left out: 1 of other types": {Items: 9, Other: 1},
		"left out: 2 on warning lists or one's own, 1 row without a value":                                   {Common: 2, Skipped: 1},
		"left out: 1,200 on lists that both leave out, 3 not long enough in the log, 2 rows without a value": {Excluded: 1200, NotAged: 3, Skipped: 2},
	} {
		if got := leftOut(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
