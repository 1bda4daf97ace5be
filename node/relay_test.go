package node

import (
	"context"
	"testing"

	"entente/internal/peer"
	"entente/record"
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
