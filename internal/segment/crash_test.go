package segment

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"entente/internal/disk/disktest"
	"entente/watch/archive"
)

// TestCrash plays power cuts, failing writes and full disks at every point: an
// event of a stored transaction whose batch was archived is there once, one of
// any other never, and exactly those are covered.
func TestCrash(t *testing.T) {
	cycles := 1500
	if s := os.Getenv("ENTENTE_CRASH_CYCLES"); s != "" {
		cycles = must(strconv.Atoi(s))(t) / 10
	}
	for seed := uint64(0); cycles > 0; seed++ {
		w := &world{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0))}
		w.disk, w.clock = disktest.New(w.rng), newClock()
		for range 12 {
			w.cycle()
			cycles--
		}
	}
}

// world is a disk, and a database that never fails.
type world struct {
	t     *testing.T
	seed  uint64
	rng   *rand.Rand
	disk  *disktest.Disk
	clock *clock

	note     []byte
	next     int     // number of the next record
	archived []batch // of stored transactions
	missed   []batch // stored without the archive
}

func (w *world) cycle() {
	cfg := config(w.disk, w.clock)
	cfg.fine = int(w.seed % 2) // of 1: no block is small
	s, told, err := Open(cfg, w.note)
	if err != nil {
		w.t.Fatalf("seed %d: open: %v", w.seed, err)
	}
	if err := errors.Join(told...); err != nil {
		w.t.Fatalf("seed %d: open tells: %v", w.seed, err)
	}
	w.check(s)
	switch n := 1 + w.rng.IntN(60); w.rng.IntN(8) {
	case 0:
		w.disk.Play(disktest.Plan{FailAt: n})
	case 1:
		w.disk.Play(disktest.Plan{FailSync: 1 + n/4})
	case 2:
		w.disk.Play(disktest.Plan{Capacity: int64(w.rng.IntN(12_000)), NoLinks: w.rng.IntN(2) == 0})
	case 3:
	default:
		w.disk.Play(disktest.Plan{DieAt: n})
	}
	w.work(s)
	if w.rng.IntN(3) == 0 {
		w.disk.Restart() // kill -9: memory stays
		return
	}
	w.disk = w.disk.Crash()
}

func (w *world) work(s *Store) {
	for range 1 + w.rng.IntN(14) {
		w.clock.now = w.clock.now.Add(time.Duration(w.rng.IntN(15)) * time.Second)
		if w.rng.IntN(6) == 0 {
			_, err := s.Seal(w.t.Context(), w.rng.IntN(2) == 0)
			if note, err2 := s.Note(); err == nil && err2 == nil && w.rng.IntN(2) == 0 {
				w.note = note
			}
			continue
		}
		b := batch{w.next, w.next + w.rng.IntN(30)}
		note, err := s.Append(b.span(), b.records())
		if errors.Is(err, disktest.ErrDead) {
			return
		}
		if w.rng.IntN(5) == 0 { // the transaction fails, or the process dies before it
			s.Done(false)
			continue
		}
		w.next = b.to
		if err != nil {
			w.missed = append(w.missed, b)
			continue
		}
		w.note = note
		s.Done(true)
		w.archived = append(w.archived, b)
	}
}

func (w *world) check(s *Store) {
	got := make(map[int64]int)
	err := s.Hunt(w.t.Context(), everything(), nil, func(r *archive.Record) error {
		got[r.Line]++
		return nil
	})
	if err != nil {
		w.t.Fatalf("seed %d: hunt: %v", w.seed, err)
	}
	c, want := s.Coverage(), 0
	for _, b := range w.archived {
		want += b.to - b.from
		for n := b.from; n < b.to; n++ {
			if got[int64(n)] != 1 {
				w.t.Fatalf("seed %d: line %d came %d times", w.seed, n, got[int64(n)])
			}
		}
		if sp := b.span(); !c.Has("log", 0, sp.From, sp.To) {
			w.t.Fatalf("seed %d: %+v is not covered", w.seed, b)
		}
	}
	if len(got) != want {
		w.t.Fatalf("seed %d: %d lines, want %d", w.seed, len(got), want)
	}
	for _, b := range w.missed {
		if sp := b.span(); b.to > b.from && c.Has("log", 0, sp.From, sp.To) {
			w.t.Fatalf("seed %d: %+v counts as covered", w.seed, b)
		}
	}
}
