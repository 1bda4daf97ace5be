package node

import (
	"fmt"
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

// TestMatchReleaserByCharter: nobody is made the releaser of a run who is no observer of
// the charter, and an observer takes no more than it has room for, of nobody more than a
// share.
func TestMatchReleaserByCharter(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, west, observer)
	u.start(north, west, observer)
	u.open(north)
	offer := api.MatchOffer{To: south, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("north", 30), Observer: west, Release: true}
	if _, err := u.node(north).Control().MatchOffer(t.Context(), offer); !refusedFor(err, statement.CodeParty) {
		t.Errorf("west is to release names: %v", err)
	}
	run := func(i int, by, one, other string, items int) *match.Standing {
		a, _ := agreedRun(t, one, other, func(m *match.Manifest) {
			m.Observer, m.Release, m.Time = by, match.ReleaseObserver, m.Time+int64(i)
			for side := range m.Sides {
				m.Sides[side].Items = items
			}
		})
		return &match.Standing{Offer: statement.Ref{ID: statement.Digest{byte(i)}}, From: one, Consent: &statement.Ref{}, Agreed: a}
	}
	if list := (&Node{self: u.node(west).self}).keepable([]*match.Standing{run(0, west, north, south, 16)}); len(list) != 0 {
		t.Error("a party releases the names of others")
	}
	var pair, large, all []*match.Standing
	for i := range 40 {
		one, other := fmt.Sprint("a", i), fmt.Sprint("b", i)
		pair, large, all = append(pair, run(i, observer, "east", "west", 16)), append(large, run(i, observer, one, "b", match.MaxItems)), append(all, run(i, observer, one, other, 16))
	}
	for what, c := range map[string]struct {
		runs []*match.Standing
		want int
	}{"of one pair": {pair, maxKeepingOf}, "large ones of one party": {large, 1}, "of all": {all, maxKeeping}} {
		n := &Node{self: u.node(observer).self}
		list := n.keepable(c.runs)
		if len(list) != c.want {
			t.Errorf("%s: %d are kept, want %d", what, len(list), c.want)
		}
		for _, r := range list {
			n.rounds.keeping.put(sidOf(r.Agreed), &keeping{standing: r})
		}
		if again := n.keepable(c.runs); len(again) != 0 {
			t.Errorf("%s: %d more are kept", what, len(again))
		}
	}
}
