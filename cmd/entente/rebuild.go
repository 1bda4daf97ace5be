package main

import (
	"bufio"
	"context"
	"errors"
	"io"

	"entente/node"
)

func rebuildVerb() verb {
	return verb{"rebuild", "compute the view anew from the logs", `rebuild --dir DIR [--dump] [--from FOLDER] [--json]

Computes view.db from the logs, says whether it is what was there, and puts it
in its place. The node must not run.

  --from FOLDER       read the logs in another party's data folder (a copy, or while its
                      node is stopped) and only compare: a rival's mirror gives the same view
  --dump              print the ordered dump
  --passphrase-file FILE`, runRebuild}
}

func runRebuild(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "rebuild").withKeys()
	dump, from, asJSON := f.Bool("dump", false, ""), f.String("from", "", ""), f.Bool("json", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	cfg, opt, err := f.config()
	if err != nil {
		return err
	}
	folder, err := node.OpenFolder(cfg, opt.Passphrase)
	if err != nil {
		return err
	}
	var to io.Writer
	buffered := bufio.NewWriter(e.stdout)
	if *dump {
		to = buffered
	}
	told, done := e.progress("rebuilding")
	out, err := folder.Rebuild(ctx, *from, to, told)
	done()
	if err := errors.Join(err, folder.Close(), buffered.Flush()); err != nil {
		return err
	}
	switch {
	case *asJSON:
		return e.json(out)
	case *dump:
		return nil
	}
	word := "as it was"
	if !out.Same {
		word = "it was another one before"
	}
	e.printf("view of %s from %s, %s\ndigest of its dump  %s\n", counted(out.Statements, "leaf", "leaves"), counted(out.Logs, "log", "logs"), word, out.Digest)
	return nil
}
