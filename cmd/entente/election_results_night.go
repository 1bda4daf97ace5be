package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"entente/api"
	"entente/election/night"
	"entente/election/results"
)

// resultsPages shows how the pages of the inventory stand.
func resultsPages(ctx context.Context, e *env, f *resultFlags, args []string) error {
	f.withDir()
	look := f.Bool("look", false, "")
	names, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(names) > 1 || *look && len(names) == 0 {
		return usagef("which page? one of the inventory's ids")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var all []night.PageView
	switch {
	case *look:
		var one night.PageView
		one, err = c.LookAtPage(ctx, api.PageRequest{Page: names[0]})
		all = []night.PageView{one}
	default:
		all, err = c.ResultPages(ctx, strings.Join(names, ""))
	}
	if err != nil {
		return err
	}
	if *f.asJSON {
		return e.json(all)
	}
	if len(all) == 0 {
		e.note("the inventory has no results pages; entente inventory -h says how to name them")
	}
	for _, v := range all {
		showPage(e, v, len(names) == 1)
	}
	return nil
}

func showPage(e *env, v night.PageView, whole bool) {
	e.printf("%-11s %s  %s\n", v.State, v.Page.ID, v.Page.URL)
	if v.Last != nil {
		e.printf("  newest     %s, %s; still so %s; %s, cell root %s\n", when(v.Last.At), v.Last.Outcome, when(v.Last.Until), counted(int(v.Last.Leaves), "number", "numbers"), v.Last.Root)
	}
	if v.FailedAt != 0 {
		e.printf("  no answer  since %s (%s)\n", when(v.FailedAt), v.Why)
	}
	for _, h := range v.Histories {
		e.printf("  %-10s %s in %s, %d without a usable answer, slowest %d ms\n", h.Party, counted(len(h.Versions), "version", "versions"), counted(int(h.Fetches), "fetch", "fetches"), h.Failed, h.SlowestMS)
	}
	if v.Joint != nil {
		e.printf("  joint      %s sealed the same numbers, the last %s\n", strings.Join(v.Joint.Parties, " and "), when(v.Joint.At))
	}
	for _, d := range v.Differences {
		e.printf("  differs    %s saw root %s and %s root %s, both from %s to %s\n", d.A.Party, d.A.Root.Short(), d.B.Party, d.B.Root.Short(), when(d.From), when(d.To))
	}
	if v.Words != nil {
		showWords(e, *v.Words)
	}
	for _, a := range v.Alarms {
		e.printf("  alarm      %s, %s: %s\n", a.Level, a.State, short(strings.Join(a.Says[:min(1, len(a.Says))], ""), 300))
	}
	if v.Whom.Name != "" {
		e.printf("  call       %s %s %s\n", v.Whom.Name, v.Whom.Phone, v.Whom.Mail)
	}
	if !whole {
		return
	}
	for _, k := range v.Contests {
		final := ""
		if k.Final {
			final = "; final"
		}
		e.printf("  %s%s\n", k.Shown, final)
		for _, one := range k.Choices {
			e.printf("    %8d  %s\n", one.Votes, one.Shown)
		}
	}
}

func showWords(e *env, a night.Agreement) {
	e.printf("  words      %s over root %s\n", a.Stand, a.Root)
	for _, w := range a.Words {
		says := "it balances"
		if !w.Balances {
			says = "it does not balance: " + counted(w.Total, "rule broken", "rules broken")
		}
		e.printf("    %s (number %d of its log): %s\n", w.Party, w.Index, says)
		for _, b := range w.Breaks[:min(5, len(w.Breaks))] {
			e.printf("      %s, %s: %s\n", b.Grade, b.Code, short(b.Says, 300))
		}
	}
	for _, p := range a.Silent {
		e.printf("    %s has said nothing\n", p)
	}
}

// resultsBalance gives the own side's word over the newest numbers of a page.
func resultsBalance(ctx context.Context, e *env, f *resultFlags, args []string) error {
	f.withDir()
	names, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(names) != 1 {
		return usagef("which page? one of the inventory's ids")
	}
	g, err := fromNode(ctx, f.flags, (*api.Client).GiveWord, api.PageRequest{Page: names[0]})
	if err != nil {
		return err
	}
	if *f.asJSON {
		return e.json(g)
	}
	says := "it balances"
	if !g.Balances {
		says = "it does not balance: " + counted(g.Total, "rule broken", "rules broken")
	}
	e.printf("said as number %d, over cell root %s: %s\n", g.Index, g.Root, says)
	for _, b := range g.Breaks {
		e.printf("  %s, %s: %s\n", b.Grade, b.Code, short(b.Says, 300))
	}
	return nil
}

// resultsEver says whether a number was ever published.
func resultsEver(ctx context.Context, e *env, f *resultFlags, args []string) error {
	f.withDir()
	contest, choice, unit := f.String("contest", "", ""), f.String("choice", "", ""), f.String("unit", "", "")
	numbers, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(numbers) != 1 {
		return usagef("which number? as in 1200, or 37.1%%")
	}
	q := results.Query{Contest: *contest, Choice: *choice, Unit: *unit}
	if share, ok := strings.CutSuffix(numbers[0], "%"); ok {
		q.Percent = share
	} else if q.Count, err = strconv.ParseInt(numbers[0], 10, 64); err != nil || q.Count < 0 {
		return usagef("%q is no number: as in 1200, or 37.1%%", numbers[0])
	}
	got, err := fromNode(ctx, f.flags, (*api.Client).Ever, q)
	if err != nil {
		return err
	}
	if *f.asJSON {
		return e.json(got)
	}
	word := "never published"
	if got.Total > 0 {
		word = "published"
	}
	e.printf("%s, by what these have sealed:\n", word)
	for _, s := range got.Searched {
		more := ""
		if s.Missing > 0 {
			more = fmt.Sprintf("; the numbers of %d more are not here", s.Missing)
		}
		e.printf("  %-10s %s of %s between %s and %s%s\n", s.Party, counted(s.Versions, "version", "versions"), s.URL, when(s.From), when(s.To), more)
	}
	for _, x := range got.Found {
		e.printf("  %s  to %s  %s, number %d of its log\n    %d  %s\n", when(x.At), when(x.Until), x.Party, x.Index, x.Cell.Count, x.Cell.Key)
	}
	if got.Total == 0 {
		e.printf("  means not  that it was shown nowhere else, or between two fetches\n")
	}
	return nil
}

// resultsCopies writes the newest versions of a page, each with the bundle of its seal.
func resultsCopies(ctx context.Context, e *env, f *resultFlags, args []string) error {
	f.withDir()
	out, last, joint := f.String("out", "", ""), f.Int("last", 2, ""), f.Bool("joint", false, "")
	names, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(names) != 1 || *out == "" || *last < 1 {
		return usagef("--out FOLDER, and which page? one of the inventory's ids")
	}
	c, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	all, err := c.ResultPages(ctx, names[0])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil { //nolint:gosec // it is for whoever is given it
		return err
	}
	if *joint {
		return writeMirror(ctx, e, c, *out, all[0])
	}
	for _, h := range all[0].Histories {
		if h.Party != s.Party {
			continue
		}
		for _, v := range h.Versions[max(0, len(h.Versions)-*last):] {
			if err := writeCopy(ctx, e, c, *out, v); err != nil {
				return err
			}
		}
	}
	e.printf("checked by anybody, offline: entente verify --charter CHARTER %s\n", filepath.Join(*out, "*"))
	return nil
}

func writeCopy(ctx context.Context, e *env, c *api.Client, folder string, v night.Seen) error {
	body, err := c.PageBytes(ctx, v.Page, v.Index)
	if err != nil {
		return err
	}
	bundle, err := c.Bundle(ctx, v.Party, v.Index)
	if err != nil {
		return err
	}
	name := filepath.Join(folder, fmt.Sprintf("%s-%d", v.Page, v.Index))
	for _, one := range []struct {
		path string
		data []byte
	}{{name + ".page", body}, {name + ".bundle", bundle}} {
		if err := create(one.path, func(w io.Writer) error { _, err := w.Write(one.data); return err }); err != nil {
			return err
		}
		e.printf("%s\n", one.path)
	}
	return nil
}
