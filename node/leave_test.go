package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// TestWithdrawal: a party leaves. Its log is kept, nothing more is sealed to
// it, nothing of its is cosigned beyond its last statement, and the others go
// on; after a restart too.
func TestWithdrawal(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, "west", observer)
	u.start(u.names...)
	u.open(u.names...)
	for _, name := range u.names {
		u.seal(name, "before")
	}
	u.settle()
	before := u.seal(north, "to everybody")
	_, err := u.node(south).Control().Withdraw(t.Context(), api.ReasonRequest{Reason: "an election has changed our mind"})
	u.ok(err)
	if _, err := u.node(south).Control().Seal(t.Context(), api.SealRequest{Name: "after the last word"}); !refusedWith(err, statement.CodeState) {
		t.Errorf("a statement after the withdrawal: %v", err)
	}
	check := func(when string) {
		t.Helper()
		others := []string{north, "west", observer}
		for _, name := range others {
			u.eventually(name+" knows that south has left", func() bool { return !slices.Contains(u.node(name).present(), south) })
		}
		after := u.seal(north, "after "+when)
		u.eventually("the others hold it", func() bool {
			return u.reads("west", north) > after && u.reads(observer, north) > after
		})
		n := u.node("west")
		m, _ := n.roster.Member(north)
		if s := must(n.view.Statement(t.Context(), m.Origin, after))(t); slices.Contains(s.Recipients, south) || !slices.Contains(s.Recipients, observer) {
			t.Errorf("%s: sealed to %v", when, s.Recipients)
		}
		if s := must(n.view.Statement(t.Context(), m.Origin, before))(t); !slices.Contains(s.Recipients, south) {
			t.Errorf("%s: before it was sealed to %v", when, s.Recipients)
		}
		if u.held(north, south) != u.size(south) {
			t.Errorf("%s: north keeps %d leaves of south's %d", when, u.held(north, south), u.size(south))
		}
		_, err := u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: "late.csv", To: []string{south}, Data: dated("203.0.113.9")})
		if !refusedWith(err, statement.CodeRecipient) {
			t.Errorf("%s: shared with a party that has left: %v", when, err)
		}
	}
	check("at once")
	u.eventually("the withdrawal is witnessed", func() bool {
		w := must(u.node(south).words(t.Context()))(t)
		return w.witnessed == w.logged && w.held == w.logged
	})
	if s := must(u.node(south).Control().Status(t.Context()))(t); !s.Withdrawn {
		t.Error("south does not say that it has withdrawn")
	}
	for _, name := range u.names {
		u.stop(name)
	}
	u.start(u.names...)
	u.open(u.names...)
	check("after a restart")
	u.innocent()
}

// TestWithdrawnNodeGoesOnReading: a node whose party has left still watches
// its own logs; what it can no longer say does not end it.
func TestWithdrawnNodeGoesOnReading(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.automatic(south, 10)
	log := u.watches(south)
	u.weblog(u.dir+"/once.log", "192.0.2.1")
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.settle()
	_, err := u.node(south).Control().Withdraw(t.Context(), api.ReasonRequest{Reason: "enough"})
	u.ok(err)
	u.stop(south)
	u.cfg[south].Sources = append(u.cfg[south].Sources, Source{ID: "once", Path: u.dir + "/once.log", Once: true})
	u.start(south)
	u.weblog(log, "203.0.113.7")
	u.eventually("south reads on", func() bool { return u.tally(south).Lines == 2 })
	u.seal(north, "goes on")
	u.eventually("and mirrors on", func() bool { return u.held(south, north) == u.size(north) })
	if got := u.tally(south); got.Alerts != 1 || got.Sent != 0 {
		t.Errorf("%+v", got)
	}
}

// TestGiverHasLeft: an alert whose giver has left keeps no other sighting back.
func TestGiverHasLeft(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, "west", observer)
	u.weblog(u.watches(south), addresses(2)...)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "norths.csv", dated(addresses(1)...))
	u.share("west", south, "wests.csv", dated(addresses(2)[1:]...))
	u.settle()
	_, err := u.node(north).Control().Withdraw(t.Context(), api.ReasonRequest{Reason: "gone"})
	u.ok(err)
	u.eventually("south knows", func() bool { return !slices.Contains(u.node(south).present(), north) })
	u.stop(south)
	u.automatic(south, 10)
	u.start(south)
	u.eventually("west has its sighting", func() bool { return u.ofKind("west", south, indicator.KindSighting) == 1 })
	if got := u.tally(south); got.Alerts != 2 || got.Sent != 1 {
		t.Errorf("%+v", got)
	}
	ids := must(u.node(south).Control().Alerts(t.Context(), api.AlertQuery{Limit: 10}))(t)
	for _, a := range ids.Items {
		if a.Giver != north {
			continue
		}
		if got, err := u.node(south).Control().Release(t.Context(), api.ReleaseRequest{Officer: officer, IDs: []string{a.ID}}); err == nil {
			t.Errorf("a sighting for a party that has left: %+v", got)
		}
	}
}

