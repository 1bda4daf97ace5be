package logfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
	"entente/record"
	"entente/record/recordtest"
)

// crashCycles is how many crash-recover cycles to play: few in a plain run,
// else 70 of a hundred of ENTENTE_CRASH_CYCLES; internal/headfile plays the rest.
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
	return n * 70 / 100
}

// world is what the outside was told by one log, and what is on its disk.
type world struct {
	rng  *rand.Rand
	disk *disktest.Disk
	opts Options
	log  *Log

	leaves []said // acknowledged, or seen after a recovery
	erased map[[2]int]bool
	trying []said // the batch under way
	erase  [2]int // the erasure under way, if erasing
	during bool
	heads  map[uint64]tlog.Hash // every head that was shown
	shown  uint64               // the largest one
	edge   edge                 // of leaves
}

// said is a leaf with its sealed parts.
type said struct {
	leaf  []byte
	parts [][]byte
}

func newWorld(rng *rand.Rand, opts Options) (*world, error) {
	opts.Origin, opts.deriveEvery, opts.chunk = recordtest.Origin, uint64(1+rng.IntN(20)), int64(1+rng.IntN(8000))
	if rng.IntN(3) > 0 {
		opts.Sign = recordtest.Sign
	}
	w := &world{rng: rng, disk: disktest.New(rng), opts: opts, erased: map[[2]int]bool{}, heads: map[uint64]tlog.Hash{}}
	return w, Create(w.disk, opts.Origin)
}

// cycle is one start, some work, one fault, one end.
func (w *world) cycle() error {
	l, err := Open(w.disk, w.opts)
	if err != nil {
		return fmt.Errorf("open after a crash: %w", err)
	}
	w.log = l
	if err := w.check(); err != nil {
		return err
	}
	plan, cut := w.fault()
	w.disk.Play(plan)
	err = w.work()
	if err != nil {
		return err
	}
	if cut {
		w.disk = w.disk.Crash()
		return nil
	}
	if l.Err() == nil && w.rng.IntN(2) == 0 {
		if err := l.Close(); err != nil && !injected(err) {
			return fmt.Errorf("close: %w", err)
		}
	}
	w.disk.Restart()
	return nil
}

// fault chooses what goes wrong and whether the power goes at the end.
func (w *world) fault() (p disktest.Plan, cut bool) {
	switch n := 1 + w.rng.IntN(32); w.rng.IntN(10) {
	case 0:
		p.FailAt = n
	case 1:
		p.FailSync = 1 + n/4
	case 2:
		p.FlipAt = 1 + n/4
	case 3:
		p.Capacity = int64(w.rng.IntN(40_000))
	case 4:
	default:
		p.DieAt = n
		return p, true
	}
	return p, w.rng.IntN(2) == 0
}

// injected reports whether an error is the disk's doing.
func injected(err error) bool {
	return errors.Is(err, disktest.ErrDead) || errors.Is(err, disktest.ErrIO) || errors.Is(err, ErrFull)
}

// work writes until something goes wrong or it is tired.
func (w *world) work() error {
	for range 1 + w.rng.IntN(9) {
		w.trying, w.during = nil, false
		var err error
		switch n := w.rng.IntN(24); {
		case n < 2 && len(w.leaves) > 0:
			err = w.eraseOne()
		case n == 2:
			err = w.scrub()
		default:
			err = w.append()
		}
		if errors.Is(err, ErrFull) {
			w.trying = nil
			w.disk.Play(disktest.Plan{}) // somebody makes room
			continue
		}
		if err != nil {
			return w.failed(err)
		}
		w.trying = nil
	}
	return nil
}

// failed looks at the first error of a life: the log must be done for then.
func (w *world) failed(err error) error {
	var damage *record.Damage
	caught := errors.Is(err, record.ErrPoisoned) && errors.As(err, &damage)
	if !injected(err) && !caught && !errors.Is(err, errBatch) {
		return err
	}
	if w.log.Err() == nil {
		return nil // a read failed; nothing was being written
	}
	if _, err := w.log.Append(context.Background(), []byte("x"), nil); w.opts.Sign != nil && !errors.Is(err, record.ErrPoisoned) {
		return fmt.Errorf("append to a failed log: %w", err)
	}
	select {
	case <-w.log.Failed():
	default:
		return errors.New("nobody was told of the failure")
	}
	return nil
}

func (w *world) leaf() []byte {
	b := make([]byte, w.rng.IntN(32)*w.rng.IntN(32))
	for i := 0; i+8 <= len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], w.rng.Uint64())
	}
	return fmt.Appendf(b, "leaf %d", w.rng.Uint32())
}

