package node

import (
	"context"
	"testing"

	"entente/charter"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// padding is a relay of leaves that are none.
type padding struct {
	record.Source
	size int
}

func (p padding) Entries(_ context.Context, _ string, _ uint64, width int) ([][]byte, error) {
	leaves := make([][]byte, width)
	for i := range leaves {
		leaves[i] = make([]byte, p.size)
	}
	return leaves, nil
}

// TestRelaySpendsItsOwnBudget: what a relay gives of another's log, junk or
// not, uses up what may come from the relay, never what may come from the owner.
func TestRelaySpendsItsOwnBudget(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { c.Budgets.BytesPerDay = 1 << 20 }, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	u.stop(observer)
	n := u.node(south)
	m := n.mirrors[north]
	u.wire.silence(north) // south shall not pull by itself
	index := u.seal(north, "while nobody looks")
	src := peer.NewSource(peer.Local{Backend: u.node(north).backend, Party: south})
	u.eventually("north has published", func() bool {
		msg, err := src.Checkpoint(t.Context(), m.member.Origin)
		c, _ := record.Peek(msg)
		return err == nil && c.Size > index
	})
	var last error
	for size := statement.MaxEnvelope; size > 0; { // to the last byte
		if last = n.follow(t.Context(), observer, padding{src, size}, m); refusedWith(last, statement.CodeBudget) {
			size /= 2
		}
	}
	if !refusedWith(last, statement.CodeBudget) {
		t.Fatalf("the relay has no budget: %v", last)
	}
	if err := n.follow(t.Context(), north, src, m); err != nil {
		t.Errorf("the owner gives its own log: %v", err)
	}
	if size := m.state().size; size <= index {
		t.Errorf("%d leaves held", size)
	}
	u.stop(south)
	if got := n.spent[north].Relayed[observer]; got.UsedBytes < 1<<20 {
		t.Errorf("written down of the relay: %+v", got)
	}
	u.start(south)
	if err := u.node(south).mirrors[north].meter.take(observer, 1); !refusedWith(err, statement.CodeBudget) {
		t.Errorf("after a restart: %v", err)
	}
}

// junk answers every path with bytes that are no answer.
type junk struct {
	asked int
	gave  int
}

func (j *junk) Get(_ context.Context, _ string, limit int64) ([]byte, error) {
	j.asked++
	j.gave += int(limit)
	return make([]byte, limit), nil
}

// TestJunkIsCharged: bytes that are no answer came too; once the day's are used
// up, no more is asked for.
func TestJunkIsCharged(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { c.Budgets.BytesPerDay = 100 << 20 }, north, south)
	u.start(south)
	m := u.node(south).mirrors[north]
	from := &junk{}
	src := metered{peer.NewSource(from), m.meter, observer}
	for range 100 {
		_, _ = src.Entries(t.Context(), m.member.Origin, 0, 256)
		_, _ = src.Sealed(t.Context(), m.member.Origin, 0, 256)
		_, _ = src.Erasure(t.Context(), m.member.Origin, 0, 1)
	}
	if from.gave > 300<<20 {
		t.Errorf("%d bytes were taken in %d answers, 100 MiB a day are agreed", from.gave, from.asked)
	}
}
