package disktest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"syscall"

	"entente/internal/disk"
)

type opKind int

const (
	opWrite opKind = iota
	opTruncate
	opGrow
)

// op is one change of a file that no Sync has covered.
type op struct {
	kind opKind
	at   int64 // offset of a write, size of the others
	data []byte
}

// inode is one file: what readers see and what the medium holds.
type inode struct {
	cache   []byte
	stable  []byte
	pending []op // from stable to cache; empty after a failed Sync, though they differ
}

func apply(b []byte, o op) []byte {
	switch o.kind {
	case opTruncate:
		return resize(b, o.at)
	case opGrow:
		return resize(b, max(o.at, int64(len(b))))
	}
	b = resize(b, max(o.at+int64(len(o.data)), int64(len(b))))
	copy(b[o.at:], o.data)
	return b
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	n := len(b)
	b = slices.Grow(b, int(size)-n)[:size]
	clear(b[n:])
	return b
}

func (n *inode) apply(o op) {
	n.cache = apply(n.cache, o)
	n.pending = append(n.pending, o)
}

// How much of what was pending a crash leaves.
const (
	moodNone   = iota // nothing
	moodAll           // everything
	moodPrefix        // the first sectors in order of writing
	moodOps           // whole operations in any order
	moodSector        // sectors in any order
	moods
)

// survive returns the file after a power cut.
func (n *inode) survive(rng *rand.Rand, mood int) []byte {
	out := slices.Clone(n.stable)
	chance := rng.Float64()
	cut := false // moodPrefix: where writing stopped
	keep := func() bool {
		switch mood {
		case moodNone:
			return false
		case moodAll:
			return true
		case moodPrefix:
			cut = cut || rng.IntN(8) == 0
			return !cut
		}
		return rng.Float64() < chance
	}
	for _, o := range n.pending {
		if o.kind != opWrite || mood == moodOps {
			if keep() {
				out = apply(out, o)
			}
			continue
		}
		if end := o.at + int64(len(o.data)); end > int64(len(out)) && mood == moodSector && rng.IntN(2) == 0 {
			out = resize(out, end) // the size arrived, the data did not yet
		}
		for from := int64(0); from < int64(len(o.data)); {
			to := min(from+disk.Sector-(o.at+from)%disk.Sector, int64(len(o.data)))
			if keep() {
				out = apply(out, op{kind: opWrite, at: o.at + from, data: o.data[from:to]})
			}
			from = to
		}
	}
	return out
}

// file implements disk.File.
type file struct {
	d *Disk
	n *inode
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.step(); err != nil {
		return 0, err
	}
	if off >= int64(len(f.n.cache)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.cache[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements io.WriterAt.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	dies, err := f.d.step()
	if err != nil && !dies && f.d.dead {
		return 0, err
	}
	f.d.writes++
	data := slices.Clone(p)
	if f.d.writes == f.d.plan.FlipAt && len(data) > 0 {
		data[f.d.rng.IntN(len(data))] ^= 1 << f.d.rng.IntN(8)
	}
	if err == nil {
		if room := f.room(off); room < int64(len(p)) {
			data, err = data[:max(room, 0)], fmt.Errorf("write: %w", syscall.ENOSPC)
		}
	} else if !dies { // stopped between two sectors
		stop := off + int64(f.d.rng.IntN(len(data)+1))
		data = data[:max(stop-stop%disk.Sector-off, 0)]
	}
	f.n.apply(op{kind: opWrite, at: off, data: data})
	if err != nil {
		return len(data), err
	}
	return len(p), nil
}

// room returns how many bytes fit from off on; writing over what is there
// needs none.
func (f *file) room(off int64) int64 {
	if f.d.plan.Capacity == 0 {
		return 1 << 62
	}
	free, seen := f.d.plan.Capacity, make(map[*inode]bool)
	for _, n := range f.d.now {
		if !seen[n] {
			free -= int64(len(n.cache))
		}
		seen[n] = true
	}
	return max(free, 0) + int64(len(f.n.cache)) - off
}

// Sync implements disk.File.
func (f *file) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.step(); err != nil {
		return err
	}
	f.d.syncs++
	if f.d.syncs == f.d.plan.FailSync {
		// As Linux does it: the error is told once, the pages count as clean,
		// memory shows what the medium may never get.
		f.n.stable, f.n.pending = f.n.survive(f.d.rng, f.d.rng.IntN(moods)), nil
		return ErrIO
	}
	for _, o := range f.n.pending {
		f.n.stable = apply(f.n.stable, o)
	}
	f.n.pending = f.n.pending[:0]
	return nil
}

// StartSync implements disk.File: a crash may keep anything anyway.
func (f *file) StartSync(int64, int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	_, err := f.d.step()
	return err
}

// Truncate implements disk.File.
func (f *file) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	dies, err := f.d.step()
	if err != nil && !dies {
		return err
	}
	f.n.apply(op{kind: opTruncate, at: size})
	return err
}

// Size implements disk.File.
func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.step(); err != nil {
		return 0, err
	}
	return int64(len(f.n.cache)), nil
}

// Allocate implements disk.File.
func (f *file) Allocate(offset, length int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	dies, err := f.d.step()
	if err != nil && !dies {
		return err
	}
	if err == nil && f.room(offset) < length {
		return fmt.Errorf("allocate: %w", syscall.ENOSPC)
	}
	f.n.apply(op{kind: opGrow, at: offset + length})
	return err
}

// Forget implements disk.File: memory shows the medium and what is on its way.
func (f *file) Forget() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, err := f.d.step(); err != nil {
		return err
	}
	f.n.cache = slices.Clone(f.n.stable)
	for _, o := range f.n.pending {
		f.n.cache = apply(f.n.cache, o)
	}
	return nil
}

// Close implements io.Closer. Nothing becomes durable by it.
func (f *file) Close() error { return nil }
