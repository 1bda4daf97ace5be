package peer

import (
	"context"
	"sync"
	"time"
)

// Budget is what one partner may use of this node. Zero fields take the
// values of DefaultBudget.
type Budget struct {
	Connections int   // open connections for requests
	Polls       int   // long polls at once, on connections beside those
	Requests    int   // requests per second; a burst may be four times as many
	Work        int   // requests worked on at once
	BytesIn     int64 // received per day
	BytesOut    int64 // sent per day
}

// DefaultBudget is the budget of a partner for which the charter names none.
func DefaultBudget() Budget {
	return Budget{Connections: 4, Polls: 2, Requests: 200, Work: 2, BytesIn: 1 << 30, BytesOut: 64 << 30}
}

func (b Budget) withDefaults() Budget {
	d := DefaultBudget()
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&b.Connections, d.Connections)
	set(&b.Polls, d.Polls)
	set(&b.Requests, d.Requests)
	set(&b.Work, d.Work)
	if b.BytesIn <= 0 {
		b.BytesIn = d.BytesIn
	}
	if b.BytesOut <= 0 {
		b.BytesOut = d.BytesOut
	}
	return b
}

// bucket is a token bucket. Its clock may jump: backwards gives nothing,
// forwards at most a full bucket.
type bucket struct {
	mu    sync.Mutex // guards what follows
	level float64
	full  float64
	rate  float64 // per second
	last  time.Time
}

func newBucket(full, perSecond float64, now time.Time) *bucket {
	return &bucket{level: full, full: full, rate: perSecond, last: now}
}

func (b *bucket) fill(now time.Time) {
	if d := now.Sub(b.last).Seconds(); d > 0 {
		b.level = min(b.full, b.level+d*b.rate)
	}
	b.last = now
}

// take removes one token if there is one.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// resume goes on from a level that was left some time ago.
func (b *bucket) resume(level float64, ago time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	level = min(max(level, -b.full), b.full)
	b.level = min(b.full, level+max(ago, 0).Seconds()*b.rate)
}

func (b *bucket) left(at time.Time) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(at)
	return b.level
}

// charge removes n tokens that are already spent; the debt is at most one
// full bucket.
func (b *bucket) charge(now time.Time, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.level = max(-b.full, b.level-float64(n))
}

// due says how long it takes until one token is there.
func (b *bucket) due(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.level >= 1 {
		return 0
	}
	return time.Duration((1 - b.level) / b.rate * float64(time.Second))
}

// wait takes one token of this machine's time, as soon as there is one.
func (b *bucket) wait(ctx context.Context) error {
	for !b.take(time.Now()) {
		sleep(ctx, max(time.Millisecond, b.due(time.Now())))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
