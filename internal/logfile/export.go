package logfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
)

// Export writes the durable tree as static files into the folder out by C2SP
// tlog-tiles: checkpoint, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]. A
// later call adds what is new; full tiles that are there stay. The checkpoint
// comes last, in one step, so a reader never sees one without its tiles. An
// empty log gives ErrBeyond; ErrNote on a mirror that is behind its note.
func (l *Log) Export(ctx context.Context, out *os.Root) error {
	tree, note := l.Head()
	if tree.Size == 0 {
		return fmt.Errorf("export: %w: the log is empty", ErrBeyond)
	}
	if c, err := record.Peek(note); err != nil || c.Tree != tree {
		return fmt.Errorf("export: %w: the mirror has %d leaves of the %d under its checkpoint", ErrNote, tree.Size, c.Size)
	}
	for level := 0; level < tileLevels && tree.Size>>(level*tileHeight) > 0; level++ {
		for n := int64(0); ; n++ {
			width := min(int64(tree.Size>>(level*tileHeight))-n*tileWidth, tileWidth)
			if width <= 0 {
				break
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := l.exportTile(out, tlog.Tile{H: tileHeight, L: level, N: n, W: int(width)}); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
	}
	if err := out.WriteFile("checkpoint.new", note, 0o644); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := out.Rename("checkpoint.new", "checkpoint"); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// exportTile writes one tile and, at level 0, its bundle of entries.
func (l *Log) exportTile(out *os.Root, t tlog.Tile) error {
	err := writeOnce(out, TilePath(t), func() ([]byte, error) { return l.Tile(t) })
	if err != nil || t.L > 0 {
		return err
	}
	entries := t
	entries.L = -1
	return writeOnce(out, TilePath(entries), func() ([]byte, error) { return l.Bundle(uint64(t.N), t.W) })
}

// TilePath is the path of a tile by C2SP tlog-tiles; level -1 stands for
// entries.
func TilePath(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", t.H))
	if rest, ok := strings.CutPrefix(p, "data/"); ok {
		p = "entries/" + rest
	}
	return "tile/" + p
}

// writeOnce writes a file that never changes, in one step.
func writeOnce(out *os.Root, name string, data func() ([]byte, error)) error {
	if _, err := out.Stat(name); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b, err := data()
	if err != nil {
		return err
	}
	if err := out.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if err := out.WriteFile(name+".new", b, 0o644); err != nil {
		return err
	}
	return out.Rename(name+".new", name)
}
