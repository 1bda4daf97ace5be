package node

import (
	"context"
	"slices"
	"time"

	"entente/statement"
)

// drainLimit is how long a node that is told to stop waits for a partner to
// store the head that it published last.
const drainLimit = 1500 * time.Millisecond

// untilDrained returns a context for everything that runs. When ctx ends, the
// node says nothing more, but goes on serving until another node holds what
// it published last: else a copy of this folder could never be told from an
// older one by asking, only by the mark outside it.
func (n *Node) untilDrained(ctx context.Context) (context.Context, context.CancelFunc) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		defer stop()
		n.stopping.Store(true)
		last := n.publisher.last()
		for until := time.Now().Add(drainLimit); !n.drained(last) && time.Now().Before(until); {
			if !pause(running, 20*time.Millisecond) {
				return
			}
		}
	})
	return running, stop
}

// drained says that some other node holds the last published head, or that
// none answers.
func (n *Node) drained(last uint64) bool {
	if n.publisher.standing().coverage.HeldSize(1) >= last {
		return true
	}
	return !slices.ContainsFunc(n.lines, func(l *line) bool { return l.client.Pause() == 0 })
}

// errStopping is the author's answer while the node drains.
func errStopping() error {
	return statement.Refuse(statement.CodeState, "the node is stopping")
}
