package match

import (
	"encoding/binary"
	"slices"

	"entente/match/group"
	"entente/statement"
)

func (b *board) takeCount(m Message) error {
	if !b.both(ListSorted) {
		return early(m.ID)
	}
	if len(m.Body) != 4 {
		return statement.Refuse(statement.CodeSize, "a count of %d bytes", len(m.Body))
	}
	if got := int(binary.BigEndian.Uint32(m.Body)); got != b.count {
		return statement.Refuse(statement.CodeValue, "a count of %d, the lists share %d", got, b.count)
	}
	b.sides[m.Side].counted = true
	return nil
}

// proven reports whether both named lists stand, so that there is something
// to open.
func (b *board) proven() bool { return b.sides[0].proven && b.sides[1].proven }

func (b *board) takeReceipts(m Message) error {
	if !b.proven() {
		return early(m.ID)
	}
	return b.takePage(m, &b.sides[m.Side].receipts, b.places[m.Side])
}

func (b *board) takeOpenings(m Message) error {
	if b.sides[0].nonce == nil || b.sides[1].nonce == nil {
		return early(m.ID)
	}
	return b.takePage(m, &b.sides[m.Side].openings, b.audited(m.Side))
}

// takePage checks the next page of openings of a side's list. All the pages
// together open exactly the places in want, in order.
func (b *board) takePage(m Message, ps *pages, want []int) error {
	if ps.done || m.ID.Index != ps.got {
		return early(m.ID)
	}
	p, err := parsePage(m.Body, &b.agreed.Manifest.Sides[m.Side])
	if err != nil {
		return err
	}
	rest := want[ps.next:]
	if len(p.openings) > len(rest) || p.last != (len(p.openings) == len(rest)) || len(p.openings) == 0 && len(rest) > 0 {
		return statement.Refuse(statement.CodeSeq, "a page of %d openings where %d are left", len(p.openings), len(rest))
	}
	for i := range p.openings {
		if p.openings[i].Index != rest[i] {
			return statement.Refuse(statement.CodeSeq, "item %d opened, due was %d", p.openings[i].Index, rest[i])
		}
	}
	if m.Side != b.own {
		if err := b.checkPage(m.Side, p); err != nil {
			return err
		}
	}
	for i := range p.openings {
		ps.values, ps.stocks = append(ps.values, p.openings[i].Item), append(ps.stocks, p.openings[i].Stock)
	}
	ps.got, ps.next, ps.done = ps.got+1, ps.next+len(p.openings), p.last
	ps.digest = statement.TaggedSum("entente/match/v1 page", ps.digest[:], m.Body)
	if ps.kept += len(m.Body); ps.kept <= keptBytes {
		ps.bodies = append(ps.bodies, slices.Clone(m.Body))
	}
	return nil
}

// checkPage checks salts, paths and ages, and that each item, locked with the
// side's key, is the point at its place: whoever locked an item with another
// key cannot open it.
func (b *board) checkPage(side int, p *page) error {
	for i := range p.openings {
		o := &p.openings[i]
		if !o.Padding() && !contains(b.agreed.Manifest.Types, o.Item.Type) {
			return statement.Refuse(statement.CodeValue, "item %d has a type that was not agreed", o.Index)
		}
		if err := b.openedBy(side, o); err != nil {
			return err
		}
	}
	if len(p.openings) == 0 {
		return nil
	}
	base, image, err := b.sumPage(side, p)
	if err != nil {
		return err
	}
	return group.CheckEqual(&b.sides[side].key, b.equalContext(side, "opened"), &base, &image, p.proof)
}

// sumPage weighs the opened items and the points in their places.
func (b *board) sumPage(side int, p *page) (base, image group.Point, err error) {
	n := len(p.openings)
	items, points, list := make([]group.Point, n), make([]group.Point, n), make([]byte, 0, n*group.Size)
	own := &b.sides[side].lists[ListOwn]
	group.Each(n, func(from, to int) {
		for i := from; i < to; i++ {
			items[i] = hashItem(b.agreed.SID, p.openings[i].Item)
		}
	})
	for i := range p.openings {
		at := p.openings[i].Index
		point, err := own.points(at, at+1)
		if err != nil {
			return base, image, err
		}
		list = append(list, point...)
	}
	if bad := group.DecodeAll(list, points); bad >= 0 {
		return base, image, errChanged // it was decoded before
	}
	c := b.sides[side].commit
	w := group.NewWeights([]byte("opened"), b.agreed.SID[:], c.Key[:], c.List[:], c.Root[:], p.body(), list)
	return w.Sum(0, items), w.Sum(0, points), nil
}

