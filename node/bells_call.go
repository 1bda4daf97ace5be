package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/border"
	"entente/charter"
	"entente/console"
	ringing "entente/internal/bell"
	"entente/statement"
)

// call is a notice for which bells ring here, because nobody has acknowledged it.
type call struct {
	accord.Call
	marking border.Marking
	steps   []int64 // Unix seconds, ascending: when somebody more of this node's own people is called
	check   bool    // it is a line check of an agreed hour, and no urgent notice
}

// calls are the notices for which a node's bells ring, as of the last thing
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
	checks := make(map[statement.Ref]bool) // one for each hour and pair: whoever tests more often wakes nobody with it
	for _, c := range whole.LineChecks(r.whole.at.Add(-checkDay), r.whole.at.Add(checkDay), r.whole.at) {
		checks[c.Notice] = true
	}
	r.urgent = []call{}
	for _, c := range whole.Calls(r.whole.at) {
		one := call{Call: c, check: !c.Rings && checks[c.Ref]}
		if !c.Rings && !one.check || c.Acked != 0 || !c.Open() {
			continue
		}
		if one.steps = stepsOf(one, n.self.ID, n.self.Role); len(one.steps) == 0 {
			continue
		}
		if s, ok := whole.Said(c.Ref); ok {
			one.marking = border.Marking(s.Act.Marking)
			r.urgent = append(r.urgent, one)
		}
	}
	return r.urgent, nil
}

// checkDay is how far from now the hours of line checks are looked at.
const checkDay = 25 * time.Hour

// stepsOf are the instants at which somebody of this node's own people is called.
// Whom the notice asks: for an urgent one at once and at each step of the
// escalation; for a line check, which itself never rings, when nobody has
// answered it in time. Others: when the escalation has come to them.
func stepsOf(c call, self string, role charter.Role) []int64 {
	from := c.Delivered
	switch {
	case c.check:
		from = c.AckDue
	case from == 0:
		from = c.Sent
	}
	if from == 0 {
		return nil // it has not come so far that a clock runs
	}
	var steps []int64
	if c.To == self {
		steps = append(steps, from)
	}
	for _, s := range c.Steps {
		mine := c.To == self || s.Who == "observer" && role == charter.RoleObserver || s.Who == "all"
		if mine && s.At > from {
			steps = append(steps, s.At)
		}
	}
	return steps
}

// turns are the Unix seconds at which a bell rings for a call, if nobody
// acknowledges it until then. The first bell rings at the first step, each
// further one at the next step or after its own time, whichever comes first; the
// last one of all again at each step that is left. A line check passes over the
// first of several bells of whom it asks: that contact is the one that does not
// answer.
func (c call) turns(i, bells int, after time.Duration, self string) []int64 {
	if c.check && c.To == self && bells > 1 {
		if i == 0 {
			return nil
		}
		i, bells = i-1, bells-1
	}
	turns := []int64{c.steps[0] + int64(after/time.Second)}
	if i >= len(c.steps) {
		return turns
	}
	turns[0] = min(turns[0], c.steps[i])
	if i == bells-1 {
		turns = append(turns, c.steps[i+1:]...)
	}
	return turns
}

// note is where it is kept how often each bell has rung for a call.
func (c call) note() string { return "rung/" + c.Ref.ID.String() }

// ringCalls rings every bell whose turn has come for a notice.
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
		for _, at := range c.turns(i, len(r.bells), r.bells[i].After, r.party) {
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
	sum := sha256.New()
	for _, c := range due {
		fmt.Fprintf(sum, "%d %s %d\n", i, c.note(), c.come)
	}
	return r.said(i, hex.EncodeToString(sum.Sum(nil)[:16]), now, func(w console.Words) (string, string) {
		var text strings.Builder
		for _, c := range due[:min(len(due), bellListed)] {
			key := "bell.notice"
			if c.check {
				key = "bell.check"
			}
			text.WriteString(w.Text(key, "index", strconv.FormatUint(c.Ref.Index, 10), "party", c.From, "ask", w.Label("accord.ask", c.Ask)))
			if c.To != r.party {
				text.WriteString(", " + w.Text("bell.of", "party", c.To))
			}
			if c.AckDue != 0 {
				text.WriteString(", " + w.Text("bell.by", "time", minute(c.AckDue*1000)))
			}
			text.WriteString("\n")
		}
		if more := len(due) - bellListed; more > 0 {
			text.WriteString(w.Text("bell.more", "n", more) + "\n")
		}
		return unanswered(w, due), text.String()
	})
}

// unanswered says in one line what nobody has acknowledged.
func unanswered(w console.Words, due []dueCall) string {
	checks := uint64(0)
	for _, c := range due {
		if c.check {
			checks++
		}
	}
	var parts []string
	if n := uint64(len(due)) - checks; n > 0 {
		parts = append(parts, w.Count("bell.urgent", n))
	}
	if checks > 0 {
		parts = append(parts, w.Count("bell.checks", checks))
	}
	return strings.Join(parts, ", ")
}
