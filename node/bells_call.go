package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entente/accord"
	"entente/border"
	ringing "entente/internal/bell"
)

// call is an urgent notice of another party that nobody here has acknowledged.
type call struct {
	accord.Call
	marking border.Marking
}

// calls are the notices for which a party's bells ring, as of the last thing
// that was said: time alone neither adds nor removes one, so that the bells may
// look as often as they like.
func (r *records) calls(ctx context.Context, n *Node) ([]call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.urgent != nil && r.whole.heard == r.heard.Load() {
		return r.urgent, nil
	}
	whole, err := r.locked(ctx, n)
	if err != nil {
		return nil, err
	}
	r.urgent = []call{}
	for _, c := range whole.Calls(r.whole.at) {
		if c.To != n.self.ID || !c.Rings || c.Acked != 0 || !c.Open() {
			continue
		}
		if s, ok := whole.Said(c.Ref); ok {
			r.urgent = append(r.urgent, call{c, border.Marking(s.Act.Marking)})
		}
	}
	return r.urgent, nil
}

// turns are the Unix seconds at which a bell rings for a call, if nobody
// acknowledges it until then. The first bell rings when it is here, each
// further one at the next step of the escalation or after its own time, whichever
// comes first; the last one of all again at each step that is left.
func (c call) turns(i, bells int, after time.Duration) []int64 {
	here := c.Delivered
	if here == 0 {
		here = c.Sent
	}
	steps := []int64{here}
	for _, s := range c.Steps {
		if s.At > here {
			steps = append(steps, s.At)
		}
	}
	turns := []int64{here + int64(after/time.Second)}
	if i >= len(steps) {
		return turns
	}
	turns[0] = min(turns[0], steps[i])
	if i == bells-1 {
		turns = append(turns, steps[i+1:]...)
	}
	return turns
}

// note is where it is kept how often each bell has rung for a call.
func (c call) note() string { return "rung/" + c.Ref.ID.String() }

// ringCalls rings every bell whose turn has come for an urgent notice.
func (r *ringer) ringCalls(ctx context.Context, now time.Time) error {
	if r.calls == nil {
		return nil
	}
	open, err := r.calls(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	rung := make(map[string][]int)
	for _, c := range open {
		if rung[c.note()], err = r.rungFor(ctx, c); err != nil {
			return err
		}
	}
	for i := range r.bells {
		if now.Before(r.retry[i]) {
			continue
		}
		due := r.turn(i, open, rung, now)
		if len(due) == 0 {
			continue
		}
		err := r.rings[i].Ring(ctx, r.calling(i, due, now))
		if ctx.Err() != nil {
			return nil
		}
		if r.say(i, err); err != nil {
			r.retry[i] = now.Add(bellRetry)
			continue
		}
		for _, d := range due {
			rung[d.note()][i] = d.come
		}
		if err := r.keepRung(ctx, due, rung); err != nil {
			return err
		}
	}
	return nil
}

// dueCall is a call for which a bell's turn has come for the come-th time.
type dueCall struct {
	call
	come int
}

// turn lists the calls for which a bell's turn has come. What it missed while
// nothing ran rings once.
func (r *ringer) turn(i int, open []call, rung map[string][]int, now time.Time) []dueCall {
	var due []dueCall
	for _, c := range open {
		come := 0
		for _, at := range c.turns(i, len(r.bells), r.bells[i].After) {
			if at <= now.Unix() {
				come++
			}
		}
		if come > rung[c.note()][i] && hears(r.lenses[i], c.marking) {
			due = append(due, dueCall{c, come})
		}
	}
	return due
}

// hears reports whether whoever looks through a lens may know of what bears a marking.
func hears(l border.Lens, m border.Marking) bool { return l.Whole() || m.Level() <= l.Ceiling() }

// rungFor is how often each bell has rung for a call.
func (r *ringer) rungFor(ctx context.Context, c call) ([]int, error) {
	counts := make([]int, len(r.bells))
	data, err := r.watch.Note(ctx, c.note())
	if err != nil || data == nil {
		return counts, err
	}
	var kept []int
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, fmt.Errorf("note %s: %w", c.note(), err)
	}
	copy(counts, kept)
	return counts, nil
}

func (r *ringer) keepRung(ctx context.Context, due []dueCall, rung map[string][]int) error {
	notes := make(map[string][]byte, len(due))
	for _, c := range due {
		data, err := json.Marshal(rung[c.note()])
		if err != nil {
			return err
		}
		notes[c.note()] = data
	}
	return r.watch.PutNotes(ctx, notes)
}

// calling tells of notices by the words of this program alone: nothing that a
// partner wrote leaves the house by a bell.
func (r *ringer) calling(i int, due []dueCall, now time.Time) ringing.Message {
	word := "notices"
	if len(due) == 1 {
		word = "notice"
	}
	var text strings.Builder
	sum := sha256.New()
	for n, c := range due {
		fmt.Fprintf(sum, "%d %s %d\n", i, c.note(), c.come)
		if n >= bellListed {
			continue
		}
		fmt.Fprintf(&text, "notice %d of %s: asks %s", c.Ref.Index, c.From, c.Ask)
		if c.AckDue != 0 {
			fmt.Fprintf(&text, ", to be acknowledged by %s UTC", time.Unix(c.AckDue, 0).UTC().Format("2006-01-02 15:04"))
		}
		text.WriteString("\n")
	}
	if more := len(due) - bellListed; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	return ringing.Message{ID: hex.EncodeToString(sum.Sum(nil)[:16]), Subject: fmt.Sprintf("%s: %d urgent %s not acknowledged", r.party, len(due), word), Text: text.String(), At: now}
}
