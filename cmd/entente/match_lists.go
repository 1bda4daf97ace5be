package main

import (
	"context"
	"strconv"
)

// matchLists shows the warning lists that a run may leave out.
func matchLists(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if err := f.none(args); err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	lists, err := c.MatchLists(ctx)
	if err != nil {
		return err
	}
	if f.asJSON {
		return e.json(lists)
	}
	rows := [][]string{{"DIGEST", "KIND", "ENTRIES", "NAME"}}
	for _, l := range lists {
		rows = append(rows, []string{l.Digest.String()[:16], l.Kind, strconv.Itoa(l.Entries), l.Name})
	}
	e.table(rows)
	return nil
}
