package node

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// shelver gives what statements hand on its place in the collections that tools
// read. It runs beside ingress: ingress judges by the logs alone, and here the
// own clock and the order of coming count. One at a time.
type shelver struct {
	mu    sync.Mutex                   // guards what follows, and the order of arrivals
	ready bool                         // every log has been taken in since the start
	in    map[sqlite.Leaf]map[int]bool // what the gate let in, nil if it is to be read again
}

const (
	shelfBatch   = 256    // statements asked for at once
	shelfObjects = 10_000 // objects placed in one transaction
)

// shelve places what is new and takes away what was taken back. Until every
// log has been taken in at a start it does nothing: in a view that is computed
// anew the logs come one after the other, and who said something first is known
// by when it came.
func (n *Node) shelve(ctx context.Context) error {
	n.shelf.mu.Lock()
	defer n.shelf.mu.Unlock()
	for n.shelf.ready {
		list, err := n.view.Unshelved(ctx, shelfBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := n.place(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// shelveAll is the first shelve after a start.
func (n *Node) shelveAll(ctx context.Context) error {
	n.shelf.mu.Lock()
	n.shelf.ready = true
	list, err := n.view.Unshelved(ctx, -1)
	if err == nil {
		err = n.place(ctx, list)
	}
	n.shelf.mu.Unlock()
	return err
}

// place gives statements their places in the order in which they came, what
// came before a view was lost first. The caller holds mu.
func (n *Node) place(ctx context.Context, list []sqlite.Unshelved) error {
	if len(list) == 0 {
		return nil
	}
	n.shelf.in = nil
	arrivals, err := n.watch.Arrive(ctx, list, n.opt.Now().UnixMicro())
	if err != nil {
		return err
	}
	slices.SortStableFunc(arrivals, func(a, b sqlite.Arrival) int { return int(a.Base - b.Base) })
	var batch []sqlite.Placing
	objects := 0
	known := make(map[sqlite.Leaf]bool)
	for i, a := range arrivals {
		known[sqlite.Leaf{Origin: a.Origin, Index: a.Index}] = a.Known
		p, err := n.placing(ctx, a)
		if err != nil {
			return err
		}
		batch, objects = append(batch, p), objects+a.Objects
		if objects >= shelfObjects || i == len(arrivals)-1 {
			no, err := n.view.Shelve(ctx, batch)
			if err != nil {
				return err
			}
			n.refusedObjects(no, known)
			batch, objects = nil, 0
		}
	}
	return nil
}

// refusedObjects counts what partners could not say, once: what was placed
// before a view was lost was counted then.
func (n *Node) refusedObjects(no []sqlite.RefusedObject, known map[sqlite.Leaf]bool) {
	for _, r := range no {
		if r.Party != n.self.ID && !known[r.Leaf] {
			n.clerk.refused(r.Party, r.Code, fmt.Sprintf("%s/%d/%d", r.Leaf.Origin, r.Leaf.Index, r.N))
		}
	}
}

// placing says on which shelves the objects of a statement stand.
func (n *Node) placing(ctx context.Context, a sqlite.Arrival) (sqlite.Placing, error) {
	p := sqlite.Placing{Unshelved: a.Unshelved, Base: a.Base}
	if a.Party == n.self.ID {
		copies, err := n.canaries.copies(ctx)
		if err != nil {
			return p, err
		}
		if !copies[a.Index] { // own tools read the list as it is, without decoys
			p.Shelves, p.In = []string{sqlite.ShelfOwn}, true
		}
		if p.Word = sqlite.WordSaid; isDraft(a.Kind, len(a.Recipients) > 0) {
			p.Word = sqlite.WordDraft
		}
		for _, to := range a.Recipients {
			p.Shelves = append(p.Shelves, sqlite.ShelfTo(to))
		}
		return p, nil
	}
	p.Shelves, p.In = []string{sqlite.ShelfFrom(a.Party)}, true
	if p.Refused = n.lists.refusal(a.Origin, a.Index); p.Refused != "" {
		return p, nil
	}
	acks, err := n.view.Acks(ctx, a.Origin, a.Index)
	for _, ack := range acks {
		if ack.Party == n.self.ID && ack.Verdict == record.VerdictRefused {
			p.Refused = ack.Code
		}
	}
	return p, err
}

// isDraft says that an own statement holds what tools and feeds brought, for
// the own side alone: nobody has said it yet, and the gate judges it as it
// judges what others say.
func isDraft(k statement.Kind, said bool) bool { return k == stix.KindObjects && !said }

// letIn brings the shelf of what is let in up to a watchlist that was just made
// current: an indicator stands there if none of its items waits for a person.
func (n *Node) letIn(ctx context.Context, w *watchlist) error {
	n.shelf.mu.Lock()
	defer n.shelf.mu.Unlock()
	if err := n.recallIn(ctx); err != nil {
		return err
	}
	wanted := make(map[sqlite.Leaf]map[int]bool) // what has items, and whether it is let in
	for _, e := range w.entries {
		if e.said || e.list == (statement.Ref{}) {
			continue
		}
		l := sqlite.Leaf{Origin: e.key.Origin, Index: e.key.Index}
		if wanted[l] == nil {
			wanted[l] = make(map[int]bool)
		}
		was, known := wanted[l][e.object]
		wanted[l][e.object] = !e.held() && (was || !known)
	}
	var add, drop []sqlite.Let
	for l, objects := range wanted {
		for o, want := range objects {
			if want && !n.shelf.in[l][o] {
				add = append(add, sqlite.Let{Leaf: l, N: o})
			}
		}
	}
	for l, objects := range n.shelf.in {
		for o := range objects {
			if !wanted[l][o] {
				drop = append(drop, sqlite.Let{Leaf: l, N: o})
			}
		}
	}
	return n.admit(ctx, add, drop)
}

// recallIn reads what is let in by the gate's word, once.
func (n *Node) recallIn(ctx context.Context) error {
	if n.shelf.in != nil {
		return nil
	}
	all, err := n.view.In(ctx)
	if err != nil {
		return err
	}
	n.shelf.in = make(map[sqlite.Leaf]map[int]bool)
	for l, objects := range all {
		n.shelf.in[l] = make(map[int]bool)
		for _, o := range objects {
			n.shelf.in[l][o] = true
		}
	}
	return nil
}

func byLeaf(a, b sqlite.Let) int {
	switch {
	case a.Origin != b.Origin && a.Origin < b.Origin:
		return -1
	case a.Origin != b.Origin:
		return 1
	case a.Index != b.Index && a.Index < b.Index:
		return -1
	case a.Index != b.Index:
		return 1
	}
	return a.N - b.N
}

// admit lets objects in and puts others out.
func (n *Node) admit(ctx context.Context, add, drop []sqlite.Let) error {
	if len(add)+len(drop) == 0 {
		return nil
	}
	slices.SortFunc(add, byLeaf)
	slices.SortFunc(drop, byLeaf)
	if len(add) > 0 {
		if err := n.watch.AdmitAll(ctx, add, n.opt.Now().UnixMicro()); err != nil {
			return err
		}
	}
	for i := 0; i < len(drop); {
		var numbers []int
		l := drop[i].Leaf
		for ; i < len(drop) && drop[i].Leaf == l; i++ {
			numbers = append(numbers, drop[i].N)
		}
		if err := n.watch.Expel(ctx, l, numbers); err != nil {
			return err
		}
	}
	if err := n.view.LetIn(ctx, slices.Concat(drop, add)); err != nil {
		return err
	}
	for _, l := range drop {
		delete(n.shelf.in[l.Leaf], l.N)
	}
	for _, l := range add {
		if n.shelf.in[l.Leaf] == nil {
			n.shelf.in[l.Leaf] = make(map[int]bool)
		}
		n.shelf.in[l.Leaf][l.N] = true
	}
	return nil
}

// goneOf says of each object of a statement whether it is taken back as of
// now. The watchlist is made anew a moment after the view hears of it: who hands
// items of it out asks here too.
func (n *Node) goneOf(ctx context.Context, l sqlite.Leaf) (func(object int) bool, error) {
	runs, err := n.view.RetractedOf(ctx, l)
	return func(object int) bool {
		return slices.ContainsFunc(runs, func(r sqlite.Retracted) bool { return object >= r.First && object <= r.Last })
	}, err
}

// takenBack is what lists may no longer make anybody look for.
type takenBack struct {
	runs map[sqlite.Leaf][]sqlite.Retracted
	self string
}

func (l *lists) takenBack(ctx context.Context) (takenBack, error) {
	t := takenBack{runs: make(map[sqlite.Leaf][]sqlite.Retracted), self: l.giver}
	all, err := l.view.Retracted(ctx)
	for _, r := range all {
		k := sqlite.Leaf{Origin: r.Origin, Index: r.Index}
		t.runs[k] = append(t.runs[k], r)
	}
	return t, err
}

// of returns whether an object of a statement stands: an item of a list until it
// is taken back, an object while it is the last version that its party gives.
// It is nil while objects wait for their places: a list that was watched and
// hunted without them would be done, and they never looked for.
func (t takenBack) of(ctx context.Context, l *lists, list sqlite.List) (func(object int) bool, error) {
	if list.Kind != stix.KindObjects {
		runs := t.runs[sqlite.Leaf{Origin: list.Ref.Origin, Index: list.Ref.Index}]
		return func(object int) bool {
			return !slices.ContainsFunc(runs, func(r sqlite.Retracted) bool { return object >= r.First && object <= r.Last })
		}, nil
	}
	shelf := sqlite.ShelfOwn
	if list.Giver != t.self {
		shelf = sqlite.ShelfFrom(list.Giver)
	}
	stands, placed, err := l.view.Standing(ctx, list.Ref.Origin, list.Ref.Index, sqlite.ShelfOf(list.Media, shelf))
	if err != nil || !placed {
		return nil, err
	}
	return func(object int) bool { return object < len(stands) && stands[object] }, nil
}
