package node

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entente/api"
	"entente/observable"
	"entente/statement"
)

// TestMatchReleased: names go through the observer's node, which gives them to both
// sides together and says so; and if one side hands over nothing, neither gets any,
// and the observer's log says whose doing it was.
func TestMatchReleased(t *testing.T) {
	t.Parallel()
	days(t)
	u := newLoopback(t, nil, north, south, observer)
	var ahead atomic.Int64
	u.opt[observer].Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	u.start(u.names...)
	u.open(u.names...)
	offer := api.MatchOffer{Types: []observable.Type{observable.Domain}, Files: namesFile("north", 30, "both.example"), Observer: observer, Release: true, Step: 60}
	files := namesFile("south", 50, "both.example")
	counted := func() (id string) {
		id = u.offers(offer, files, 10)
		u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
		return id
	}
	id := counted()
	must(u.node(north).Control().MatchAgree(t.Context(), api.MatchAgree{Run: id}))(t)
	u.over(id, "closed")
	for _, name := range []string{north, south} {
		if r := u.runOf(name, id); !slices.Equal(values(r), []string{"both.example"}) || r.Release != "released" || r.Audited == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}

	id = counted()
	s := u.node(south)
	live := s.rounds.live.get(u.runOf(south, id).SID)
	if !s.rounds.keeping.add(sidOf(live.standing.Agreed), &keeping{standing: live.standing}, 1) { // south answers the observer as a stranger
		t.Fatal("south still hands over")
	}
	must(u.node(north).Control().MatchAgree(t.Context(), api.MatchAgree{Run: id}))(t)
	k := u.node(observer).rounds.keeping.get(sidOf(live.standing.Agreed))
	u.eventually("north has handed over all, south nothing", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		want := k.keeper.Want()
		return len(want[k.standing.Agreed.Manifest.Side(north)]) == 0 && len(want[k.standing.Agreed.Manifest.Side(south)]) > 0
	})
	ahead.Store(int64(2 * time.Minute))
	u.over(id, "aborted")
	for _, name := range u.names {
		u.eventually(name+" reads the observer's word", func() bool { return u.runOf(name, id).Release != "waits" })
		if r := u.runOf(name, id); r.Release != string(statement.CodeLate) || !slices.Equal(r.Withheld, []string{south}) || len(r.Matches) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := u.runOf(north, id); r.Guilty != south || !strings.HasPrefix(r.Fault, string(statement.CodeLate)) {
		t.Errorf("north blames %q: %s", r.Guilty, r.Fault)
	}
}
