package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entente/api"
)

func matchGroup(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) > 0 && args[0] == "offer" {
		return groupOffer(ctx, e, f, args[1:])
	}
	if len(args) > 0 && args[0] == "show" {
		return groupShow(ctx, e, f, args[1:])
	}
	return usagef("match group offer or show?")
}

// groupOffer offers a run to each of several partners, or joins a group.
func groupOffer(ctx context.Context, e *env, f *matchFlags, args []string) error {
	paths, err := f.parse(args)
	if err != nil {
		return err
	}
	r := api.MatchGroupOffer{Group: f.group, Each: api.MatchOffer{
		Purpose: f.purpose, Count: f.count, Exclude: f.exclude, Observer: f.observer, Release: f.release, Audit: f.audit, Step: int64(f.step / time.Second), UpTo: f.upTo,
	}}
	if f.to != "" {
		r.Parties = strings.Split(f.to, ",")
	}
	if f.group == "" && (len(r.Parties) < 2 || f.purpose == "") {
		return usagef("match group offer needs --to PARTY,PARTY and --purpose TEXT, or --group ID of a group that is there")
	}
	if f.group == "" || f.class != "" || len(f.types) > 0 {
		if r.Each.Types, err = f.matchTypes(); err != nil {
			return err
		}
	}
	if r.Each.Files, err = matchFiles(paths); err != nil {
		return err
	}
	made, err := fromNode(ctx, f.flags, (*api.Client).MatchGroupOffer, r)
	if err != nil {
		return matchHint(err)
	}
	if f.asJSON {
		return e.json(made)
	}
	e.printf("group %s of %s\n", made.Group, strings.Join(made.Parties, ", "))
	for _, o := range made.Offers {
		if err := f.showMade(e, o.Made, "offered to "+o.Party); err != nil {
			return err
		}
	}
	e.printf("each run counts against the budgets of its two sides; entente match group show %s lays side by side what they come to\n", made.Group[:8])
	return nil
}

// groupShow prints which own items several of a group hold.
func groupShow(ctx context.Context, e *env, f *matchFlags, args []string) error {
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usagef("match group show [GROUP]: one group")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	g, err := c.MatchGroup(ctx, strings.Join(rest, ""), f.atLeast)
	if err != nil {
		return matchHint(err)
	}
	if f.asJSON {
		return e.json(g)
	}
	e.printf("group %s of %s, for %q\n", g.Group, strings.Join(g.Parties, ", "), g.Purpose)
	rows := [][]string{{"RUN", "FROM", "TO", "STATE", "WAITS FOR", "COUNT", "ENDED BY"}}
	for _, r := range g.Runs {
		rows = append(rows, []string{r.ID[:8], r.From, r.To, string(r.State), r.Waits, countText(r.Count), r.Code})
	}
	e.table(rows)
	if len(g.Missing) > 0 {
		e.printf("no names yet with %s: the table says less than it may come to\n", strings.Join(g.Missing, ", "))
	}
	showHeld(e, g)
	e.printf(`Each pair of the group has learnt what both of it hold. This table follows from the own runs:
it says of our items who else holds them, and nothing of what others have in common without us.
Each of the others can make such a table of its own items. Each run has also opened its sample of
unmatched items: what two partners opened to us is on both their lists. Who repeats a group with
a list that has grown shows by the sizes and counts how much.
`)
	return nil
}

func showHeld(e *env, g api.MatchGroup) {
	by := make([]int, len(g.Parties)+1)
	rows := [][]string{{"HELD BY", "TYPE", "VALUE", "IN OUR LOG SINCE", "WITH, IN THEIR LOG SINCE"}}
	for _, j := range g.Items {
		by[j.Held]++
		var with []string
		for _, h := range j.With {
			with = append(with, h.Party+" ("+sinceText(h.Theirs)+")")
		}
		rows = append(rows, []string{fmt.Sprint(j.Held), string(j.Type), j.Value, sinceText(j.Ours), strings.Join(with, ", ")})
	}
	for held := len(g.Parties); held >= g.AtLeast; held-- {
		e.printf("held by %d of %d: %s of ours\n", held, len(g.Parties), many(int64(by[held]), "item"))
	}
	if len(g.Items) > 0 {
		e.table(rows)
	}
}
