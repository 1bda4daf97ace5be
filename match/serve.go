package match

import (
	"encoding/binary"
	"slices"
	"time"

	"entente/match/group"
	"entente/statement"
)

// Message returns the own message with this id, signed, as often as it is
// asked for. A refusal with E_BUSY says that its time has not come; the
// partner asks again.
func (r *Run) Message(id ID) ([]byte, error) {
	if id.List == ListNamed && r.board.agreed.Manifest.byObserver() {
		return nil, busy(id) // see Hand
	}
	return r.message(id)
}

func (r *Run) message(id ID) ([]byte, error) {
	body, err := r.body(id)
	if err != nil {
		return nil, err
	}
	m := Message{ID: id, Side: r.side, SID: r.c.Agreed.SID, Body: body}
	m.sign(r.c.Key)
	return m.Marshal(), nil
}

func busy(id ID) error { return statement.Refuse(statement.CodeBusy, "%s is not ready", id) }

// partner and self are the two halves of the board.
func (r *Run) partner() *half { return &r.board.sides[1-r.side] }
func (r *Run) ours() *half    { return &r.board.sides[r.side] }

func (h *half) said(k Kind) bool {
	_, ok := h.records[ID{Kind: k}]
	return ok
}

// body makes the body of an own message, or says that it is too early: here
// stands the order in which a run shows things.
func (r *Run) body(id ID) ([]byte, error) {
	if b, ok := r.small[id]; ok && r.ready(id) {
		return b, nil
	}
	if r.fault != nil || !r.ready(id) {
		return nil, busy(id)
	}
	switch id.Kind {
	case KindOutline:
		return r.ours().lists[id.List].outline.marshal(), nil
	case KindChunk:
		return r.chunk(id)
	case KindReceipts:
		return r.openingsPage(id, &r.ours().receipts, r.board.places[r.side])
	case KindOpenings:
		return r.openingsPage(id, &r.ours().openings, r.board.audited(r.side))
	}
	return nil, busy(id)
}

// ready reports whether an own message may be shown now.
func (r *Run) ready(id ID) bool {
	us, them := r.ours(), r.partner()
	names := r.board.agreed.Manifest.Mode == ModeNames
	switch id.Kind {
	case KindCommit, KindAbort:
		return true
	case KindOutline, KindChunk:
		switch id.List {
		case ListOwn: // after both have committed, each in its log
			return us.said(KindCommit) && them.commit != nil
		case ListSorted:
			return us.said(KindReturned) && them.returned != nil
		default:
			return names && us.counted && them.counted && us.proven
		}
	case KindReturned:
		return us.lists[ListSorted].complete()
	case KindCount:
		return r.agreedTo
	case KindReceipts:
		return r.board.proven()
	case KindNonce:
		return us.receipts.done && them.receipts.done
	case KindOpenings:
		return us.nonce != nil && them.nonce != nil && r.board.agreed.Manifest.Audit.Sees == SeesPartner
	case KindClosing:
		return r.board.finished()
	}
	return false
}

// chunk cuts a chunk out of a list. The named lists are shown in turns.
func (r *Run) chunk(id ID) ([]byte, error) {
	l := &r.ours().lists[id.List]
	if id.Index >= len(l.outline.hashes) {
		return nil, statement.Refuse(statement.CodeRequest, "no chunk %d", id.Index)
	}
	if id.List == ListNamed && !r.board.agreed.Manifest.byObserver() {
		if theirs := &r.partner().lists[ListNamed]; !theirs.complete() && theirs.got < id.Index+r.side {
			return nil, busy(id)
		}
	}
	return r.board.body(r.side, id)
}

// ToLog names the own messages that are to be put into the own log now.
func (r *Run) ToLog() []ID {
	var list []ID
	for _, k := range []Kind{KindCommit, KindReturned, KindClosing, KindAbort} {
		id := ID{Kind: k}
		if _, made := r.small[id]; made && !r.ours().said(k) && r.ready(id) && (r.fault == nil || k == KindAbort) {
			list = append(list, id)
		}
	}
	return list
}

