package node

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/match"
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
	u.nobodyBlamed(id)
}

// TestMatchLyingObserver: an observer that releases nothing and names one side ends the
// run, and no side signs what only the observer says.
func TestMatchLyingObserver(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	for code, named := range map[statement.Code]string{statement.CodeProof: south, statement.CodeLate: north} {
		id := u.offers(api.MatchOffer{Types: []observable.Type{observable.Domain}, Files: namesFile("north", 30, "both.example"), Observer: observer, Release: true}, namesFile("south", 50, "both.example"), 10)
		u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
		u.knowsRun(observer, id)
		must(u.node(observer).author.say(t.Context(), draft{
			kind: match.ReleaseKind, refs: u.standing(observer, id).Refs(), marking: border.Amber, toAll: true,
			body: match.ReleaseBody{Code: code, Parties: []string{named}},
		}))(t)
		u.over(id, "aborted")
		for _, name := range u.names {
			if r := u.runOf(name, id); r.Release != string(code) || !slices.Equal(r.Withheld, []string{named}) || len(r.Matches) > 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		u.nobodyBlamed(id)
	}
}

// nobodyBlamed says that neither side holds the other guilty of how a run ended, at home
// or in its log.
func (u *unit) nobodyBlamed(id string) {
	u.t.Helper()
	for _, name := range []string{north, south} {
		r := u.runOf(name, id)
		if r.Guilty != "" || !strings.HasPrefix(r.Fault, string(statement.CodeState)) {
			u.t.Errorf("%s blames %q: %s", name, r.Guilty, r.Fault)
		}
		for _, m := range r.Trail {
			if m.Blames != "" {
				u.t.Errorf("the log of %s blames %s: %s", m.Party, m.Blames, m.Code)
			}
		}
	}
}
