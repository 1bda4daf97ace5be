package node

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"entente/api"
	"entente/border"
	voprf "entente/match/watchlist"
	"entente/observable"
)

// keptLists are the files of items that may be opened again.
func (u *unit) keptLists(name string) []string {
	u.t.Helper()
	return must(filepath.Glob(filepath.Join(u.node(name).cfg.Dir, matchDir, matchOpenedDir, "*")))(u.t)
}

// TestWatchlistItemsOutliveCrash: wherever a process dies that opens a list, or opens it
// again, the items are there for the next one, once; and nothing of them stays that
// nobody can ask about.
func TestWatchlistItemsOutliveCrash(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	n, ctx := u.node(south), t.Context()
	terms, items, _, err := n.termsOf(ctx, api.WatchlistOpen{To: north, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("south", 50, "shared-one.example"), Budget: 100})
	u.ok(err)

	// Died when the list was said, before its key answered; and again in the midst of
	// opening it again.
	owner := must(voprf.NewOwner(ctx, south, n.roster.Charter.Epoch, items, rand.Reader))(t)
	n.announced(&terms, &preparedList{owner: owner})
	a := &n.rounds.asking
	a.opening.Lock()
	u.ok(n.prepareList(terms.Announcement, &preparedList{owner, owner.Outline(), items}))
	said := must(n.author.say(ctx, draft{kind: voprf.OpenKind, marking: border.Amber, toAll: true, body: terms}))(t)
	a.takePrepared(terms.Announcement)
	a.again.add(said.ID.String(), &voprf.Standing{}, maxPrepared) // nobody else opens it just now
	a.opening.Unlock()
	n.wake.match.ring()
	var s *voprf.Standing
	u.eventually("the list is closed", func() bool {
		s = must(n.listOf(ctx, said))(t)
		return s.Ended != nil
	})
	dying, die := context.WithCancel(ctx)
	die()
	if err := n.openAgain(dying, s); !errors.Is(err, context.Canceled) {
		t.Errorf("killed: %v", err)
	}
	write(t, n.matchPath(matchOpenedDir+"/stray.json"), []byte("[]")) // of a list that was never said
	a.again.put(said.ID.String(), nil)
	n.wake.match.ring()
	var next api.Watchlist
	u.eventually("another list takes its place", func() bool {
		for _, l := range must(u.node(north).Control().Watchlists(ctx))(t) {
			if l.ID != said.ID.String() && l.State == voprf.StateOpen {
				next = l
			}
		}
		return next.ID != "" && u.node(north).rounds.asking.live.get(next.ID) != nil
	})
	u.eventually("its items are here, and no others", func() bool {
		s := must(n.findList(ctx, next.ID))(t)
		return slices.Equal(u.keptLists(south), []string{n.matchPath(listItems(s.Terms.Announcement))})
	})
	if got := u.asksList(next.ID, namesFile("north", 5, "shared-one.example"), 1); len(listHits(got)) != 1 || got.Budget != 100 {
		t.Errorf("%+v", got)
	}
	must(u.node(south).Control().WatchlistClose(ctx, api.WatchlistClose{List: next.ID}))(t)
	u.eventually("nothing is left of a closed list", func() bool { return len(u.keptLists(south)) == 0 })
}

// TestSweepListItems: the items of a list may be dropped by who answered it just while
// they are swept, and that is no fault.
func TestSweepListItems(t *testing.T) {
	n := &Node{}
	n.cfg.Dir = t.TempDir()
	for i := range 300 {
		u := n.matchPath(matchOpenedDir + "/" + strconv.Itoa(i) + ".json")
		if err := os.MkdirAll(filepath.Dir(u), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, u, []byte("[]"))
	}
	errs := make(chan error)
	for range 8 {
		go func() { errs <- n.sweepListItems(nil) }()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if left := must(os.ReadDir(n.matchPath(matchOpenedDir)))(t); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}
