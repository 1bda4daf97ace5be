package match

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// ReleaseObserver is a manifest's release by the observer: both sides hand it what
// they return, and it gives each the other's once it has both and both are right.
// Without a release named, the two lists are shown in turns.
const ReleaseObserver = "observer"

// byObserver says that the named lists go through the observer alone.
func (m *Manifest) byObserver() bool { return m.Release == ReleaseObserver }

// Heed takes the observer's word on a release. If there is none the run ends: what is
// not given out does not come. If the list has come and is proven the word is false, and
// the run goes on. Whomever it names, nobody is blamed: no log shows what the observer
// was given.
func (r *Run) Heed(w *ReleaseBody) {
	if w.Released || r.board.proven() {
		return
	}
	why := fmt.Sprintf("the observer says that it has released nothing: %s", w.Code)
	if len(w.Parties) > 0 {
		why += ", and names " + strings.Join(w.Parties, " and ")
	}
	r.Stop(-1, statement.Refuse(statement.CodeState, "%s", why))
}

// Hand returns a message for the observer that both sides named, signed as Message
// does: lists of points and the count, and nothing that opens an item. With release
// by the observer it is the only one who gets the named list from here.
func (r *Run) Hand(id ID) ([]byte, error) {
	if !r.board.agreed.Manifest.byObserver() || id.Kind != KindOutline && id.Kind != KindChunk && id.Kind != KindCount {
		return nil, busy(id)
	}
	return r.message(id)
}

// Keeper is the observer's part of a run whose named lists it releases. It takes
// what both sides say, checks all of it as a Verifier does, and gives out neither
// named list before both are there, match the digests in the logs, and bear proofs
// that hold. It sees points, never an item. It is not for use by several goroutines
// at once.
type Keeper struct {
	board *board
	fault *Fault
	moved time.Time
}

// NewKeeper begins with an agreed manifest that names this release. The lists lie in
// space, and no point stays decoded: whoever keeps the runs of others does not know how
// long they take.
func NewKeeper(a *Agreed, space Space, now time.Time) (*Keeper, error) {
	if !a.Manifest.byObserver() {
		return nil, statement.Refuse(statement.CodeState, "this run is not released by an observer")
	}
	b := NewVerifier(a).board
	b.space, b.cached = space, 0
	return &Keeper{board: b, moved: now}, nil
}

// Want names the messages of each side that are needed next, in the order in which
// Accept takes them. None of a side that has handed over all, or waits for the other.
func (k *Keeper) Want() (want [2][]ID) {
	if k.fault != nil {
		return want
	}
	for i := range want {
		want[i] = k.wanted(&k.board.sides[i], &k.board.sides[1-i])
	}
	return want
}

func (k *Keeper) wanted(h, other *half) []ID {
	switch {
	case h.commit == nil:
		return []ID{{Kind: KindCommit}}
	case other.commit == nil:
		return nil
	case !h.lists[ListOwn].complete():
		return h.missing(ListOwn)
	case !other.lists[ListOwn].complete():
		return nil
	case h.returned == nil:
		return []ID{{Kind: KindReturned}}
	case other.returned == nil:
		return nil
	case !h.lists[ListSorted].complete():
		return h.missing(ListSorted)
	case !other.lists[ListSorted].complete():
		return nil
	case !h.counted:
		return []ID{{Kind: KindCount}}
	case !other.counted:
		return nil
	}
	return h.missing(ListNamed)
}

// Accept takes a message of either side; place is where a logged one stands in its
// sender's log. A *Fault ends the release: its side is named.
func (k *Keeper) Accept(now time.Time, raw []byte, place *Place) error {
	if k.fault != nil {
		return statement.Refuse(statement.CodeState, "the release has ended")
	}
	m, err := ParseMessage(raw)
	if err != nil {
		return err
	}
	known := len(k.board.sides[m.Side].records)
	err = k.board.accept(raw, place)
	if f, ok := err.(*Fault); ok {
		k.fault = f
	}
	if err == nil && len(k.board.sides[m.Side].records) > known {
		k.moved = now
	}
	return err
}

// Released says that both lists are here and right: from now on each side may have
// the other's.
func (k *Keeper) Released() bool { return k.fault == nil && k.board.proven() }

// Message returns a message of one side's named list for the other side, as its
// sender signed it; E_BUSY before both are released.
func (k *Keeper) Message(to int, id ID) ([]byte, error) {
	from := 1 - to
	rec, said := k.board.sides[from].records[id]
	if !k.Released() || id.List != ListNamed || !said {
		return nil, busy(id)
	}
	body, err := k.board.body(from, id)
	if err != nil || body == nil {
		return nil, busy(id)
	}
	m := Message{ID: id, Side: from, SID: k.board.agreed.SID, Body: body, Sig: rec.sig}
	return m.Marshal(), nil
}

// Verdict is how a release has ended without one: who has not handed over what was
// due, or what was wrong. Nobody got anything.
type Verdict struct {
	Code statement.Code // E_LATE, or that of the fault
	Late []int          // sides that were waited for
	Side int            // of the fault, or -1
}

// Verdict returns how the release has ended by now; false while it goes on, or when
// both lists are released.
func (k *Keeper) Verdict(now time.Time) (Verdict, bool) {
	if k.fault != nil {
		return Verdict{Code: k.fault.Refusal.Code, Side: k.fault.Side}, true
	}
	step := time.Duration(k.board.agreed.Manifest.Step) * time.Second
	if k.Released() || now.Sub(k.moved) <= step {
		return Verdict{}, false
	}
	v := Verdict{Code: statement.CodeLate, Side: -1}
	for side, want := range k.Want() {
		if len(want) > 0 {
			v.Late = append(v.Late, side)
		}
	}
	return v, true
}

// ReleaseKind is the observer's word on a release, in its own log.
const ReleaseKind statement.Kind = "match-release/v1"

// ReleaseBody is the body of match-release/v1. It refers to the consent of its run.
type ReleaseBody struct {
	Released bool           `json:"released"` // each side may have the other's list
	Code     statement.Code `json:"code"`     // why not
	Parties  []string       `json:"parties"`  // from whom nothing came in time, or what was wrong, as it says: sorted
}

// CheckRelease checks the body of match-release/v1.
func CheckRelease(body []byte) error {
	_, err := ParseRelease(body)
	return err
}

// ParseRelease reads the body of match-release/v1.
func ParseRelease(body []byte) (b ReleaseBody, err error) {
	if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
		return b, err
	}
	if _, err := parseCode([]byte(b.Code)); err != nil {
		return b, err
	}
	if b.Parties == nil || len(b.Parties) > 2 || !ascending(b.Parties) || b.Released && (b.Code != "" || len(b.Parties) > 0) || !b.Released && b.Code == "" {
		return b, field("a release has no code and nobody to blame, the want of one has a code and at most two parties")
	}
	return b, nil
}

// ReleaseOf is a verdict as the observer's log has it.
func (v Verdict) ReleaseOf(m *Manifest) ReleaseBody {
	b := ReleaseBody{Code: v.Code, Parties: []string{}}
	for _, side := range v.Late {
		b.Parties = append(b.Parties, m.Sides[side].Party)
	}
	if v.Side >= 0 {
		b.Parties = append(b.Parties, m.Sides[v.Side].Party)
	}
	slices.Sort(b.Parties)
	return b
}
