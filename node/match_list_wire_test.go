package node

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"entente/api"
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

// TestReadTellsNoHits: when it is said that an answer was read follows from the size of
// the question, whether there was a hit or none, unless hits are proved to the owner.
func TestReadTellsNoHits(t *testing.T) {
	t.Parallel()
	u, id := listUnit(t, api.WatchlistOpen{Budget: 100})
	for i, both := range [][]string{nil, {"shared-one.example", "shared-two.example"}} {
		got := u.asksList(id, namesFile("north"+string(rune('a'+i)), 5, both...), i+1)
		if !slices.Equal(listHits(got), both) {
			t.Fatalf("%+v", got.Batches)
		}
		s := must(u.node(north).findList(t.Context(), id))(t)
		if q := s.Asks[i]; q.Read.Time-q.Answer.Time < minRead.Milliseconds() {
			t.Errorf("%d hits: read %d ms after the answer", len(both), q.Read.Time-q.Answer.Time)
		}
	}
	for _, items := range []int{16, 256, 1 << 15} {
		stretch := readWait(0, items)
		for _, took := range []time.Duration{0, time.Millisecond, stretch / 2, stretch - 1} { // none, few, many hits
			if got := took + readWait(took, items); got != stretch {
				t.Errorf("%d items, %v of work: said after %v, not after %v", items, took, got, stretch)
			}
		}
	}
	if readWait(0, 16) != minRead || readWait(0, 256) != 256*readItem || readWait(0, 1<<15) != maxRead {
		t.Error("a stretch is not as long as hits on all of it take")
	}
}
