package main

import (
	"context"
	"encoding/hex"
	"os"
	"time"

	"entente/api"
	"entente/election/night"
	"entente/election/press"
	"entente/record"
)

func pressVerb() verb {
	return verb{"press", "write the one-page statement for the press, in two languages", `press --dir DIR --election NAME [--facts FILE]... [--as-of TIME] [--out FILE] [--json]

What was checked, by whom, with what outcome, and what was not: one page of fixed
sentences in English and Russian. What the logs say of results pages (entente results) is
taken from the running node; whoever writes the page cannot leave out what was found
there, nor what nobody checked. Both sides get the same bytes of the same record, and
can sign the digest. Print it with entente press --out page.md, or the console.

  --election NAME  as the offices call it
  --facts FILE     further checks, as JSON: [{"subject": "lookalike", "by": ["north"],
                   "outcome": "found", "count": 1, "of": 400, "names": ["..."]}]; subjects
                   are sums, versions, balance, audit, roll, lookalike, posts, papers,
                   outcomes clean, found, split; may be repeated
  --as-of TIME     the time on the page, RFC 3339; default: now
  --out FILE       where to write it; default: standard output
  --json           the page's digest and its checks, as one JSON object`, runPress}
}

func runPress(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "press").withDir()
	election, asOf, out := f.String("election", "", ""), f.String("as-of", "", ""), f.String("out", "", "")
	asJSON := f.Bool("json", false, "")
	var files texts
	f.Var(&files, "facts", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if err := f.none(rest); err != nil {
		return err
	}
	facts := press.Facts{Election: *election, AsOf: time.Now().UTC().Truncate(time.Minute)}
	if *asOf != "" {
		if facts.AsOf, err = time.Parse(time.RFC3339, *asOf); err != nil {
			return usagef("--as-of %q: a time like 2026-11-03T23:30:00Z", *asOf)
		}
	}
	if *election == "" {
		return usagef("which election? --election NAME")
	}
	for _, path := range files {
		var more []press.Check
		if err := readOwnJSON(path, &more); err != nil {
			return err
		}
		facts.Checks = append(facts.Checks, more...)
	}
	views, err := fromNode(ctx, f, (*api.Client).ResultPages, "")
	if err != nil {
		return err
	}
	facts.Checks = append(facts.Checks, night.Checks(views)...)
	if facts.Parties, err = partiesIn(f); err != nil {
		return err
	}
	page, err := press.Markdown(facts)
	if err != nil {
		return hint(err, "entente press -h shows what a file of facts holds")
	}
	digest := press.Digest(page)
	switch {
	case *asJSON:
		return e.json(map[string]any{"digest": hex.EncodeToString(digest[:]), "checks": press.Merge(facts.Checks), "page": string(page)})
	case *out != "":
		if err := os.WriteFile(*out, page, 0o644); err != nil {
			return err
		}
		e.printf("%s written, SHA-256 %s\n", *out, hex.EncodeToString(digest[:]))
		return nil
	}
	_, err = e.stdout.Write(page)
	return err
}

// partiesIn are the parties of the charter in a data folder.
func partiesIn(f *flags) ([]string, error) {
	roster, err := verifyRoster("", f.dir, f.dir)
	if err != nil {
		return nil, err
	}
	return partyIDs(roster), nil
}

func partyIDs(r record.Roster) (ids []string) {
	for _, m := range r.Members {
		ids = append(ids, m.ID)
	}
	return ids
}
