package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/watch/incident"
)

func incidentsVerb() verb {
	return verb{"incidents", "list incidents, judge them, export them", `incidents --dir DIR [--state STATE] [--text TEXT] [--limit N] [--offset N] [--json]
       entente incidents --dir DIR --make STATE --as NAME [--reason TEXT] ID...
       entente incidents --dir DIR --export ocsf|stix ID

One incident is one thing looked for, on one own asset, on one day. STATE is open,
acknowledged, claimed, false_positive or closed; open, false_positive and closed
want a reason. What is called false counts against the record of its giver.`, runIncidents}
}

func runIncidents(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "incidents").withDir()
	state, text := f.String("state", "", ""), f.String("text", "", "")
	to, by, reason, export := f.String("make", "", ""), f.String("as", "", ""), f.String("reason", "", ""), f.String("export", "", "")
	limit, offset, asJSON := f.Int("limit", 50, ""), f.Int("offset", 0, ""), f.Bool("json", false, "")
	ids, err := f.parse(args)
	if err != nil {
		return err
	}
	if (*to != "" || *export != "") != (len(ids) > 0) || *export != "" && len(ids) != 1 || *to != "" && *export != "" {
		return usagef("name incidents with --make, one with --export, none otherwise")
	}
	if err := knownStates(*state, *to); err != nil {
		return err
	}
	if *export != "" && *export != "ocsf" && *export != "stix" {
		return usagef("no format %q; --export writes ocsf or stix", *export)
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	switch {
	case *to != "":
		if err := c.Act(ctx, api.ActRequest{By: *by, State: incident.State(*to), Reason: *reason, IDs: ids}); err != nil {
			return err
		}
		e.printf("%s: %s\n", counted(len(ids), "incident", "incidents"), *to)
		return nil
	case *export != "":
		data, err := c.Incident(ctx, ids[0], *export)
		if err != nil {
			return err
		}
		e.printf("%s\n", data)
		return nil
	}
	page, err := c.Incidents(ctx, api.IncidentQuery{State: incident.State(*state), Text: *text, Limit: *limit, Offset: *offset})
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(page)
	}
	showIncidents(e, page)
	return nil
}

// knownStates refuses a word that no incident can be in: a filter by it would
// look like "there are none".
func knownStates(words ...string) error {
	for _, w := range words {
		if w != "" && !slices.Contains(incident.States(), incident.State(w)) {
			var known []string
			for _, s := range incident.States() {
				known = append(known, string(s))
			}
			return usagef("no state %q; the states are %s", w, strings.Join(known, ", "))
		}
	}
	return nil
}

func showIncidents(e *env, page api.Incidents) {
	for _, i := range page.Items {
		e.printf("%s\n  met       %s", i.Headline(), counted(uint64(i.Count), "line", "lines"))
		if i.Asset != "" {
			e.printf(" on %s", i.Asset)
		}
		if i.Last > 0 {
			e.printf(", last %s UTC", time.UnixMilli(i.Last).UTC().Format("2006-01-02 15:04:05"))
		}
		if i.Level != "" {
			e.printf(", level %s", short(i.Level, 40))
		}
		e.printf("\n  state     %s", i.State)
		if i.By != "" {
			e.printf(" by %s", i.By)
		}
		e.printf("\n  id        %s\n", i.ID)
	}
	e.printf("%d of %s\n", len(page.Items), counted(page.Total, "incident", "incidents"))
	for _, g := range page.Givers {
		e.printf("indicators of %s: %d incidents, %d confirmed, %d false, %d not judged\n", g.Giver, g.Incidents, g.Confirmed, g.False, g.Open)
	}
}
