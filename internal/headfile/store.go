package headfile

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"entente/internal/disk"
	"entente/record"
)

// Sentinels; record.ErrConflict and record.ErrPoisoned come beside them.
var (
	// ErrInUse says that another process has the memory open.
	ErrInUse = disk.ErrInUse
	// ErrNotEmpty is returned by Create for a folder that has a memory.
	ErrNotEmpty = errors.New("the folder has a witness memory already")
	// ErrNoMemory is returned by Open for a folder without one. Making a new
	// one in its place would let this witness cosign a fork.
	ErrNoMemory = errors.New("the folder has no witness memory")
	// ErrVersion is returned by Open for a file of a later format.
	ErrVersion = errors.New("the witness memory was written by a later version")
	// ErrFull says that there is no room: the head was not kept, and a later
	// call may succeed.
	ErrFull = errors.New("the disk is full")
	// ErrHead says that a head is not one: its note is of another log or tree.
	ErrHead = errors.New("not a head of this log")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the witness memory is closed")
)

// Options says how to open a memory.
type Options struct {
	// Keep is how many heads of each log survive Compact; 0 = 1024.
	Keep int

	plant plant
	slack int64 // how far the file grows before it is compacted; 0 = 8 MiB
	chunk int64 // room to allocate ahead; 0 = 64 KiB
}

// plant holds bugs that the crash tests must find. Always zero but in tests.
type plant struct {
	noPersist bool // answer from memory alone
	noSync    bool // answer before fsync
}

// Store is a witness's memory. It implements record.HeadStore and is safe for
// concurrent use.
type Store struct {
	disk   disk.Disk
	opts   Options
	lock   io.Closer
	id     []byte
	failed chan error
	queue  queue

	// turn is held by whoever writes, and covers the fields down to mu.
	turn      chan struct{}
	end       int64
	allocated int64
	compacted int64 // end after the last compaction
	out, back []byte

	mu      sync.RWMutex // guards the fields below
	file    disk.File
	logs    map[string]*memory
	failure error
}

var _ record.HeadStore = (*Store)(nil)

// memory is what is known of one log.
type memory struct {
	latest record.Head
	heads  []place // one per size, ascending
}

// place is where a head's note is in the file.
type place struct {
	tree   record.Tree
	offset int64
	length int
}

// The file header: magic, uint32 version, 16 random bytes (the id), zeros,
// SHA-256 of all that.
const (
	fileMagic   = "\xe7enthds\n"
	fileVersion = 1
	fileHeader  = disk.Sector
	idSize      = 16

	fileName  = "heads"
	draftName = "heads.new"
)

// Create makes an empty memory. It refuses a folder that has one (ErrNotEmpty).
func Create(d disk.Disk) error {
	lock, err := d.Lock()
	if err != nil {
		return fmt.Errorf("create witness memory: %w", err)
	}
	defer lock.Close()
	names, err := d.ReadDir()
	if err != nil {
		return fmt.Errorf("create witness memory: %w", err)
	}
	if slices.Contains(names, fileName) {
		return fmt.Errorf("create witness memory: %w", ErrNotEmpty)
	}
	id := make([]byte, idSize)
	if _, err := rand.Read(id); err != nil {
		return fmt.Errorf("create witness memory: %w", err)
	}
	if err := writeFirst(d, newHeader(id)); err != nil {
		return fmt.Errorf("create witness memory: %w", err)
	}
	return nil
}

// writeFirst makes the file in one step.
func writeFirst(d disk.Disk, content []byte) error {
	f, err := disk.Create(d, draftName)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(content, 0); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.Rename(draftName, fileName); err != nil {
		return err
	}
	return d.SyncDir()
}

