package match

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// Config is what one side brings to a run.
type Config struct {
	Agreed *Agreed
	Party  string             // the own one
	Key    ed25519.PrivateKey // of the own side in the manifest; of this run alone
	Set    Set                // without what the manifest excludes
	// Seed is the party's secret from which all salts come; the Shelves were
	// made with it. Shelves[i] is the manifest's stock i of the own side; nil
	// says that it is not at hand.
	Seed    [32]byte
	Shelves []*Shelf
	Random  io.Reader // a cryptographic source
	Began   time.Time
	// Used says whether a key was seen in an earlier run; nil says no.
	Used func(group.Encoded) bool
	// Space is where the lists of points lie; nil says in memory. It is not
	// used any more once the transcript is written.
	Space Space
}

// Run is one side of a run. It is not for use by several goroutines at once;
// its calls use all processors and leave nothing behind.
//
// The caller moves bytes: it puts what ToLog names into the own log and says
// so with Logged, asks the other side for what Want names and hands it to
// Accept, and answers the other side's wants with Message. All of that may be
// repeated after a broken connection.
type Run struct {
	c        Config
	side     int
	board    *board
	key      *group.Scalar
	nonce    [32]byte
	dummies  [32]byte
	order    []uint32 // list index to item index
	leaves   *tree.Tree
	small    map[ID][]byte // bodies of own messages that are not made again
	agreedTo bool
	fault    *Fault
	locked   []byte    // of the partner's list, until all of it is here
	moved    time.Time // when either side last did something
	self     *SelfProof
}

// New makes a run. The manifest is agreed and was checked against the own
// Limits. The error is a *statement.Refusal where the set does not fit.
func New(c Config) (*Run, error) {
	m := &c.Agreed.Manifest
	side := m.Side(c.Party)
	switch {
	case side < 0:
		return nil, statement.Refuse(statement.CodeParty, "%.31s is no side of this run", c.Party)
	case !c.Agreed.keys[side].Equal(c.Key.Public()):
		return nil, statement.Refuse(statement.CodeKey, "not the key that the manifest names")
	case SizeClass(max(1, c.Set.Len())) > m.Sides[side].Items:
		return nil, statement.Refuse(statement.CodeSize, "%d items do not fit into the class of %d", c.Set.Len(), m.Sides[side].Items)
	}
	for i, s := range c.Shelves {
		if i >= len(m.Sides[side].Stocks) || s != nil && s.Root() != m.Sides[side].Stocks[i].Root {
			return nil, statement.Refuse(statement.CodeDigest, "shelf %d is not the stock that the manifest names", i)
		}
	}
	r := &Run{c: c, side: side, small: map[ID][]byte{}, moved: c.Began}
	var err error
	if r.key, err = group.RandomScalar(c.Random); err != nil {
		return nil, err
	}
	for _, secret := range []*[32]byte{&r.nonce, &r.dummies} {
		if _, err := io.ReadFull(c.Random, secret[:]); err != nil {
			return nil, fmt.Errorf("draw a secret: %w", err)
		}
	}
	r.board = newBoard(c.Agreed, side, c.Used)
	if c.Space != nil {
		r.board.space = c.Space
	}
	return r, nil
}

// item returns the i-th item of the set, or the dummy in its place.
func (r *Run) item(i int) (observable.Value, error) {
	if i >= r.c.Set.Len() {
		return dummy(r.dummies, i), nil
	}
	var one [1]observable.Value
	err := r.c.Set.Read(i, one[:])
	return one[0], err
}

// padded is the set with the dummies behind it.
type padded struct {
	r *Run
	n int
}

func (p padded) Len() int { return p.n }

func (p padded) Read(from int, out []observable.Value) error {
	if real := p.r.c.Set.Len() - from; real > 0 {
		n := min(real, len(out))
		if err := p.r.c.Set.Read(from, out[:n]); err != nil {
			return err
		}
		from, out = from+n, out[n:]
	}
	for i := range out {
		out[i] = dummy(p.r.dummies, from+i)
	}
	return nil
}

// Prepare locks the own set and makes the commit: most of a run's work that
// can be done before the other side is there. Progress, if not nil, is told
// how many items are done.
func (r *Run) Prepare(ctx context.Context, progress func(done, total int)) error {
	if r.fault != nil {
		return statement.Refuse(statement.CodeState, "the run has ended")
	}
	n := r.board.items(r.side)
	points, leaves := make([]byte, n*group.Size), make([]tree.Digest, n)
	var open []group.Point
	if n <= r.board.cached {
		open = make([]group.Point, n)
	}
	set, done := padded{r, n}, 0
	var long atomic.Bool
	err := eachItem(ctx, counted{set, func(to int) {
		if progress != nil && to > done {
			done = to
			progress(done, n)
		}
	}}, func(i int, v observable.Value) {
		h := hashItem(r.c.Agreed.SID, v)
		p := h.Mul(r.key)
		e := p.Encode()
		copy(points[i*group.Size:], e[:])
		if open != nil {
			open[i] = p
		}
		leaves[i] = leafOf(r.salt(v), v)
		if len(v.Canonical) > MaxItem || len(v.Type) > 255 {
			long.Store(true)
		}
	})
	if err != nil {
		return err
	}
	if long.Load() {
		return statement.Refuse(statement.CodeSize, "the set holds an item of more than %d bytes", MaxItem)
	}
	return r.commit(points, open, leaves)
}

// counted tells how far a set has been read.
type counted struct {
	Set
	read func(to int)
}

