package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"entente/api"
	"entente/election/inventory"
)

const (
	// inventoryCopy is the list as it was last read whole: a file that is half
	// edited when the node starts does not take away what is watched.
	inventoryCopy  = "inventory.json"
	inventoryEvery = 2 * time.Second
)

// guarded is what this party protects, by the newest file that could be read.
type guarded struct {
	path string // of the file; "": none
	copy string

	mu      sync.RWMutex // guards what follows
	list    inventory.Inventory
	read    time.Time // when it was read; zero: never
	trouble string    // why the file as it stands now is not read
	stamp   fileStamp
}

type fileStamp struct {
	size int64
	at   time.Time
}

// newGuarded reads the list. Without a good file now, or from before, the node
// does not start: whoever names a file wants it guarded.
func newGuarded(cfg Config, now time.Time) (*guarded, error) {
	g := &guarded{path: cfg.Inventory, copy: filepath.Join(cfg.Dir, inventoryCopy)}
	if g.path == "" {
		return g, nil
	}
	first := g.look(now)
	if first == nil || !g.read.IsZero() {
		return g, nil
	}
	data, err := readSmall(g.copy)
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
func (g *guarded) look(now time.Time) error {
	info, err := os.Stat(g.path)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		return g.bad(err)
	}
	stamp := fileStamp{info.Size(), info.ModTime()}
	if stamp == g.stamp {
		return nil
	}
	data, err := readSmall(g.path)
	if err != nil {
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
	g.list, g.read, g.stamp, g.trouble = list, now, stamp, ""
	return nil
}

func (g *guarded) bad(err error) error {
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

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, inventory.MaxBytes+1))
}

// runInventory reads the file again when it changes.
func (n *Node) runInventory(ctx context.Context) error {
	if n.guarded.path == "" {
		return nil
	}
	return loop(ctx, make(bell), inventoryEvery, func(context.Context) error {
		before := len(n.guarded.troubles())
		if err := n.guarded.look(n.opt.Now()); err != nil && before == 0 {
			n.logger.Warn("the inventory is not read; what was read before counts", "error", err)
		}
		return nil
	})
}

// Inventory tells what is guarded, and whether the file is read as it stands.
func (c control) Inventory(context.Context) (api.Inventory, error) {
	g := c.n.guarded
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := api.Inventory{File: g.path, Trouble: g.trouble, List: g.list}
	if !g.read.IsZero() {
		out.Read = g.read.UnixMilli()
	}
	return out, nil
}
