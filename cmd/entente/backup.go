package main

import (
	"context"
	"errors"
	"io"
	"os"

	"entente/api"
	"entente/node"
)

func backupVerb() verb {
	return verb{"backup", "copy what cannot be computed", `backup --dir DIR FILE [--no-archive] [--passphrase-file FILE]

Writes charter, consents, configuration, users, accounts of tools, inventory, evidence,
holds, captures, what is kept of rolls, certificates and match, what was seen
(watch.db), the archive's segments, the witness memory and every log into one file. It
works with and without a running node. The keys are not in it: keep keys.json apart.

  --no-archive   leave the archive and the fetched pages of results out, which may be
                 large: hunts then reach back as far as the log files do`, runBackup}
}

func runBackup(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "backup").withKeys()
	without := f.Bool("no-archive", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usagef("into which file? one")
	}
	write := func(w io.Writer) error { return backupOffline(ctx, e, f, w, !*without) }
	c, _, err := f.client(ctx)
	if err == nil {
		write = func(w io.Writer) error { return c.Backup(ctx, w, !*without) }
	} else if !errors.Is(err, api.ErrNoNode) {
		return err
	}
	if err := send(e, files[0], write); err != nil {
		return err
	}
	if files[0] == "-" {
		return nil
	}
	info, err := os.Stat(files[0])
	if err != nil {
		return err
	}
	e.printf("%s: %d bytes, without keys.json\n", files[0], info.Size())
	return nil
}

func backupOffline(ctx context.Context, e *env, f *flags, w io.Writer, archive bool) error {
	cfg, opt, err := f.config()
	if err != nil {
		return err
	}
	folder, err := node.OpenFolder(cfg, opt.Passphrase)
	if err != nil {
		return err
	}
	return errors.Join(folder.Backup(ctx, w, e.now(), archive), folder.Close())
}
