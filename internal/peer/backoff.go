package peer

import (
	"sync"
	"time"
)

const (
	firstPause = time.Second
	longPause  = 5 * time.Minute
)

// backoff keeps a client from knocking at a silent door: after each failure
// in a row the pause doubles, from a second to five minutes.
type backoff struct {
	mu     sync.Mutex // guards what follows
	fails  int
	failed time.Time // when the pause began
	until  time.Time
}

// left is how much of the pause remains. A clock that was set back ends it.
func (b *backoff) left(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails == 0 || now.Before(b.failed) {
		return 0
	}
	return max(0, b.until.Sub(now))
}

// fail begins a pause. Failures of calls that were under way together count
// as one.
func (b *backoff) fail(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails > 0 && now.Before(b.until) && !now.Before(b.failed) {
		return
	}
	pause := longPause
	if b.fails < 9 {
		pause = min(longPause, firstPause<<b.fails)
	}
	b.fails++
	b.failed, b.until = now, now.Add(pause)
}

func (b *backoff) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = 0
}
