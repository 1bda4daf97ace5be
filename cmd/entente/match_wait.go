package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"entente/api"
)

// matchWait is how often --wait looks.
const matchWait = 300 * time.Millisecond

func matchShow(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) != 1 {
		return usagef("match show RUN: which run?")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	told, done := e.matchProgress()
	r, err := await(ctx, func() (r api.MatchRun, over bool, err error) {
		if r, err = c.MatchRun(ctx, args[0]); err != nil {
			return r, true, matchHint(err)
		}
		if over = !f.wait || r.Waits != "partner" || !r.Own; !over {
			told(r)
		}
		return r, over, nil
	})
	done()
	if err != nil {
		return err
	}
	return f.showRun(e, r)
}

// await looks until it is over.
func await[A any](ctx context.Context, look func() (a A, over bool, err error)) (A, error) {
	for {
		a, over, err := look()
		if over || err != nil {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(matchWait):
		}
	}
}

// matchProgress shows on a terminal how far a run has come: a bar, what is done,
// and how long the rest takes at this pace.
func (e *env) matchProgress() (told func(api.MatchRun), done func()) {
	if !e.terminal {
		return func(api.MatchRun) {}, func() {}
	}
	return func(r api.MatchRun) { fmt.Fprint(e.stderr, clearLine+playedLine(r)) }, func() { fmt.Fprint(e.stderr, clearLine) }
}

const matchBarWidth = 32

// playedLine is one line about a run that is being played.
func playedLine(r api.MatchRun) string {
	switch {
	case r.ToLock > 0:
		return fmt.Sprintf("%s locking the own list: %s of %s", matchBar(r.Locked, r.ToLock), grouped(int64(r.Locked)), many(int64(r.ToLock), "item"))
	case r.Total == 0:
		return "waits for the " + cmp.Or(r.Waits, "partner")
	}
	line := fmt.Sprintf("%s %d of %s", matchBar(r.Done, r.Total), r.Done, many(int64(r.Total), "chunk"))
	if r.TimeMS > 0 {
		line += ", about " + (time.Duration(r.TimeMS) * time.Millisecond).Round(time.Second).String() + " left"
	}
	return line
}

func matchBar(done, total int) string {
	n := matchBarWidth * min(done, total) / max(total, 1)
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", matchBarWidth-n) + "]"
}
