package main

import (
	"context"
	"slices"

	"entente/api"
)

// runTold tells the shared part of the list, shows what parties told, or takes up
// what one of them did.
func runTold(ctx context.Context, e *env, f *flags, what string, asJSON *bool, args []string) error {
	parties, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(parties) > 1 || what == "tell" && len(parties) > 0 || what == "guard" && len(parties) == 0 {
		return usagef("which party? one, and none for tell")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var all []api.ToldInventory
	switch what {
	case "tell":
		var one api.ToldInventory
		one, err = c.TellInventory(ctx, api.PartyRequest{})
		all = []api.ToldInventory{one}
	case "guard":
		var one api.ToldInventory
		one, err = c.GuardTheirs(ctx, api.PartyRequest{Party: parties[0]})
		all = []api.ToldInventory{one}
	default:
		all, err = c.ToldInventories(ctx)
		all = slices.DeleteFunc(all, func(t api.ToldInventory) bool { return len(parties) > 0 && t.Party != parties[0] })
	}
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(all)
	}
	if len(all) == 0 {
		e.note("nobody has told a list")
	}
	for _, t := range all {
		if what == "guard" {
			e.printf("guarded from now on, of what %s told as number %d of its log:\n", t.Party, t.Index)
		} else {
			e.printf("%s says, number %d of its log, %s: %s\n", t.Party, t.Index, when(t.At), counted(int(t.Items), "thing", "things"))
		}
		if t.Fault != "" {
			e.printf("  not taken  %s\n", t.Fault)
			continue
		}
		if err := showInventory(e, t.List, false); err != nil {
			return err
		}
	}
	return nil
}