func (c counted) Read(from int, out []observable.Value) error {
	c.read(from)
	return c.Set.Read(from, out)
}

// salt of an item; a dummy's comes from this run's secret, like the dummy.
func (r *Run) salt(v observable.Value) [32]byte {
	if v.Type == padding {
		return saltOf(r.dummies, v)
	}
	return saltOf(r.c.Seed, v)
}

// commit sorts what was locked and makes M1.
func (r *Run) commit(points []byte, open []group.Point, leaves []tree.Digest) error {
	r.order = sortOrder(points)
	h := &r.board.sides[r.side]
	sorted := gather(points, r.order)
	if repeated(sorted) {
		return statement.Refuse(statement.CodeValue, "the set holds an item twice")
	}
	arrange(leaves, r.order)
	if open != nil {
		arrange(open, r.order)
		h.points = open
	}
	r.leaves = tree.New(leaves)
	if err := r.own(ListOwn, sorted); err != nil {
		return err
	}
	key := r.key.Public()
	know, err := group.Know(r.key, r.board.knowContext(r.side), r.c.Random)
	if err != nil {
		return err
	}
	c := &Commit{
		Items: len(leaves), Key: key.Encode(), Know: know,
		List: h.lists[ListOwn].outline.digest(len(leaves)), Root: r.leaves.Root(), Nonce: nonceHash(r.nonce),
	}
	r.small[ID{Kind: KindCommit}] = c.marshal()
	return nil
}

// own puts a list of the own side on the board.
func (r *Run) own(l List, points []byte) error {
	o := outlineOf(points)
	made := list{outline: o, got: len(o.hashes)}
	if l != ListNamed {
		if err := made.add(r.board.space, len(points)/group.Size, points); err != nil {
			return err
		}
	}
	r.ours().lists[l] = made
	return nil
}

// lock locks the points of the partner's own list that have just come.
func (r *Run) lock() error {
	them := r.partner()
	if r.locked == nil {
		r.locked = make([]byte, 0, r.board.items(1-r.side)*group.Size)
	}
	from := len(r.locked)
	r.locked = r.locked[:from+len(them.fresh)*group.Size]
	group.LockAll(r.key, them.fresh, r.locked[from:])
	them.fresh = nil
	if !them.lists[ListOwn].complete() {
		return nil
	}
	named := r.locked
	r.locked = nil
	return r.returned(named)
}

// returned puts the partner's list, locked again, on the board: as it is and
// in ascending order.
func (r *Run) returned(named []byte) error {
	order := sortOrder(named)
	if err := r.own(ListNamed, named); err != nil {
		return err
	}
	if err := r.own(ListSorted, gather(named, order)); err != nil {
		return err
	}
	us, n := r.ours(), len(order)
	us.ranks = inverse(order)
	ret := &Returned{Named: us.lists[ListNamed].outline.digest(n), Sorted: us.lists[ListSorted].outline.digest(n)}
	r.small[ID{Kind: KindReturned}] = ret.marshal()
	return nil
}

// Side returns which side of the manifest this run is.
func (r *Run) Side() int { return r.side }

// Count returns how many items both hold, dummies never among them, once both
// sorted lists are here. The partner may have hidden some by answering wrongly
// in a run of mode count; it cannot have added any.
func (r *Run) Count() (int, bool) { return r.board.count, r.board.count >= 0 }

// Agree signs the count, which in mode names is the consent to show which
// items they are.
func (r *Run) Agree() error {
	if r.board.count < 0 {
		return statement.Refuse(statement.CodeState, "there is no count yet")
	}
	r.agreedTo = true
	return r.advance(r.moved)
}

// Match is an item that both hold.
type Match struct {
	Item observable.Value
	Pair Pair
	// Theirs is since when the partner's log commits to the item, Unix
	// milliseconds; 0 where its receipt names no stock.
	Theirs int64
}

// Matches returns the matched items whose receipts have come and hold.
func (r *Run) Matches() (list []Match, err error) {
	err = r.EachMatch(func(m Match) error {
		list = append(list, m)
		return nil
	})
	return list, err
}

// EachMatch calls f with each of them, so that nobody needs to hold half a million.
func (r *Run) EachMatch(f func(Match) error) error {
	theirs := &r.board.sides[1-r.side].receipts
	places := r.board.places[1-r.side]
	for _, p := range r.board.pairs {
		v, err := r.item(int(r.order[p[r.side]]))
		if err != nil {
			return err
		}
		m := Match{Item: v, Pair: p}
		at, _ := slices.BinarySearch(places, p[1-r.side])
		if at >= len(theirs.values) {
			continue
		}
		if s := theirs.stocks[at]; s >= 0 {
			m.Theirs = r.c.Agreed.Manifest.Sides[1-r.side].Stocks[s].Time
		}
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

// Fault returns what ended the run, or nil.
func (r *Run) Fault() *Fault { return r.fault }

// Erase overwrites the run's secrets. The run erases its key itself when it
// closes or is ended by a fault.
func (r *Run) Erase() {
	if r.key != nil {
		r.key.Erase()
		r.key = nil
	}
	clear(r.dummies[:])
	for i := range r.board.sides {
		r.board.sides[i].points = nil // there is no key to prove anything with
	}
}

// Pairs returns the places of the matched items in the two lists, ascending by
// side 0's, once both proofs have held.
func (r *Run) Pairs() ([]Pair, bool) { return slices.Clone(r.board.pairs), r.board.proven() }
