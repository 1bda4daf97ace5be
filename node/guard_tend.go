package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"entente/internal/regular"
)

const (
	// guardPatience is how long a file may give no answer before it is left.
	guardPatience = 30 * time.Second
	// guardLook is how long one look at one thing may take.
	guardLook = time.Hour
	// guardStart is how long a start waits for the secrets of folders, by whose
	// decoys the first line of a log may be known.
	guardStart = 10 * time.Second
	// guardLooks is how many things of one guard are looked at together: what one
	// of them takes in memory is large.
	guardLooks = 4
)

var errGuardLook = fmt.Errorf("not read within %v", guardLook)

// tending looks at the things of one guard, one look at each at a time, each in a
// goroutine of its own: one that is large, or does not answer, keeps no other from
// being looked at.
type tending struct {
	slots chan struct{}

	mu    sync.Mutex // guards next
	ended sync.Cond
	next  map[string]func() // by thing that is looked at: the look after this one, nil if none was asked for
}

func newTending() *tending {
	t := &tending{slots: make(chan struct{}, guardLooks), next: make(map[string]func())}
	t.ended.L = &t.mu
	return t
}

// start looks at a thing and returns at once. One that is being looked at is looked at
// once more. An error that cannot be survived ends the node.
func (t *tending) start(ctx context.Context, n *Node, thing string, look func(ctx context.Context) error) {
	run := func() {
		select {
		case t.slots <- struct{}{}:
			defer func() { <-t.slots }()
		case <-ctx.Done():
			return
		}
		within, stop := context.WithTimeoutCause(ctx, guardLook, errGuardLook)
		defer stop()
		if err := n.survived(look(within)); err != nil && within.Err() == nil {
			n.fail(err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, looking := t.next[thing]; looking {
		t.next[thing] = run
		return
	}
	t.next[thing] = nil
	go func() {
		for run != nil {
			run()
			run = t.after(thing)
		}
	}()
}

// after is the look after one that ended, nil if there is none.
func (t *tending) after(thing string) func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	run := t.next[thing]
	if t.next[thing] = nil; run == nil {
		delete(t.next, thing)
		t.ended.Broadcast()
	}
	return run
}

// idle waits until nothing is looked at.
func (t *tending) idle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.next) > 0 {
		t.ended.Wait()
	}
}

// passing says whether what went wrong with a file may be gone at the next look,
// though the file is the same: it is then read again.
func passing(err error) bool {
	return errors.Is(err, regular.ErrSilent) || errors.Is(err, errGuardLook)
}

// whyEnded is the error itself, or why its context ended: that of the node, or the
// time for one look.
func whyEnded(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// read reads a declared file up to a size.
func (g *guards) read(ctx context.Context, path string, most int64) ([]byte, error) {
	data, err := g.files.Read(ctx, path, most)
	return data, withoutPath(err)
}

// open opens a declared file.
func (g *guards) open(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := g.files.Open(ctx, path)
	if err != nil {
		return nil, withoutPath(err)
	}
	return f, nil
}

// stamps tells whether files are others than before: of a folder, those in it.
func (g *guards) stamps(ctx context.Context, paths ...string) (string, error) {
	var b strings.Builder
	for _, path := range paths {
		var one string
		if err := g.files.Do(ctx, path, func() { one = stamps(path) }); err != nil {
			return "", err
		}
		b.WriteString(one)
	}
	return b.String(), nil
}

// inside lists a folder; no error and nothing for what is none.
func (g *guards) inside(ctx context.Context, path string) (entries []os.DirEntry, folder bool, err error) {
	var list []os.DirEntry
	var is bool
	var failed error
	if err := g.files.Do(ctx, path, func() {
		var info os.FileInfo
		if info, failed = os.Stat(path); failed == nil && info.IsDir() {
			is = true
			list, failed = os.ReadDir(path)
		}
	}); err != nil {
		return nil, false, err
	}
	return list, is, withoutPath(failed)
}
