package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"entente/api"
)

func searchVerb() verb {
	return verb{"search", "look for a text in archive, alerts and statements", `search --dir DIR [--in PLACE]... [--plain] [--limit N] [--json] TEXT...

A value (an address, a name, a URL, a hash) is asked of the archive by its index.
Other text is looked for in the lines, those archived last first, until N are
found or a bound of bytes or time is reached: the answer says how far back it
looked. Letter case is ignored. Several words are one text.

  --in PLACE    archive, alerts (and incidents) or statements; may be repeated
  --plain       look for the letters in the lines, even if they are a value
  --limit N     shown of each kind, at most 500; default: 20
  --json        one JSON object`, runSearch}
}

func runSearch(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "search").withDir()
	var in words
	f.Var(&in, "in", "")
	plain, limit, asJSON := f.Bool("plain", false, ""), f.Int("limit", 20, ""), f.Bool("json", false, "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(strings.Join(rest, " "))
	if text == "" {
		return usagef("search for what? an address, a name, any text")
	}
	if *limit < 1 {
		return usagef("--limit is at least 1")
	}
	for _, place := range in {
		if !slices.Contains(api.SearchPlaces(), place) {
			return usagef("no place %q; search in %s", place, strings.Join(api.SearchPlaces(), ", "))
		}
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	tell, done := e.archiveProgress()
	out, err := c.Search(ctx, api.SearchRequest{Text: text, In: in, Limit: *limit, Plain: *plain}, tell)
	done()
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(out)
	}
	if out.Archive != nil {
		showSearchArchive(e, out)
	}
	if out.Alerts != nil {
		showSearchAlerts(e, *out.Alerts)
	}
	if out.Statements != nil {
		showSearchStatements(e, *out.Statements)
	}
	return nil
}

func showSearchArchive(e *env, out api.SearchResult) {
	a := out.Archive
	if a.Off {
		e.printf("archive: this node keeps none\n")
		return
	}
	e.printf("archive: %s", counted(a.Count, "line", "lines"))
	if out.Type != "" {
		e.printf(" with the %s %s", out.Type, out.Value)
	}
	if a.Stopped == "" {
		e.printf(" in all %s", counted(a.Events, "event", "events"))
	} else {
		e.printf(" in the %d archived last of %s", a.Looked, counted(a.Events, "event", "events"))
	}
	if a.Since != 0 {
		e.printf(", back to %s", when(a.Since))
	}
	e.printf("\n")
	switch a.Stopped {
	case api.StoppedEnough:
		e.printf("  stopped   enough were found; --limit N looks further back\n")
	case api.StoppedTime, api.StoppedBytes:
		e.printf("  stopped   the bound of %s was reached; what is older was not looked at\n", a.Stopped)
	}
	if a.Damaged {
		e.printf("  damaged   a part of the archive could not be read: entente status\n")
	}
	if out.Type != "" && a.Count == 0 {
		e.printf("  asked     by the index, as %s; --plain looks for the letters\n", out.Type)
	}
	for _, h := range a.Lines {
		e.printf("  %s  %s line %d, byte %d\n            %s\n", when(h.Time), h.File, h.Line, h.Offset, short(h.Raw, 300))
	}
}

func showSearchAlerts(e *env, a api.SearchAlerts) {
	e.printf("incidents: %d of %d\n", len(a.Incidents), a.TotalIncidents)
	for _, i := range a.Incidents {
		on, last := "", "-"
		if i.Asset != "" {
			on = " on " + i.Asset
		}
		if i.Last > 0 {
			last = time.UnixMilli(i.Last).UTC().Format("2006-01-02 15:04:05Z")
		}
		e.printf("  %s  %s%s, %s, %s\n  id        %s\n", last, i.Headline(), on, counted(i.Count, "line", "lines"), i.State, i.ID)
	}
	e.printf("alerts: %d%s\n", len(a.Items), andMore(a.More, a.Stopped))
	for _, one := range a.Items {
		e.printf("  %s  %s %s, from %s, list %s, %s, sighting: %s\n", when(one.Last), one.Type, short(one.Value, 200), one.Giver, one.List, counted(one.Count, "line", "lines"), one.State)
		for _, h := range one.Hits {
			e.printf("  newest    %s line %d\n", h.File, h.Line)
		}
		e.printf("  id        %s\n", one.ID)
	}
}

func showSearchStatements(e *env, s api.SearchStatements) {
	e.printf("statements: %d%s\n", len(s.Items), andMore(s.More, s.Stopped))
	for _, one := range s.Items {
		e.printf("  %s  %s/%d %s", when(one.Time), one.Party, one.Index, one.Kind)
		if one.List != "" {
			e.printf(", list %s", one.List)
		}
		if one.Item != nil {
			e.printf(": %s %s", one.Item.Type, short(one.Item.Value, 200))
		} else if one.Where != "" {
			e.printf(": %s", short(one.Where, 200))
		}
		e.printf("\n")
	}
}

func andMore(more bool, stopped string) string {
	switch {
	case stopped != "":
		return "; stopped: the bound of " + stopped + " was reached"
	case more:
		return ", and there are more: --limit N"
	}
	return ""
}
