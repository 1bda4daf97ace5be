package main

import (
	"context"
	"fmt"

	"entente/border"
)

func giverVerb() verb {
	return verb{"giver", "what came of all that each party gave", `giver --dir DIR [--json] [PARTY]

Counted from what happened, by one formula for every party, the own one
included. Precision is confirmed / (confirmed + false) over the incidents that
persons have judged, with the interval of 95 %; what nobody judged is not in it.`, runGiver}
}

func runGiver(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "giver").withDir()
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usagef("one party, or none for all")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	all, err := c.Givers(ctx)
	if err != nil {
		return err
	}
	known := len(rest) == 0
	for _, g := range all {
		if len(rest) == 1 && g.Giver != rest[0] {
			continue
		}
		known = true
		if asJSON := *asJSON; asJSON {
			if err := e.json(g); err != nil {
				return err
			}
			continue
		}
		showGiver(e, g)
	}
	if !known {
		return hint(fmt.Errorf("%q is no party of the charter", rest[0]), "entente charter show --dir DIR lists the parties")
	}
	return nil
}

func showGiver(e *env, g border.GiverRecord) {
	own := ""
	if g.Own {
		own = " (own)"
	}
	e.printf("%s%s: %s in %s\n", g.Giver, own, counted(g.Items, "item", "items"), counted(g.Lists, "list", "lists"))
	e.printf("  gate       %d quarantined: %d held, %d accepted, %d rejected again\n", g.Quarantined, g.Held, g.Accepted, g.Rejected)
	e.printf("  met        %s in own logs, %d seen by another party\n", counted(g.Alerting, "item", "items"), g.Sighted)
	e.printf("  incidents  %d: %d confirmed, %d false, %d not judged\n", g.Incidents, g.Confirmed, g.False, g.Open)
	e.printf("  took back  %s in %s\n", counted(g.Retracted, "item", "items"), counted(g.Retractions, "retraction", "retractions"))
	if g.Precision == nil {
		e.printf("  precision  nothing judged yet\n")
		return
	}
	e.printf("  precision  %.2f, between %.2f and %.2f at 95 %%\n", *g.Precision, *g.Low, *g.High)
}
