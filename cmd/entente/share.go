package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/exchange/convert"
	"entente/internal/mispfeed"
	"entente/record"
	"entente/statement"
)

func shareVerb() verb {
	return verb{"share", "share a file of indicators", `share --dir DIR --to PARTY[,PARTY] [flags] FILE...

Reads a plain list, CSV, STIX 2.1 bundle, MISP event, a folder with a feed of such, or Sigma rules, a file or a folder
of them, says it to the named parties, and waits until the statement is held. Rules may refer to each other over all
files and lists that one party has shared.

  --to PARTY          who may read it; may be repeated; or a group, as @NAME or @PARTY/NAME
  --marking TLP:…     default: TLP:AMBER, or what the file says if that is stricter
  --name TEXT         of the list; default: the file's name
  --source TEXT       where it is from
  --officer NAME      who lets it go, for the receipt
  --basis WORD        told, observed, recorded, inferred or asserted; default: told
  --wait DURATION     how long to wait for "held"; default: 10s; 0: not at all
  --canary            each recipient gets a copy of its own, with decoys and marks, by which
                      entente leak names whose copy was leaked
  --dry-run           read the file and say what would be shared; needs no node
  --json`, runShare}
}

func runShare(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "share").withDir()
	var to words
	f.Var(&to, "to", "")
	marking, name := f.String("marking", "", ""), f.String("name", "", "")
	source, basis := f.String("source", "", ""), f.String("basis", "", "")
	officer := f.String("officer", "", "")
	wait := f.Duration("wait", 10*time.Second, "")
	dry, asJSON, canary := f.Bool("dry-run", false, ""), f.Bool("json", false, ""), f.Bool("canary", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("which file of indicators?")
	}
	if *name != "" && len(files) > 1 {
		return usagef("--name goes with one file")
	}
	var requests []api.ShareRequest
	for _, file := range files {
		r := api.ShareRequest{Name: cmp.Or(*name, base(file)), Source: *source, Basis: *basis, Marking: *marking, To: to, Officer: *officer, Canary: *canary}
		if mispfeed.IsFeed(file) {
			list, err := feedRequests(e, file, r)
			if err != nil {
				return err
			}
			requests = append(requests, list...)
			continue
		}
		if r.Data, err = e.readShared(file); err != nil {
			return err
		}
		requests = append(requests, r)
	}
	if err := readAll(e, requests, *dry, *asJSON); err != nil || *dry {
		return err
	}
	c, err := soon(ctx, f)
	if err != nil {
		return err
	}
	for _, r := range requests {
		out, err := c.Share(ctx, r)
		if refused, ok := statement.AsRefusal(err); ok && refused.Code == statement.CodeRecipient {
			return hint(fmt.Errorf("%s: %w", r.Name, err), "--to PARTY names who may read it; entente charter show --dir DIR lists the parties")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		if *asJSON {
			if err := e.json(out); err != nil {
				return err
			}
			continue
		}
		showReport(e, out.Report)
		showObjects(e, out)
		whom := "everybody"
		if len(out.To) > 0 {
			whom = strings.Join(out.To, ", ")
		}
		if out.Group != "" {
			whom = out.Group + " (" + whom + ")"
		}
		e.printf("%s to %s as %s, %s\n", out.Marking, whom, counted(len(out.Refs), "statement", "statements"), numbers(out.Refs))
		if out.Canary != nil {
			e.printf("each its own copy, with %s; what each gets is committed to as number %d\n", counted(out.Decoys, "decoy", "decoys"), out.Canary.Index)
		}
		if err := follow(ctx, e, f, c, out, *wait); err != nil {
			return err
		}
	}
	return nil
}

