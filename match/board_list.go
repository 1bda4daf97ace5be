package match

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"entente/match/group"
	"entente/statement"
)

// takeOutline takes the hashes of a list whose digest was logged before.
func (b *board) takeOutline(m Message) error {
	h, other := &b.sides[m.Side], &b.sides[1-m.Side]
	n, want, ready := b.items(m.Side), statement.Digest{}, false
	switch m.ID.List {
	case ListOwn:
		if ready = h.commit != nil && other.commit != nil; ready {
			want = h.commit.List
		}
	case ListSorted:
		n = b.items(1 - m.Side)
		if ready = h.returned != nil && other.returned != nil; ready {
			want = h.returned.Sorted
		}
	default:
		n = b.items(1 - m.Side)
		if ready = h.counted && other.counted && b.agreed.Manifest.Mode == ModeNames; ready {
			want = h.returned.Named
			h.weights, h.sum = b.weights(m.Side), group.Identity()
			h.ranks, h.ranked = make([]uint32, 0, n), make([]bool, n)
		}
	}
	if !ready {
		return early(m.ID)
	}
	o, err := parseOutline(m.Body, m.ID.List, n)
	if err != nil {
		return err
	}
	if o.digest(n) != want {
		return statement.Refuse(statement.CodeDigest, "the %s list is not the one whose digest was logged", m.ID.List)
	}
	h.lists[m.ID.List].outline = o
	return nil
}

// weights are those of the proof about the list that a side returns. They
// depend on all that was committed to before: both keys, both lists, and every
// point of the list itself, through its logged digest.
func (b *board) weights(side int) group.Weights {
	parts := [][]byte{[]byte("returned"), b.agreed.SID[:], []byte(b.agreed.Manifest.Sides[side].Party)}
	for i := range b.sides {
		c := b.sides[i].commit
		parts = append(parts, c.Key[:], c.List[:], c.Root[:])
	}
	r := b.sides[side].returned
	return group.NewWeights(append(parts, r.Named[:], r.Sorted[:])...)
}

// equalContext binds the proof about a returned list.
func (b *board) equalContext(side int, about string) []byte {
	return fields([]byte(about), b.agreed.SID[:], []byte(b.agreed.Manifest.Sides[side].Party))
}

// takeChunk takes the next chunk of a list.
func (b *board) takeChunk(m Message) error {
	h := &b.sides[m.Side]
	l := &h.lists[m.ID.List]
	n := b.items(m.Side)
	if m.ID.List != ListOwn {
		n = b.items(1 - m.Side)
	}
	if m.ID.Index >= chunks(n) {
		return statement.Refuse(statement.CodeSize, "chunk %d of %d", m.ID.Index, chunks(n))
	}
	if l.outline == nil || m.ID.Index != l.got {
		return early(m.ID)
	}
	from, to := chunkRange(n, m.ID.Index)
	points, size := m.Body, (to-from)*group.Size
	if m.ID.List == ListNamed {
		size = (to - from) * rankSize
	}
	if len(m.Body) != size {
		return statement.Refuse(statement.CodeSize, "chunk %d has %d bytes, not %d", m.ID.Index, len(m.Body), size)
	}
	if m.ID.List == ListNamed {
		var err error
		if points, err = h.named(m.Body); err != nil {
			return err
		}
	}
	if chunkHash(points) != l.outline.hashes[m.ID.Index] {
		return statement.Refuse(statement.CodeDigest, "chunk %d is not the one that was announced", m.ID.Index)
	}
	if m.Side != b.own {
		if err := b.checkChunk(m, points, from); err != nil {
			return err
		}
	}
	was := *l
	if m.ID.List != ListNamed {
		if err := l.add(b.space, n, points); err != nil {
			return err
		}
	}
	l.got++
	if !l.complete() || m.Side == b.own {
		return nil
	}
	if err := b.completed(m.Side, m.ID.List); err != nil {
		*l = was // the message counts as not taken: what it showed is in the fault
		return err
	}
	return nil
}

// rankSize is how many bytes of a chunk of a named list stand for one point:
// its place in the sorted list, which came before.
const rankSize = 4

// named takes the places in a chunk of a named list and returns the points. No
// place may come twice, so the named list is the sorted one in another order.
func (h *half) named(body []byte) ([]byte, error) {
	if h.sorted == nil {
		var err error
		if h.sorted, err = h.lists[ListSorted].points(0, len(h.ranked)); err != nil {
			return nil, err
		}
	}
	points := make([]byte, 0, len(body)/rankSize*group.Size)
	for ; len(body) > 0; body = body[rankSize:] {
		rank := binary.BigEndian.Uint32(body)
		if int(rank) >= len(h.ranked) || h.ranked[rank] {
			return nil, statement.Refuse(statement.CodeSeq, "a named list that names a place twice, or one that is none")
		}
		h.ranked[rank] = true
		h.ranks = append(h.ranks, rank)
		points = append(points, h.sorted[int(rank)*group.Size:][:group.Size]...)
	}
	return points, nil
}

