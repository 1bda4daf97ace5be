package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/node"
	"entente/statement"
)

func exposureVerb() verb {
	return verb{"exposure", "what a party was shown, and the most that it can have learnt", `exposure --to PARTY [--dir DIR] [--anew] [--json]

The page for the overseer at home, computed from the record alone: what crossed,
under which rule, who let it go; what came back; what was found for each item shown;
and the most that the other can have learnt, guesses, silence, times and sizes
included. Without a running node it is computed from the folder.

  --anew              read the logs again instead of the view; the node must not run
  --json`, runExposure}
}

func runExposure(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "exposure").withKeys()
	to := f.String("to", "", "")
	anew, asJSON := f.Bool("anew", false, ""), f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	if *to == "" {
		return usagef("--to PARTY: shown to whom?")
	}
	got, err := exposure(ctx, f, *to, *anew)
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(got)
	}
	showExposure(e, got)
	return nil
}

// exposure asks the node that runs, else the folder; anew only the folder.
func exposure(ctx context.Context, f *flags, party string, anew bool) (border.Exposure, error) {
	read := func(d *node.Folder) (border.Exposure, error) { return d.Exposure(ctx, party, anew) }
	if anew {
		return inFolder(f, read)
	}
	return nodeOrFolder(ctx, f, func(c *api.Client) (border.Exposure, error) { return c.Exposure(ctx, party) }, read)
}

func showExposure(e *env, x border.Exposure) {
	e.printf("What %s has shown %s\n", x.Self, x.Party)
	e.printf("from %s of its own log and %s of the other's\n\n", counted(int(x.Size), "statement", "statements"), counted(int(x.Theirs), "statement", "statements"))
	showCrossed(e, x.Crossed)
	e.printf("\nBY KIND\n")
	showTotals(e, x.Totals)
	e.printf("\nWHAT CAME BACK\n")
	showTotals(e, x.Back.Totals)
	for _, a := range x.Back.Answers {
		e.printf("  %s of %s acknowledged as %s\n", counted(a.Statements, "statement", "statements"), x.Self, a.Kind)
	}
	showReturn(e, x)
	showLearnt(e, x)
}

func showCrossed(e *env, all []border.Crossing) {
	e.printf("WHAT CROSSED\n")
	for _, c := range all {
		what := string(c.Kind)
		if c.Name != "" {
			what += " " + c.Name
		}
		if c.Items > 0 {
			what += ", " + counted(c.Items, "item", "items")
		}
		if c.Decoys > 0 {
			what += " (" + counted(c.Decoys, "decoy", "decoys") + ")"
		}
		by := "who let it go is not on the record"
		if c.By != "" {
			by = "let go by " + c.By
		}
		if c.Erased {
			by += ", part erased since"
		}
		if c.Retracted {
			by += ", taken back since"
		}
		rule := cmp.Or(c.Rule, "without a receipt yet")
		if c.Group != nil {
			rule += fmt.Sprintf(" %s at epoch %d", c.Group.Name, c.Group.Epoch)
		}
		e.printf("  %6d  %s  %s\n          %s, rule %s, to %s; %s\n", c.Index, when(c.Time), what, c.Marking, rule, list(c.Recipients), by)
	}
	if len(all) == 0 {
		e.printf("  nothing\n")
	}
}

func showTotals(e *env, all []border.Total) {
	for _, t := range all {
		e.printf("  %-16s %s", t.Kind, counted(t.Statements, "statement", "statements"))
		if t.Items > 0 {
			e.printf(", %s", counted(t.Items, "item", "items"))
		}
		e.printf("\n")
	}
	if len(all) == 0 {
		e.printf("  nothing\n")
	}
}

func showReturn(e *env, x border.Exposure) {
	f := x.Found
	e.printf("\nWHAT WAS FOUND\n")
	e.printf("  of %s shown %s says to have seen %d\n", counted(f.Shown, "value", "values"), x.Party, f.There)
	e.printf("  of %s that it gave %s said to have seen %d\n", counted(f.Given, "value", "values"), x.Self, f.Here)
	if p, ok := f.PerItem(); ok {
		e.printf("  %.4f found for each item shown\n", p)
	}
	if f.False > 0 {
		e.printf("  %s that nobody can have seen it says to have seen\n", counted(f.False, "decoy", "decoys"))
	}
}

func showLearnt(e *env, x border.Exposure) {
	l, b := x.Learnt, x.Beside
	e.printf("\nTHE MOST THAT %s CAN HAVE LEARNT\n", strings.ToUpper(x.Party))
	e.printf("  what crossed, as above: what it was shown it keeps\n")
	e.printf("  about own logs: it gave %s as indicators, %s in all; each is a guess\n", counted(l.Values, "value", "values"), counted(l.Guesses, "time", "times"))
	e.printf("    %d confirmed: it was told that they were seen\n", l.Confirmed)
	e.printf("    of %s that it named it can have been told that the id is another's\n", counted(l.Others, "object", "objects"))
	e.printf("    %d left in silence: at most, that they were not seen, if answers go back by themselves\n", l.Silent)
	e.printf("    so it can know something of %s at most\n", counted(l.Most(), "value", "values"))
	e.printf("    budget: %d a day; answers went on %s, %d on the fullest\n", l.PerDay, counted(int(l.Days), "day", "days"), l.Fullest)
	e.printf("  by the log itself: %s, of which it reads %d (%d housekeeping)\n", counted(b.Leaves, "statement", "statements"), b.Readable, b.Housekeeping)
	e.printf("    %d sealed from it: that something was said, in %s, and the sizes of the parts\n", b.Sealed, counted(b.Hours, "hour", "different hours"))
	var sizes []string
	for _, s := range b.Sizes {
		sizes = append(sizes, fmt.Sprintf("%d of %d bytes", s.Parts, s.Bytes))
	}
	if len(sizes) > 0 {
		e.printf("    sizes: %s\n", strings.Join(sizes, ", "))
	}
	if b.Refusals > 0 {
		e.printf("    that %s of its own were refused\n", counted(b.Refusals, "message", "messages"))
	}
	if kinds := housekeeping(x.Totals); len(kinds) > 0 {
		e.printf("    when its own words were read and which logs were seen to grow, by %s\n", strings.Join(kinds, ", "))
	}
}

func housekeeping(all []border.Total) []string {
	var kinds []string
	for _, t := range all {
		if slices.Contains([]statement.Kind{"ack/v1", "heads/v1"}, t.Kind) {
			kinds = append(kinds, counted(t.Statements, string(t.Kind), string(t.Kind)))
		}
	}
	return kinds
}
