package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"entente/watch/sigma"
)

// nodeRules prints the report of a running node.
func nodeRules(ctx context.Context, e *env, f *flags, all, asJSON bool) error {
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	r, err := c.Rules(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(r)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, one := range r.Items {
		if one.Outcome == sigma.Loaded && !all && one.Hits == 0 && one.Overrun == 0 && !one.Stopped {
			continue
		}
		fired := ""
		if one.Outcome == sigma.Loaded {
			fired = "fired on " + counted(one.Hits, "line", "lines")
		}
		if one.Overrun > 0 {
			fired += fmt.Sprintf(", given up for %s", counted(one.Overrun, "event", "events"))
		}
		if one.Stopped {
			fired += ", STOPPED: it costs too much"
		}
		why := short(one.Title, 80)
		if one.Outcome != sigma.Loaded {
			why = because(one.Entry.Entry)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", one.Outcome, one.Giver, placeOf(one.Entry.Entry), why, fired)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	e.printf("%d loaded, %d never match here, %d refused, %d held back by the gate\n", r.Loaded, r.Never, r.Refused, r.Held)
	if h := r.Hunt; h.Rules > 0 {
		state, part := fmt.Sprintf("%d of %d events so far", h.Done, h.Total), ""
		if h.Ended {
			state = "found " + counted(h.Found, "hit", "hits")
		}
		if h.Partial {
			part = ", in the newest part of the archive only"
		}
		e.printf("%s looked back: %s%s\n", counted(h.Rules, "new rule", "new rules"), state, part)
	}
	if s := r.Stats; s.Events > 0 {
		e.printf("%s judged; %d late, %d without a usable time, %d forgotten for want of room, %d evaluations given up\n", counted(s.Events, "event", "events"), s.Late, s.Untimed, s.Evicted, s.Overrun)
	}
	return nil
}
