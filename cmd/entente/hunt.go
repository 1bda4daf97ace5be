package main

import (
	"context"
	"fmt"
	"time"

	"entente/api"
	"entente/exchange/convert"
	"entente/observable"
)

func huntVerb() verb {
	return verb{"hunt", "look back through the archive for values", `hunt --dir DIR [--file LIST]... [--limit N] [--json] [VALUE...]

Says which of the values own logs have held, as far as the archive goes back:
how many lines, the first and the last, and how long ago the first was. Nothing
is stored and nobody is told. Lists that are shared hunt back by themselves.

  --file LIST   plain list, CSV, STIX 2.1 or MISP; may be repeated
  --limit N     lines shown of each value, the earliest first; default: 1
  --json        one JSON object`, runHunt}
}

func runHunt(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "hunt").withDir()
	var lists texts
	f.Var(&lists, "file", "")
	limit, asJSON := f.Int("limit", 1, ""), f.Bool("json", false, "")
	raws, err := f.parse(args)
	if err != nil {
		return err
	}
	r := api.HuntRequest{Limit: *limit}
	for _, raw := range raws {
		v, err := observable.Detect(raw)
		if err != nil {
			return usagef("%q is nothing to look for: %v", raw, err)
		}
		r.Values = append(r.Values, api.HuntValue{Type: string(v.Type), Value: v.Canonical})
	}
	for _, path := range lists {
		data, err := readFile(path, convertLimit)
		if err != nil {
			return err
		}
		items, _, err := convert.Read(base(path), data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, it := range items {
			if it.IsRule() {
				e.note("%s: a %s is no value to hunt for; it looks back by itself when it is accepted", base(path), it.Type)
				continue
			}
			r.Values = append(r.Values, api.HuntValue{Type: it.Type, Value: it.Value})
		}
	}
	if len(r.Values) == 0 {
		return usagef("hunt for what? a value, or --file LIST")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	tell, done := e.archiveProgress()
	out, err := c.Hunt(ctx, r, tell)
	done()
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(out)
	}
	for _, one := range out.Found {
		showFound(e, one)
	}
	since := ""
	if out.Since != 0 {
		since = " since " + when(out.Since)
	}
	e.printf("%d of %s found in %s%s, in %.3f s\n", len(out.Found), counted(out.Values, "value", "values"), counted(out.Events, "event", "events"), since, out.Seconds)
	return nil
}

func showFound(e *env, f api.HuntFound) {
	e.printf("%s %s\n  met       %s\n", f.Type, f.Value, counted(f.Count, "line", "lines"))
	if f.First != 0 {
		e.printf("  first     %s, %s ago; last %s\n", when(f.First), ago(f.Dwell), when(f.Last))
	}
	for _, h := range f.Hits {
		e.printf("  line      %s line %d, byte %d: %s is %s (%s)\n            %s\n", h.File, h.Line, h.Offset, h.Field, h.Seen, h.Rule, short(h.Raw, 300))
	}
}

// ago writes a number of milliseconds in the largest unit that has two of it.
func ago(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return fmt.Sprintf("%d seconds", d/time.Second)
	}
}
