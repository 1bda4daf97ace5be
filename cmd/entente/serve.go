package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"entente/charter"
	"entente/node"
)

func serveVerb() verb {
	return verb{"serve", "run the node", `serve --dir DIR [flags]

Runs the party's node until it is stopped. While the charter is not in force, the
console leads through its signing: cards, fingerprints read over the telephone,
the text, consent. What the node does is logged on stderr, one JSON object a line.

  --dir DIR                data folder
  --listen HOST:PORT       where partners connect; default: config.yaml, then the charter
  --console HOST:PORT|off  default: config.yaml, then a free port on 127.0.0.1
  --user NAME              for whom the console link is printed; default: administrator
  --passphrase-file FILE   where the key file has a passphrase
  --verbose                log what partners ask, too`, runServe}
}

const firstUser = "administrator"

func runServe(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "serve").withKeys()
	listen, console := f.String("listen", "", ""), f.String("console", "", "")
	user := f.String("user", firstUser, "")
	verbose := f.Bool("verbose", false, "")
	if err := f.none(args); err != nil {
		return err
	}
	cfg, opt, err := f.config()
	if err != nil {
		return err
	}
	if *listen != "" {
		cfg.Listen = *listen
	}
	if *console != "" {
		cfg.Console = *console
	}
	for _, path := range cfg.WarningLists {
		if _, err := os.Stat(path); err != nil {
			return hint(fmt.Errorf("warning list: %w", err), "warning_lists are named in %s", filepath.Join(f.dir, "config.yaml"))
		}
	}
	if err := keepConsents(f.dir); err != nil {
		return err
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewJSONHandler(e.stderr, &slog.HandlerOptions{Level: level}))
	if c, _, err := node.ReadCharter(f.dir); err == nil && int64(cfg.Release.PerDay) > c.Budgets.SightingsPerDay {
		logger.Warn("release: per_day is above the charter's budget, which counts", "per_day", cfg.Release.PerDay, "budget", c.Budgets.SightingsPerDay)
	}
	if err := signFirst(ctx, e, &cfg, opt, logger, *user); err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil // stopped on purpose
		}
		return err
	}
	err = node.Run(ctx, cfg, opt, logger, func(n *node.Node) {
		a := n.Addresses()
		e.printf("node     up, data in %s\nlistens  for partners on %s\n", f.dir, a.Peer)
		if a.Tools != "" {
			e.printf("tools    %s\n", a.Tools)
		}
		if a.Console == "" {
			return
		}
		e.printf("console  %s\n", entryLink(ctx, n, *user, a.Console))
	})
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // stopped on purpose
	}
	if errors.Is(err, os.ErrNotExist) && !exists(filepath.Join(f.dir, node.CharterFile)) {
		return hint(err, "sign one first: entente charter sign --dir %s FILE", f.dir)
	}
	return err
}

// signFirst serves the pages of the first signing while the charter is not in
// force, and leaves the console's address in cfg.
func signFirst(ctx context.Context, e *env, cfg *node.Config, opt node.Options, logger *slog.Logger, user string) error {
	if cfg.Console == "off" || !node.SigningDue(cfg.Dir, e.now()) {
		return nil
	}
	at, err := node.ServeSigning(ctx, *cfg, opt, logger, user, func(link string) {
		e.printf("signing  the charter is not in force yet: %s\n", link)
	})
	if err == nil {
		cfg.Console = at
	}
	return err
}

// entryLink makes the first link; the console may take a moment to come up.
func entryLink(ctx context.Context, n *node.Node, user, bare string) string {
	for range 40 {
		if link, err := n.EntryLink(user); err == nil {
			return link
		}
		select {
		case <-ctx.Done():
			return bare
		case <-time.After(50 * time.Millisecond):
		}
	}
	return bare
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// keepConsents copies consents that lie beside the signed charter file into
// the data folder, so that the folder stands for itself.
func keepConsents(dir string) error {
	c, consents, err := node.ReadCharter(dir)
	if err != nil {
		return nil //nolint:nilerr // the node says so itself
	}
	source, err := os.ReadFile(filepath.Join(dir, node.SourceFile))
	if err != nil || len(consents) == 0 {
		return nil //nolint:nilerr // nothing beside the folder
	}
	files, err := filepath.Glob(filepath.Join(string(trimLine(source)), "*.consent.json"))
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	for _, file := range files {
		data, err := readFile(file, charter.MaxConsent)
		if err != nil {
			continue
		}
		k, err := charter.ParseConsent(data)
		if err != nil || k.Verify(c) != nil {
			continue
		}
		to := filepath.Join(dir, node.ConsentDir, node.ConsentFileName(k))
		if exists(to) {
			continue
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return fmt.Errorf("keep a consent: %w", err)
		}
	}
	return nil
}

func trimLine(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}
