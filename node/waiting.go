package node

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"entente/internal/disk"
	"entente/internal/logfile"
	"entente/internal/sqlite"
)

// waits is what keeps logs from being read at the moment, and since when.
// None of it ends the reading.
type waits struct {
	mu      sync.Mutex // guards what follows
	writers int        // that have no room to store what was read
	room    time.Time  // since when; zero while there is room
	absent  map[string]time.Time
}

// roomRetry is how often a full disk is tried again.
const roomRetry = time.Second

// full says that nothing was changed for want of room.
func full(err error) bool {
	return errors.Is(err, logfile.ErrFull) || disk.IsFull(err) || sqlite.IsFull(err)
}

// began and ended are told by each writer that waits for room.
func (w *waits) began(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writers++; w.writers == 1 {
		w.room = now
	}
}

func (w *waits) ended() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writers--; w.writers == 0 {
		w.room = time.Time{}
	}
}

// forRoom is since when reading waits for room.
func (w *waits) forRoom() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.room
}

// missing notes whether a source is there, and returns since when it is not.
func (w *waits) missing(source string, there bool, now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if there {
		delete(w.absent, source)
		return time.Time{}
	}
	if w.absent == nil {
		w.absent = make(map[string]time.Time)
	}
	if _, known := w.absent[source]; !known {
		w.absent[source] = now
	}
	return w.absent[source]
}

// whenRoom runs f until the disk is not full: what f stores, it stores whole
// or not at all.
func (l *lookout) whenRoom(ctx context.Context, f func(context.Context) error) error {
	blocked := false
	for {
		err := f(ctx)
		if !full(err) {
			return err
		}
		if !blocked {
			blocked = true
			l.waits.began(l.now())
			defer l.waits.ended()
			l.logger.Error("no room on the disk: reading of logs waits", "error", err)
		}
		if !pause(ctx, roomRetry) {
			return ctx.Err()
		}
	}
}

// absentSince is since when a configured source has not been there, as far as
// it was looked for; zero if it is.
func (n *Node) absentSince(s Source) time.Time {
	if !s.isFile() {
		return time.Time{} // it is received, not looked for
	}
	_, err := os.Stat(s.Path)
	return n.lookout.waits.missing(s.name(), err == nil, n.opt.Now())
}
