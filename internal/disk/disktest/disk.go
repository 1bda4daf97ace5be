package disktest

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"

	"entente/internal/disk"
)

// ErrDead is returned by every operation after the power has gone.
var ErrDead = errors.New("the power is off")

// ErrIO is the fault that a Plan injects.
var ErrIO = syscall.EIO

// Plan says what goes wrong. Counts start at 1; 0 is never.
type Plan struct {
	DieAt    int   // the power goes at this operation, which may have half happened
	FailAt   int   // this operation returns ErrIO; a write leaves a part behind
	FailSync int   // this Sync returns ErrIO; what it had to keep may be lost, and memory hides that
	FlipAt   int   // this write changes one bit on its way
	Capacity int64 // bytes over all files; beyond it writes fail with ENOSPC (0 = no limit)
	NoLinks  bool  // the file system knows one name for each file
}

// Disk is a simulated disk.Disk of one folder. It is safe for concurrent use,
// but only one goroutine at a time gives a history that a seed repeats.
type Disk struct {
	mu     sync.Mutex // guards everything below
	rng    *rand.Rand
	plan   Plan
	ops    int
	writes int
	syncs  int
	dead   bool
	locked bool
	now    map[string]*inode // names as the system shows them
	names  []change          // changes of names since the last SyncDir
	kept   map[string]*inode // names on the medium
}

// change is one pending change of the folder.
type change struct {
	name string
	to   *inode // nil = removed
}

// New returns an empty disk whose fate rng decides.
func New(rng *rand.Rand) *Disk {
	return &Disk{rng: rng, now: map[string]*inode{}, kept: map[string]*inode{}}
}

// Play sets what goes wrong from here on and starts the counts anew.
func (d *Disk) Play(p Plan) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan, d.ops, d.writes, d.syncs = p, 0, 0, 0
}

// Operations returns how many operations ran since the last Play.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// Restart is the end of a process without a power cut: locks fall, memory
// stays, faults end.
func (d *Disk) Restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.locked, d.dead, d.plan = false, false, Plan{}
}

// Crash cuts the power and returns the disk that comes up again: of what no
// Sync has covered, any part in any order.
func (d *Disk) Crash() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	next := New(d.rng)
	mood := d.rng.IntN(moods)
	for _, c := range d.names[:d.rng.IntN(len(d.names)+1)] { // names are journalled in order
		put(d.kept, c)
	}
	d.names = nil
	files := make(map[*inode]*inode) // one may have two names
	for _, name := range sorted(d.kept) {
		n := files[d.kept[name]]
		if n == nil {
			n = &inode{stable: d.kept[name].survive(d.rng, mood)}
			n.cache = slices.Clone(n.stable)
			files[d.kept[name]] = n
		}
		next.now[name], next.kept[name] = n, n
	}
	return next
}

// Clone returns a disk of its own with the same files, all of it on the medium.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New(d.rng)
	files := make(map[*inode]*inode)
	for name, n := range d.now {
		c := files[n]
		if c == nil {
			c = &inode{stable: slices.Clone(n.cache), cache: slices.Clone(n.cache)}
			files[n] = c
		}
		next.now[name], next.kept[name] = c, c
	}
	return next
}

// Flip changes one bit of a file at rest, in memory and on the medium.
func (d *Disk) Flip(name string, offset int64, bit uint8) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.now[name]
	for _, b := range [][]byte{n.cache, n.stable} {
		if offset < int64(len(b)) {
			b[offset] ^= 1 << (bit & 7)
		}
	}
}

// Bytes returns a copy of what a reader of the file sees.
func (d *Disk) Bytes(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.now[name]; n != nil {
		return slices.Clone(n.cache)
	}
	return nil
}

func put(names map[string]*inode, c change) {
	if c.to == nil {
		delete(names, c.name)
		return
	}
	names[c.name] = c.to
}

func sorted(names map[string]*inode) []string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// step counts one operation. dies says that the power goes during it.
func (d *Disk) step() (dies bool, err error) {
	if d.dead {
		return false, ErrDead
	}
	d.ops++
	if d.ops == d.plan.DieAt {
		d.dead = true
		return true, ErrDead
	}
	if d.ops == d.plan.FailAt {
		return false, ErrIO
	}
	return false, nil
}

func (d *Disk) rename(c ...change) {
	for _, c := range c {
		put(d.now, c)
		d.names = append(d.names, c)
	}
}

// OpenFile implements disk.Disk.
func (d *Disk) OpenFile(name string, flag int) (disk.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.step(); err != nil {
		return nil, err
	}
	n := d.now[name]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case n != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case n == nil:
		n = &inode{}
		d.rename(change{name, n})
	}
	if flag&os.O_TRUNC != 0 {
		n.apply(op{kind: opTruncate})
	}
	return &file{d: d, n: n}, nil
}

// Rename implements disk.Disk.
func (d *Disk) Rename(oldName, newName string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dies, err := d.step()
	if err != nil && !dies {
		return err
	}
	n := d.now[oldName]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: oldName, Err: fs.ErrNotExist}
	}
	put(d.now, change{newName, n})
	put(d.now, change{oldName, nil})
	d.names = append(d.names, change{newName, n}, change{oldName, nil})
	return err
}

// Link implements disk.Disk.
func (d *Disk) Link(oldName, newName string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dies, err := d.step()
	if err != nil && !dies {
		return err
	}
	n := d.now[oldName]
	switch {
	case n == nil:
		return &fs.PathError{Op: "link", Path: oldName, Err: fs.ErrNotExist}
	case d.now[newName] != nil:
		return &fs.PathError{Op: "link", Path: newName, Err: fs.ErrExist}
	case d.plan.NoLinks:
		return &fs.PathError{Op: "link", Path: newName, Err: syscall.EPERM}
	}
	d.rename(change{newName, n})
	return err
}

// Remove implements disk.Disk.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dies, err := d.step()
	if err != nil && !dies {
		return err
	}
	if d.now[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	d.rename(change{name, nil})
	return err
}

// ReadDir implements disk.Disk.
func (d *Disk) ReadDir() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.step(); err != nil {
		return nil, err
	}
	return sorted(d.now), nil
}

// SyncDir implements disk.Disk.
func (d *Disk) SyncDir() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.step(); err != nil {
		return err
	}
	for _, c := range d.names {
		put(d.kept, c)
	}
	d.names = d.names[:0]
	return nil
}

// Lock implements disk.Disk.
func (d *Disk) Lock() (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return nil, disk.ErrInUse
	}
	d.locked = true
	return &held{d: d}, nil
}

type held struct {
	once sync.Once
	d    *Disk
}

// Close implements io.Closer.
func (h *held) Close() error {
	h.once.Do(func() {
		h.d.mu.Lock()
		defer h.d.mu.Unlock()
		h.d.locked = false
	})
	return nil
}

// Close implements disk.Disk; the simulated folder has no handle.
func (d *Disk) Close() error { return nil }
