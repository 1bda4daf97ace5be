package main

import (
	"context"
	"strconv"
	"strings"

	"entente/api"
	"entente/border"
)

func retractVerb() verb {
	return verb{"retract", "take back what was said", `retract --dir DIR --reason TEXT NUMBER [ITEM...]
       entente retract --dir DIR --reason TEXT --id ID [--version TIMESTAMP]
       entente retract --dir DIR [--party PARTY] [--json]

Takes back an own statement by its number, or the given items or objects of it (from 0);
or an object by its id, wherever it was said. It goes to whom the statement went, and is
hidden there and here in every view. Nothing is erased: the record keeps what was said.
Without a reason it lists what a party took back, and who has acknowledged it.`, runRetract}
}

func runRetract(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "retract").withDir()
	reason, id, party := f.String("reason", "", ""), f.String("id", "", ""), f.String("party", "", "")
	var versions words
	f.Var(&versions, "version", "")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	r := api.RetractionRequest{ID: *id, Versions: versions, Reason: *reason}
	for i, text := range rest {
		n, err := strconv.ParseUint(text, 10, 53)
		if err != nil {
			return usagef("%q is no number", text)
		}
		if i == 0 {
			r.Index = &n
		} else {
			r.Items = append(r.Items, int(n))
		}
	}
	named := r.Index != nil || r.ID != ""
	if named != (*reason != "") || r.Index != nil && r.ID != "" || named && *party != "" {
		return usagef("a number or --id, with --reason; or neither, for a list")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	if !named {
		return listRetractions(ctx, e, c, api.RetractionQuery{Party: *party}, *asJSON)
	}
	out, err := c.Retract(ctx, r)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(out)
	}
	e.printf("taken back by %s, %s\n", counted(len(out.Refs), "statement", "statements"), numbers(out.Refs))
	return nil
}

func listRetractions(ctx context.Context, e *env, c *api.Client, q api.RetractionQuery, asJSON bool) error {
	list, err := c.Retractions(ctx, q)
	if err != nil {
		return err
	}
	if asJSON {
		return e.json(list)
	}
	for _, r := range list.Items {
		what := "all of it"
		if len(r.Ranges) > 0 {
			what = "numbers " + runs(r.Ranges)
		}
		e.printf("%d takes back %d: %s\n  reason       %s\n", r.Index, r.Of, what, r.Reason)
		for _, a := range r.Acks {
			e.printf("  %-12s %s\n", a.Party, strings.TrimSpace(a.Verdict+" "+string(a.Code)))
		}
		for _, party := range r.Open {
			e.printf("  %-12s not acknowledged\n", party)
		}
		if len(r.To) == 0 {
			e.printf("  nobody else had it\n")
		}
	}
	e.printf("%s\n", counted(len(list.Items), "retraction", "retractions"))
	return nil
}

// runs writes runs of numbers, the first ten.
func runs(ranges []border.ItemRange) string {
	var out []string
	for _, r := range ranges[:min(len(ranges), 10)] {
		if r.From == r.To {
			out = append(out, strconv.Itoa(r.From))
		} else {
			out = append(out, strconv.Itoa(r.From)+"-"+strconv.Itoa(r.To))
		}
	}
	if len(ranges) > 10 {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}
