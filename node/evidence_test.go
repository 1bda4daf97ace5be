package node

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
	"entente/statement"
)

// forged makes evidence that a party has signed two trees of one size, with
// that party's own keys.
func (u *unit) forged(party string, size uint64, a, b byte) record.Evidence {
	u.t.Helper()
	signs := must(newSigners(u.keys[party]))(u.t)
	m, _ := u.node(north).roster.Member(party)
	note := func(root byte) []byte {
		c := record.Checkpoint{Origin: m.Origin, Tree: record.Tree{Size: size, Root: tlog.Hash{root}}}
		return must(record.Sign(c, 1_000_000, signs.log, signs.time))(u.t)
	}
	e, ok := record.Contradict(u.t.Context(), note(a), note(b), nil, m.OwnKeys()...)
	if !ok {
		u.t.Fatal("no evidence of a fork")
	}
	return e
}

// proofs counts the proof files of a party.
func (u *unit) proofs(name string) int {
	u.t.Helper()
	return len(must(filepath.Glob(u.path(name, "evidence", "*.json")))(u.t))
}

// TestEvidenceIsSpreadAndKept: a proof that a node found while it could not
// write is logged as soon as it can; everybody checks and keeps it, and the
// log stays disputed after a restart.
func TestEvidenceIsSpreadAndKept(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, "west", observer)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	e := u.forged("west", 50, 1, 2)
	u.stop(north)
	data := must(e.Marshal())(t)
	write(t, u.path(north, "evidence", "fork-by-hand.json"), data)
	write(t, u.path(north, "evidence", "torn.json"), data[:100])
	u.start(north)
	others := []string{north, south, observer}
	known := func(when string) {
		t.Helper()
		for _, name := range others {
			u.eventually(when+": "+name+" disputes west's log", func() bool { return u.node(name).mirrors["west"].state().disputed })
		}
	}
	known("spread")
	u.eventually("it is kept as a file everywhere", func() bool { return u.proofs(south) == 1 && u.proofs(observer) == 1 })
	if n := u.ofKind(south, north, record.KindEvidence); n != 1 {
		t.Errorf("said %d times", n)
	}
	// West meets it too: somebody signs with its keys.
	if err := u.fails("west"); !errors.Is(err, errSecondWriter) {
		t.Errorf("west ended with: %v", err)
	}
	for _, name := range others {
		u.stop(name)
	}
	u.start(others...)
	u.open(others...)
	known("restarted")
	u.seal(north, "goes on")
	u.eventually("the others go on", func() bool { return u.held(south, north) == u.size(north) })
	if n := u.ofKind(south, north, record.KindEvidence) + u.ofKind(south, observer, record.KindEvidence) + u.ofKind(observer, south, record.KindEvidence); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestEvidenceIsBounded: whoever signs a new pair each second fills no disk.
func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, "west")
	u.start(north, south)
	u.open(north, south)
	for i := range byte(20) {
		u.ok(u.node(north).accuse(t.Context(), u.forged("west", 50+uint64(i), 1, 2)))
	}
	if n := u.proofs(north); n > maxProofs {
		t.Errorf("%d proofs of the same", n)
	}
	u.eventually("south has them too", func() bool { return u.proofs(south) == maxProofs })
	if n := u.ofKind(north, north, record.KindEvidence); n > maxProofs {
		t.Errorf("%d statements of the same", n)
	}
}

// TestRefusalsAreNotLost: what was refused stays counted while it cannot be
// written, and is written once.
func TestRefusalsAreNotLost(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	n := u.node(north)
	n.open.Store(false)
	for range 3 {
		n.clerk.refused(south, statement.CodeProof, "one")
	}
	if _, err := n.clerk.refuseds(t.Context()); !refusedWith(err, statement.CodeRewound) {
		t.Fatalf("written while read-only: %v", err)
	}
	n.clerk.refused(south, statement.CodeProof, "the last")
	n.clerk.refused("", statement.CodeKey, "a stranger")
	n.open.Store(true)
	u.eventually("the refusals are on the record", func() bool { return u.ofKind(north, north, record.KindRefusal) == 1 })
	s := must(n.view.OfKind(t.Context(), n.self.Origin, record.KindRefusal))(t)[0]
	var b record.RefusalBody
	u.ok(statement.Decode(s.Body, statement.MaxAct, &b))
	if len(b.Items) != 2 || b.Items[0].Party != south || b.Items[0].Count != 4 || b.Items[0].Last != digestOf([]byte("the last")) || b.Items[0].First != digestOf([]byte("one")) {
		t.Errorf("%+v", b)
	}
}

// TestRefusedAgain: the same bytes refused again beget no statement; they are
// counted in the next one, which something else begets.
func TestRefusedAgain(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	n := u.node(north)
	for range 3 {
		n.clerk.refused(south, statement.CodeProof, "one")
		must(n.clerk.refuseds(t.Context()))(t)
	}
	n.clerk.refused(south, statement.CodeProof, "another")
	must(n.clerk.refuseds(t.Context()))(t)
	var counts []uint64
	for _, s := range must(n.view.OfKind(t.Context(), n.self.Origin, record.KindRefusal))(t) {
		var b record.RefusalBody
		u.ok(statement.Decode(s.Body, statement.MaxAct, &b))
		counts = append(counts, uint64(b.Items[0].Count))
	}
	if !slices.Equal(counts, []uint64{1, 3}) {
		t.Errorf("on the record as %v, want 1 and then 3", counts)
	}
	if got := n.clerk.counts()[refusalKey{south, statement.CodeProof}]; got != 4 {
		t.Errorf("counted %d of 4", got)
	}
}
