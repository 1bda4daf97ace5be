package node

import (
	"context"
	"maps"
	"sync"
	"time"

	"entente/accord"
	"entente/internal/sqlite"
)

// worldKept is the world of the whole record in memory. It is read once, and from then
// on what comes into the view is added to it: one more statement costs the reading
// of that one. What takes something back lets it be read whole again.
type worldKept struct {
	world accord.World
	there bool // it has been read

	mu    sync.Mutex // guards what follows: whoever brings news never waits for a fold
	inbox inbox
}

// inbox is what has come into the view since the world was last brought up to it.
type inbox struct {
	whole   bool                 // it has to be read whole
	leaves  map[sqlite.Leaf]bool // statements that are new, or of which more is shown
	moments []accord.Moment
	sizes   map[string]uint64 // of the logs that were heard of
}

// maxInbox is how many statements are read one by one; of more all are read.
const maxInbox = 2000

// hear takes note of entries that are in the view.
func (h *worldKept) hear(entries []sqlite.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	in := &h.inbox
	if in.leaves == nil {
		in.leaves, in.sizes = make(map[sqlite.Leaf]bool), make(map[string]uint64)
	}
	for _, e := range entries {
		leaf := sqlite.Leaf{Origin: e.Statement.Origin, Index: e.Statement.Index}
		in.sizes[leaf.Origin] = max(in.sizes[leaf.Origin], leaf.Index+1)
		if e.Again != nil || e.Hides != nil || len(in.leaves) > maxInbox {
			in.whole = true
			continue
		}
		if e.Accord != nil {
			in.leaves[leaf] = true
		}
		for _, x := range e.Shows {
			in.leaves[sqlite.Leaf{Origin: x.Of.Origin, Index: x.Of.Index}] = true
		}
		in.moments = append(in.moments, e.Moments...)
	}
}

// forget lets the world be read whole: something may have come that was not heard.
func (h *worldKept) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inbox.whole = true
}

// open empties the inbox.
func (h *worldKept) open() inbox {
	h.mu.Lock()
	defer h.mu.Unlock()
	in := h.inbox
	h.inbox = inbox{}
	return in
}

// now is the world as it stands. Whoever calls sees to it that nobody else does at
// the same time.
func (h *worldKept) now(ctx context.Context, n *Node, now time.Time) (accord.World, error) {
	in := h.open()
	var err error
	if !h.there || in.whole {
		h.world, err = ReadWorld(ctx, n.view, n.roster, now)
	} else {
		err = h.add(ctx, n, in)
	}
	h.there = err == nil
	h.world.Now = now
	return h.world, err
}

// add brings the world up to what has come. A statement of which more is shown
// stands in it a second time: a record unites the two.
func (h *worldKept) add(ctx context.Context, n *Node, in inbox) error {
	w := h.world // those who hold an earlier one read on in the shorter lists
	b := builder{view: n.view, roster: n.roster, world: &w, place: make(map[sqlite.Leaf]int)}
	for leaf := range in.leaves {
		if err := b.takeLeaf(ctx, leaf); err != nil {
			return err
		}
	}
	for _, m := range in.moments {
		if _, ok := n.roster.ByOrigin(m.Origin); ok && m.Size > 0 {
			w.Moments = append(w.Moments, m)
		}
	}
	w.Sizes = maps.Clone(w.Sizes)
	for origin, size := range in.sizes {
		w.Sizes[origin] = max(w.Sizes[origin], size)
	}
	var err error
	w.Forks, err = n.view.Forks(ctx)
	h.world = w
	return err
}

// takeLeaf adds one statement with its parts, if it is one of the accord and open.
func (b *builder) takeLeaf(ctx context.Context, leaf sqlite.Leaf) error {
	from := len(b.world.Said)
	err := b.view.AccordSaid(ctx, sqlite.AccordFilter{Leaf: leaf}, b.takeOne)
	if err != nil || len(b.world.Said) == from {
		return err
	}
	return b.view.AccordPartsOf(ctx, leaf, b.takePart)
}
