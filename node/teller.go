package node

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"entente/border"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/indicator"
)

// teller lets sightings go back to the giver of an indicator. It is the only
// way in which a match here becomes visible there: until an officer or the
// policy releases one, nothing is logged, sent or timed differently.
type teller struct {
	policy border.ReleasePolicy
	author *author
	lists  *lists
	watch  *sqlite.Watch
	seen   *sqlite.Seen // all of it
	view   *sqlite.View
	self   string // party id
	now    func() time.Time
	logger *slog.Logger
	mu     sync.Mutex // one release at a time, so that the budget holds
}

// automatic releases what the policy lets go. It returns how many went.
func (t *teller) automatic(ctx context.Context) (int, error) {
	if t.policy.Mode != border.ModeAutomatic {
		return 0, nil
	}
	sent := 0
	for offset := 0; ; offset += 500 {
		groups, _, err := t.seen.Groups(ctx, false, 500, offset)
		if err != nil {
			return sent, err
		}
		for _, g := range groups {
			if g.Sent {
				continue
			}
			outcome, err := t.release(ctx, g.Key, "policy", false)
			if r, ok := statement.AsRefusal(err); ok && t.author.writable() == nil {
				t.logger.Warn("a sighting cannot go", "value", g.Value, "code", r.Code, "detail", r.Detail)
				continue // it keeps no other back
			}
			if err != nil {
				return sent, err
			}
			if outcome == border.Send {
				sent++
			}
		}
		if len(groups) < 500 {
			return sent, nil
		}
	}
}

// release decides on the sighting of one item and sends it if it may go.
func (t *teller) release(ctx context.Context, k sqlite.Key, by string, approved bool) (border.Outcome, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, err := t.seen.Group(ctx, k)
	if err != nil {
		return "", err
	}
	if g.Sent {
		return border.Keep, nil
	}
	w := t.lists.get()
	i, ok := w.byKey[k]
	if !ok {
		return border.Keep, nil
	}
	e := w.entries[i]
	giver := e.giver
	if giver == t.self {
		giver = ""
	}
	if giver != "" && !slices.Contains(t.author.present(), giver) {
		return border.Keep, nil // who has left is told nothing
	}
	// A sighting that the record already has (a crash came between) counts.
	if own, told, err := t.view.Sighted(ctx, t.author.self.Origin, e.list, k.Item); err != nil {
		return "", err
	} else if told {
		return border.Keep, t.watch.Sent(ctx, k, giver, by, own, t.now())
	}
	today, err := t.seen.SentOn(ctx, giver, t.now())
	if err != nil {
		return "", err
	}
	d := border.Decide(t.policy, today, border.Sighting{Giver: giver, Held: e.held(), Approved: approved})
	if d.Outcome != border.Send {
		return d.Outcome, nil
	}
	draft, err := t.draft(ctx, e, g, by)
	if err != nil {
		return "", err
	}
	ref, err := t.author.say(ctx, draft)
	if err != nil {
		return "", err
	}
	return border.Send, t.watch.Sent(ctx, k, giver, by, ref.Index, t.now())
}

// firstYear and lastYear are the years that a sighting may speak of. The times of log lines
// are whatever their senders wrote.
const firstYear, lastYear = 1970, 2999

func plausible(ms int64) bool {
	year := time.UnixMilli(ms).UTC().Year()
	return ms > 0 && year >= firstYear && year <= lastYear
}

// draft composes the sighting: what was seen, how often, between which times.
// An event without a plausible time of its own counts as seen now. It is
// marked as strictly as the list that it speaks of.
func (t *teller) draft(ctx context.Context, e entry, g sqlite.Group, by string) (draft, error) {
	first, last := g.First, g.Last
	if !plausible(last) {
		last = t.now().UnixMilli()
	}
	if !plausible(first) || first > last {
		first = last
	}
	stamp := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	list, err := t.view.Statement(ctx, e.list.Origin, e.list.Index)
	if err != nil {
		return draft{}, err
	}
	return draft{
		kind: indicator.KindSighting, caseID: list.Case,
		refs: []statement.Ref{e.list}, marking: border.Strictest(border.Amber, border.Marking(list.Marking)), recipients: []string{e.giver}, officer: by,
		body: indicator.SightingBody{
			Indicator: e.list, Item: e.key.Item, Type: e.item.Type, Value: e.item.Value,
			Count: int(min(g.Count, indicator.MaxCount)), First: stamp(first), Last: stamp(last), Basis: indicator.BasisObserved,
		},
	}, nil
}

// releaseAll releases alerts on an officer's word: all or, where one may not
// go, none.
func (t *teller) releaseAll(ctx context.Context, by string, keys []sqlite.Key) error {
	need := make(map[string]int)
	w := t.lists.get()
	for _, k := range keys {
		g, err := t.seen.Group(ctx, k)
		if err != nil {
			return err
		}
		i, ok := w.byKey[k]
		switch {
		case g.Sent:
			return statement.Refuse(statement.CodeState, "this sighting has been released already")
		case !ok || w.entries[i].held():
			return statement.Refuse(statement.CodeState, "the gate holds this indicator back; accept it first")
		case w.entries[i].giver == t.self:
			return statement.Refuse(statement.CodeRecipient, "this is an own indicator; nobody waits for an answer")
		case !slices.Contains(t.author.present(), w.entries[i].giver):
			return statement.Refuse(statement.CodeRecipient, "%s has left", w.entries[i].giver)
		}
		need[w.entries[i].giver]++
	}
	for partner, n := range need {
		today, err := t.seen.SentOn(ctx, partner, t.now())
		if err != nil {
			return err
		}
		if today+n > t.policy.PerDay {
			return statement.Refuse(statement.CodeBudget, "%d of %d sightings to %s are left today", max(t.policy.PerDay-today, 0), t.policy.PerDay, partner)
		}
	}
	for _, k := range keys {
		outcome, err := t.release(ctx, k, by, true)
		if err != nil {
			return err
		}
		if outcome == border.OverBudget { // another officer was faster
			return statement.Refuse(statement.CodeBudget, "the day's budget is used up")
		}
	}
	return nil
}
