package node

import (
	"crypto/rand"
	"testing"

	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
)

// TestWatchlistNames: a partner names messages as it likes; what is none is not
// there, and nothing falls over. The number of a block is multiplied by its size.
func TestWatchlistNames(t *testing.T) {
	owner := must(voprf.NewOwner(t.Context(), south, 1, match.Items{{Type: observable.Domain, Canonical: "one.example"}}, rand.Reader))(t)
	l := &liveList{own: true, owner: owner, outline: owner.Outline(), dir: t.TempDir(), standing: &voprf.Standing{About: &owner.Announcement}}
	for name, there := range map[string]bool{
		"outline": true, "block-0": true,
		"block-1": false, "block-00": false, "block--0": false, "block-+0": false, "block-": false, "block": false, "block-0-0": false, "outline-0": false,
		"block-140737488355328": false, "block-281474976710656": false, "block-9223372036854775807": false, "block--1": false,
		"answer-0": false, "answer-140737488355328": false, "query-0": false, "": false, "-": false,
	} {
		b, err := l.Message(name)
		if err != nil || len(b) > 0 != there {
			t.Errorf("%q: %d bytes, %v", name, len(b), err)
		}
	}
}
