package node

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"entente/border"
	"entente/internal/peer"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// What a partner has used of its budgets outlives the process: a restart, or
// a clock that steps back, gives nobody a fresh day.

// sightingDays is how many days' unused sightings add up: a partner that was
// away for a month brings a month's.
const sightingDays = 31

// allowance is what one partner may still have taken in here.
type allowance struct {
	Next      uint64        `json:"next"` // leaves of its log before this one are charged
	Lists     border.Budget `json:"lists"`
	Sightings border.Budget `json:"sightings"`
}

// newAllowance is the charter's: as many sightings come in as may go out.
func newAllowance(r record.Roster) allowance {
	b := r.Charter.Budgets
	return allowance{
		Lists:     border.NewBudget(b.ObjectsPerDay, b.BytesPerDay),
		Sightings: border.NewAllowance(b.SightingsPerDay, sightingDays, r.Charter.EffectiveAt()),
	}
}

const chargedNote = "budget:taken:" // and the party's id

// recall reads what was used before the start, and what went beyond it.
func (c *clerk) recall(ctx context.Context) error {
	for id, a := range c.allowed {
		var old allowance
		known, err := note(ctx, c.watch, chargedNote+id, &old)
		if err != nil {
			return fmt.Errorf("what %s has used: %w", id, err)
		}
		if !known {
			continue
		}
		a.Next = old.Next
		a.Lists.Resume(old.Lists)
		a.Sightings.Resume(old.Sightings)
	}
	over, err := c.watch.Over(ctx)
	for _, l := range over {
		c.lists.refuse(l.Origin, l.Index, statement.CodeBudget)
	}
	return err
}

// charge takes what an entry costs from its party's budgets.
func (a *allowance) charge(e sqlite.Entry, now time.Time) error {
	if e.Sighting != nil {
		return a.Sightings.Take(1, 0, now)
	}
	// By objects, however many a statement holds; one that asks for much to be
	// looked for counts as that much.
	size := int64(0)
	for _, it := range e.Items {
		size += int64(len(it.Value) + len(it.Note) + 64)
	}
	for _, o := range e.Objects {
		size += int64(len(o.Raw))
	}
	return a.Lists.Take(int64(max(len(e.Items), len(e.Objects))), size, now)
}

// spent is what one partner has used of the bytes of a day: those that this
// node fetched of its log, from itself and from others, and those that it sent
// and asked here.
type spent struct {
	Fetched border.Budget            `json:"fetched"`
	Relayed map[string]border.Budget `json:"relayed,omitempty"` // by who gave them
	Served  peer.Remaining           `json:"served"`
}

const spentNote = "budget:bytes:" // and the party's id

// recallSpent goes on with the bytes that were used before the start.
func (n *Node) recallSpent(ctx context.Context) error {
	n.spent = make(map[string]spent)
	for id, m := range n.mirrors {
		var old spent
		known, err := note(ctx, n.watch, spentNote+id, &old)
		if err != nil {
			return fmt.Errorf("what %s has used: %w", id, err)
		}
		if known {
			m.meter.resume(old.Fetched, old.Relayed)
			n.spent[id] = old
		}
		m.meter.used = n.wake.spent.ring
	}
	return nil
}

// remaining is what the server goes on with.
func (n *Node) remaining() map[string]peer.Remaining {
	m := make(map[string]peer.Remaining)
	for id, s := range n.spent {
		if !s.Served.At.IsZero() {
			m[id] = s.Served
		}
	}
	return m
}

// saveEvery is how often the bytes that were used are written down: a kill
// forgets those of the last moment.
const saveEvery = time.Second

// runSpent writes down what is used, while something is.
func (n *Node) runSpent(ctx context.Context, server *peer.Server) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.wake.spent:
		}
		if err := n.survived(n.saveSpent(ctx, server)); err != nil && ctx.Err() == nil {
			return fmt.Errorf("write down the budgets: %w", err)
		}
		if !pause(ctx, n.opt.Save) {
			return nil
		}
	}
}

func (n *Node) saveSpent(ctx context.Context, server *peer.Server) error {
	n.saving.Lock()
	defer n.saving.Unlock()
	notes := make(map[string][]byte)
	for id, left := range server.Remaining() {
		if old := n.spent[id].Served; old.At.After(left.At) {
			left.At = old.At // a clock that stepped back has not gone on
		}
		s := spent{Served: left}
		s.Fetched, s.Relayed = n.mirrors[id].meter.state()
		n.spent[id] = s
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		notes[spentNote+id] = data
	}
	if err := n.out.save(notes); err != nil {
		return err
	}
	return n.watch.PutNotes(ctx, notes)
}
