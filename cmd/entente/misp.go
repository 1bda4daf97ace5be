package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entente/api"
	"entente/exchange/misp"
	"entente/internal/mispfeed"
	"entente/statement"
)

func mispVerb() verb {
	return verb{"misp", "read MISP events, take them in, share them, write a feed", `misp show FILE|FOLDER|ZIP... [--json]
       entente misp add --dir DIR [--marking TLP:…] [--source TEXT] FILE|FOLDER|ZIP...
       entente misp share --dir DIR --to PARTY[,PARTY] [--marking TLP:…] UUID|FILE|FOLDER|ZIP...
       entente misp feed --dir DIR [--clearance TLP:…] [--party PARTY] [--json] FOLDER

show says what files hold, without a node. add takes events in as drafts, which the own
side alone sees. share hands events on as they are, byte for byte: own ones by their
uuids, or files. entente share hands on the values of an event as a list instead.
feed writes a folder for a web server or a MISP: a manifest and a file for each event and
list, and hashes only of what is for everybody. FOLDER and ZIP stand for such a feed too.

  --to PARTY        who may read it; may be repeated
  --marking TLP:…   of what is not marked itself; default: TLP:AMBER when it is shared
  --source TEXT     where it is from
  --clearance TLP:… the strictest that readers of the feed may see; default: TLP:CLEAR
  --party PARTY     only what was said to this party
  --officer NAME    who lets it go, for the receipt
  --json            for programs`, runMISP}
}

type mispFlags struct {
	*flags
	to                                         words
	marking, source, clearance, party, officer *string
	asJSON                                     *bool
}

func runMISP(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("show, add, share or feed?")
	}
	what := args[0]
	f := mispFlags{flags: newFlags(e, "misp")}
	if what != "show" {
		f.withDir()
	}
	f.Var(&f.to, "to", "")
	f.marking, f.source, f.officer = f.String("marking", "", ""), f.String("source", "", ""), f.String("officer", "", "")
	f.clearance, f.party = f.String("clearance", "TLP:CLEAR", ""), f.String("party", "", "")
	f.asJSON = f.Bool("json", false, "")
	if what == "-h" || what == "-help" || what == "--help" {
		return errHelp
	}
	rest, err := f.parse(args[1:])
	if err != nil {
		return err
	}
	run, known := map[string]func(context.Context, *env, mispFlags, []string) error{
		"show": mispShow, "add": mispAdd, "share": mispShare, "feed": mispFeed,
	}[what]
	switch {
	case !known:
		return usagef("no misp %q: show, add, share or feed?", what)
	case len(rest) == 0:
		return usagef("misp %s: of what?", what)
	}
	return run(ctx, e, f, rest)
}

