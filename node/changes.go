package node

import (
	"context"
	"crypto/sha256"
	"sync"

	"entente/console"
	"entente/statement"
)

func digestOf(b []byte) statement.Digest { return sha256.Sum256(b) }

// changes tells subscribers (screens, the exercise) that something is new. It
// merges and never waits.
type changes struct {
	mu   sync.Mutex // guards what follows
	subs map[chan console.Change]console.Change
}

func (c *changes) record() { c.tell(console.Change{Record: true}) }
func (c *changes) watch()  { c.tell(console.Change{Watch: true}) }
func (c *changes) match()  { c.tell(console.Change{Match: true}) }
func (c *changes) all()    { c.tell(console.Change{Watch: true, Record: true}) }

func (c *changes) tell(what console.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch, pending := range c.subs {
		pending = pending.With(what)
		select {
		case ch <- pending:
			pending = console.Change{}
		default:
			select {
			case old := <-ch:
				pending = pending.With(old)
			default:
			}
			select {
			case ch <- pending:
				pending = console.Change{}
			default:
			}
		}
		c.subs[ch] = pending
	}
}

// subscribe returns a channel of changes until ctx ends.
func (c *changes) subscribe(ctx context.Context) <-chan console.Change {
	ch := make(chan console.Change, 1)
	c.mu.Lock()
	if c.subs == nil {
		c.subs = make(map[chan console.Change]console.Change)
	}
	c.subs[ch] = console.Change{}
	c.mu.Unlock()
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subs, ch)
	})
	return ch
}
