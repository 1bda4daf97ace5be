package main

import (
	"context"
	"fmt"
	"strings"

	"entente/node"
)

func drillVerb() verb {
	return verb{"drill", "lose the disk on purpose, in a copy, and rebuild", `drill --dir DIR [--from FOLDER...] [--json]

With the keys and the charter alone, reads every log back from the running
partners (or from copies of other parties' data folders), checks every byte,
computes the view, and says how long it took and whether anything published
is missing. It works in a copy beside DIR, which it removes; DIR itself is not
touched, and the node may go on running. Exits 0 only if nothing was lost.

  --passphrase-file FILE`, runDrill}
}

func runDrill(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "drill").withKeys()
	var from texts
	f.Var(&from, "from", "")
	asJSON := f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	cfg, opt, err := f.config()
	if err != nil {
		return err
	}
	told, done := e.progress("computing the view")
	out, err := node.Drill(ctx, cfg, opt, from, told)
	done()
	if err != nil {
		return err
	}
	if *asJSON {
		err = e.json(out)
	} else {
		showDrill(e, out)
	}
	if err == nil && (out.Lost > 0 || len(out.From) == 0) {
		return hint(fmt.Errorf("%s of %d published are with nobody who answers", counted(out.Lost, "leaf", "leaves"), out.Published), "ask the partners that are silent, and run the drill again")
	}
	return err
}

func showDrill(e *env, d node.Drilled) {
	if len(d.From) == 0 {
		e.printf("%s: nobody who answers holds this log\n", d.Party)
		return
	}
	e.printf("%s: %s with %s came back from %s\n", d.Party, counted(d.Statements, "leaf", "leaves"), counted(d.Sealed, "sealed part", "sealed parts"), strings.Join(d.From, ", "))
	e.printf("read back and checked in %.3f s, view computed in %.3f s: whole again after %.3f s\n", d.Pull, d.View, d.Seconds)
	e.printf("published %d, lost %d\n", d.Published, d.Lost)
}
