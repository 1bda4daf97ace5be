package node

import (
	"testing"
	"time"
)

// TestUntold: the time before it was told is what lies between the first hit
// and the telling, and no claimed time makes it more than until now.
func TestUntold(t *testing.T) {
	now := time.UnixMilli(10_000)
	n := &Node{opt: Options{Now: func() time.Time { return now }}}
	for _, c := range []struct {
		first, given int64
		want         time.Duration
	}{
		{2_000, 5_000, 3 * time.Second},
		{2_000, 1 << 60, 8 * time.Second}, // claimed to be told in a time to come
		{6_000, 5_000, 0},                 // told before
		{0, 5_000, 0},
		{2_000, 0, 0}, // an own rule
		{11_000, 1 << 60, 0},
	} {
		if got := n.untold(c.first, c.given); got != c.want {
			t.Errorf("first %d, told %d: %v, want %v", c.first, c.given, got, c.want)
		}
	}
}
