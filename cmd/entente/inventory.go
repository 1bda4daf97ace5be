package main

import (
	"context"
	"errors"
	"time"

	"entente/election/inventory"
)

func inventoryVerb() verb {
	return verb{"inventory", "list what is guarded around an election, and whom to call", `inventory check [--json] FILE
       entente inventory show --dir DIR [--shared] [--json]
       entente inventory tell --dir DIR [--json]
       entente inventory told --dir DIR [--json] [PARTY]
       entente inventory guard --dir DIR [--json] PARTY

A JSON file that you write lists what you protect: offices, domains, mail senders, results
pages and feeds, registration sites, files of tabulators and manifests, vendors, and whom
to call. docs/operate.md has an example. The config's inventory: names it, and a running
node reads it again when it changes; a file with an error changes nothing.

check says what a file lists, or where it is wrong and what would be right; it needs no
node. show says what a running node guards.

tell says to the other parties what is marked as shared, without networks, exports and
files. told lists what each party has told, in its own words. guard takes the list that
a party told up into the own one, if that is the node's own and no file of yours:
its domains and senders are guarded and its pages fetched like one's own.

  --shared   only what is marked as shared
  --json     the list as JSON, in the format of the file`, runInventory}
}

func runInventory(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("check, show, tell, told or guard?")
	}
	f := newFlags(e, "inventory")
	asJSON := f.Bool("json", false, "")
	switch args[0] {
	case "-h", "-help", "--help":
		return errHelp
	case "check":
		files, err := f.parse(args[1:])
		if err != nil {
			return err
		}
		if len(files) != 1 {
			return usagef("which file? one")
		}
		data, err := readFile(files[0], inventory.MaxBytes)
		if err != nil {
			return err
		}
		list, err := inventory.Parse(data, files[0])
		var bad *inventory.Error
		if errors.As(err, &bad) && bad.Hint != "" {
			return hint(err, "%s", bad.Hint)
		}
		if err != nil {
			return err
		}
		return showInventory(e, list, *asJSON)
	case "show":
		shared := f.withDir().Bool("shared", false, "")
		if _, err := f.parse(args[1:]); err != nil {
			return err
		}
		c, _, err := f.client(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		got, err := c.Inventory(ctx)
		if err != nil {
			return err
		}
		if *shared {
			got.List = got.List.Shared()
		}
		if !*asJSON {
			switch {
			case got.File == "":
				e.note("the configuration names no inventory; inventory: FILE in config.yaml does")
			case got.Trouble != "":
				e.note("the file as it stands is not read: %s\nwhat was read %s counts", got.Trouble, when(got.Read))
			}
		}
		return showInventory(e, got.List, *asJSON)
	case "tell", "told", "guard":
		return runTold(ctx, e, f.withDir(), args[0], asJSON, args[1:])
	}
	return usagef("no inventory %q: check, show, tell, told or guard?", args[0])
}

// showInventory prints a list by sections, each thing with whom to call.
func showInventory(e *env, v inventory.Inventory, asJSON bool) error {
	if asJSON {
		return e.json(v)
	}
	row := func(section, call string, shared bool, format string, a ...any) {
		e.printf("%-13s"+format, append([]any{section}, a...)...)
		if who, ok := v.Whom(section, call); ok && section != "call" {
			e.printf("; call %s", who.Name)
		}
		if shared {
			e.printf("; shared")
		}
		e.printf("\n")
	}
	for _, o := range v.Offices {
		row("offices", o.Call, o.Shared, "%s", o.Name)
	}
	for _, d := range v.Domains {
		row("domains", d.Call, d.Shared, "%s", d.Name)
	}
	for _, s := range v.Senders {
		row("senders", s.Call, s.Shared, "%s", s.Address)
	}
	for _, p := range v.Results {
		row("results", p.Call, p.Shared, "%s, %s, every %s", p.ID, p.URL, p.Interval().Round(time.Second))
	}
	for _, s := range v.Registration {
		row("registration", s.Call, s.Shared, "%s %s", s.Name, s.URL)
	}
	for _, x := range v.Files {
		row("files", x.Call, false, "%s, %s, %s", x.Name, x.What, x.Path)
	}
	for _, d := range v.Vendors {
		row("vendors", d.Call, d.Shared, "%s, %s", d.Name, list(d.Domains))
	}
	for _, c := range v.Call {
		row("call", "", c.Shared, "%s, %s %s %s", c.Name, c.Phone, c.Mail, c.Hours)
	}
	e.printf("%s\n", counted(v.Count(), "thing", "things"))
	return nil
}