// checkChunk looks at the points of a chunk, whose first is number from.
func (b *board) checkChunk(m Message, data []byte, from int) error {
	h := &b.sides[m.Side]
	l := &h.lists[m.ID.List]
	if m.ID.List != ListNamed {
		var last []byte
		if l.n > 0 {
			last = l.last[:]
		}
		for at := 0; at < len(data); at += group.Size {
			next := data[at : at+group.Size]
			if last != nil && bytes.Compare(last, next) >= 0 {
				return statement.Refuse(statement.CodeSeq, "point %d of the %s list is not above the one before", from+at/group.Size, m.ID.List)
			}
			last = next
		}
	}
	if m.ID.List == ListSorted {
		return nil // the named list shows them again, and is decoded
	}
	points := make([]group.Point, len(data)/group.Size)
	if bad := group.DecodeAll(data, points); bad >= 0 {
		_, err := group.Decode(data[bad*group.Size : (bad+1)*group.Size])
		return err
	}
	if m.ID.List == ListOwn {
		h.fresh = points
		if n := b.items(m.Side); n <= b.cached {
			h.points = append(slices.Grow(h.points, n-len(h.points)), points...)
		}
		return nil
	}
	part := h.weights.Sum(from, points)
	h.sum = h.sum.Add(&part)
	return nil
}

// completed checks what only a whole list shows.
func (b *board) completed(side int, l List) error {
	h := &b.sides[side]
	switch l {
	case ListOwn:
		if !b.both(ListOwn) {
			return nil
		}
		n, err := common(&b.sides[0].lists[ListOwn], &b.sides[1].lists[ListOwn])
		if err == nil && n > 0 {
			err = b.copied(side, h.commitPlace, statement.Refuse(statement.CodeValue, "a point of one side's list is in the other's"))
		}
		return err
	case ListSorted:
		if !b.both(ListSorted) {
			return nil
		}
		n, err := common(&b.sides[0].lists[ListSorted], &b.sides[1].lists[ListSorted])
		if err == nil {
			b.count = n
		}
		return err
	}
	h.sorted, h.ranked = nil, nil
	base, err := b.sumOwn(1-side, &h.weights)
	if err != nil {
		return err
	}
	if err := group.CheckEqual(&h.key, b.equalContext(side, "returned"), &base, &h.sum, *h.lists[ListNamed].outline.proof); err != nil {
		return err
	}
	h.proven = true
	return b.pair()
}

// sumOwn is the weighted sum of a side's own list.
func (b *board) sumOwn(side int, w *group.Weights) (group.Point, error) {
	h := &b.sides[side]
	if h.points != nil {
		return w.Sum(0, h.points), nil
	}
	total, points := group.Identity(), make([]group.Point, pieceItems)
	err := h.lists[ListOwn].pieces(func(from int, part []byte) error {
		if bad := group.DecodeAll(part, points); bad >= 0 {
			return errChanged // it was decoded before
		}
		sum := w.Sum(from, points[:len(part)/group.Size])
		total = total.Add(&sum)
		return nil
	})
	return total, err
}

// errChanged says that a Space did not give back what it was given.
var errChanged = errors.New("a list that was checked has a point that is none")

// pair finds the matched items once both named lists stand.
func (b *board) pair() error {
	if !b.proven() {
		return nil
	}
	// side 1 returned side 0's list, so its named list has side 0's order
	first, second := inverse(b.sides[1].ranks), inverse(b.sides[0].ranks)
	b.pairs = make([]Pair, 0, b.count)
	err := shared(&b.sides[1].lists[ListSorted], &b.sides[0].lists[ListSorted], func(i, j int) {
		b.pairs = append(b.pairs, Pair{int(first[i]), int(second[j])})
	})
	for _, side := range []int{1, 0} { // side 0 last: its order stays
		slices.SortFunc(b.pairs, func(p, q Pair) int { return p[side] - q[side] })
		b.places[side], b.across[side] = make([]int, len(b.pairs)), make([]int, len(b.pairs))
		for i, p := range b.pairs {
			b.places[side][i], b.across[side][i] = p[side], p[1-side]
		}
	}
	return err
}

// sortOrder returns the indexes of a list's points in ascending order.
func sortOrder(list []byte) []uint32 {
	type key struct {
		head uint64
		at   uint32
	}
	keys := make([]key, len(list)/group.Size)
	for i := range keys {
		keys[i] = key{binary.BigEndian.Uint64(list[i*group.Size:]), uint32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.head < b.head:
			return -1
		case a.head > b.head:
			return 1
		}
		return bytes.Compare(list[int(a.at)*group.Size:][:group.Size], list[int(b.at)*group.Size:][:group.Size])
	})
	order := make([]uint32, len(keys))
	for i := range keys {
		order[i] = keys[i].at
	}
	return order
}
