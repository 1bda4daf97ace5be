package node

import (
	"testing"
	"time"

	"entente/record"
)

// TestRelayedInOneSecond: whatever a relay brings is served under its own head,
// also what the owner signed in the same second as the head before it. Else a
// node shows its partners, and the owner that restores its log, less than it holds.
func TestRelayedInOneSecond(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	stopped := time.Now().Truncate(time.Second)
	u.opt[south].Now = func() time.Time { return stopped }
	u.wire.part(north, south) // only the observer brings south's log
	u.start(u.names...)
	u.open(u.names...)
	for _, what := range []string{"first", "second", "third"} {
		want := u.seal(south, what) + 1
		u.eventually("north holds it", func() bool { return u.held(north, south) >= want })
		u.eventually("north serves it", func() bool {
			newest := u.node(north).mirrors[south].state().newest
			if newest == nil { // the leaves are there before their head is
				return false
			}
			c, err := record.Peek(newest)
			u.ok(err)
			return c.Size == u.held(north, south)
		})
	}
	u.innocent()
}
