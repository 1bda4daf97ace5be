package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"entente/internal/ingest"
	"entente/internal/nats"
	"entente/node"
	"entente/watch"
)

// collecting is what the workers found so far, and what needs more than one line of theirs.
type collecting struct {
	e   *env
	cfg ingest.Config

	mu      sync.Mutex // guards what follows, and what is printed
	rules   *ruleScan  // nil without
	ledger  watch.Ledger
	alerts  int
	held    int
	fired   int
	waiting int // hits that correlations would have counted
	left    int // rules that the workers left to who collects
}

// collect prints what the workers found, works out what correlates, judges by the rules that need the lines of a source
// in their order, and prints the account of all lines.
func (e *env) collect(ctx context.Context, from *stream, rules *ruleScan, follow bool) error {
	c, err := from.connect(ctx, e)
	if err != nil {
		return err
	}
	defer c.Close()
	all := &collecting{e: e, rules: rules, cfg: ingest.Config{Formats: node.Formats()}}
	if err := all.run(ctx, c, follow); err != nil {
		return err
	}
	account := map[string]any{"ledger": all.ledger, "alerts": all.alerts, "held_back": map[string]any{"matches": all.held}}
	if rules != nil {
		if _, err := rules.end(); err != nil {
			return err
		}
		account["rules"] = map[string]any{"alerts": all.fired + rules.alerts, "stats": rules.watch.Stats()}
	} else if all.fired+all.waiting+all.left > 0 {
		account["rules"] = map[string]any{"alerts": all.fired}
	}
	if err := e.json(account); err != nil {
		return err
	}
	if rules == nil && all.waiting+all.left > 0 {
		e.note("hint: %s wait for rules that correlate, and %s for lines in their order; the same --rules that the workers have works them out",
			counted(all.waiting, "event", "events"), counted(all.left, "rule", "rules"))
	}
	return all.ledger.Check()
}

// run reads the results, and beside them the lines where a rule needs their order.
func (c *collecting) run(ctx context.Context, from *nats.Conn, follow bool) error {
	if c.rules == nil || c.rules.ordered == nil {
		return from.Collect(ctx, follow, c.take)
	}
	if !follow {
		return errors.Join(from.Collect(ctx, false, c.take), from.Lines(ctx, false, c.lines))
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, 2)
	go func() { failed <- from.Collect(ctx, true, c.take) }()
	go func() { failed <- from.Lines(ctx, true, c.lines) }()
	err := <-failed
	stop()
	return errors.Join(err, <-failed)
}

// lines judges a batch by what needs order. Those of a source come in theirs.
func (c *collecting) lines(in *nats.Batch) error {
	carried, err := node.LinesOf(in)
	if err != nil {
		return nil // a worker passes over it, too
	}
	b := carried.Batch
	if err := ingest.Parse(c.cfg, &b); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range b.Lines {
		if err := c.rules.inOrder(b, l, place(b, l)); err != nil {
			return err
		}
	}
	return c.rules.tick()
}

// take prints one result.
func (c *collecting) take(data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var r result
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("a worker's result: %w", err)
	}
	c.ledger.Add(r.Ledger)
	c.held += r.Held
	c.alerts += len(r.Matches)
	c.fired += len(r.Fired)
	c.waiting += len(r.Waits)
	c.left = max(c.left, r.Left)
	if r.Lost != "" {
		c.e.note("%s", r.Lost)
	}
	for _, m := range r.Matches {
		if err := c.e.json(m); err != nil {
			return err
		}
	}
	for _, m := range r.Fired {
		if err := c.e.json(m); err != nil {
			return err
		}
	}
	if c.rules == nil {
		return nil
	}
	if r.Rules != c.rules.digest {
		return hint(errOtherRules, "give --results the --rules that the workers have")
	}
	c.rules.paths[r.Source] = r.Path
	if err := c.rules.print(c.rules.watch.Correlate(r.Waits)); err != nil {
		return err
	}
	return c.rules.tick()
}
