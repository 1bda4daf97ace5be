package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Follow reads every source from its position and goes on with what is appended, until the context ends
// (then it returns nil) or the sink fails. A last line without its terminator waits. A file that was renamed
// is read to its end before its successor; one that was truncated is looked for in the copy that rotation
// made; what is not found is told as Batch.Lost. A missing path is an error at the start and a wait later.
// Sources take turns in one goroutine, so the sink is never called twice at a time.
func Follow(ctx context.Context, cfg Config, sources []Source, at Positions, sink Sink) error {
	for _, src := range sources {
		if src.Reader != nil {
			return fmt.Errorf("%s: a reader cannot be followed", src.id())
		}
	}
	s, err := newSet(cfg, sources, at, sink)
	if err != nil {
		return err
	}
	defer s.closeAll()
	bell := newBell(s)
	defer bell.close()
	for {
		more, err := s.sweep(ctx)
		if err != nil {
			if cause, _ := isStop(err); ctx.Err() == nil {
				return cause
			}
			return nil
		}
		if more {
			continue
		}
		if s.cfg.Quiet != nil && s.settled() {
			s.cfg.Quiet()
		}
		if !bell.wait(ctx, s.cfg.Poll) {
			return nil
		}
	}
}

// sweep gives every source its turn; more says that some source has not come to its end.
func (s *set) sweep(ctx context.Context) (more bool, err error) {
	for _, g := range s.groups {
		if err := s.enlarge(g); err != nil {
			s.tell(g.id, &g.trouble, err)
		} else {
			g.trouble = ""
		}
	}
	for _, r := range s.readers {
		again, err := r.turn(ctx)
		if cause, stop := isStop(err); stop {
			return false, err
		} else if !errors.Is(cause, errBusy) {
			s.tell(r.id, &r.trouble, cause)
		}
		more = more || again
	}
	return more, nil
}

// settled reports that no source has another incarnation waiting.
func (s *set) settled() bool {
	return !slices.ContainsFunc(s.readers, func(r *reader) bool { return len(r.queue) > 1 })
}

// trouble is the last error told of a source; the same is not told again until it has passed.
type trouble string

func (s *set) tell(source string, last *trouble, err error) {
	text := trouble("")
	if err != nil {
		text = trouble(err.Error())
	}
	if text != "" && text != *last && s.cfg.Trouble != nil {
		s.cfg.Trouble(source, err)
	}
	*last = text
}

// turn reads some batches of one source.
func (r *reader) turn(ctx context.Context) (more bool, err error) {
	if r.st == nil {
		if len(r.queue) == 0 && !r.unchanged() {
			r.plan()
		}
		if len(r.queue) == 0 {
			return false, nil
		}
		if err := r.open(); err != nil {
			return false, r.unopened(err)
		}
		r.quietSince = time.Now()
	}
	// Before more is read: an emptied file may already have grown beyond where we are.
	if !r.st.packed && r.pos.Offset > 0 && !r.st.holds(r.pos.Mark) {
		return true, r.truncated(ctx)
	}
	if size, _ := r.st.onDisk(); r.fr.released() && size == r.fr.offset {
		return r.atEnd(ctx)
	}
	for range turnBatches {
		before := r.fr.offset + r.fr.size
		end, err := r.fill(ctx)
		if _, stop := isStop(err); stop {
			return false, err
		}
		if r.fr.offset+r.fr.size != before {
			r.quietSince = time.Now()
		}
		switch {
		case end:
			return r.atEnd(ctx)
		case ends(err):
			if err := r.conclude(ctx, err); err != nil {
				return false, err
			}
			return false, told(r.id, err)
		case err != nil:
			return false, told(r.id, err)
		}
	}
	return true, nil
}

// unopened says what becomes of the queue when its first step cannot be opened.
func (r *reader) unopened(err error) error {
	switch {
	case errors.Is(err, errBusy):
	case len(r.queue) > 1:
		r.lost = r.gone("an earlier incarnation cannot be read: " + err.Error())
		r.queue = r.queue[1:]
	case errors.Is(err, ErrMissing):
		return nil // moved away, and its successor is not there yet
	default:
		r.queue = nil // look again what there is
	}
	return err
}

// atEnd looks whether the open file is still the one at the path.
func (r *reader) atEnd(ctx context.Context) (more bool, err error) {
	if r.st.packed {
		return true, r.conclude(ctx, nil)
	}
	idle := time.Since(r.quietSince) >= r.cfg.Linger
	if len(r.queue) > 1 { // rotated away: its writer may not have let go of it yet
		if !idle {
			return false, nil
		}
		return true, r.conclude(ctx, nil)
	}
	info, err := os.Stat(r.path)
	switch {
	case err != nil:
		if idle && r.group != nil {
			err := r.conclude(ctx, nil) // a neighbour may have it under a new name
			r.queue = []step{{path: r.path}}
			return false, err
		}
		return false, nil
	case !os.SameFile(info, r.st.info):
		r.queue = append(r.queue, r.later(r.openPath())...)
	case idle:
		r.fr.release()
		r.lines = nil
		return false, nil
	}
	return false, nil
}

// openPath is where the open file is now.
func (r *reader) openPath() string {
	for _, c := range neighbours(r.path) {
		if os.SameFile(c.info, r.st.info) {
			return c.path
		}
	}
	return r.st.path
}

// truncated goes on in the copy that was made before the file was emptied, if there is one, and begins the
// file anew.
func (r *reader) truncated(ctx context.Context) error {
	r.close()
	r.fr, r.queue = nil, nil
	fresh := step{path: r.path}
	if at := locate(r.path, r.pos.Mark, r.cfg); at != "" && at != r.path {
		r.queue = []step{{path: at, resume: true}}
	} else {
		fresh.lost = r.gone("the file was truncated, and no copy of it is beside it")
	}
	r.queue = append(r.queue, fresh)
	return ctx.Err()
}

// bell wakes the loop when something changes in a directory, and at every poll in any case: notifications
// may be unavailable, exhausted, or silent on network file systems.
type bell struct {
	w *fsnotify.Watcher
}

func newBell(s *set) *bell {
	if s.cfg.PollOnly {
		return &bell{}
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return &bell{}
	}
	dirs := map[string]bool{}
	for _, g := range s.groups {
		dirs[g.path] = true
	}
	for _, r := range s.readers {
		dirs[filepath.Dir(r.path)] = true
	}
	for d := range dirs {
		_ = w.Add(d) // the poll stands in where this fails
	}
	return &bell{w: w}
}

func (b *bell) close() {
	if b.w != nil {
		b.w.Close()
	}
}

// wait returns after a change or the poll time, false when the context has ended. Changes that come in a
// burst are answered by one sweep.
func (b *bell) wait(ctx context.Context, poll time.Duration) bool {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	var events chan fsnotify.Event
	var troubles chan error
	if b.w != nil {
		events, troubles = b.w.Events, b.w.Errors
	}
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-events:
	case <-troubles:
	}
	burst := time.NewTimer(minSweep)
	defer burst.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-events:
		case <-troubles:
		case <-burst.C:
			return true
		}
	}
}
