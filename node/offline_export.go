package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/record"
)

// Progress is told how much of a long work is done.
type Progress func(done, total uint64)

func (p Progress) tell(done, total uint64) {
	if p != nil {
		p(done, total)
	}
}

// ExportTree writes the log of origin as static files by C2SP tlog-tiles into
// out: tiles, entries and, last and in one step, the checkpoint with every
// cosignature that get has. A later call adds what is new. It returns the
// size of the tree.
func ExportTree(ctx context.Context, get peer.Getter, origin string, out *os.Root, told Progress) (uint64, error) {
	base := "/" + peer.LogName(origin) + "/"
	note, err := get.Get(ctx, base+"checkpoint", record.MaxNote)
	if err != nil {
		return 0, fmt.Errorf("export: no checkpoint yet: %w", err)
	}
	c, err := record.Peek(note)
	if err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	tiles := tlog.NewTiles(8, 0, int64(c.Size))
	for i, t := range tiles {
		told.tell(uint64(i), uint64(len(tiles)))
		if err := exportFile(ctx, get, base, logfile.TilePath(t), out); err != nil {
			return 0, err
		}
		if t.L > 0 {
			continue
		}
		t.L = -1
		if err := exportFile(ctx, get, base, logfile.TilePath(t), out); err != nil {
			return 0, err
		}
	}
	told.tell(uint64(len(tiles)), uint64(len(tiles)))
	if err := out.WriteFile("checkpoint.new", note, 0o644); err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	return c.Size, out.Rename("checkpoint.new", "checkpoint")
}

// exportFile writes a file that never changes, in one step.
func exportFile(ctx context.Context, get peer.Getter, base, name string, out *os.Root) error {
	if _, err := out.Stat(name); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	body, err := get.Get(ctx, base+name, maxWire)
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	if err := out.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := out.WriteFile(name+".new", body, 0o644); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return out.Rename(name+".new", name)
}
