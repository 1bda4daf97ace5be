package main

import (
	"context"
	"fmt"
	"strings"

	"entente/api"
)

func statementsVerb() verb {
	return verb{"statements", "list statements and how far each has come", `statements --dir DIR [flags] [[PARTY/]N]

Newest first. With a number, one statement alone.

  --party PARTY       of one log
  --kind KIND         of one kind, such as sighting/v1
  --all               housekeeping (heads, ack, refusal) too
  --limit N, --offset N
  --json`, runStatements}
}

func runStatements(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "statements").withDir()
	var q api.StatementQuery
	f.StringVar(&q.Party, "party", "", "")
	f.StringVar(&q.Kind, "kind", "", "")
	f.BoolVar(&q.All, "all", false, "")
	f.IntVar(&q.Limit, "limit", 50, "")
	f.IntVar(&q.Offset, "offset", 0, "")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usagef("one statement at a time")
	}
	if len(rest) == 1 {
		party, index, err := parseRef(rest[0])
		if err != nil {
			return err
		}
		q.Index = &index
		if party != "" {
			q.Party = party
		}
	}
	page, err := fromNode(ctx, f, (*api.Client).Statements, q)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(page)
	}
	rows := [][]string{{"STATEMENT", "KIND", "WORD", "CLAIMED", "MARKING", "TO", "ACKS"}}
	for _, s := range page.Items {
		rows = append(rows, statementRow(s))
	}
	e.table(rows)
	if page.Total > len(page.Items) {
		e.printf("%d of %d\n", len(page.Items), page.Total)
	}
	return nil
}

func statementRow(s api.Statement) []string {
	kind := string(s.Kind)
	if s.State != "open" {
		kind = strings.TrimSpace(strings.TrimSpace(kind+" ("+s.State+" ") + string(s.Code))
		kind = strings.TrimSpace(kind) + ")"
	}
	to := strings.Join(s.Recipients, ",")
	if to == "" {
		to = "-"
	}
	var acks []string
	for _, a := range s.Acks {
		acks = append(acks, strings.TrimSpace(a.Party+":"+a.Verdict+" "+string(a.Code)))
	}
	word := string(s.Word)
	if s.Disputed {
		word += ", disputed"
	}
	return []string{fmt.Sprintf("%s/%d", s.Party, s.Index), kind, word, when(s.Time), s.Marking, to, strings.Join(acks, ", ")}
}
