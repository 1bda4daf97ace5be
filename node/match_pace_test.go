package node

import (
	"testing"
	"time"
)

// TestPace: the time left is the pace of the stretch, without the pause for an
// answer, and unknown before there is one.
func TestPace(t *testing.T) {
	t.Parallel()
	t0 := time.Unix(1_800_000_000, 0)
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	var p pace
	left := func(what string, want time.Duration) {
		t.Helper()
		if got := p.left(100); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	left("nothing yet", 0)
	p.note(at(50), 10)
	left("one chunk", 0)
	if !p.note(at(60), 20) || p.note(at(61), 20) {
		t.Error("news of what is none, or none of what is")
	}
	left("ten in ten seconds", 80*time.Second)
	p.rest()
	left("a pause", 0)
	if p.note(at(3000), 20) {
		t.Error("a pause is news")
	}
	p.note(at(4000), 21)
	p.note(at(4002), 22)
	left("two seconds a chunk", 156*time.Second)
	p.note(at(4003), 100)
	left("all", 0)
}
