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
	wake    bell             // a look before it is due
	files   *regular.Patient // that the inventory names
	audits  auditing
	names   lookalikes
	rolls   rolling
	posts   campaigns
	folders folders
	marking sync.Mutex // one change of what people say of names at a time
}

// newGuards looks at each batch of the lookout from now on.
func newGuards(ctx context.Context, n *Node) (*guards, error) {
	g := &guards{n: n, wake: make(bell, 1), files: &regular.Patient{Patience: guardPatience}, folders: folders{at: newTending()}, audits: auditing{at: newTending()}, rolls: rolling{at: newTending()}, posts: campaigns{at: newTending()}}
	n.lookout.looks = func(b ingest.Batch) ([]sqlite.Note, func(bool), error) { return g.names.look(b, n.opt.Now()) }
	within, stop := context.WithTimeoutCause(ctx, guardStart, regular.ErrSilent)
	defer stop()
	g.folders.look(within, g)
	g.folders.at.idle()
	return g, n.survived(g.names.protect(ctx, n, g.folders.held()))
}

// runGuards looks again and again whether the files are others.
func (n *Node) runGuards(ctx context.Context) error {
	err := loop(ctx, n.guards.wake, guardEvery, n.guards.look)
	n.guards.idle()
	return err
}

// look lets each guard look, and waits for none. What one cannot do for now, as on a
// full disk, it does at a later look.
func (g *guards) look(ctx context.Context) error {
	g.folders.look(ctx, g)
	g.audits.look(ctx, g.n)
	g.rolls.look(ctx, g.n)
	g.posts.look(ctx, g.n)
	return g.n.survived(g.names.protect(ctx, g.n, g.folders.held()))
}

// idle waits until no guard looks at anything.
func (g *guards) idle() {
	for _, t := range []*tending{g.folders.at, g.audits.at, g.rolls.at, g.posts.at} {
		t.idle()
	}
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

// stamps is guards.stamps, of files that answer.
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

// readWhole reads a file up to a size.
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
