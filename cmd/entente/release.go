package main

import (
	"context"

	"entente/api"
)

func releaseVerb() verb {
	return verb{"release", "tell the giver of an indicator that it was seen here", `release --dir DIR --officer NAME (ID... | --all) [--json]

Sends sightings back, under the day's budget. Ids are from entente alerts: all
of them go or none; --all sends as many as the budget allows. What is not
released looks to the giver exactly like no match.`, runRelease}
}

func runRelease(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "release").withDir()
	var r api.ReleaseRequest
	f.StringVar(&r.Officer, "officer", "", "")
	f.BoolVar(&r.All, "all", false, "")
	asJSON := f.Bool("json", false, "")
	ids, err := f.parse(args)
	if err != nil {
		return err
	}
	r.IDs = append([]string{}, ids...)
	if r.Officer == "" || r.All == (len(ids) > 0) {
		return usagef("a release names its --officer, and either ids or --all")
	}
	out, err := fromNode(ctx, f, (*api.Client).Release, r)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(out)
	}
	e.printf("%s sent", counted(out.Sent, "sighting", "sightings"))
	if out.OverBudget > 0 {
		e.printf(", %d over today's budget", out.OverBudget)
	}
	if out.Kept > 0 {
		e.printf(", %d kept: own indicators or gone before", out.Kept)
	}
	e.printf("\n")
	return nil
}
