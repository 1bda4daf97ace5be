package match

import (
	"crypto/ed25519"

	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// cachedPoints is up to how many points of a list stay decoded, at 160 bytes
// each, for the two lists of a run; longer lists are decoded again for each
// proof, for some 5 µs a point.
const cachedPoints = 1 << 20

// board is everything that the two sides have shown so far, and whether it is
// right. A run holds one, and so does whoever verifies a transcript: what a
// third party can check is checked by the same code.
type board struct {
	agreed *Agreed
	own    int // side whose messages are our own and need no check, or -1
	used   func(group.Encoded) bool
	space  Space
	cached int // up to how many points stay decoded
	sides  [2]half
	count  int      // of what both lists have, once both sorted lists are here
	pairs  []Pair   // ascending by side 0's places
	places [2][]int // of the matched items in each side's list, ascending
	across [2][]int // and where the other side has them
	// private is false for a verifier whose transcript leaves out what opens
	// items: then receipts and openings cannot be waited for.
	private bool
}

// Pair is one matched item: where it stands in each side's list.
type Pair [2]int

// half is what one side has shown.
type half struct {
	commit      *Commit
	key         group.Point
	lists       [lists]list
	points      []group.Point // of the own list, if it is short enough
	fresh       []group.Point // of the chunk of the own list that came last
	returned    *Returned
	counted     bool
	ranks       []uint32      // of the named list's points in the sorted list
	ranked      []bool        // which points of the sorted list have been named
	sorted      []byte        // that list, while it is named
	weights     group.Weights // of the named list that comes in
	sum         group.Point   // of the part of it that has come
	proven      bool
	receipts    pages
	openings    pages
	nonce       *[32]byte
	closing     *Closing
	abort       *Abort
	records     map[ID]signed
	commitPlace Place
}

// pages are receipts or openings that have come.
type pages struct {
	got    int
	next   int // how many openings have come
	done   bool
	digest statement.Digest // over all pages
	bodies [][]byte         // the first pages, up to keptBytes
	kept   int
	values []observable.Value // in the order of the pairs, or of what was asked
	stocks []int
}

// signed is what is kept of a message beside its content.
type signed struct {
	body  statement.Digest
	sig   [ed25519.SignatureSize]byte
	place *Place
}

func newBoard(a *Agreed, own int, used func(group.Encoded) bool) *board {
	b := &board{agreed: a, own: own, used: used, space: memory{}, cached: cachedPoints, count: -1, private: true}
	for i := range b.sides {
		b.sides[i].records = map[ID]signed{}
	}
	return b
}

// Fault is a refusal that one side answers for, with the message that shows it.
type Fault struct {
	Side    int // or -1 where the messages do not tell whose fault it is
	Refusal *statement.Refusal
	Message []byte // the message that was refused, exact bytes
	Place   *Place
}

// Error returns the refusal's text.
func (f *Fault) Error() string { return f.Refusal.Error() }

// Unwrap returns the refusal.
func (f *Fault) Unwrap() error { return f.Refusal }

func early(id ID) error {
	return statement.Refuse(statement.CodeState, "%s is not next", id)
}

// accept takes one message. A *Fault ends the run and is evidence: the message
// is signed by its side and wrong. Any other refusal changes nothing: the
// message came too early, or from nobody.
func (b *board) accept(raw []byte, place *Place) error {
	m, err := ParseMessage(raw)
	if err != nil {
		return err
	}
	if m.SID != b.agreed.SID {
		return statement.Refuse(statement.CodeState, "a message of another run")
	}
	d := m.digest()
	if !ed25519.Verify(b.agreed.keys[m.Side], d[:], m.Sig[:]) {
		return statement.Refuse(statement.CodeSignature, "%s is not signed by %s", m.ID, b.agreed.Manifest.Sides[m.Side].Party)
	}
	if m.ID.Kind.Logged() && place == nil {
		return statement.Refuse(statement.CodeState, "%s is not in its sender's log yet", m.ID)
	}
	h := &b.sides[m.Side]
	if was, ok := h.records[m.ID]; ok {
		if was.body == chunkHash(m.Body) {
			return nil
		}
		return b.blame(m, raw, place, statement.Refuse(statement.CodeChanged, "%s says something else the second time", m.ID))
	}
	if err := b.take(m, place); err != nil {
		r, ok := statement.AsRefusal(err)
		if !ok || r.Code == statement.CodeState {
			return err
		}
		return b.blame(m, raw, place, err)
	}
	h.records[m.ID] = signed{body: chunkHash(m.Body), sig: m.Sig, place: place}
	return nil
}

func (b *board) blame(m Message, raw []byte, place *Place, err error) error {
	if f, ok := err.(*Fault); ok { // it names its side itself
		f.Message, f.Place = append([]byte(nil), raw...), place
		return f
	}
	r, _ := statement.AsRefusal(err)
	return &Fault{Side: m.Side, Refusal: r, Message: append([]byte(nil), raw...), Place: place}
}

// take checks one message that is signed and new, and keeps what it says.
func (b *board) take(m Message, place *Place) error {
	h := &b.sides[m.Side]
	audit := !b.private && m.ID.Kind == KindOpenings // for an observer, after the rest
	if (h.abort != nil || h.closing != nil) && m.ID.Kind != KindAbort && !audit {
		return early(m.ID)
	}
	switch m.ID.Kind {
	case KindCommit:
		return b.takeCommit(m, *place)
	case KindOutline:
		return b.takeOutline(m)
	case KindChunk:
		return b.takeChunk(m)
	case KindReturned:
		if !b.both(ListOwn) {
			return early(m.ID)
		}
		r, err := parseReturned(m.Body)
		if err == nil {
			h.returned = r
		}
		return err
	case KindCount:
		return b.takeCount(m)
	case KindReceipts:
		return b.takeReceipts(m)
	case KindNonce:
		return b.takeNonce(m)
	case KindOpenings:
		return b.takeOpenings(m)
	case KindClosing:
		return b.takeClosing(m)
	default:
		a, err := parseAbort(m.Body)
		if err == nil {
			h.abort = a
		}
		return err
	}
}

func (b *board) both(l List) bool {
	return b.sides[0].lists[l].complete() && b.sides[1].lists[l].complete()
}

func (b *board) items(side int) int { return b.agreed.Manifest.Sides[side].Items }

// knowContext binds the proof of a key to run and side, so that it cannot be
// mirrored or used again.
func (b *board) knowContext(side int) []byte {
	return fields([]byte("key"), b.agreed.SID[:], []byte(b.agreed.Manifest.Sides[side].Party))
}

func (b *board) takeCommit(m Message, place Place) error {
	h, other := &b.sides[m.Side], &b.sides[1-m.Side]
	c, err := parseCommit(m.Body)
	if err != nil {
		return err
	}
	if c.Items != b.items(m.Side) {
		return statement.Refuse(statement.CodeSize, "a commit to %d items, agreed were %d", c.Items, b.items(m.Side))
	}
	if h.key, err = group.Decode(c.Key[:]); err != nil {
		return err
	}
	if m.Side != b.own {
		if err := group.CheckKnow(&h.key, b.knowContext(m.Side), c.Know); err != nil {
			return err
		}
		if b.used != nil && b.used(c.Key) {
			return statement.Refuse(statement.CodeKey, "the key was used in an earlier run")
		}
	}
	if other.commit != nil {
		switch {
		case other.commit.Key == c.Key:
			return b.copied(m.Side, place, statement.Refuse(statement.CodeKey, "both sides committed to one key"))
		case other.commit.List == c.List || other.commit.Root == c.Root || other.commit.Nonce == c.Nonce:
			return b.copied(m.Side, place, statement.Refuse(statement.CodeKey, "both sides committed to one list, root or nonce"))
		}
	}
	h.commit, h.commitPlace = c, place
	return nil
}

// copied blames the partner in a run, and for a verifier whoever logged later.
func (b *board) copied(side int, place Place, r *statement.Refusal) error {
	f := &Fault{Side: side, Refusal: r}
	if was := b.sides[1-side].commitPlace.Time; b.own < 0 && was >= place.Time {
		f.Side = -1
		if was > place.Time {
			f.Side = 1 - side
		}
	}
	return f
}

// openedBy checks one opening of a side's list against its commit.
func (b *board) openedBy(side int, o *Opening) error {
	s, c := &b.agreed.Manifest.Sides[side], b.sides[side].commit
	leaf := leafOf(o.Salt, o.Item)
	if err := tree.Check(c.Root, c.Items, o.Index, leaf, o.Path); err != nil {
		return err
	}
	aged := &b.agreed.Manifest.Aged
	if o.Stock < 0 {
		if contains(aged.Types, o.Item.Type) {
			return statement.Refuse(statement.CodeAge, "item %d stood in no earlier commitment", o.Index)
		}
		return nil
	}
	stock := &s.Stocks[o.Stock]
	if err := tree.Check(stock.Root, stock.Items, o.StockIndex, leaf, o.StockPath); err != nil {
		return err
	}
	if contains(aged.Types, o.Item.Type) && stock.Time+aged.Seconds*1000 > b.agreed.Manifest.Time {
		return statement.Refuse(statement.CodeAge, "item %d is in the log for less than %d seconds", o.Index, aged.Seconds)
	}
	return nil
}

func contains(types []observable.Type, t observable.Type) bool {
	for _, x := range types {
		if x == t {
			return true
		}
	}
	return false
}
