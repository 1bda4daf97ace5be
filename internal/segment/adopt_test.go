package segment

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"entente/internal/disk/disktest"
	"entente/statement"
	"entente/watch/archive"
)

// coarse opens a store in which no block is small, with 500 records.
func coarse(t *testing.T) (s *Store, d *disktest.Disk, cfg Config, note []byte) {
	t.Helper()
	d = disktest.New(rand.New(rand.NewPCG(1, 1)))
	cfg = config(d, newClock())
	cfg.fine = 1
	s, _, err := Open(cfg, nil)
	ok(t, err)
	return s, d, cfg, add(t, s, 0, 500)
}

// TestAdopt: a spool in large blocks becomes the lines file, and the segment is what its manifest says; where a file can have but
// one name, and where most blocks are small, it is copied.
func TestAdopt(t *testing.T) {
	for name, c := range map[string]struct {
		plan  disktest.Plan
		fine  int
		whole bool // the spool is the beginning of the lines file
	}{
		"adopted":      {fine: 1, whole: true},
		"no links":     {fine: 1, plan: disktest.Plan{NoLinks: true}},
		"small blocks": {fine: 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, d, cfg, note := coarse(t)
			ok(t, s.Close())
			d.Restart()
			cfg.fine = c.fine
			s, _, err := Open(cfg, note)
			ok(t, err)
			spool := d.Bytes("00000001.spool")
			d.Play(c.plan)
			m := must(s.Seal(t.Context(), true))(t)
			if got := bytes.HasPrefix(d.Bytes("00000001.lines"), spool); got != c.whole {
				t.Errorf("the spool is the lines file: %v", got)
			}
			for _, f := range m[0].Files {
				if data := d.Bytes(f.Name); int64(len(data)) != f.Size || statement.Digest(sha256.Sum256(data)) != f.Digest {
					t.Errorf("%s is not what its manifest says", f.Name)
				}
			}
			if names := must(d.ReadDir())(t); len(names) != 4 {
				t.Errorf("files %q", names)
			}
			note = add(t, s, 500, 600)
			ok(t, s.Close())
			d = d.Crash()
			cfg.Disk = d
			s, told, err := Open(cfg, note)
			ok(t, errors.Join(append(told, err)...))
			if got := lines(t, s, everything()); len(got) != 600 || s.State().Segments != 1 {
				t.Errorf("%d lines, %+v", len(got), s.State())
			}
			if n := must(s.Scrub(t.Context(), 0))(t); n != 1 {
				t.Errorf("scrubbed %d", n)
			}
		})
	}
}

// TestAdoptAgain: an attempt that failed, wherever, leaves a spool of which the next makes the same segment.
func TestAdoptAgain(t *testing.T) {
	s, d, _, _ := coarse(t)
	d.Play(disktest.Plan{})
	must(s.Seal(t.Context(), true))(t)
	steps, want, other := d.Operations(), d.Bytes("00000001.lines"), 0
	for n := 1; n <= steps; n++ {
		s, d, _, _ := coarse(t)
		d.Play(disktest.Plan{FailAt: n})
		_, err := s.Seal(t.Context(), true)
		if got := lines(t, s, everything()); len(got) != 500 {
			t.Fatalf("step %d: %d lines after %v", n, len(got), err)
		}
		if errors.Is(err, archive.ErrDamaged) {
			continue // the spool could not be read
		}
		must(s.Seal(t.Context(), true))(t)
		if got := lines(t, s, everything()); len(got) != 500 || s.State().Segments != 1 {
			t.Fatalf("step %d: %d lines, %+v", n, len(got), s.State())
		}
		must(s.Scrub(t.Context(), 0))(t)
		if !bytes.Equal(d.Bytes("00000001.lines"), want) {
			other++
		}
	}
	if other > 1 { // the one without a link
		t.Errorf("%d attempts gave other lines", other)
	}
}

// TestAdoptDamaged: a spool that is not what was written becomes no segment.
func TestAdoptDamaged(t *testing.T) {
	s, d, _, _ := coarse(t)
	d.Flip("00000001.spool", int64(len(d.Bytes("00000001.spool"))/2), 3)
	if m, err := s.Seal(t.Context(), true); !errors.Is(err, archive.ErrDamaged) || len(m) > 0 {
		t.Errorf("sealed %d, %v", len(m), err)
	}
	if s.Coverage().Has("log", 0, 0, 10) || d.Bytes("00000001.lines") != nil {
		t.Error("it is covered, or has its second name")
	}
}

// TestAnotherPastOfAdopted: a spool that goes on at an earlier length, as a database of another day says, does not change the
// segment that was made of it later and is set aside.
func TestAnotherPastOfAdopted(t *testing.T) {
	s, d, cfg, note := coarse(t)
	add(t, s, 500, 700)
	must(s.Seal(t.Context(), true))(t)
	want := d.Bytes("00000001.lines")
	ok(t, s.Close())
	d.Restart()
	ok(t, d.Link("00000001.lines", "00000001.spool")) // killed before the spool went
	s, told, err := Open(cfg, note)
	ok(t, err)
	if got := lines(t, s, everything()); len(got) != 500 || len(told) != 1 {
		t.Errorf("%d lines, told %v", len(got), told)
	}
	add(t, s, 500, 550)
	if got := lines(t, s, everything()); len(got) != 550 {
		t.Errorf("%d lines", len(got))
	}
	if !bytes.Equal(d.Bytes("aside-00000001.lines"), want) {
		t.Error("the segment that was set aside has changed")
	}
	if _, err := d.OpenFile("00000001.lines", os.O_RDONLY); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is not set aside: %v", err)
	}
}
