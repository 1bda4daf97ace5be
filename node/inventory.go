package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"entente/api"
	"entente/election/inventory"
	"entente/internal/regular"
	"entente/statement"
)

const (
	// inventoryCopy is the list as it was last read whole: a file that is half
	// edited when the node starts does not take away what is watched.
	inventoryCopy = "inventory.json"
	// inventoryOwn is the list that the console writes, where the configuration
	// names none.
	inventoryOwn   = "guarded.json"
	inventoryEvery = 2 * time.Second
)

// guarded is what this party protects, by the newest file that could be read.
type guarded struct {
	path string // of the file
	own  bool   // it is the node's own, which the console writes
	copy string

	files   *regular.Patient
	adding  sync.Mutex // one addition at a time
	looking sync.Mutex // one look at a time; guards stamp

	stamp fileStamp // of what was read last, or could not be parsed

	mu      sync.RWMutex // guards what follows; never held while a file is read
	list    inventory.Inventory
	read    time.Time // when it was read; zero: never
	trouble string    // why the file as it stands now is not read
}

type fileStamp struct {
	size int64
	at   time.Time
}

// newGuarded reads the list. Without a good file now, or from before, the node
// does not start: whoever names a file wants it guarded.
func newGuarded(ctx context.Context, cfg Config, now time.Time) (*guarded, error) {
	g := &guarded{path: cfg.Inventory, copy: filepath.Join(cfg.Dir, inventoryCopy), files: &regular.Patient{Patience: guardPatience}}
	if g.path == "" {
		g.path, g.own = filepath.Join(cfg.Dir, inventoryOwn), true
		if _, err := os.Stat(g.path); errors.Is(err, fs.ErrNotExist) {
			return g, nil
		}
	}
	first := g.look(ctx, now)
	if first == nil || !g.read.IsZero() {
		return g, nil
	}
	data, err := regular.Read(g.copy, inventory.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", first)
	}
	if g.list, err = inventory.Parse(data, inventoryCopy); err != nil {
		return nil, fmt.Errorf("inventory: %w", first)
	}
	g.read = now
	return g, nil
}

// look reads the file if it is not the one read last. What is wrong with it
// leaves the list as it was.
func (g *guarded) look(ctx context.Context, now time.Time) error {
	g.looking.Lock()
	defer g.looking.Unlock()
	stamp, err := g.stands(ctx)
	if g.own && !g.known() && errors.Is(err, fs.ErrNotExist) {
		return nil // nothing is guarded yet
	}
	if err != nil {
		return g.bad(err)
	}
	if stamp == g.stamp {
		return nil
	}
	f, err := g.files.Open(ctx, g.path)
	if err != nil {
		return g.bad(err)
	}
	data, err := io.ReadAll(io.LimitReader(f, inventory.MaxBytes+1)) // what is longer the parser refuses
	if err := errors.Join(err, f.Close()); err != nil {
		return g.bad(err)
	}
	list, err := inventory.Parse(data, g.path)
	if err != nil {
		g.stamp = stamp // not again until it is another
		return g.bad(err)
	}
	if err := replaceFile(g.copy, data); err != nil {
		return g.bad(err)
	}
	g.stamp = stamp
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list, g.read, g.trouble = list, now, ""
	return nil
}

// stands is the file as it stands now.
func (g *guarded) stands(ctx context.Context) (fileStamp, error) {
	var info os.FileInfo
	var failed error
	if err := g.files.Do(ctx, g.path, func() { info, failed = os.Stat(g.path) }); err != nil {
		return fileStamp{}, err
	}
	if failed != nil {
		return fileStamp{}, failed
	}
	return fileStamp{info.Size(), info.ModTime()}, nil
}

// known says whether a list was read.
func (g *guarded) known() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return !g.read.IsZero()
}

func (g *guarded) bad(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trouble = err.Error()
	var e *inventory.Error
	if errors.As(err, &e) && e.Hint != "" {
		g.trouble += "; " + e.Hint
	}
	return err
}

// get is the list as it counts now.
func (g *guarded) get() inventory.Inventory {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.list
}

func (g *guarded) troubles() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.trouble == "" {
		return nil
	}
	return []string{"inventory: " + g.trouble}
}

// runInventory reads the file again when it changes.
func (n *Node) runInventory(ctx context.Context) error {
	return loop(ctx, make(bell), inventoryEvery, func(ctx context.Context) error {
		before := len(n.guarded.troubles())
		if err := n.guarded.look(ctx, n.opt.Now()); err != nil && before == 0 {
			n.logger.Warn("the inventory is not read; what was read before counts", "error", err)
		}
		return nil
	})
}

// add writes more into the node's own list and reads it. What is there already
// under the same name or id stays as it is.
func (g *guarded) add(ctx context.Context, more inventory.Inventory, now time.Time) error {
	if !g.own {
		return statement.Refuse(statement.CodeState, "the list is kept in %.200s: add it there", filepath.Base(g.path))
	}
	g.adding.Lock()
	defer g.adding.Unlock()
	list, err := g.get().With(more)
	if err != nil {
		return statement.Refuse(statement.CodeField, "%.300s", err.Error())
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if _, err := inventory.Parse(data, inventoryOwn); err != nil {
		return statement.Refuse(statement.CodeField, "%.300s", err.Error())
	}
	if err := replaceFile(g.path, append(data, '\n')); err != nil {
		return err
	}
	return g.look(ctx, now)
}

// Inventory tells what is guarded, and whether the file is read as it stands.
func (c control) Inventory(context.Context) (api.Inventory, error) {
	g := c.n.guarded
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := api.Inventory{File: g.path, Trouble: g.trouble, List: g.list}
	if g.own && g.read.IsZero() {
		out.File = ""
	}
	if !g.read.IsZero() {
		out.Read = g.read.UnixMilli()
	}
	return out, nil
}
