package node

import (
	"fmt"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/internal/peer"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// forgeErasure puts into north's log what only the log's key has signed: the
// act of an erasure under a statement key that is not north's.
func (u *unit) forgeErasure(of statement.Ref, part int) (index uint64) {
	u.t.Helper()
	a := u.node(north).author
	a.mu.Lock()
	defer a.mu.Unlock()
	digests, sealed, err := a.compose(u.t.Context(), &draft{
		kind: record.KindErasure, toAll: true, marking: border.Green, refs: []statement.Ref{of}, body: record.ErasureBody{Part: part, Reason: "never said"},
	})
	u.ok(err)
	head, _ := a.log.Head()
	leaf, _, err := statement.SignLeaf(statement.Leaf{
		Format: statement.LeafFormat, Charter: a.roster.Charter.Digest(), Party: north, Seq: head.Size,
		Parts: digests, Sealed: []statement.Digest{statement.SealedDigest(sealed[0])},
	}, u.keys[south].Statement)
	u.ok(err)
	return must(a.log.Append(u.t.Context(), leaf, sealed))(u.t)
}

// TestForgedErasureFramesNobody: an owner whose erasure is refused, since it
// bears no signature of its statement key, cannot make a mirror that took the
// part as erased look like one that withholds it.
func TestForgedErasureFramesNobody(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.wire.part(north, south)
	u.start(north, observer)
	u.open(north, observer)
	u.stop(observer)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	n := u.node(north)
	list := must(n.view.Lists(t.Context(), ""))(t)[0].Ref
	forged := u.forgeErasure(list, 1)
	u.ok(n.log.Erase(list.Index, 1))
	n.backend.erasure = func(record.Member, readable, uint64, int) (uint64, bool) { return forged, true }
	u.seal(north, "that it be published")
	u.start(observer)
	u.eventually("the observer has judged it", func() bool { return u.reads(observer, north) > forged })
	if s := must(u.node(observer).view.Statement(t.Context(), list.Origin, forged))(t); s.State != sqlite.StateRefused || s.Code != statement.CodeSignature {
		t.Fatalf("the forged erasure is %s %s", s.State, s.Code)
	}
	u.start(south)
	u.eventually("south has north's log from the observer", func() bool { return u.reads(south, north) > forged })
	for k, count := range u.node(south).clerk.counts() {
		if k.party == observer {
			t.Errorf("the observer is blamed: %s, %d times", k.code, count)
		}
	}
}

// TestErasedPartsAreCheapToServe: what a request for erased parts costs must
// not grow with how many erasures the log has, or a partner that fills its own
// log with them stops ours with a few requests.
func TestErasedPartsAreCheapToServe(t *testing.T) {
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north)
	u.stop(south)
	n := u.node(north)
	src := peer.NewSource(peer.Local{Backend: n.backend, Party: south})
	parts := make([][]byte, statement.MaxParts-1)
	for i := range parts {
		parts[i] = fmt.Appendf(nil, "text %d", i)
	}
	erased, first := 0, u.size(north)
	// each gives the time for one of the first thirty erased parts when so many more are erased.
	each := func(more int) time.Duration {
		for range more {
			ref := must(n.author.say(t.Context(), draft{kind: record.KindSeal, toAll: true, marking: border.Green, body: record.SealBody{What: "file", Name: "x"}, parts: parts}))(t)
			for i := range parts {
				must(n.Control().Erase(t.Context(), api.PartRequest{Index: ref.Index, Part: i + 1, Reason: "x"}))(t)
				erased++
			}
		}
		u.eventually("published", func() bool {
			c, err := record.Peek(n.backend.head())
			return err == nil && c.Size >= u.size(north)
		})
		best := time.Hour
		for range 10 {
			began, gone := time.Now(), 0
			for _, leaf := range must(src.Sealed(t.Context(), n.self.Origin, first, 2*len(parts)+2))(t) {
				for _, p := range leaf {
					if p == nil {
						gone++
					}
				}
			}
			if gone < len(parts) {
				t.Fatalf("%d erased parts are served", gone)
			}
			best = min(best, time.Since(began)/time.Duration(gone))
		}
		return best
	}
	few := each(2)
	many := each(16)
	t.Logf("one erased part costs %s, and %s when %d are erased", few, many, erased)
	if many > 4*few {
		t.Errorf("one erased part costs %s, with fewer erasures in the log %s", many, few)
	}
}

// TestErasedReleasesAreCheapToTakeIn: a list that is opened again and again,
// each time for nothing, must not make each further erasure cost more.
func TestErasedReleasesAreCheapToTakeIn(t *testing.T) {
	u := newUnit(t, nil, north, south, west, observer)
	u.start(north, south)
	u.open(north, south)
	u.share(north, west, "a.csv", dated("203.0.113.7"))
	n, s := u.node(north), u.node(south)
	list := must(n.view.Lists(t.Context(), ""))(t)[0].Ref
	m := s.mirrors[north]
	// last gives the time that the last erasure costs when so many more releases were erased.
	last := func(more int) time.Duration {
		var releases []statement.Ref
		for range more {
			releases = append(releases, u.openTo(list, south))
		}
		var by statement.Ref
		for _, r := range releases {
			by = must(n.Control().Erase(t.Context(), api.PartRequest{Index: r.Index, Part: 1, Reason: "x"}))(t)
		}
		u.eventually("south reads it", func() bool { return u.reads(south, north) > by.Index })
		f := fold{ingress: s.ingress, m: m.member, chain: must(s.ingress.chain(t.Context(), m.member))(t), log: m.log}
		erasure := must(s.view.Statement(t.Context(), by.Origin, by.Index))(t)
		best := time.Hour
		for range 5 {
			began := time.Now()
			e, _, err := f.erased(t.Context(), erasure)
			u.ok(err)
			best = min(best, time.Since(began))
			if e == nil || e.Statement.State != sqlite.StateSealed {
				t.Fatalf("the list, with every release erased, is %+v", e)
			}
		}
		return best
	}
	few := last(10)
	many := last(240)
	t.Logf("an erasure after 10 costs %s, after 250 %s", few, many)
	if many > 6*few {
		t.Errorf("an erasure costs %s after 10 of them and %s after 250", few, many)
	}
	u.openTo(list, south)
	u.eventually("one that stands opens it", func() bool { return len(s.lists.get().lists) == 1 })
}