// soon waits a moment for a node that has just been started.
func soon(ctx context.Context, f *flags) (*api.Client, error) {
	for n := 0; ; n++ {
		c, s, err := f.client(ctx)
		starting := errors.Is(err, api.ErrNoNode) && n < 30 || err == nil && s.ReadOnly == "starting" && n < 100
		if !starting {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// readAll reads every file before anything is said: one that is broken keeps
// the others from being shared by half.
func readAll(e *env, requests []api.ShareRequest, show, asJSON bool) error {
	for _, r := range requests {
		_, report, err := convert.Read(r.Name, r.Data)
		switch {
		case err != nil:
			return hint(fmt.Errorf("%s: %w", r.Name, err), "nothing was shared")
		case show && asJSON:
			if err := e.json(report); err != nil {
				return err
			}
		case show:
			showReport(e, report)
		}
	}
	return nil
}

func showReport(e *env, r convert.Report) {
	e.printf("%s (%s): %s, %s", r.Name, r.Format, counted(r.Rows, "row", "rows"), counted(r.Items, "indicator", "indicators"))
	rules := "of them rules"
	if r.Rules == 1 {
		rules = "of them a rule"
	}
	for _, x := range []struct {
		n    int
		what string
	}{{r.Rules, rules}, {r.Undated, "undated"}, {r.Context, "for context only"}, {r.Recovered, "found in another column"}, {r.Duplicates, "duplicates"}, {r.SkippedTotal, "skipped"}, {r.NotRead, "not read"}} {
		if x.n > 0 {
			e.printf(", %d %s", x.n, x.what)
		}
	}
	e.printf("\n")
	if r.Undated > 0 {
		e.printf("  %d undated: the receiver's gate holds them until an officer accepts; a column first_seen dates them\n", r.Undated)
	}
	if r.Rules > 0 {
		e.printf("  %s: the receiver's gate holds rules until an officer accepts\n", counted(r.Rules, "rule", "rules"))
	}
	for _, s := range r.Skipped[:min(len(r.Skipped), 5)] {
		e.printf("  row %d: %s: %s\n", s.Row, s.Code, s.Detail)
	}
	if more := r.SkippedTotal - 5; more > 0 {
		e.printf("  and %d more\n", more)
	}
}

// showObjects says what of a bundle travels as it is.
func showObjects(e *env, out api.ShareResult) {
	if out.Objects > 0 {
		e.printf("  %s of the bundle handed on as they are\n", counted(out.Objects, "object", "objects"))
	}
	for _, s := range out.Left[:min(len(out.Left), 5)] {
		e.printf("  object %d is not handed on: %s: %s\n", s.Row, s.Code, s.Detail)
	}
	if more := len(out.Left) - 5; more > 0 {
		e.printf("  and %d more\n", more)
	}
}

func numbers(refs []statement.Ref) string {
	if len(refs) == 1 {
		return fmt.Sprintf("number %d", refs[0].Index)
	}
	return fmt.Sprintf("numbers %d to %d", refs[0].Index, refs[len(refs)-1].Index)
}

// follow prints how far the last of some own statements has come, until it is
// held or the time is over, and then what the receivers' gates say.
func follow(ctx context.Context, e *env, f *flags, c *api.Client, out api.ShareResult, wait time.Duration) error {
	refs := out.Refs
	if wait <= 0 || len(refs) == 0 {
		return nil
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var held time.Time
	last, ladder := -1, []record.Word{record.Logged, record.Witnessed, record.Held}
	for {
		got, err := c.Statements(ctx, api.StatementQuery{Index: &refs[len(refs)-1].Index})
		if err != nil {
			return err
		}
		s := got.Items[0]
		for at := slices.Index(ladder, s.Reached); last < at; {
			last++
			e.printf("%s\n", ladder[last])
		}
		if s.Reached == record.Held && held.IsZero() {
			held = time.Now()
		}
		if !held.IsZero() && (answered(s, out.To) || time.Since(held) > verdictWait) {
			return verdicts(ctx, e, f, c, out)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			if !held.IsZero() {
				return verdicts(ctx, e, f, c, out)
			}
			e.note("not held yet; it goes on by itself: entente statements --dir %s %d", f.dir, s.Index)
			return nil
		case <-tick.C:
		}
	}
}

// verdictWait is how long a share waits for verdicts after it is held.
const verdictWait = 5 * time.Second

// answered says that every receiver of a statement has said what it makes of it.
func answered(s api.Statement, to []string) bool {
	for _, party := range to {
		if slices.Contains(s.Recipients, party) && !slices.ContainsFunc(s.Acks, func(a api.Ack) bool { return a.Party == party }) {
			return false
		}
	}
	return true
}

// verdicts prints what the receivers say of all the statements of a share.
func verdicts(ctx context.Context, e *env, f *flags, c *api.Client, out api.ShareResult) error {
	said := make(map[string]map[string]int)
	for _, ref := range out.Refs {
		got, err := c.Statements(ctx, api.StatementQuery{Index: &ref.Index})
		if err != nil {
			return err
		}
		for _, a := range got.Items[0].Acks {
			if said[a.Party] == nil {
				said[a.Party] = make(map[string]int)
			}
			said[a.Party][strings.TrimSpace(a.Verdict+" "+string(a.Code))]++
		}
	}
	for _, party := range out.To {
		if len(said[party]) == 0 {
			e.printf("%s has not judged it yet: entente statements --dir %s %d\n", party, f.dir, out.Refs[len(out.Refs)-1].Index)
			continue
		}
		for _, verdict := range slices.Sorted(maps.Keys(said[party])) {
			if verdict == record.VerdictHeldBack {
				e.printf("%s: %s by its gate, in whole or in part, until an officer there accepts\n", party, verdict)
				continue
			}
			e.printf("%s: %s\n", party, verdict)
		}
	}
	return nil
}

// send copies a stream to a file that must not exist, or to stdout for "-".
func send(e *env, path string, f func(io.Writer) error) (err error) {
	if path == "-" {
		return f(e.raw)
	}
	return create(path, f)
}