func newHeader(id []byte) []byte {
	b := make([]byte, 0, fileHeader)
	b = append(b, fileMagic...)
	b = binary.BigEndian.AppendUint32(b, fileVersion)
	b = append(b, id...)
	b = b[:fileHeader-sha256.Size]
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// Open opens the memory in a folder and takes the folder for itself. Errors:
// ErrInUse, ErrNoMemory, ErrVersion, disk.ErrDamaged. The store owns d and
// closes it.
func Open(d disk.Disk, opts Options) (*Store, error) {
	if opts.Keep == 0 {
		opts.Keep = 1024
	}
	if opts.slack == 0 {
		opts.slack = 8 << 20
	}
	if opts.chunk == 0 {
		opts.chunk = 64 << 10
	}
	lock, err := d.Lock()
	if err != nil {
		return nil, fmt.Errorf("open witness memory: %w", err)
	}
	s := &Store{disk: d, opts: opts, lock: lock, failed: make(chan error, 1), turn: make(chan struct{}, 1), logs: map[string]*memory{}}
	if err := s.open(); err != nil {
		if s.file != nil {
			s.file.Close()
		}
		lock.Close()
		return nil, fmt.Errorf("open witness memory: %w", err)
	}
	return s, nil
}

func (s *Store) open() (err error) {
	s.file, err = s.disk.OpenFile(fileName, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoMemory
	}
	if err != nil {
		return err
	}
	// What memory still holds becomes durable, then the medium is read.
	if err := s.file.Sync(); err != nil {
		return err
	}
	if err := s.file.Forget(); err != nil {
		return err
	}
	// A rename that a crash overtook is made durable before anything is told.
	if err := s.disk.SyncDir(); err != nil {
		return err
	}
	if err := s.readHeader(); err != nil {
		return err
	}
	return s.replay()
}

// readHeader checks the file header and keeps the id.
func (s *Store) readHeader() error {
	head := make([]byte, fileHeader)
	if _, err := s.file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	body := head[:fileHeader-sha256.Size]
	sum := sha256.Sum256(body)
	if string(head[:len(fileMagic)]) != fileMagic || !bytes.Equal(sum[:], head[len(body):]) {
		return fmt.Errorf("header: %w", disk.ErrDamaged)
	}
	if v := binary.BigEndian.Uint32(head[len(fileMagic):]); v != fileVersion {
		return fmt.Errorf("%w: format %d", ErrVersion, v)
	}
	s.id = head[len(fileMagic)+4:][:idSize]
	return nil
}

// replay reads all frames and drops a torn last one.
func (s *Store) replay() error {
	size, err := s.file.Size()
	if err != nil {
		return err
	}
	if err := s.readFrames(size); err != nil {
		return err
	}
	s.allocated, s.compacted = size, s.end
	torn, err := disk.Frames{File: s.file, Size: size, Magic: frameMagic, Header: frameHeader, Length: s.frameLength}.Torn(s.end)
	if err != nil {
		return err
	}
	if torn {
		return s.cut()
	}
	return nil
}

func (s *Store) frameLength(b []byte, at int64) (int64, bool) { return frameLength(s.id, b, at) }

// readFrames takes in whole frames, up to the first place where none begins.
func (s *Store) readFrames(size int64) error {
	s.end = fileHeader
	for w := (disk.Window{File: s.file, Size: size}); ; {
		b, err := w.Bytes(s.end, frameHeader)
		if err != nil {
			return err
		}
		n, ok := s.frameLength(b, s.end)
		if !ok {
			return nil
		}
		if b, err = w.Bytes(s.end, n); err != nil {
			return err
		}
		updates, err := parseFrame(s.id, b)
		if int64(len(b)) < n || err != nil {
			return nil
		}
		s.enter(updates)
	}
}

// enter takes in the heads of the frame at s.end. The caller holds mu, or is
// the only one to know s.
func (s *Store) enter(updates []update) {
	at := s.end + frameHeader
	for _, u := range updates {
		s.keep(u, at+int64(u.noteAt()))
		at += int64(u.size())
	}
	s.end = at + int64(trailerSize)
}

// cut drops everything behind the last frame, durably.
func (s *Store) cut() error {
	if err := s.file.Truncate(s.end); err != nil {
		return err
	}
	s.allocated = s.end
	return s.file.Sync()
}

// keep enters one head; its note is copied.
func (s *Store) keep(u update, noteAt int64) {
	m := s.logs[u.origin]
	if m == nil {
		m = &memory{}
		s.logs[u.origin] = m
	}
	p := place{u.head.Tree, noteAt, len(u.head.Note)}
	if n := len(m.heads); n > 0 && m.heads[n-1].tree.Size == p.tree.Size {
		m.heads[n-1] = p // cosigned again
	} else {
		m.heads = append(m.heads, p)
	}
	m.latest = record.Head{Tree: u.head.Tree, Note: bytes.Clone(u.head.Note)}
}

// Latest implements record.HeadStore.
func (s *Store) Latest(origin string) (record.Head, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.logs[origin]
	if m == nil {
		return record.Head{}, false
	}
	return m.latest, true
}

// At returns the head of a log at one size; false if none was cosigned or it
// is no longer kept.
func (s *Store) At(origin string, size uint64) (record.Head, bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.logs[origin]
	if s.failure != nil || m == nil {
		return record.Head{}, false, s.failure
	}
	i, ok := slices.BinarySearchFunc(m.heads, size, func(p place, size uint64) int {
		switch {
		case p.tree.Size < size:
			return -1
		case p.tree.Size > size:
			return 1
		}
		return 0
	})
	if !ok {
		return record.Head{}, false, nil
	}
	h, err := s.load(m.heads[i])
	return h, err == nil, err
}

// load reads a head back from the file. The caller holds mu.
func (s *Store) load(p place) (record.Head, error) {
	note := make([]byte, p.length)
	if _, err := s.file.ReadAt(note, p.offset); err != nil {
		return record.Head{}, fmt.Errorf("read a head: %w", err)
	}
	c, err := record.Peek(note)
	if err != nil || c.Tree != p.tree {
		return record.Head{}, fmt.Errorf("read a head: %w", disk.ErrDamaged)
	}
	return record.Head{Tree: p.tree, Note: note}, nil
}

// Origins returns the logs that this witness remembers, sorted.
func (s *Store) Origins() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]string, 0, len(s.logs))
	for origin := range s.logs {
		out = append(out, origin)
	}
	slices.Sort(out)
	return out
}

// Failed delivers the error that poisoned the memory, once.
func (s *Store) Failed() <-chan error { return s.failed }

// Err returns why the memory takes no more calls, or nil.
func (s *Store) Err() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.failure
}

// poison ends all writing. The caller holds the turn.
func (s *Store) poison(err error) error {
	err = fmt.Errorf("%w: %w", record.ErrPoisoned, err)
	s.mu.Lock()
	s.failure = err
	s.mu.Unlock()
	s.failed <- err // room for one, and a poisoned memory gets here once
	return err
}

// Close waits for the update under way and releases the folder.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.failure, ErrClosed) {
		return nil
	}
	s.failure = ErrClosed
	s.queue.refuse(ErrClosed)
	return errors.Join(s.file.Close(), s.lock.Close(), s.disk.Close())
}
