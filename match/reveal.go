package match

import (
	"crypto/sha512"
	"encoding/binary"
	"io"
	"time"

	"entente/match/group"
	"entente/observable"
	"entente/statement"
)

// opening opens the item at a place of the own list.
func (r *Run) opening(index int) (Opening, error) {
	v, err := r.item(int(r.order[index]))
	if err != nil {
		return Opening{}, err
	}
	o := Opening{Index: index, Item: v, Salt: r.salt(v), Path: r.leaves.Path(index), Stock: -1}
	leaf := leafOf(o.Salt, v)
	oldest := int64(0)
	for i, s := range r.c.Shelves {
		if s == nil {
			continue
		}
		logged := r.c.Agreed.Manifest.Sides[r.side].Stocks[i].Time
		if at, ok := s.find(leaf); ok && (o.Stock < 0 || logged < oldest) {
			o.Stock, o.StockIndex, o.StockPath, oldest = i, at, s.tree.Path(at), logged
		}
	}
	return o, nil
}

// openingsPage makes a page of openings, or gives out again one that was made.
// Pages are made in order; places are all that the pages open together.
func (r *Run) openingsPage(id ID, ps *pages, places []int) ([]byte, error) {
	if id.Index < len(ps.bodies) {
		return ps.bodies[id.Index], nil
	}
	from := id.Index * pageItems
	if r.key == nil || id.Index > ps.got || from > len(places) || from == len(places) && from > 0 {
		return nil, busy(id)
	}
	p := &page{last: from+pageItems >= len(places)}
	for _, at := range places[from:min(from+pageItems, len(places))] {
		o, err := r.opening(at)
		if err != nil {
			return nil, err
		}
		p.openings = append(p.openings, o)
	}
	if len(p.openings) > 0 {
		base, image, err := r.board.sumPage(r.side, p)
		if err != nil {
			return nil, err
		}
		// the same page again must be the same bytes
		source := &stream{seed: fields([]byte("page"), []byte(id.String()), r.nonce[:], r.key.Bytes())}
		if p.proof, err = group.Equal(r.key, r.board.equalContext(r.side, "opened"), &base, &image, source); err != nil {
			return nil, err
		}
	}
	body := p.marshal()
	if id.Index == ps.got && !ps.done {
		m := Message{ID: id, Side: r.side, SID: r.c.Agreed.SID, Body: body}
		m.sign(r.c.Key)
		if err := r.board.accept(m.Marshal(), nil); err != nil {
			return nil, err
		}
		if ps.done && r.board.agreed.Manifest.Audit.Sees != SeesObserver {
			return body, r.advance(r.moved)
		}
	}
	return body, nil
}

// stream is a source made of SHA-512 over a seed and a counter.
type stream struct {
	seed []byte
	at   uint64
	left []byte
}

// Read never fails.
func (s *stream) Read(b []byte) (int, error) {
	for n := 0; n < len(b); {
		if len(s.left) == 0 {
			sum := sha512.Sum512(binary.BigEndian.AppendUint64(append([]byte(nil), s.seed...), s.at))
			s.left = sum[:]
			s.at++
		}
		k := copy(b[n:], s.left)
		s.left, n = s.left[k:], n+k
	}
	return len(b), nil
}

var _ io.Reader = (*stream)(nil)

// SelfProof is what a side keeps, secret, of a run: with its set and seed it
// can later show an auditor every item of its list (NewDisclosure), though the
// key is gone. The proof's digest is in its closing.
type SelfProof struct {
	Order   []uint32 // list index to item index
	Dummies [32]byte
	Proof   group.Proof
}

func (p *SelfProof) digest() statement.Digest {
	return statement.TaggedSum("entente/match/v1 self", p.Proof[:])
}

func (b *board) selfWeights(side int) group.Weights {
	c := b.sides[side].commit
	return group.NewWeights([]byte("self"), b.agreed.SID[:], c.Key[:], c.List[:], c.Root[:])
}

// sumItems weighs the points of items in the order of a list.
func sumItems(sid SID, w *group.Weights, n int, item func(i int) (observable.Value, error)) (group.Point, error) {
	total := group.Identity()
	const step = 1 << 13
	values, points := make([]observable.Value, step), make([]group.Point, step)
	for from := 0; from < n; from += step {
		to := min(from+step, n)
		for i := from; i < to; i++ {
			var err error
			if values[i-from], err = item(i); err != nil {
				return total, err
			}
		}
		group.Each(to-from, func(a, b int) {
			for i := a; i < b; i++ {
				points[i] = hashItem(sid, values[i])
			}
		})
		sum := w.Sum(from, points[:to-from])
		total = total.Add(&sum)
	}
	return total, nil
}

// ForObserver returns the messages that open the audited items, where the
// manifest has the observer see them: its verifier takes them after the rest.
// They exist once the own closing does.
func (r *Run) ForObserver() ([][]byte, error) {
	ps := &r.ours().openings
	if r.c.Agreed.Manifest.Audit.Sees != SeesObserver || !ps.done {
		return nil, statement.Refuse(statement.CodeState, "there is nothing for an observer")
	}
	var list [][]byte
	for i, body := range ps.bodies {
		m := Message{ID: ID{Kind: KindOpenings, Index: i}, Side: r.side, SID: r.c.Agreed.SID, Body: body}
		m.sign(r.c.Key)
		list = append(list, m.Marshal())
	}
	return list, nil
}

// close makes the self-proof and the closing, and erases the key.
func (r *Run) close(now time.Time) error {
	if ps := &r.ours().openings; r.c.Agreed.Manifest.Audit.Sees == SeesObserver {
		for places := r.board.audited(r.side); !ps.done; {
			if _, err := r.openingsPage(ID{Kind: KindOpenings, Index: ps.got}, ps, places); err != nil {
				return err
			}
		}
	}
	w := r.board.selfWeights(r.side)
	n := len(r.order)
	base, err := sumItems(r.c.Agreed.SID, &w, n, func(i int) (observable.Value, error) { return r.item(int(r.order[i])) })
	if err != nil {
		return err
	}
	image, err := r.board.sumOwn(r.side, &w)
	if err != nil {
		return err
	}
	proof, err := group.Equal(r.key, r.board.equalContext(r.side, "self"), &base, &image, r.c.Random)
	if err != nil {
		return err
	}
	r.self = &SelfProof{Order: r.order, Dummies: r.dummies, Proof: proof}
	them := r.partner()
	c := &Closing{
		Count: r.board.count, Receipts: them.receipts.digest, Openings: them.openings.digest, Self: r.self.digest(),
		Began: r.c.Began.UnixMilli(), Ended: max(now.UnixMilli(), r.c.Began.UnixMilli()),
		Left: uint64(r.c.Agreed.Manifest.Sides[r.side].After),
	}
	r.small[ID{Kind: KindClosing}] = c.marshal()
	r.Erase()
	return nil
}

// Self returns what to keep of a run that has closed, or nil.
func (r *Run) Self() *SelfProof { return r.self }
