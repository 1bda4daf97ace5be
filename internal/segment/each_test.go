package segment

import (
	"errors"
	"testing"

	"entente/internal/disk"
	"entente/watch/archive"
)

// Each gives every stored record once, in the order of storing, and from the
// number that it returned on at least all that was stored since. What a batch
// that is not stored yet has written is not there.
func TestEach(t *testing.T) {
	s, told, err := Open(config(must(disk.OS(t.TempDir()))(t), newClock()), nil)
	ok(t, errors.Join(append(told, err)...))
	defer func() { ok(t, s.Close()) }()
	read := func(from uint64) (lines []int64, last uint64) {
		t.Helper()
		last = must(s.Each(t.Context(), from, nil, func(r *archive.Record) error {
			lines = append(lines, r.Line)
			return nil
		}))(t)
		return lines, last
	}
	add(t, s, 0, 1500)
	must(s.Seal(t.Context(), true))(t)
	add(t, s, 1500, 2000)
	must(s.Seal(t.Context(), true))(t)
	add(t, s, 2000, 2300)
	got, last := read(0)
	for i, n := range got {
		if n != int64(i) || len(got) != 2300 {
			t.Fatalf("record %d of %d is line %d", i, len(got), n)
		}
	}
	must(s.Seal(t.Context(), true))(t) // what was a spool is a segment of the same number
	add(t, s, 2300, 2400)
	open := batch{2400, 2450}
	must(s.Append(open.span(), open.records()))(t)
	more, _ := read(last)
	s.Done(false)
	if len(more) != 400 || more[0] != 2000 || more[len(more)-1] != 2399 {
		t.Errorf("%d records from %d on, %v", len(more), last, more)
	}
	stop := errors.New("stop")
	if _, err := s.Each(t.Context(), 0, nil, func(*archive.Record) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
