package ingest

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func records(lines ...string) (out []Record) {
	for _, l := range lines {
		out = append(out, Record{Peer: "192.0.2.1", Raw: []byte(l)})
	}
	return out
}

// A feed goes on where the last process stored, counts what was lost, and cannot be read again.
func TestFeed(t *testing.T) {
	b := newBook(t)
	cfg := config()
	cfg.MaxLine = 50
	feed := func() *Feed { return NewFeed(cfg, "in", b.positions("in"), b) }
	f := feed()
	take := func(dropped int64, lines ...string) {
		t.Helper()
		if err := f.Take(t.Context(), records(lines...), dropped); err != nil {
			t.Fatal(err)
		}
	}
	take(0, "a=1", "", "junk", "panic=1", strings.Repeat("x", 60))
	full := errors.New("disk full")
	b.fail = func(Batch) error { return full }
	if err := f.Take(t.Context(), records("lost=1"), 0); !errors.Is(err, full) {
		t.Error(err)
	}
	b.fail = nil
	take(0, "a=2")
	f = feed()
	take(3, "a=3", "n\x00=1")
	take(1)
	if err := f.Take(t.Context(), []Record{{Raw: []byte("long=="), Size: 1 << 40, Long: true}}, 0); err != nil {
		t.Error(err)
	}
	want := []string{
		"0:1@0+3 a=1", "0:2@4+0 none", "0:3@5+4 no known log format recognises this line", "0:4@10+7 " + ErrBadParser.Error(),
		"0:5@18+60 " + ErrLongLine.Error(), "0:6@79+3 a=2", "0:7@83+3 a=3", "0:8@87+4 " + ErrBinary.Error(), "0:9@92+1099511627776 " + ErrLongLine.Error(),
	}
	if diff := cmp.Diff(want, b.lines["in"]); diff != "" {
		t.Error(diff)
	}
	var gone *Gone
	if err := Replay(t.Context(), cfg, Source{ID: "in", Path: ""}, b.positions("in"), nil); !errors.As(err, &gone) || !strings.Contains(gone.Reason, "twice") {
		t.Errorf("replay of a feed: %v", err)
	}
}

// Many senders at a time: each line once, numbers and offsets without holes (the book checks those).
func TestFeedShared(t *testing.T) {
	b := newBook(t)
	f := NewFeed(config(), "in", Position{}, b)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if err := f.Take(t.Context(), records("a=1", "a=2"), 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if p := b.positions("in"); p.Line != 800 || p.Offset != 3200 || len(b.lines["in"]) != 800 {
		t.Errorf("%+v, %d lines", p.Mark, len(b.lines["in"]))
	}
}
