package main

import (
	"context"
	"io"

	"entente/api"
	"entente/node"
)

// viewVerbs show what follows from the record.
func viewVerbs() []verb {
	const at = `
  --at TIME           as it could be known then, such as 2026-01-31T12:00:00Z
  --lang LANG         en or ru
  --offline           from the logs in the folder alone; no node may run there
  --from DIR          with --offline, from the logs in another party's or an observer's folder
  --json`
	return []verb{
		{"instruments", "what was proposed, and what has become of it", "instruments --dir DIR [flags]\n       entente instruments --dir DIR --registration FOLDER [PARTY/]N\n\n--registration writes what a depositary of treaties asks of an instrument that is or was in force:\nevery authentic text, consents and entry into force, what was said of it since, and the proofs.\nWhat it hands on stays bound by its marking.\n\n  --refused           only what was refused, revoked, withdrawn or has lapsed\n  --rules             the rules that are in force, one a line as entente amend reads them" + at, viewing(api.ViewInstruments, "", "instruments")},
		{"case", "list cases, show one, export one", `case --dir DIR [flags] [CASE]
       entente case --dir DIR [--stix FILE] [--misp FILE] CASE

--stix and --misp write what the parties said in a case for a tool of the own side: what the
border lets go to one, seen by another node, and in a party's own name. A receipt says so first.

  --stix FILE         a bundle of STIX 2.1; "-" for stdout
  --misp FILE         an event of MISP; "-" for stdout` + at, viewing(api.ViewCase, "maybe", "case")},
		{"compare", "compare the accounts of a case item by item", "compare --dir DIR [flags] CASE\n" + at, viewing(api.ViewCompare, "one", "compare")},
		{"report", "the joint report of a day, the same on every node", "report --dir DIR [--day 2026-01-31] [flags]\n" + at, viewing(api.ViewReport, "", "report")},
		{"conduct", "how each party has answered, by the same rules for all", "conduct --dir DIR [flags]\n" + at, viewing(api.ViewConduct, "", "conduct")},
		{"clocks", "what is waited for and until when, also as a calendar", "clocks --dir DIR [flags]\n\n  --ics               as iCalendar, to be subscribed to or imported" + at, viewing(api.ViewClocks, "", "clocks")},
	}
}

// viewing is the verb that shows one view; arg says whether it takes a case.
func viewing(what, arg, name string) func(context.Context, *env, []string) error {
	return func(ctx context.Context, e *env, args []string) error {
		f := newFlags(e, name).withKeys()
		q := api.AccordQuery{What: what}
		f.StringVar(&q.At, "at", "", "")
		f.StringVar(&q.Lang, "lang", "en", "")
		if what == api.ViewReport {
			f.StringVar(&q.Day, "day", "", "")
		}
		files := map[string]string{}
		if what == api.ViewCase {
			for _, format := range caseFormats {
				f.Func(format, "", func(file string) error { files[format] = file; return nil })
			}
		}
		refused, rules, ics, folder := new(bool), new(bool), new(bool), ""
		switch what {
		case api.ViewInstruments:
			refused, rules = f.Bool("refused", false, ""), f.Bool("rules", false, "")
			f.StringVar(&folder, "registration", "", "")
		case api.ViewClocks:
			ics = f.Bool("ics", false, "")
		}
		offline, from := f.Bool("offline", false, ""), f.String("from", "", "")
		asJSON := f.Bool("json", false, "")
		rest, err := f.parse(args)
		if err != nil {
			return err
		}
		if folder != "" {
			if len(rest) != 1 || q.At != "" || *offline || *from != "" {
				return usagef("--registration FOLDER, one text as PARTY/N, and a node that runs")
			}
			return register(ctx, e, f, rest[0], folder)
		}
		if arg == "" && len(rest) > 0 || arg == "one" && len(rest) != 1 || len(rest) > 1 {
			return usagef("%s takes %s", name, map[string]string{"": "no more than flags", "one": "one case", "maybe": "at most one case"}[arg])
		}
		if *refused {
			q.What = api.ViewRefused
		}
		if *rules {
			q.What = api.ViewRules
		}
		if *ics {
			q.What, e.stdout = api.ViewCalendar, e.raw // its ends of lines are part of the format; no partner's word is in it
		}
		if len(rest) == 1 {
			q.Case = rest[0]
		}
		if len(files) > 0 {
			if q.Case == "" || q.At != "" || *offline || *from != "" || *asJSON {
				return usagef("--stix and --misp want a case, and a node that runs")
			}
			return exportCase(ctx, e, f, q.Case, files)
		}
		if *offline || *from != "" {
			return offlineView(ctx, e, f, q, *from, *asJSON)
		}
		return showView(ctx, e, f, q, *asJSON)
	}
}

// caseFormats are the ways to write a case for a tool.
var caseFormats = []string{"stix", "misp"}

func exportCase(ctx context.Context, e *env, f *flags, id string, files map[string]string) error {
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	for _, format := range caseFormats {
		file, wanted := files[format]
		if !wanted {
			continue
		}
		got, err := c.CaseFile(ctx, id, format)
		if err != nil {
			return err
		}
		if err := send(e, file, func(w io.Writer) error { _, err := w.Write(got.Data); return err }); err != nil {
			return err
		}
		if got.Left > 0 {
			e.note("%s: %s of the case stay: not seen by another node, nobody's position, not opened, or not for tools", format, counted(got.Left, "statement", "statements"))
		}
	}
	return nil
}

func showView(ctx context.Context, e *env, f *flags, q api.AccordQuery, asJSON bool) error {
	c, err := soon(ctx, f)
	if err != nil {
		return err
	}
	v, err := c.AccordView(ctx, q)
	if err != nil {
		return err
	}
	return printView(e, v, asJSON)
}

func printView(e *env, v api.AccordView, asJSON bool) error {
	if asJSON {
		return e.json(v.Data)
	}
	e.printf("%s", v.Text)
	return nil
}

// offlineView computes a view from logs on the disk.
func offlineView(ctx context.Context, e *env, f *flags, q api.AccordQuery, from string, asJSON bool) error {
	v, err := inFolder(f, func(d *node.Folder) (v api.AccordView, err error) {
		w, err := d.Accord(ctx, from, e.now())
		if err != nil {
			return v, err
		}
		q.Reader = d.Party()
		return node.ViewAccord(w, q)
	})
	if err != nil {
		return err
	}
	return printView(e, v, asJSON)
}