// mispShow says what events hold.
func mispShow(_ context.Context, e *env, f mispFlags, paths []string) error {
	for _, path := range paths {
		events, report, err := readEvents(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		showFeed(e, path, report)
		for _, raw := range events {
			a, err := misp.Look(raw)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if *f.asJSON {
				err = e.json(a)
			} else {
				showEvent(e, a)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func showEvent(e *env, a misp.About) {
	e.printf("%s\n  %s\n", a.UUID, a.Info)
	for _, x := range []struct{ name, text string }{
		{"made by", a.Org},
		{"date", a.Date},
		{"marked", strings.Join(slices.Concat(a.TLP, a.PAP), " ")},
		{"unclear", a.Contradiction},
		{"likelihood", a.Likelihood},
		{"confidence", a.Confidence},
		{"unread", strings.Join(a.Unread, " ")},
	} {
		if x.text != "" {
			e.printf("  %-10s %s\n", x.name, x.text)
		}
	}
	e.printf("  holds     ")
	for _, x := range []struct {
		n         int
		one, more string
	}{
		{a.Attributes, "attribute", "attributes"},
		{a.Detect, "for detection", "for detection"},
		{a.Deleted, "deleted", "deleted"},
		{a.Objects, "object", "objects"},
		{a.Proposals, "proposal", "proposals"},
		{a.Sightings, "sighting", "sightings"},
		{a.Reports, "report", "reports"},
		{a.Keys, "key", "keys"},
	} {
		if x.n > 0 {
			e.printf(" %s,", counted(x.n, x.one, x.more))
		}
	}
	e.printf(" %s\n", counted(a.Bytes, "byte", "bytes"))
}

// mispAdd takes events in as drafts.
func mispAdd(ctx context.Context, e *env, f mispFlags, paths []string) error {
	c, err := soon(ctx, f.flags)
	if err != nil {
		return err
	}
	for _, path := range paths {
		events, report, err := readEvents(path)
		if err != nil {
			return hint(fmt.Errorf("%s: %w", path, err), "nothing of it was taken in")
		}
		showFeed(e, path, report)
		for _, batch := range batches(events) {
			out, err := c.Events(ctx, api.EventsRequest{Name: base(path), Source: *f.source, Marking: *f.marking, Data: misp.Wrap(batch)})
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if err := showTaken(e, f, out, "draft"); err != nil {
				return err
			}
		}
	}
	return nil
}

// mispShare hands events on.
func mispShare(ctx context.Context, e *env, f mispFlags, names []string) error {
	r := api.EventsRequest{Source: *f.source, Marking: *f.marking, Share: true, To: f.to, Officer: *f.officer}
	var requests []api.EventsRequest
	for _, name := range names {
		if misp.IsUUID(name) {
			r.IDs = append(r.IDs, strings.ToLower(name))
			continue
		}
		events, report, err := readEvents(name)
		if err != nil {
			return hint(fmt.Errorf("%s: %w", name, err), "nothing was shared; share takes the uuid of an own event, or a file, folder or zip of events")
		}
		showFeed(e, name, report)
		for _, batch := range batches(events) {
			one := r
			one.IDs, one.Name, one.Data = nil, base(name), misp.Wrap(batch)
			requests = append(requests, one)
		}
	}
	if len(r.IDs) > 0 {
		requests = append(requests, r)
	}
	c, err := soon(ctx, f.flags)
	if err != nil {
		return err
	}
	for _, r := range requests {
		out, err := c.Events(ctx, r)
		if err != nil {
			return err
		}
		if err := showTaken(e, f, out, "shared"); err != nil {
			return err
		}
		if !*f.asJSON {
			e.printf("%s to %s as %s, %s\n", out.Marking, strings.Join(out.To, ", "), counted(len(out.Refs), "statement", "statements"), numbers(out.Refs))
		}
	}
	return nil
}

func showTaken(e *env, f mispFlags, out api.EventsResult, word string) error {
	if *f.asJSON {
		return e.json(out)
	}
	for _, x := range out.Events {
		switch {
		case x.Refused != nil:
			e.printf("%s refused: %s\n", x.UUID, x.Refused.Error())
		case x.Known:
			e.printf("%s known\n", x.UUID)
		default:
			e.printf("%s %s\n", x.UUID, word)
		}
	}
	return nil
}

// mispFeed writes a feed.
func mispFeed(ctx context.Context, e *env, f mispFlags, paths []string) error {
	if len(paths) > 1 {
		return usagef("one folder")
	}
	c, err := soon(ctx, f.flags)
	if err != nil {
		return err
	}
	w, err := mispfeed.Create(paths[0])
	if err != nil {
		return err
	}
	left := 0
	err = c.Feed(ctx, api.FeedQuery{Clearance: *f.clearance, Party: *f.party}, func(x api.FeedEvent) error {
		err := w.Add(x.Raw, x.Open)
		if _, refused := statement.AsRefusal(err); refused {
			left++
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%w; the feed stays as it was%s", err, closing(w.Abandon()))
	}
	n, err := w.Close()
	if err != nil {
		return err
	}
	if *f.asJSON {
		return e.json(map[string]int{"events": n, "left": left})
	}
	e.printf("%s: %s for %s\n", paths[0], counted(n, "event", "events"), *f.clearance)
	if left > 0 {
		e.note("%s could not be written as files of a feed", counted(left, "event", "events"))
	}
	return nil
}

func closing(err error) string {
	if err != nil {
		return ": " + err.Error()
	}
	return ""
}
