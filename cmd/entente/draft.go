package main

import (
	"context"

	"entente/api"
)

func draftVerb() verb {
	return verb{"draft", "list, show and discard what waits for officers", `draft list --dir DIR [--json]
       entente draft show --dir DIR [--json] DRAFT
       entente draft discard --dir DIR DRAFT

A draft is named by the first characters of its digest. What is changed is another draft:
discard the old one, and officers sign the new one anew.`, runDraft}
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
	if (what == "list") != (len(rest) == 0) || len(rest) > 1 {
		return usagef("draft list, or draft show or discard with one DRAFT")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	switch what {
	case "list":
		return listDrafts(ctx, e, c, *asJSON)
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
	return usagef("no draft %q: list, show or discard?", what)
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