func (w *world) sealed() [][]byte {
	out := make([][]byte, max(w.rng.IntN(6)-3, 0))
	for i := range out {
		out[i] = w.leaf()
	}
	return out
}

// append adds one to four leaves in one batch.
func (w *world) append() error {
	for range 1 + max(w.rng.IntN(7)-3, 0) {
		w.trying = append(w.trying, said{w.leaf(), w.sealed()})
	}
	write := w.appendMirror
	if w.opts.Sign != nil {
		write = w.appendOwn
	}
	if err := write(); err != nil {
		return err
	}
	if err := w.accept(); err != nil {
		return err
	}
	return w.show()
}

// appendOwn lets the leaves meet in the queue, as concurrent callers would.
func (w *world) appendOwn() error {
	last := len(w.trying) - 1
	for _, s := range w.trying[:last] {
		e, err := newEntry(s.leaf, s.parts)
		if err != nil {
			return err
		}
		if err := w.log.queue.put(&request{entry: e, done: make(chan struct{})}); err != nil {
			return err
		}
	}
	_, err := w.log.Append(context.Background(), w.trying[last].leaf, w.trying[last].parts)
	return err
}

func (w *world) appendMirror() error {
	e := w.edge
	var leaves [][]byte
	var parts [][][]byte
	for _, s := range w.trying {
		leaves, parts = append(leaves, s.leaf), append(parts, s.parts)
		if err := e.add(tlog.RecordHash(s.leaf), nil); err != nil {
			return err
		}
	}
	tree, err := e.tree()
	if err != nil {
		return err
	}
	note, _ := recordtest.Sign(tree)
	return w.log.AppendVerified(context.Background(), leaves, parts, note)
}

// accept enters the batch under way: the log must keep it from now on.
func (w *world) accept() error {
	for _, s := range w.trying {
		if err := w.edge.add(tlog.RecordHash(s.leaf), nil); err != nil {
			return err
		}
	}
	w.leaves, w.trying = append(w.leaves, w.trying...), nil
	return nil
}

func (w *world) eraseOne() error {
	i := w.rng.IntN(len(w.leaves))
	if len(w.leaves[i].parts) == 0 {
		return nil
	}
	w.erase, w.during = [2]int{i, w.rng.IntN(len(w.leaves[i].parts))}, true
	if err := w.log.Erase(uint64(i), w.erase[1]); err != nil {
		return err
	}
	w.erased[w.erase], w.during = true, false
	return nil
}

func (w *world) scrub() error {
	_, err := w.log.Scrub(context.Background(), 0, 1<<20)
	return err
}

// show notes the head that readers see now.
func (w *world) show() error {
	tree, note := w.log.Head()
	want, err := w.edge.tree()
	if err != nil {
		return err
	}
	if tree != want {
		return fmt.Errorf("head %v, the leaves give %v", tree, want)
	}
	if old, ok := w.heads[tree.Size]; ok && old != tree.Root {
		return fmt.Errorf("two heads of size %d", tree.Size)
	}
	if tree.Size < w.shown {
		return fmt.Errorf("head of size %d after one of size %d", tree.Size, w.shown)
	}
	w.heads[tree.Size], w.shown = tree.Root, tree.Size
	if tree.Size == 0 {
		return nil
	}
	if c, err := record.Peek(note); err != nil || c.Tree != tree || c.Origin != recordtest.Origin {
		return fmt.Errorf("the note is of %v, %w; the tree is %v", c, err, tree)
	}
	return nil
}

