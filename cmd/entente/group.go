package main

import (
	"context"
	"strings"

	"entente/api"
)

func groupVerb() verb {
	return verb{"group", "say who is in a group, or list groups", `group set --dir DIR --reason TEXT NAME [PARTY...] [--json]
       entente group list --dir DIR [--json]

set says the whole group NAME anew, as its next epoch. Whoever is no longer
named receives nothing from then on of what is shared to @NAME, from anybody
who holds the new epoch; without a PARTY the group is empty. This party belongs
to its own groups without being named.`, runGroup}
}

func runGroup(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("group set or group list?")
	}
	switch args[0] {
	case "set", "list":
	case "-h", "-help", "--help":
		return errHelp
	default:
		return usagef("group set or group list, not %q", args[0])
	}
	f := newFlags(e, "group").withDir()
	reason := f.String("reason", "", "")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args[1:])
	if err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	if args[0] == "set" {
		if len(rest) == 0 || *reason == "" {
			return usagef("name the group, who is in it, and give a --reason")
		}
		g, err := c.SetGroup(ctx, api.GroupRequest{Name: rest[0], Members: append([]string{}, rest[1:]...), Reason: *reason})
		if err != nil {
			return err
		}
		if *asJSON {
			return e.json(g)
		}
		e.printf("@%s, epoch %d: %s; said as number %d\n", g.Name, g.Epoch, membersOf(g), g.Said.Index)
		return nil
	}
	all, err := c.Groups(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(all)
	}
	for _, g := range all {
		e.printf("@%s/%s  epoch %d  %s  %s\n", g.Owner, g.Name, g.Epoch, membersOf(g), g.Reason)
	}
	return nil
}

func membersOf(g api.Group) string {
	if len(g.Members) == 0 {
		return "nobody"
	}
	return strings.Join(g.Members, ", ")
}
