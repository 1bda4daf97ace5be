package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"entente/api"
	"entente/internal/peer"
	"entente/node"
)

func exportVerb() verb {
	return verb{"export", "write a log as static files, or one proof bundle", `export --dir DIR --out FOLDER [--party PARTY]
       entente export --dir DIR --bundle [PARTY/]N [--out FILE]

The first form writes a log as C2SP tlog-tiles: checkpoint, tiles and entries,
which any web server can serve and any tlog tool can check. Again into the
same folder adds what is new. It works with and without a running node.

The second form writes the offline proof of one statement, with every part that
this node can read, for entente verify. It needs the running node.

  --party PARTY       whose log; default: the own one
  --out -             the bundle to stdout (the default)
  --passphrase-file FILE`, runExport}
}

func runExport(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "export").withKeys()
	out, party, bundle := f.String("out", "", ""), f.String("party", "", ""), f.String("bundle", "", "")
	if err := f.none(args); err != nil {
		return err
	}
	if *bundle != "" {
		return exportBundle(ctx, e, f, *bundle, *out)
	}
	if *out == "" {
		return usagef("where to? --out FOLDER")
	}
	c, s, err := f.client(ctx)
	if err == nil {
		who := *party
		if who == "" {
			who = s.Party
		}
		return exportTree(ctx, e, f, c, who, *out)
	}
	if !errors.Is(err, api.ErrNoNode) {
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
	if *party == "" {
		*party = folder.Party()
	}
	return errors.Join(exportTree(ctx, e, f, folder, *party, *out), folder.Close())
}

func exportTree(ctx context.Context, e *env, f *flags, get peer.Getter, party, out string) error {
	c, _, err := node.ReadCharter(f.dir)
	if err != nil {
		return err
	}
	p, ok := c.Party(party)
	if !ok {
		return usagef("no party %q in this charter", party)
	}
	if err := exportable(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(out)
	if err != nil {
		return err
	}
	defer root.Close()
	told, done := e.progress("exporting")
	size, err := node.ExportTree(ctx, get, p.Origin, root, told)
	done()
	if err != nil {
		return err
	}
	e.printf("%s: %s of %s (%s)\n", out, counted(size, "leaf", "leaves"), party, p.Origin)
	return nil
}

// exportable refuses a folder that holds anything but an earlier export, and
// any folder of a node.
func exportable(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return nil //nolint:nilerr // it is made, or making it says what is wrong
	}
	for _, e := range entries {
		if name := e.Name(); name != "checkpoint" && name != "tile" {
			return hint(fmt.Errorf("%s holds %s: an export goes into a folder of its own", out, name), "name an empty folder, or one with an earlier export")
		}
	}
	return nil
}

func exportBundle(ctx context.Context, e *env, f *flags, ref, out string) error {
	party, index, err := parseRef(ref)
	if err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	data, err := c.Bundle(ctx, party, index)
	if err != nil {
		return err
	}
	if out == "" {
		out = "-"
	}
	err = send(e, out, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err == nil && out != "-" {
		e.printf("%s: %d bytes\ncheck it     entente verify --charter %s %s\n", out, len(data), filepath.Join(f.dir, node.CharterFile), out)
	}
	return err
}