// check compares a log that came up with what the outside was told.
func (w *world) check() error {
	tree, _ := w.log.Head()
	n := uint64(len(w.leaves))
	switch tree.Size {
	case n + uint64(len(w.trying)): // the batch under way came through, whole
		if err := w.accept(); err != nil {
			return err
		}
	case n:
	default:
		return fmt.Errorf("%d leaves after a crash, %d acknowledged, %d under way", tree.Size, n, len(w.trying))
	}
	w.trying = nil
	if err := w.show(); err != nil {
		return err
	}
	for i := range w.leaves {
		if len(w.leaves)-i <= 6 || w.during && w.erase[0] == i || w.rng.IntN(16) == 0 {
			if err := w.checkLeaf(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) checkLeaf(i int) error {
	leaf, err := w.log.Leaf(uint64(i))
	if err != nil { // a flipped bit in a hash file: the scrub puts it right
		if err := w.scrub(); err != nil {
			return err
		}
		leaf, err = w.log.Leaf(uint64(i))
	}
	if err != nil || !bytes.Equal(leaf, w.leaves[i].leaf) {
		return fmt.Errorf("acknowledged leaf %d: %w", i, err)
	}
	parts, err := w.log.Sealed(uint64(i))
	if w.during && w.erase[0] == i {
		return w.settleErase(parts, err)
	}
	if err != nil {
		return fmt.Errorf("parts of leaf %d: %w", i, err)
	}
	for k, want := range w.leaves[i].parts {
		if w.erased[[2]int{i, k}] {
			want = nil
		}
		if !bytes.Equal(parts[k], want) || (parts[k] == nil) != (want == nil) {
			return fmt.Errorf("part %d of leaf %d is wrong", k, i)
		}
	}
	return nil
}

// settleErase looks at an erasure that was cut short: there or gone, and the
// owner asks again.
func (w *world) settleErase(parts [][]byte, err error) error {
	k := w.erase[1]
	if err == nil && parts[k] != nil && !bytes.Equal(parts[k], w.leaves[w.erase[0]].parts[k]) {
		return fmt.Errorf("part %d of leaf %d is half erased", k, w.erase[0])
	}
	if err := w.log.Erase(uint64(w.erase[0]), k); err != nil {
		return fmt.Errorf("erase again: %w", err)
	}
	w.erased[w.erase], w.during = true, false
	return nil
}

// play runs cycles in worlds of two dozen each, until one is wrong.
func play(opts Options, seed uint64, cycles int) (done int, err error) {
	for round := uint64(0); done < cycles; round++ {
		rng := rand.New(rand.NewPCG(seed, round))
		w, err := newWorld(rng, opts)
		for life := 0; err == nil && life < 24 && done < cycles; life++ {
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
// disks: no acknowledged leaf is lost, no two heads of one size are shown, no
// smaller head after a larger one.
func TestCrash(t *testing.T) {
	const seeds = 4
	percent := debug.SetGCPercent(400) // thousands of short lives
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	n := crashCycles(t, 3500)
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
	for name, bug := range map[string]plant{
		"no fsync":                             {noSync: true},
		"no hash check of what was written":    {noReadBack: true},
		"memory believed after a failed fsync": {noForget: true},
	} {
		t.Run(name, func(t *testing.T) {
			done, err := play(Options{plant: bug}, 1, 20_000)
			if err == nil {
				t.Fatalf("%d cycles did not find it", done)
			}
			t.Logf("found after %d cycles: %v", done, err)
		})
	}
}

// TestCreateCrash cuts the power at every step of Create.
func TestCreateCrash(t *testing.T) {
	for seed := range uint64(40) {
		for step := 1; ; step++ {
			d := disktest.New(rand.New(rand.NewPCG(seed, uint64(step))))
			d.Play(disktest.Plan{DieAt: step})
			err := Create(d, recordtest.Origin)
			created := err == nil
			d = d.Crash()
			err = Create(d, recordtest.Origin)
			if created && !errors.Is(err, ErrNotEmpty) || err != nil && !errors.Is(err, ErrNotEmpty) {
				t.Fatalf("step %d: create again: %v (created %v)", step, err, created)
			}
			if _, err := Open(d, Options{Origin: recordtest.Origin}); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			if created {
				break
			}
		}
	}
}

var _ disk.Disk = (*disktest.Disk)(nil)

// TestFailedCallsKeepNothing looks at one write after another that fails.
func TestFailedCallsKeepNothing(t *testing.T) {
	for step := 1; step < 40; step++ {
		d := disktest.New(rand.New(rand.NewPCG(7, uint64(step))))
		if err := Create(d, recordtest.Origin); err != nil {
			t.Fatal(err)
		}
		opts := Options{Origin: recordtest.Origin, Sign: recordtest.Sign, chunk: 1}
		l, err := Open(d, opts)
		if err != nil {
			t.Fatal(err)
		}
		d.Play(disktest.Plan{FailAt: step})
		var acked [][]byte
		for i := 0; err == nil && i < 20; i++ {
			leaf := fmt.Appendf(nil, "leaf %d", i)
			if _, err = l.Append(t.Context(), leaf, [][]byte{leaf}); err == nil {
				acked = append(acked, leaf)
			}
		}
		d.Restart()
		l, err = Open(d, opts)
		if err != nil {
			t.Fatalf("operation %d: %v", step, err)
		}
		tree, _ := l.Head()
		if tree.Size != uint64(len(acked)) && tree.Size != uint64(len(acked))+1 {
			t.Fatalf("operation %d: %d leaves, %d acknowledged", step, tree.Size, len(acked))
		}
		for i, want := range acked {
			if got, err := l.Leaf(uint64(i)); err != nil || !slices.Equal(got, want) {
				t.Fatalf("operation %d: leaf %d: %q, %v", step, i, got, err)
			}
		}
	}
}
