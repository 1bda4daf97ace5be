package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"entente/border"
	"entente/console"
	"entente/internal/sqlite"
	"entente/statement"
)

// Accept implements console.Source.
func (on screens) Accept(ctx context.Context, by console.User, ids []string, reason string) error {
	keys, err := parseIDs(ids)
	if err != nil {
		return err
	}
	w := on.n.lists.get()
	for _, k := range keys {
		if i, ok := w.byKey[k]; !ok || !on.sees(w.entries[i]) {
			return console.ErrNotFound
		}
	}
	return on.n.decide(ctx, by.Name, keys, border.StanceAccept, reason)
}

// decide records an officer's decision on items, sealed to the own party.
func (n *Node) decide(ctx context.Context, officer string, keys []sqlite.Key, stance, reason string) error {
	w := n.lists.get()
	byList := make(map[statement.Ref][]int)
	for _, k := range keys {
		i, ok := w.byKey[k]
		if !ok {
			return console.ErrNotFound
		}
		if w.entries[i].canary != "" {
			return statement.Refuse(statement.CodeState, "%.200s is a decoy of our own: there is nothing to accept", w.entries[i].item.Value)
		}
		byList[w.entries[i].list] = append(byList[w.entries[i].list], k.Item)
	}
	for list, items := range byList {
		slices.Sort(items)
		for _, ranges := range border.Ranges(slices.Compact(items)) {
			_, err := n.author.say(ctx, draft{
				kind: border.KindDecision, private: true, marking: border.Red, refs: []statement.Ref{list}, caseID: caseOf(ctx, n.view, list),
				body: border.DecisionBody{Indicator: list, Ranges: ranges, Stance: stance, Officer: officer, Reason: reason},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func parseIDs(ids []string) ([]sqlite.Key, error) {
	keys := make([]sqlite.Key, 0, len(ids))
	for _, id := range ids {
		k, err := parseAlertID(id)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// Release implements console.Source. What the viewer does not see is not there.
func (on screens) Release(ctx context.Context, by console.User, ids []string) error {
	keys, err := parseIDs(ids)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := on.seen.Group(ctx, k); errors.Is(err, sqlite.ErrNone) {
			return console.ErrNotFound
		} else if err != nil {
			return err
		}
	}
	return on.n.teller.releaseAll(ctx, by.Name, keys)
}

// Subscribe implements console.Source: a viewer who may not see everything is
// told only what changes the screens that it sees. Every leaf of the record is
// on them, if only as sealed.
func (on screens) Subscribe(ctx context.Context) <-chan console.Change {
	all := on.n.changes.subscribe(ctx)
	if on.lens.Whole() {
		return all
	}
	out := make(chan console.Change, 1)
	go on.sift(ctx, all, out)
	return out
}

// sift passes on what changes something that the viewer sees.
func (on screens) sift(ctx context.Context, all <-chan console.Change, out chan<- console.Change) {
	last := on.print(ctx)
	for {
		var c console.Change
		select {
		case <-ctx.Done():
			return
		case c = <-all:
		}
		if c.Watch {
			now := on.print(ctx)
			c.Watch, last = now != last, now
		}
		c.Match = c.Match && on.seesMatches()
		if !c.Watch && !c.Record && !c.Match {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case out <- c:
		}
	}
}

// print stands for everything that the watch shows to the viewer just now.
func (on screens) print(ctx context.Context) (sum statement.Digest) {
	now, err := on.n.by(ctx, on.lens)
	if err != nil {
		return sum
	}
	var b bytes.Buffer
	for _, view := range []console.View{console.ViewIncidents, console.ViewAlerts, console.ViewHeld, console.ViewReceived, console.ViewRules} {
		w, err := now.Watch(ctx, console.WatchQuery{View: view, Limit: console.PerPage})
		if err == nil {
			err = json.NewEncoder(&b).Encode(w)
		}
		if err != nil {
			return sum
		}
	}
	return digestOf(b.Bytes())
}
