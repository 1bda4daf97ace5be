package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"entente/api"
	"entente/border"
	"entente/node"
)

func receiptsVerb() verb {
	return verb{"receipts", "list what borders let out and kept, checked against the logs", `receipts --dir DIR [--party PARTY] [--limit N] [--json]

One line for each statement that left: under which rule, marked how, to whom, on
whose word. An observer sees those of all parties, and of no statement the
content. Each is held against the logs; what they contradict is printed
as a breach, and the exit code is 1. A run of an export to tools has one line. A
statement that left and has no receipt, although its log says that everything up to
there has one, is printed as "no receipt for", and the exit code is 1 too. Without a
running node the folder is read.`, runReceipts}
}

var errBreach = errors.New("a receipt is contradicted by the logs, or missing")

func runReceipts(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "receipts").withKeys()
	party := f.String("party", "", "")
	limit := f.Int("limit", 50, "")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("receipts takes no %q", rest[0])
	}
	q := api.ReceiptQuery{Party: *party, Limit: *limit}
	list, err := nodeOrFolder(ctx, f, func(c *api.Client) (api.Receipts, error) { return c.Receipts(ctx, q) }, func(d *node.Folder) (api.Receipts, error) { return d.Receipts(ctx, q) })
	if err != nil {
		return err
	}
	if *asJSON {
		if err := e.json(list); err != nil {
			return err
		}
	}
	breach := len(list.Missing) > 0
	for _, s := range list.Items {
		for _, r := range s.Releases {
			breach = breach || r.Code != ""
			if !*asJSON {
				showRelease(e, s.Party, r)
			}
		}
		for _, r := range s.Tools {
			breach = breach || r.Code != ""
			if !*asJSON {
				showRun(e, s.Party, r)
			}
		}
		for _, r := range s.Refusals {
			if !*asJSON {
				e.printf("%s kept  %s %s, %s%s\n", s.Party, r.Use, r.Code, counted(int(r.Count), "time", "times"), byOfficer(r.Officer))
			}
		}
	}
	if !*asJSON {
		showMissing(e, list)
	}
	if breach {
		return errBreach
	}
	return nil
}

func showMissing(e *env, list api.Receipts) {
	for _, m := range list.Missing {
		e.printf("no receipt for %s %d  %s  to %s\n", m.Party, m.Index, m.Kind, strings.Join(m.Recipients, ", "))
	}
	if more := list.MissingTotal - len(list.Missing); more > 0 {
		e.printf("no receipt for %d more\n", more)
	}
	if list.Pending > 0 {
		e.printf("%s no receipt yet\n", counted(list.Pending, "statement has", "statements have"))
	}
}

func showRun(e *env, party string, r api.CheckedRun) {
	e.printf("%s tools  %s  %s", party, r.Rule, cmp.Or(r.Marking, "not marked"))
	if r.PAP != "" {
		e.printf(" %s", r.PAP)
	}
	e.printf("  %s, %s%s\n", r.Tool, counted(int(r.Count), "object", "objects"), byOfficer(r.Officer))
	if r.Code != "" {
		e.printf("  breach  %s: %s\n", r.Code, r.Detail)
	}
}

func showRelease(e *env, party string, r api.CheckedRelease) {
	e.printf("%s %d  %s  %s", party, r.Index, r.Rule, r.Marking)
	if r.PAP != "" {
		e.printf(" %s", r.PAP)
	}
	e.printf("  to %s", strings.Join(r.Recipients, ", "))
	if r.Group != nil {
		e.printf("  %s", groupText(*r.Group))
	}
	e.printf("%s\n", byOfficer(r.Officer))
	if r.Code != "" {
		e.printf("  breach  %s: %s\n", r.Code, r.Detail)
	}
}

func groupText(g border.Epoch) string {
	return "@" + g.Owner + "/" + g.Name + " epoch " + strconv.FormatUint(g.Epoch, 10)
}

func byOfficer(name string) string {
	if name == "" {
		return ""
	}
	return "  by " + name
}