func nonceHash(n [32]byte) statement.Digest {
	return statement.TaggedSum("entente/match/v1 nonce", n[:])
}

func (b *board) takeNonce(m Message) error {
	h := &b.sides[m.Side]
	if !b.proven() || b.private && !(b.sides[0].receipts.done && b.sides[1].receipts.done) {
		return early(m.ID)
	}
	if len(m.Body) != 32 {
		return statement.Refuse(statement.CodeSize, "a nonce of %d bytes", len(m.Body))
	}
	n := [32]byte(m.Body)
	if nonceHash(n) != h.commit.Nonce {
		return statement.Refuse(statement.CodeDigest, "the nonce is not the one that was committed to")
	}
	h.nonce = &n
	return nil
}

// audited are the places in a side's list whose items it must open: drawn from
// both nonces among those that did not match, so that neither side chose them.
func (b *board) audited(side int) []int {
	matched, free := b.places[side], make([]int, 0, b.items(side)-len(b.places[side]))
	for i := range b.items(side) {
		if len(matched) > 0 && matched[0] == i {
			matched = matched[1:]
		} else {
			free = append(free, i)
		}
	}
	draw := drawing{seed: fields([]byte("audit"), b.agreed.SID[:], b.sides[0].nonce[:], b.sides[1].nonce[:], []byte{byte(side)})}
	return draw.choose(free, b.agreed.Manifest.Audit.Items)
}

// drawing is a stream of numbers from a seed.
type drawing struct {
	seed []byte
	at   uint64
	left []byte
}

// below returns a number below n, each with the same chance.
func (d *drawing) below(n int) int {
	bound := ^uint64(0) - ^uint64(0)%uint64(n)
	for {
		if len(d.left) == 0 {
			sum := statement.TaggedSum("entente/match/v1 draw", d.seed, binary.BigEndian.AppendUint64(nil, d.at))
			d.at, d.left = d.at+1, sum[:]
		}
		x := binary.BigEndian.Uint64(d.left)
		d.left = d.left[8:]
		if x < bound {
			return int(x % uint64(n))
		}
	}
}

// choose draws s of the places, or all if there are no more, ascending. It
// reorders them.
func (d *drawing) choose(places []int, s int) []int {
	s = min(s, len(places))
	for i := range s {
		j := i + d.below(len(places)-i)
		places[i], places[j] = places[j], places[i]
	}
	chosen := slices.Clone(places[:s])
	slices.Sort(chosen)
	return chosen
}

// finished reports whether all that comes before the closing is here.
func (b *board) finished() bool {
	m := &b.agreed.Manifest
	if m.Mode == ModeCount {
		return b.sides[0].counted && b.sides[1].counted
	}
	for i := range b.sides {
		h := &b.sides[i]
		audited := m.Audit.Sees != SeesPartner || !b.private || h.openings.done
		if !h.proven || h.nonce == nil || b.private && !h.receipts.done || !audited {
			return false
		}
	}
	return true
}

func (b *board) takeClosing(m Message) error {
	if !b.finished() {
		return early(m.ID)
	}
	c, err := parseClosing(m.Body)
	if err != nil {
		return err
	}
	if c.Count != b.count {
		return statement.Refuse(statement.CodeValue, "a closing with a count of %d, the lists share %d", c.Count, b.count)
	}
	other, exchanged := &b.sides[1-m.Side], b.private && b.agreed.Manifest.Mode == ModeNames
	if exchanged && c.Receipts != other.receipts.digest ||
		exchanged && b.agreed.Manifest.Audit.Sees == SeesPartner && c.Openings != other.openings.digest {
		return b.between(m.Side, statement.Refuse(statement.CodeDigest, "a closing that speaks of other receipts or openings than were sent"))
	}
	b.sides[m.Side].closing = c
	return nil
}

// between is about what one side says that the other sent it. A run knows what
// it sent; a verifier has either side's word, and blames nobody: whoever has
// two pages with one signature and one number shows those.
func (b *board) between(side int, r *statement.Refusal) error {
	if b.own < 0 {
		side = -1
	}
	return &Fault{Side: side, Refusal: r}
}
