package headfile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"testing"

	"entente/internal/disk/disktest"
	"entente/record"
)

// crashCycles is how many crash-recover cycles to play: few in a plain run,
// else 30 of a hundred of ENTENTE_CRASH_CYCLES; internal/logfile plays the rest.
func crashCycles(t *testing.T, plain int) int {
	t.Helper()
	s := os.Getenv("ENTENTE_CRASH_CYCLES")
	if s == "" {
		return plain
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("ENTENTE_CRASH_CYCLES: %v", err)
	}
	return n * 30 / 100
}

// world is what the outside was told by one witness, and what is on its disk.
type world struct {
	rng   *rand.Rand
	disk  *disktest.Disk
	opts  Options
	store *Store

	told   map[string]record.Head            // the newest head that was answered or seen
	heads  map[string]map[uint64]record.Tree // every one of them
	trying map[string]record.Head            // updates without an answer
}

func newWorld(rng *rand.Rand, opts Options) (*world, error) {
	opts.Keep, opts.slack, opts.chunk = 1+rng.IntN(5), int64(rng.IntN(9000)), int64(1+rng.IntN(4000))
	w := &world{
		rng: rng, disk: disktest.New(rng), opts: opts,
		told: map[string]record.Head{}, heads: map[string]map[uint64]record.Tree{}, trying: map[string]record.Head{},
	}
	return w, Create(w.disk)
}

// cycle is one start, some work, one fault, one end.
func (w *world) cycle() error {
	s, err := Open(w.disk, w.opts)
	if err != nil {
		return fmt.Errorf("open after a crash: %w", err)
	}
	w.store = s
	for l := range logs {
		if err := w.check(originOf(l)); err != nil {
			return err
		}
	}
	clear(w.trying)
	plan, cut := w.fault()
	w.disk.Play(plan)
	if err := w.work(); err != nil {
		return err
	}
	if cut {
		w.disk = w.disk.Crash()
		return nil
	}
	w.disk.Restart()
	return nil
}

const logs = 3

func (w *world) fault() (p disktest.Plan, cut bool) {
	switch n := 1 + w.rng.IntN(30); w.rng.IntN(10) {
	case 0:
		p.FailAt = n
	case 1:
		p.FailSync = 1 + n/4
	case 2:
		p.FlipAt = 1 + n/4
	case 3:
		p.Capacity = int64(w.rng.IntN(20_000))
	case 4:
	default:
		p.DieAt = n
		return p, true
	}
	return p, w.rng.IntN(2) == 0
}

// work updates heads until something goes wrong or it is tired.
func (w *world) work() error {
	for range 1 + w.rng.IntN(12) {
		var err error
		if w.rng.IntN(20) == 0 {
			err = w.store.Compact(context.Background())
		} else {
			err = w.update()
		}
		switch {
		case errors.Is(err, ErrFull):
			clear(w.trying)
			w.disk.Play(disktest.Plan{}) // somebody makes room
		case errors.Is(err, record.ErrPoisoned):
			if err := w.store.Update(context.Background(), originOf(0), 0, headOf(originOf(0), 1<<20, 0, "")); !errors.Is(err, record.ErrPoisoned) {
				return fmt.Errorf("update of a failed memory: %w", err)
			}
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// update lets updates of one to three logs meet in one frame.
func (w *world) update() error {
	clear(w.trying)
	var last string
	for _, l := range w.rng.Perm(logs)[:1+w.rng.IntN(logs)] {
		last = originOf(l)
		size := w.told[last].Tree.Size + uint64(w.rng.IntN(4))
		next := headOf(last, size, byte(w.rng.IntN(256)), fmt.Sprintf("line %x\n", make([]byte, w.rng.IntN(300))))
		if old, ok := w.told[last]; ok && size == old.Tree.Size {
			next.Tree = old.Tree // cosigned again
			next.Note = record.Join(record.Checkpoint{Origin: last, Tree: old.Tree}.Text(), []byte("again\n"))
		}
		w.trying[last] = next
	}
	for l := range logs {
		o := originOf(l)
		if h, ok := w.trying[o]; ok && o != last {
			if err := w.store.queue.put(&request{update: update{o, h}, old: w.told[o].Tree.Size, done: make(chan struct{})}); err != nil {
				return err
			}
		}
	}
	if err := w.store.Update(context.Background(), last, w.told[last].Tree.Size, w.trying[last]); err != nil {
		return err
	}
	for o, h := range w.trying {
		if err := w.tell(o, h); err != nil {
			return err
		}
	}
	clear(w.trying)
	return nil
}

// tell notes a head that the outside has seen.
func (w *world) tell(origin string, h record.Head) error {
	seen := w.heads[origin]
	if seen == nil {
		seen = map[uint64]record.Tree{}
		w.heads[origin] = seen
	}
	if old, ok := seen[h.Tree.Size]; ok && old != h.Tree {
		return fmt.Errorf("two heads of size %d", h.Tree.Size)
	}
	seen[h.Tree.Size], w.told[origin] = h.Tree, h
	return nil
}

// check compares a memory that came up with what the outside was told.
func (w *world) check(origin string) error {
	got, ok := w.store.Latest(origin)
	told, had := w.told[origin]
	next, tried := w.trying[origin]
	switch {
	case tried && ok && got.Tree == next.Tree && string(got.Note) == string(next.Note):
		return w.tell(origin, got)
	case ok != had || got.Tree != told.Tree || string(got.Note) != string(told.Note):
		return fmt.Errorf("%s: the witness remembers %d (%v), it answered %d (%v)", origin, got.Tree.Size, ok, told.Tree.Size, had)
	}
	if !had {
		return nil
	}
	at, ok, err := w.store.At(origin, told.Tree.Size)
	if err != nil || !ok || at.Tree != told.Tree {
		return fmt.Errorf("%s: the head of size %d: %v, %w", origin, told.Tree.Size, ok, err)
	}
	return nil
}

func play(opts Options, seed uint64, cycles int) (done int, err error) {
	for round := uint64(0); done < cycles; round++ {
		rng := rand.New(rand.NewPCG(seed, round))
		w, err := newWorld(rng, opts)
		for life := 0; err == nil && life < 40 && done < cycles; life++ {
			done++
			err = w.cycle()
		}
		if err != nil {
			return done, fmt.Errorf("seed %d round %d: %w", seed, round, err)
		}
	}
	return done, nil
}

// TestCrash plays crashes, failing and lying disks, flipped bits and full
// disks: no answered head is forgotten, no two heads of one size are answered.
func TestCrash(t *testing.T) {
	const seeds = 4
	percent := debug.SetGCPercent(400) // thousands of short lives
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	n := crashCycles(t, 1500)
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			if done, err := play(Options{}, seed, n/seeds); err != nil {
				t.Fatalf("after %d cycles: %v", done, err)
			}
			t.Logf("%d crash-recover cycles", n/seeds)
		})
	}
}

// TestCrashFindsPlantedBugs holds the test itself to its word.
func TestCrashFindsPlantedBugs(t *testing.T) {
	for name, bug := range map[string]plant{"state not persisted": {noPersist: true}, "no fsync": {noSync: true}} {
		t.Run(name, func(t *testing.T) {
			done, err := play(Options{plant: bug}, 1, 20_000)
			if err == nil {
				t.Fatalf("%d cycles did not find it", done)
			}
			t.Logf("found after %d cycles: %v", done, err)
		})
	}
}
