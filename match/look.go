package match

import (
	"bufio"
	"io"

	"entente/match/group"
	"entente/observable"
)

// CommittedKey is the key that a logged commit commits to; false if raw is none.
func CommittedKey(raw []byte) (group.Encoded, bool) {
	m, err := ParseMessage(raw)
	if err != nil || m.ID.Kind != KindCommit {
		return group.Encoded{}, false
	}
	c, err := parseCommit(m.Body)
	if err != nil {
		return group.Encoded{}, false
	}
	return c.Key, true
}

// ClosingOf is what a logged closing says; nil if raw is none.
func ClosingOf(raw []byte) *Closing {
	m, err := ParseMessage(raw)
	if err != nil || m.ID.Kind != KindClosing {
		return nil
	}
	c, err := parseClosing(m.Body)
	if err != nil {
		return nil
	}
	return c
}

// Audited is how many unmatched items the other side has opened to this one.
func (r *Run) Audited() int { return r.partner().openings.next }

// Since is since when the own log commits to an item, Unix milliseconds; 0
// where no stock of the run holds it.
func (r *Run) Since(v observable.Value) (oldest int64) {
	leaf := leafOf(r.salt(v), v)
	for i, s := range r.c.Shelves {
		if s == nil {
			continue
		}
		if _, ok := s.find(leaf); !ok {
			continue
		}
		if at := r.c.Agreed.Manifest.Sides[r.side].Stocks[i].Time; oldest == 0 || at < oldest {
			oldest = at
		}
	}
	return oldest
}

// PlacedMessage is a logged message as a transcript has it.
type PlacedMessage struct {
	Side  int
	Kind  Kind
	Place Place
	Raw   []byte
}

// LoggedIn lists what a transcript says of logs, so that it can be held against
// them: the transcript alone does not show that a message stands where it says.
func LoggedIn(in io.Reader) ([]PlacedMessage, error) {
	r := bufio.NewReader(in)
	if _, err := readHead(r); err != nil {
		return nil, err
	}
	var list []PlacedMessage
	for {
		rec, err := readRecord(r)
		if err != nil || rec.end {
			return list, err
		}
		m, err := ParseMessage(rec.raw)
		if err != nil || rec.place == nil || !m.ID.Kind.Logged() {
			continue // Verify judges it
		}
		list = append(list, PlacedMessage{m.Side, m.ID.Kind, *rec.place, rec.raw})
	}
}
