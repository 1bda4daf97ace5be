package match

import (
	"bufio"
	"errors"
	"io"
	"slices"

	"entente/statement"
)

// Verifier checks a run offline, from what was said alone: no item, no key and
// no log is needed. It sees points and digests, unless it is given messages
// that open items.
//
// Shown by a transcript that it accepts: both sides had fixed their lists, each
// by a digest under its signature; each list came back locked with the one key
// that its side had proven to know; the matched places follow from the lists
// alone. Not shown: that the logged messages stand in the logs at the places
// given (the record's proofs show that), that a list holds what its side really
// has, and that no item was locked with another key (an audit or a disclosure
// shows that).
//
// An accusation holds only together with the logs: whoever wrote the transcript
// could have signed other commits of its own than it logged, and then the
// other's honest answer looks wrong. LoggedIn lists what is to be compared.
type Verifier struct {
	board *board
	fault *Fault
}

// NewVerifier begins with an agreed manifest.
func NewVerifier(a *Agreed) *Verifier {
	b := newBoard(a, -1, nil)
	b.private = false
	return &Verifier{board: b}
}

// Accept takes the next message of either side; place is where a logged one
// stands in its sender's log. A *Fault names the side that answers for it.
func (v *Verifier) Accept(raw []byte, place *Place) error {
	err := v.board.accept(raw, place)
	var f *Fault
	if errors.As(err, &f) {
		v.fault = f
	}
	return err
}

// Report is what a verifier has found.
type Report struct {
	Agreed *Agreed
	Keys   [2][32]byte // of the run, to be compared with those of other runs
	// Places are where the logged messages are said to stand.
	Places map[Kind][2]*Place
	Count  int    // -1 if there is none yet
	Pairs  []Pair // of matched places; nil if there is no proof yet
	// Proven says that both lists came back under their keys.
	Proven bool
	// Receipts and Audited are how many items each side has opened before the
	// verifier; zero for a transcript without items.
	Receipts, Audited [2]int
	Closed            bool
	Aborts            [2]*Abort
	Closings          [2]*Closing
	// Fault is what one side did wrong, shown by a message that it signed.
	Fault *Fault
}

// Report returns what has been found so far.
func (v *Verifier) Report() Report {
	b := v.board
	rep := Report{
		Agreed: b.agreed, Count: b.count, Pairs: slices.Clone(b.pairs), Proven: b.proven(), Fault: v.fault,
		Places: map[Kind][2]*Place{}, Closed: b.sides[0].closing != nil && b.sides[1].closing != nil,
	}
	for i := range b.sides {
		h := &b.sides[i]
		if h.commit != nil {
			rep.Keys[i] = h.commit.Key
		}
		rep.Receipts[i], rep.Audited[i] = h.receipts.next, h.openings.next
		rep.Aborts[i], rep.Closings[i] = h.abort, h.closing
		for _, k := range []Kind{KindCommit, KindReturned, KindClosing, KindAbort} {
			places := rep.Places[k]
			places[i] = h.records[ID{Kind: k}].place
			rep.Places[k] = places
		}
	}
	return rep
}

// Verify reads a transcript and checks all of it. A fault that the transcript
// claims is found again by the same rules, or the transcript is refused: an
// accusation that does not hold is an error of the accuser. The error is a
// *statement.Refusal, or the reader's.
func Verify(in io.Reader) (Report, error) {
	v, err := Read(in)
	if v == nil {
		return Report{}, err
	}
	return v.Report(), err
}

// Read is Verify for who has more to check afterwards. The verifier is nil only
// if the transcript's manifest is refused.
func Read(in io.Reader) (*Verifier, error) {
	r := bufio.NewReader(in)
	a, err := readHead(r)
	if err != nil {
		return nil, err
	}
	v := NewVerifier(a)
	for {
		rec, err := readRecord(r)
		if err != nil {
			return v, err
		}
		if rec.end {
			break
		}
		if m, err := ParseMessage(rec.raw); err == nil && m.ID.Kind == KindReceipts {
			v.board.private = true // they are all here, and count
		}
		err = v.Accept(rec.raw, rec.place)
		switch {
		case rec.fault && v.fault == nil:
			return v, statement.Refuse(statement.CodeProof, "the message that is shown as a fault is none")
		case rec.fault:
			// the fault is the last message
		case err != nil:
			return v, err
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return v, statement.Refuse(statement.CodeSize, "something stands behind the transcript's end")
	}
	return v, nil
}
