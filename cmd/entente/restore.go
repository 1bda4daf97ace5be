package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/internal/keyfile"
	"entente/node"
)

func restoreVerb() verb {
	return verb{"restore", "bring a data folder back", `restore --dir DIR --keys KEYS.json BACKUP
       entente restore --dir DIR [--from FOLDER...]

The first form makes DIR, which must be empty, from a backup and the key file.
The second reads the own log of an existing folder back from the partners, or
from copies of other parties' data folders, and moves the damaged one aside.
Every byte is checked. The node then starts read-only and asks the others for
what is newer.

  --keys FILE         the key file that was kept apart
  --from FOLDER       instead of asking partners; may be repeated
  --passphrase-file FILE
  --json`, runRestore}
}

func runRestore(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "restore").withKeys()
	keys := f.String("keys", "", "")
	var from texts
	f.Var(&from, "from", "")
	asJSON := f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	told, done := e.progress("restoring")
	var out node.Restored
	switch {
	case len(files) == 1 && *keys != "" && len(from) == 0:
		out, err = restoreBackup(ctx, f, *keys, files[0], told)
	case len(files) == 0 && *keys == "":
		var cfg node.Config
		var opt node.Options
		if cfg, opt, err = f.config(); err == nil {
			out, err = node.Repair(ctx, cfg, opt, from, told)
		}
	default:
		err = usagef("either a BACKUP with --keys FILE, or neither")
	}
	done()
	if err != nil {
		return err
	}
	if *asJSON {
		return e.json(out)
	}
	e.printf("%s: restored from %s\n", out.Party, strings.Join(out.From, ", "))
	for _, party := range slices.Sorted(maps.Keys(out.Logs)) {
		e.printf("  %s  %s\n", party, counted(out.Logs[party], "leaf", "leaves"))
	}
	if out.Archive != "" {
		e.printf("the archive lies in %s\n", out.Archive)
	}
	if out.Aside != "" {
		e.printf("the old log lies in %s\n", out.Aside)
	}
	return nil
}

func restoreBackup(ctx context.Context, f *flags, keys, file string, told node.Progress) (node.Restored, error) {
	if filepath.Base(keys) != keyfile.FileName {
		return node.Restored{}, usagef("--keys %s: want a file named %s", keys, keyfile.FileName)
	}
	pass, err := f.passphrase()
	if err != nil {
		return node.Restored{}, err
	}
	in, err := os.Open(file)
	if err != nil {
		return node.Restored{}, err
	}
	defer in.Close()
	out, err := node.Restore(ctx, node.Config{Dir: f.dir}, filepath.Dir(keys), pass, in, told)
	if err != nil {
		err = fmt.Errorf("restore %s: %w", f.dir, err)
	}
	return out, err
}