// TestOfflineForAWhile: a party that was away catches up, in both directions,
// with nothing lost or doubled, while the others did not wait for it.
func TestOfflineForAWhile(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	u.automatic(south, 50)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	u.wire.silence(south)
	for range 20 {
		u.seal(north, "while south is away")
		u.seal(south, "while away")
	}
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.weblog(log, "203.0.113.7")
	u.eventually("the observer holds all of north's", func() bool { return u.held(observer, north) == u.size(north) })
	w := must(u.node(north).words(t.Context()))(t)
	if w.held == w.logged {
		t.Error("held by everybody, while one is away")
	}
	u.wire.hear(south)
	u.settle()
	for _, name := range u.names {
		if got := u.tally(name); got.Held != got.Statements || got.Witnessed != got.Statements {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if n := u.ofKind(north, south, record.KindSeal); n != 20 {
		t.Errorf("north reads %d of 20 statements of south's", n)
	}
	if got := u.tally(north); got.Received != 1 {
		t.Errorf("north received %d sightings", got.Received)
	}
	u.innocent()
}

// TestRelayed: two parties without a line between them hear each other
// through the observer, and their statements reach the same words.
func TestRelayed(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.wire.part(north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.seal(north, "through the observer")
	u.seal(south, "and back")
	u.settle()
	for _, name := range []string{north, south} {
		if got := u.tally(name); got.Held != got.Statements || got.Witnessed != got.Statements {
			t.Errorf("%s: %+v", name, got)
		}
	}
	u.innocent()
}

// TestErasure: an erased part is gone from the own log, the statement says so,
// and every view of these logs, live or rebuilt, says the same.
func TestErasure(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.share(north, south, "b.csv", dated("203.0.113.8"))
	u.settle()
	index := must(u.node(north).view.Lists(t.Context(), ""))(t)[0].Ref.Index
	if _, err := u.node(north).Control().Erase(t.Context(), api.PartRequest{Index: index, Part: 0, Reason: "the act"}); !refusedWith(err, statement.CodePart) {
		t.Errorf("the act was erased: %v", err)
	}
	_, err := u.node(north).Control().Erase(t.Context(), api.PartRequest{Index: index, Part: 1, Reason: "it named a person"})
	u.ok(err)
	u.settle()
	if parts := must(u.node(north).log.Sealed(index))(t); parts[1] != nil || parts[0] == nil {
		t.Error("part 1 is not gone, or the act is")
	}
	for _, name := range []string{north, south} {
		u.eventually("the list is out of the watch of "+name, func() bool { return len(u.node(name).lists.get().lists) == 1 })
	}
	u.seal(north, "later")
	live := u.halted(u.names...)
	for _, name := range u.names {
		if got := u.rebuilt(name, ""); got != live[name] {
			t.Errorf("%s: rebuilt and live views differ:\n%s", name, diff(live[name], got))
		}
	}
	if got := u.rebuilt(north, u.path(south)); got != live[north] {
		t.Errorf("north from south's mirror: %s", diff(live[north], got))
	}
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	u.innocent()

	// Killed between saying that a part is erased and erasing it.
	n := u.node(north)
	second := must(n.view.Lists(t.Context(), ""))(t)[0].Ref
	must(n.author.say(t.Context(), draft{
		kind: record.KindErasure, toAll: true, marking: border.Green, refs: []statement.Ref{second}, body: record.ErasureBody{Part: 1, Reason: "half done"},
	}))(t)
	if parts := must(n.log.Sealed(second.Index))(t); parts[1] == nil {
		t.Fatal("erased by the word alone")
	}
	u.stop(north)
	u.start(north)
	if parts := must(u.node(north).log.Sealed(second.Index))(t); parts[1] != nil {
		t.Error("the record says that it is erased, and it is there")
	}
}

// TestRelease: a part that was sealed to one party is opened to another, which
// can then check it against the digest of the first statement.
func TestRelease(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.settle()
	n := u.node(north)
	index := must(n.view.Lists(t.Context(), ""))(t)[0].Ref.Index
	m, _ := n.roster.Member(north)
	if s := must(u.node(observer).view.Statement(t.Context(), m.Origin, index))(t); s.State != sqlite.StateSealed {
		t.Fatalf("the observer reads it: %+v", s)
	}
	ref := must(n.Control().Open(t.Context(), api.PartRequest{Index: index, Part: 1, Reason: "now public", To: []string{observer}, Marking: string(border.Amber)}))(t)
	u.settle()
	s := must(u.node(observer).view.Statement(t.Context(), m.Origin, ref.Index))(t)
	if s.State != sqlite.StateOpen || s.Kind != record.KindRelease || len(s.Refs) != 1 || s.Refs[0].Index != index {
		t.Errorf("the observer reads %+v", s)
	}
	shown := must(u.node(observer).shown(u.node(observer).mirrors[north].log, ref.Index))(t)
	if len(shown.Parts) != 3 || !strings.Contains(string(shown.Parts[1].Text), "203.0.113.7") {
		t.Error("the released part does not hold the list")
	}
}

// TestLastOfTwo: when the only other party has left, the node goes on alone.
func TestLastOfTwo(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { c.Intervals.HeadsSeconds = 1 }, north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	_, err := u.node(south).Control().Withdraw(t.Context(), api.ReasonRequest{Reason: "gone"})
	u.ok(err)
	u.eventually("north knows", func() bool { return len(u.node(north).present()) == 0 })
	u.seal(north, "to nobody")
	tick := time.NewTimer(2 * time.Second) // some heartbeats, acks and heads
	<-tick.C
	u.seal(north, "still here")
}

func refusedWith(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}

// diff names the lines that only one of two dumps has.
func diff(a, b string) string {
	var out []string
	in := func(text string) map[string]bool {
		m := make(map[string]bool)
		for line := range strings.SplitSeq(text, "\n") {
			m[line] = true
		}
		return m
	}
	as, bs := in(a), in(b)
	for line := range as {
		if !bs[line] {
			out = append(out, "- "+line)
		}
	}
	for line := range bs {
		if !as[line] {
			out = append(out, "+ "+line)
		}
	}
	return strings.Join(out, "\n")
}
