package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"entente/api"
	"entente/statement"
)

// shareObjects shows what the readers of some own objects would have, and lets
// that go, and nothing else, when somebody says so.
func shareObjects(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "objects share").withDir()
	var to words
	f.Var(&to, "to", "")
	marking, name, officer := f.String("marking", "", ""), f.String("name", "", ""), f.String("officer", "", "")
	wait := f.Duration("wait", 10*time.Second, "")
	yes := f.Bool("yes", false, "")
	ids, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return usagef("which objects? give their ids")
	}
	c, err := soon(ctx, f)
	if err != nil {
		return err
	}
	r := api.StoredShare{IDs: ids, Name: *name, Marking: *marking, To: to, Officer: *officer}
	shown, err := c.ShareStored(ctx, r)
	if refused, ok := statement.AsRefusal(err); ok && refused.Code == statement.CodeRecipient {
		return hint(err, "--to PARTY names who may read it; entente charter show --dir DIR lists the parties")
	}
	if err != nil {
		return err
	}
	showShare(e, shown)
	if !*yes {
		e.printf("share this? [y/N] ")
		line, _ := bufio.NewReader(e.stdin).ReadString('\n') // the end of the input is no yes
		if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
			return hint(fmt.Errorf("nothing was shared"), "answer y, or give --yes")
		}
	}
	r.Digest = shown.Digest
	said, err := c.ShareStored(ctx, r)
	if refused, ok := statement.AsRefusal(err); ok && refused.Code == statement.CodeDigest {
		return hint(err, "nothing was shared: give the command again to see what would go now")
	}
	if err != nil {
		return err
	}
	e.printf("to %s as %s, %s\n", strings.Join(said.To, ", "), counted(len(said.Refs), "statement", "statements"), numbers(said.Refs))
	return follow(ctx, e, f, c, api.ShareResult{Refs: said.Refs, To: said.To}, *wait)
}

func showShare(e *env, s api.StoredShared) {
	for _, o := range s.Objects {
		e.printf("%s  %s", o.ID, o.Marking)
		if o.Redacted {
			e.printf(", without what it marks stricter")
		}
		e.printf("\n  %s\n", strings.TrimSpace(string(o.Raw)))
	}
	for _, o := range s.Left {
		e.printf("%s stays: %s: %s\n", o.ID, o.Code, o.Detail)
	}
	whom := strings.Join(s.To, ", ")
	if s.Group != "" {
		whom = s.Group + " (" + whom + ")"
	}
	e.printf("%s would go to %s\n", counted(len(s.Objects), "object", "objects"), whom)
}
