package match

import (
	"time"

	"entente/statement"
)

// ahead is how many chunks are named at a time, so that the next is on its way
// while one is locked.
const ahead = 4

// Want names the messages of the other side that this side needs next, in the
// order in which Accept takes them. None while the own side is due, or when
// the run is over.
func (r *Run) Want() []ID {
	us, them := r.ours(), r.partner()
	m := &r.board.agreed.Manifest
	switch {
	case r.fault != nil || them.abort != nil || them.closing != nil:
		return nil
	case them.commit == nil:
		return []ID{{Kind: KindCommit}}
	case !us.said(KindCommit):
		return nil
	case !them.lists[ListOwn].complete():
		return them.missing(ListOwn)
	case them.returned == nil:
		return []ID{{Kind: KindReturned}}
	case !us.said(KindReturned):
		return nil
	case !them.lists[ListSorted].complete():
		return them.missing(ListSorted)
	case !us.counted:
		return nil
	case !them.counted:
		return []ID{{Kind: KindCount}}
	case m.Mode == ModeCount:
		return []ID{{Kind: KindClosing}}
	case !them.lists[ListNamed].complete():
		return them.missing(ListNamed)
	case !them.receipts.done:
		return []ID{{Kind: KindReceipts, Index: them.receipts.got}}
	case !us.receipts.done:
		return nil // the other side has yet to fetch them
	case them.nonce == nil:
		return []ID{{Kind: KindNonce}}
	case m.Audit.Sees == SeesPartner && !them.openings.done:
		return []ID{{Kind: KindOpenings, Index: them.openings.got}}
	}
	return []ID{{Kind: KindClosing}}
}

// missing names what is next of a list.
func (h *half) missing(l List) []ID {
	in := &h.lists[l]
	if in.outline == nil {
		return []ID{{Kind: KindOutline, List: l}}
	}
	var list []ID
	for i := in.got; i < min(in.got+ahead, len(in.outline.hashes)); i++ {
		list = append(list, ID{Kind: KindChunk, List: l, Index: i})
	}
	return list
}

// Progress returns how many of the other side's chunks have come, of how many.
func (r *Run) Progress() (done, total int) {
	them, m := r.partner(), &r.board.agreed.Manifest
	theirs, ours := chunks(m.Sides[1-r.side].Items), chunks(m.Sides[r.side].Items)
	total = theirs + ours
	if m.Mode == ModeNames {
		total += ours
	}
	for l := range them.lists {
		done += them.lists[l].got
	}
	return done, total
}

// Done reports whether both sides have closed.
func (r *Run) Done() bool { return r.ours().closing != nil && r.partner().closing != nil }

// Overdue ends the run if the other side has let this one wait for longer than
// the manifest's step. That it was late is the caller's and its log's word:
// nothing that is signed shows it.
func (r *Run) Overdue(now time.Time) error {
	want := r.Want()
	if len(want) == 0 || now.Sub(r.moved) <= time.Duration(r.board.agreed.Manifest.Step)*time.Second {
		return nil
	}
	side := 1 - r.side
	if want[0].List == ListNamed && r.board.agreed.Manifest.byObserver() {
		side = -1 // the observer knows who kept its list back, if it is not the observer
	}
	f := &Fault{Side: side, Refusal: statement.Refuse(statement.CodeLate, "%s did not come within %d seconds", want[0], r.board.agreed.Manifest.Step)}
	r.end(f)
	return f
}

// Stop ends the run from this side: the partner's log, the own officer or a
// crash gives the reason. side is whose fault it is, or -1.
func (r *Run) Stop(side int, reason *statement.Refusal) {
	if r.fault == nil && !r.Done() {
		r.end(&Fault{Side: side, Refusal: reason})
	}
}

// end keeps the fault, makes the abort that goes into the log, and forgets the
// secrets.
func (r *Run) end(f *Fault) {
	r.fault = f
	r.small[ID{Kind: KindAbort}] = (&Abort{f.Refusal.Code, f.Side}).marshal()
	r.Erase()
}
