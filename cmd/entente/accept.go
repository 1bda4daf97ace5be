package main

import (
	"context"
	"crypto/sha256"
	"fmt"

	"entente/api"
	"entente/statement"
)

func acceptVerb() verb {
	return verb{"accept", "let held-back indicators alert, on the record", `accept --dir DIR --officer NAME --reason TEXT WHICH

WHICH is one of
  ID...               ids from entente alerts --held
  --list PARTY/N      everything held of one statement
  --name TEXT         everything held of the lists of that name
  --file PATH         everything held of the lists that were made from this very file
  --all               everything held

  --reject            take earlier acceptances back instead
  --json`, runAccept}
}

func runAccept(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "accept").withDir()
	var r api.AcceptRequest
	f.StringVar(&r.Officer, "officer", "", "")
	f.StringVar(&r.Reason, "reason", "", "")
	f.StringVar(&r.Name, "name", "", "")
	f.BoolVar(&r.All, "all", false, "")
	f.BoolVar(&r.Reject, "reject", false, "")
	list, file := f.String("list", "", ""), f.String("file", "", "")
	asJSON := f.Bool("json", false, "")
	ids, err := f.parse(args)
	if err != nil {
		return err
	}
	r.IDs = append([]string{}, ids...)
	if r.Officer == "" || r.Reason == "" {
		return usagef("a decision names its --officer and its --reason")
	}
	if len(ids) == 0 && *list == "" && *file == "" && r.Name == "" && !r.All {
		return usagef("which indicators? ids, --list, --name, --file or --all")
	}
	if *list != "" {
		party, index, err := parseRef(*list)
		if err != nil {
			return err
		}
		if party == "" {
			return usagef("--list PARTY/N: whose list?")
		}
		r.Party, r.Index = party, &index
	}
	if *file != "" {
		data, err := readFile(*file, api.MaxShare)
		if err != nil {
			return err
		}
		d := statement.Digest(sha256.Sum256(data))
		r.Digest = &d
	}
	out, err := fromNode(ctx, f, (*api.Client).Accept, r)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(out)
	}
	word := "accepted"
	if r.Reject {
		word = "rejected"
	}
	e.printf("%s %s by %s, %s\n", counted(out.Items, "indicator", "indicators"), word, r.Officer, decisions(out.Refs))
	return nil
}

func decisions(refs []statement.Ref) string {
	if len(refs) == 0 {
		return "recorded"
	}
	return fmt.Sprintf("recorded as %s", numbers(refs))
}
