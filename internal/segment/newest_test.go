package segment

import (
	"errors"
	"slices"
	"testing"

	"entente/internal/disk"
	"entente/observable"
	"entente/watch/archive"
)

// TestNewest: the walk meets every record once, no block before one archived
// later, ends where it is told to, and says how far it came.
func TestNewest(t *testing.T) {
	s, told, err := Open(config(must(disk.OS(t.TempDir()))(t), newClock()), nil)
	ok(t, errors.Join(append(told, err)...))
	defer func() { ok(t, s.Close()) }()
	add(t, s, 0, 4000)
	must(s.Seal(t.Context(), true))(t)
	add(t, s, 4000, 5000)
	must(s.Seal(t.Context(), true))(t)
	add(t, s, 5000, 5100)
	add(t, s, 5100, 5200)
	read := func(n *archive.Needles, most int64) (lines []int64, blocks []int, look Look) {
		t.Helper()
		look = must(s.Newest(t.Context(), n, func(l Look) bool {
			blocks = append(blocks, len(lines))
			return most == 0 || l.Rows < most
		}, func(r *archive.Record) error {
			lines = append(lines, r.Line)
			return nil
		}))(t)
		return lines, blocks, look
	}
	got, blocks, look := read(nil, 0)
	for i := range blocks {
		end := len(got)
		if i+1 < len(blocks) {
			end = blocks[i+1]
		}
		block := got[blocks[i]:end]
		if !slices.IsSorted(block) || blocks[i] > 0 && len(block) > 0 && block[len(block)-1] > got[blocks[i]-1] {
			t.Fatalf("block %d of %d is lines %v", i, len(blocks), block)
		}
	}
	if len(blocks) < 6 {
		t.Errorf("only %d blocks", len(blocks))
	}
	if slices.Sort(got); len(got) != 5200 || len(slices.Compact(got)) != 5200 || look.Rows != 5200 || look.Total != 5200 || look.Bytes == 0 {
		t.Errorf("%d records, %+v", len(got), look)
	}
	if part, _, look := read(nil, 150); len(part) != 200 || part[0] != 5100 || look.Rows != 200 || look.Total != 5200 {
		t.Errorf("a walk of two batches met %d records from %d on, %+v", len(part), part[0], look)
	}
	two := archive.NewNeedles([]observable.Value{value(observable.IPv4, address(17)), value(observable.IPv4, address(4321))})
	if found, _, look := read(two, 0); len(found) != 202 || !slices.Equal(found[200:], []int64{4321, 17}) || look.Rows != 5200 {
		t.Errorf("by the index %d records, the last %v, %+v", len(found), found[max(len(found)-2, 0):], look)
	}
	stop := errors.New("stop")
	if _, err := s.Newest(t.Context(), nil, func(Look) bool { return true }, func(*archive.Record) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// TestNewestDamage: a spool that was changed is told, and what is sound beside it read.
func TestNewestDamage(t *testing.T) {
	d := must(disk.OS(t.TempDir()))(t)
	s, told, err := Open(config(d, newClock()), nil)
	ok(t, errors.Join(append(told, err)...))
	defer func() { ok(t, s.Close()) }()
	add(t, s, 0, 100)
	must(s.Seal(t.Context(), true))(t)
	add(t, s, 100, 200)
	_, spools, _ := s.snapshot()
	must(spools[0].file.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, 0))(t)
	n := 0
	_, err = s.Newest(t.Context(), nil, func(Look) bool { return true }, func(*archive.Record) error { n++; return nil })
	if !errors.Is(err, archive.ErrDamaged) || n != 100 {
		t.Errorf("%d records, %v", n, err)
	}
}
