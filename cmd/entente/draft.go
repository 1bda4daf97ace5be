package main

import (
	"context"
	"fmt"

	"entente/api"
)

func draftVerb() verb {
	return verb{"draft", "list, show and discard what waits for officers, and what the watch looks for", `draft list --dir DIR [--json]
       entente draft show --dir DIR [--json] DRAFT
       entente draft discard --dir DIR DRAFT
       entente draft watched --dir DIR [--json]

A draft is named by the first characters of its digest. What is changed is another draft:
discard the old one, and officers sign the new one anew. The watch drafts what the queries of clauses
find; watched lists these queries, and which of them cannot be observed here and why.`, runDraft}
}

func runDraft(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("draft list, show or discard?")
	}
	what := args[0]
	if what == "-h" || what == "-help" || what == "--help" {
		return errHelp
	}
	f := newFlags(e, "draft").withDir()
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args[1:])
	if err != nil {
		return err
	}
	if (what == "list" || what == "watched") != (len(rest) == 0) || len(rest) > 1 {
		return usagef("draft list or watched, or draft show or discard with one DRAFT")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	switch what {
	case "list":
		return listDrafts(ctx, e, c, *asJSON)
	case "watched":
		return listWatched(ctx, e, c, *asJSON)
	case "show":
		s, err := c.AccordSheet(ctx, rest[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return e.json(s)
		}
		showSheet(e, s)
		showPending(e, s.Pending)
		return nil
	case "discard":
		return c.AccordDiscard(ctx, rest[0])
	}
	return usagef("no draft %q: list, show, discard or watched?", what)
}

func listDrafts(ctx context.Context, e *env, c *api.Client, asJSON bool) error {
	all, err := c.AccordDrafts(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(all)
	}
	for _, p := range all {
		showPending(e, p)
	}
	return nil
}

func listWatched(ctx context.Context, e *env, c *api.Client, asJSON bool) error {
	all, err := c.AccordWatching(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(all)
	}
	for _, w := range all {
		until := "without end"
		if w.Until != 0 {
			until = "until " + clock(w.Until)
		}
		e.printf("%s/%d clause %d  from %s, %s\n", w.Party, w.Index, w.Clause, clock(w.From), until)
		for _, q := range w.Queries {
			state := fmt.Sprintf("is run; lines found: %d", q.Found)
			if q.Why != "" {
				state = "not observable here: " + q.Why
			}
			if q.Detail != "" {
				state += fmt.Sprintf(" (%q)", q.Detail)
			}
			e.printf("    %s %q  %s\n", q.Language, q.Name, state)
		}
	}
	return nil
}