// Logged says that an own message stands in the own log, and that the other
// side has witnessed it.
func (r *Run) Logged(now time.Time, id ID, at Place) error {
	raw, err := r.Message(id)
	if err != nil {
		return err
	}
	if err := r.board.accept(raw, &at); err != nil {
		return err
	}
	r.moved = now
	return r.advance(now)
}

// say puts an own message that is not logged on the board.
func (r *Run) say(id ID, body []byte) error {
	r.small[id] = body
	m := Message{ID: id, Side: r.side, SID: r.c.Agreed.SID, Body: body}
	m.sign(r.c.Key)
	return r.board.accept(m.Marshal(), nil)
}

// Accept takes a message of the other side; place is where a logged one stands
// in its log, as the caller has checked it. A *Fault ends the run: Transcript
// then is the evidence, and ToLog names the abort. Any other refusal changes
// nothing.
func (r *Run) Accept(now time.Time, raw []byte, place *Place) error {
	if r.fault != nil {
		return statement.Refuse(statement.CodeState, "the run has ended")
	}
	m, err := ParseMessage(raw)
	if err != nil {
		return err
	}
	if m.Side == r.side {
		return statement.Refuse(statement.CodeParty, "one's own message")
	}
	if m.ID.Kind == KindReturned && !r.ours().lists[ListSorted].complete() {
		return early(m.ID)
	}
	known := len(r.partner().records)
	if err := r.board.accept(raw, place); err != nil {
		if f, ok := err.(*Fault); ok {
			r.end(f)
		}
		return err
	}
	if len(r.partner().records) == known {
		return nil // said before
	}
	r.moved = now
	if m.ID.Kind == KindReceipts {
		if err := r.compare(); err != nil {
			f := &Fault{Side: m.Side, Message: slices.Clone(raw)}
			f.Refusal, _ = statement.AsRefusal(err)
			r.end(f)
			return f
		}
	}
	return r.advance(now)
}

// compare holds the last page of receipts against the own items. It cannot
// fail unless SHA-512 does: the proof of the page has shown that the partner
// locked this item, and the match that it is ours.
func (r *Run) compare() error {
	theirs, across := &r.partner().receipts, r.board.across[1-r.side]
	for at := max(0, len(theirs.values)-pageItems); at < len(theirs.values); at++ {
		v, err := r.item(int(r.order[across[at]]))
		if err != nil {
			return err
		}
		if v != theirs.values[at] {
			return statement.Refuse(statement.CodeValue, "a receipt shows another item than the matched one")
		}
	}
	return nil
}

// advance does what the state of the board allows.
func (r *Run) advance(now time.Time) error {
	if r.fault != nil {
		return nil
	}
	us, them := r.ours(), r.partner()
	if them.fresh != nil {
		if err := r.lock(); err != nil {
			return err
		}
	}
	if r.agreedTo && !us.counted {
		if err := r.say(ID{Kind: KindCount}, binary.BigEndian.AppendUint32(nil, uint32(r.board.count))); err != nil {
			return err
		}
	}
	if us.counted && them.counted && !us.proven && r.board.agreed.Manifest.Mode == ModeNames {
		if err := r.prove(); err != nil {
			return err
		}
	}
	if us.receipts.done && them.receipts.done && us.nonce == nil {
		if err := r.say(ID{Kind: KindNonce}, r.nonce[:]); err != nil {
			return err
		}
	}
	if _, made := r.small[ID{Kind: KindClosing}]; !made && r.board.finished() {
		return r.close(now)
	}
	return nil
}

// prove makes the proof that the named list is the partner's, locked with the
// own key.
func (r *Run) prove() error {
	us := r.ours()
	w := r.board.weights(r.side)
	base, err := r.board.sumOwn(1-r.side, &w)
	if err != nil {
		return err
	}
	image := base.Mul(r.key)
	pr, err := group.Equal(r.key, r.board.equalContext(r.side, "returned"), &base, &image, r.c.Random)
	if err != nil {
		return err
	}
	us.lists[ListNamed].outline.proof, us.proven = &pr, true
	r.partner().points = nil // nothing weighs them again
	return nil
}
