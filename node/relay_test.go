package node

import (
	"context"
	"testing"

	"entente/api"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// stalling is a relay that has a checkpoint and never gives a leaf.
type stalling struct {
	record.Source
	asked chan struct{}
}

func (s stalling) Entries(ctx context.Context, _ string, _ uint64, _ int) ([][]byte, error) {
	close(s.asked)
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestRelayYields: a relay that stalls does not keep the owner's log from
// being pulled from the owner.
func TestRelayYields(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.settle()
	m := u.node(north).mirrors[south]
	u.wire.silence(south) // north shall not pull by itself
	u.seal(south, "while nobody looks")
	src := peer.NewSource(peer.Local{Backend: u.node(south).backend, Party: north})
	u.eventually("south has published", func() bool {
		msg, err := src.Checkpoint(t.Context(), m.member.Origin)
		c, _ := record.Peek(msg)
		return err == nil && c.Size > m.state().size
	})
	relay, cut := stalling{src, make(chan struct{})}, make(chan error, 1)
	go func() {
		_, err := m.pull(t.Context(), relay, false)
		cut <- err
	}()
	<-relay.asked
	got, err := m.pull(t.Context(), src, true)
	if err != nil || !got.grew {
		t.Errorf("the owner's pull: %+v, %v", got, err)
	}
	if err := <-cut; err == nil {
		t.Error("the relay's pull succeeded")
	}
}

// changing is a relay that changes the sealed parts that it passes on.
type changing struct {
	record.Source
	edit func(index uint64, parts [][]byte)
	by   uint64 // which statement it says erased what is gone
}

func (c changing) Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error) {
	leaves, err := c.Source.Sealed(ctx, origin, from, n)
	for i, parts := range leaves {
		c.edit(from+uint64(i), parts)
	}
	return leaves, err
}

func (c changing) Erasure(context.Context, string, uint64, int) (uint64, error) { return c.by, nil }

// TestJunkFromRelay: a mirror that cannot read a part tells the owner's bytes
// from a relay's. It takes nothing of the junk, blames who gave it and not the
// owner, and has the whole from the next one that it asks.
func TestJunkFromRelay(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	n, m := u.node(south), u.node(south).mirrors[north]
	u.wire.silence(north) // neither south nor the observer shall pull by itself
	u.share(north, observer, "a.csv", dated("203.0.113.7"))
	lists := must(u.node(north).view.Lists(t.Context(), ""))(t)
	index := lists[len(lists)-1].Ref.Index
	src := peer.NewSource(peer.Local{Backend: u.node(north).backend, Party: south})
	u.eventually("north has published", func() bool {
		msg, err := src.Checkpoint(t.Context(), m.member.Origin)
		c, _ := record.Peek(msg)
		return err == nil && c.Size > index
	})
	before := m.state().size // a pull that was under way when it fell silent has ended
	for name, tc := range map[string]struct {
		edit func(index uint64, parts [][]byte)
		code statement.Code
	}{
		"junk":         {func(_ uint64, parts [][]byte) { parts[len(parts)-1] = []byte("junk") }, statement.CodeDigest},
		"another's":    {func(_ uint64, parts [][]byte) { parts[len(parts)-1] = parts[0] }, statement.CodeDigest},
		"gone":         {func(i uint64, parts [][]byte) { parts[len(parts)-1] = nil }, statement.CodePart},
		"the act gone": {func(i uint64, parts [][]byte) { parts[0] = nil }, statement.CodePart},
		"not held":     {func(i uint64, parts [][]byte) { parts[0] = []byte{} }, statement.CodePart},
	} {
		edit := func(i uint64, parts [][]byte) {
			if i == index {
				tc.edit(i, parts)
			}
		}
		was := n.clerk.counts()[refusalKey{observer, tc.code}]
		err := n.follow(t.Context(), observer, changing{src, edit, index + 1}, m)
		if !refusedWith(err, tc.code) {
			t.Errorf("%s: %v", name, err)
		}
		if got := n.clerk.counts()[refusalKey{observer, tc.code}]; got != was+1 {
			t.Errorf("%s: %d refusals of the relay, want %d", name, got, was+1)
		}
		if size := m.state().size; size != before {
			t.Errorf("%s: %d leaves held of %d", name, size, before)
		}
	}
	for k, count := range n.clerk.counts() {
		if k.party == north {
			t.Errorf("the owner is blamed: %s, %d times", k.code, count)
		}
	}
	if err := n.follow(t.Context(), observer, src, m); err != nil {
		t.Error(err)
	}
	if size := m.state().size; size <= index {
		t.Errorf("%d leaves held from the next", size)
	}
}

// TestErasedThroughRelay: an erased part does not stop a pair that has only a
// relay between them: the owner's statement stands in its log.
func TestErasedThroughRelay(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.wire.part(north, south)
	u.start(north, observer)
	u.open(north, observer)
	u.stop(observer)
	u.share(north, south, "a.csv", dated("203.0.113.7"))
	u.share(north, south, "b.csv", dated("203.0.113.8"))
	n := u.node(north)
	list := must(n.view.Lists(t.Context(), ""))(t)[0].Ref
	_, err := n.Control().Erase(t.Context(), api.PartRequest{Index: list.Index, Part: 1, Reason: "it named a person"})
	u.ok(err)
	u.start(observer, south)
	u.open(u.names...)
	u.settle()
	for _, name := range []string{observer, south} {
		parts := must(u.node(name).mirrors[north].log.Sealed(list.Index))(t)
		if parts[1] != nil || parts[0] == nil {
			t.Errorf("%s holds another part than is left", name)
		}
	}
	if got := u.tally(north); got.Held != got.Statements || got.Witnessed != got.Statements {
		t.Errorf("north: %+v", got)
	}
	if lists := u.node(south).lists.get().lists; len(lists) != 1 || lists[0] == list {
		t.Errorf("south watches for %v", lists)
	}
	u.innocent()
	live := u.halted(south, observer)[south]
	if got := u.rebuilt(south, u.path(observer)); got != live {
		t.Errorf("south from the observer's mirror: %s", diff(live, got))
	}
}
