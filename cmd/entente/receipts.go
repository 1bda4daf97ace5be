package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"entente/api"
	"entente/border"
)

func receiptsVerb() verb {
	return verb{"receipts", "list what borders let out and kept, checked against the logs", `receipts --dir DIR [--party PARTY] [--limit N] [--json]

One line for each statement that left: under which rule, marked how, to whom, on
whose word. An observer sees those of all parties, and of no statement the
content. Each is held against the logs; what they contradict is printed
as a breach, and the exit code is 1.`, runReceipts}
}

var errBreach = errors.New("a receipt is contradicted by the logs")

func runReceipts(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "receipts").withDir()
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
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	list, err := c.Receipts(ctx, api.ReceiptQuery{Party: *party, Limit: *limit})
	if err != nil {
		return err
	}
	if *asJSON {
		if err := e.json(list); err != nil {
			return err
		}
	}
	breach := false
	for _, s := range list.Items {
		for _, r := range s.Releases {
			breach = breach || r.Code != ""
			if !*asJSON {
				showRelease(e, s.Party, r)
			}
		}
		for _, r := range s.Refusals {
			if !*asJSON {
				e.printf("%s kept  %s %s, %s%s\n", s.Party, r.Use, r.Code, counted(int(r.Count), "time", "times"), byOfficer(r.Officer))
			}
		}
	}
	if breach {
		return errBreach
	}
	return nil
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
