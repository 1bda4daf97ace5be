package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/border"
	"entente/console"
	"entente/election/inventory"
	"entente/internal/ingest"
	"entente/internal/regular"
	"entente/internal/sqlite"
)

const (
	// guardEvery is how often the files of the inventory are looked at.
	guardEvery = 5 * time.Second
	guardFile  = 64 << 20 // bytes of a declared file that is read whole
	guardFiles = 10_000   // files of one declared folder
)

// guards compute what the Election screen shows beside the results pages, from
// the files that the inventory names. What they hold is computed anew after a
// start; what must outlive one they keep in files of their own.
type guards struct {
	n       *Node
	audits  auditing
	names   lookalikes
	rolls   rolling
	posts   campaigns
	folders folders
	marking sync.Mutex // one change of what people say of names at a time
}

// newGuards looks at each batch of the lookout from now on.
func newGuards(ctx context.Context, n *Node) (*guards, error) {
	g := &guards{n: n}
	n.lookout.looks = func(b ingest.Batch) ([]sqlite.Note, func(bool), error) { return g.names.look(b, n.opt.Now()) }
	g.folders.look(n)
	return g, n.survived(g.names.protect(ctx, n, g.folders.held()))
}

// runGuards looks again and again whether the files are others.
func (n *Node) runGuards(ctx context.Context) error {
	return loop(ctx, make(bell), guardEvery, func(ctx context.Context) error {
		return n.guards.look(ctx)
	})
}

// look lets each guard look. What one cannot do for now, as on a full disk, it does
// at a later look, and keeps none of the others from looking.
func (g *guards) look(ctx context.Context) error {
	g.folders.look(g.n)
	return errors.Join(
		g.n.survived(g.names.protect(ctx, g.n, g.folders.held())),
		g.n.survived(g.audits.look(ctx, g.n)),
		g.n.survived(g.rolls.look(ctx, g.n)),
		g.n.survived(g.posts.look(ctx, g.n)),
	)
}

// job is one thing that is computed again when what it rests on is another.
type job struct {
	mu    sync.Mutex // guards all; held while it is computed
	stamp string
}

// stillness says when files that somebody else writes may be read: when they have lain
// still from one look to the next. What was read counts if their stamp is still the
// same afterwards.
type stillness struct {
	seen string // stamp at the last look
	read string // stamp of what was read by last
}

// due says whether files with this stamp have lain still and were not read so.
func (s *stillness) due(stamp string) bool {
	still := s.seen == stamp
	s.seen = stamp
	return still && s.read != stamp
}

// stamps tells whether files are others than before: of a folder, those in it.
func stamps(paths ...string) string {
	var b strings.Builder
	for _, path := range paths {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real // what is read is what a link leads to
		}
		n := 0
		_ = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
			if err != nil {
				fmt.Fprintf(&b, "%q %v\n", p, err)
				return nil //nolint:nilerr // it is part of how things stand
			}
			if n++; n > guardFiles {
				return filepath.SkipAll
			}
			if info, err := d.Info(); err == nil && !d.IsDir() {
				fmt.Fprintf(&b, "%q %d %d\n", p, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return b.String()
}

// filesOf are the declared files of a kind.
func filesOf(list inventory.Inventory, what string) []inventory.File {
	return slices.DeleteFunc(slices.Clone(list.Files), func(f inventory.File) bool { return f.What != what })
}

// readWhole reads a declared file up to a size.
func readWhole(path string, most int64) ([]byte, error) {
	data, err := regular.Read(path, most)
	return data, withoutPath(err)
}

// withoutPath is an error of the file system without the path, which is a
// matter of this machine.
func withoutPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// guardScreens show the guards to people.
type guardScreens struct{ screens }

// Guards implements console.Source.
func (on screens) Guards() console.Guards { return guardScreens{on} }

// own says whether the viewer sees what is of the own side alone.
func (s guardScreens) own() bool {
	return border.Marking(border.Red).Level() <= s.lens.Ceiling() || s.lens.Whole()
}

// strictly decodes a file that people write.
func strictly(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the end")
	}
	return nil
}
