package logfile

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
	"strings"
	"sync"

	"entente/internal/disk"
	"entente/record"
)

// Sentinels; record.ErrPoisoned and *record.Damage come beside them.
var (
	// ErrInUse says that another process has the log open.
	ErrInUse = disk.ErrInUse
	// ErrNotEmpty is returned by Create for a folder that holds anything.
	ErrNotEmpty = errors.New("the folder is not empty")
	// ErrNoLog is returned by Open for a folder without a log.
	ErrNoLog = errors.New("the folder holds no log")
	// ErrOrigin is returned by Open for the log of another origin.
	ErrOrigin = errors.New("the folder holds the log of another origin")
	// ErrVersion is returned by Open for a log of a later format.
	ErrVersion = errors.New("the log was written by a later version")
	// ErrFull says that there is no room: nothing of the call is in the log,
	// reading goes on, and a later call may succeed.
	ErrFull = errors.New("the disk is full")
	// ErrMirror is returned by Append on a log that was opened without Sign.
	ErrMirror = errors.New("this log is a mirror and takes verified leaves only")
	// ErrBeyond says that a leaf, hash or tile is not in the durable tree.
	ErrBeyond = errors.New("beyond the durable tree")
	// ErrLimit says that a leaf or its parts are too large.
	ErrLimit = errors.New("too large")
	// ErrNote says that a checkpoint note does not fit the tree it came with.
	ErrNote = errors.New("the checkpoint does not fit the tree")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the log is closed")
)

// Options says how to open a log.
type Options struct {
	// Origin is the log's origin; Open refuses another one.
	Origin string
	// Sign returns the signed checkpoint note of a tree of this log. Nil opens
	// a mirror, which takes AppendVerified only.
	Sign func(record.Tree) ([]byte, error)

	plant plant
	// deriveEvery is how many leaves, and how many KiB of log, may lie between
	// two syncs of the derived files; 0 = 4096.
	deriveEvery uint64
	// chunk is the least room to allocate ahead, in bytes; 0 = 256 KiB.
	chunk int64
}

// plant holds bugs that the crash tests must find. Always zero but in tests.
type plant struct {
	noSync     bool // acknowledge without fsync
	noReadBack bool // acknowledge without the hash check of what was written
	noForget   bool // believe at start what memory shows
}

// Log is one party's log. It implements record.Storage and is safe for
// concurrent use.
type Log struct {
	disk   disk.Disk
	opts   Options
	lock   io.Closer
	id     []byte
	file   disk.File
	failed chan error
	queue  queue

	// turn is held by whoever writes: the commit of a batch, an erasure, the
	// closing. One at a time, so that one fsync answers for one write. Its
	// holder owns the fields down to mu.
	turn      chan struct{}
	end       int64 // of the last batch
	allocated int64 // file size
	edge      edge
	side      *sidecar
	derived   mark
	noted     uint64 // size of the tree that the newest note is of
	add       additions
	out, back []byte // buffers

	erasing sync.RWMutex // held for writing while ciphertext and state change

	mu      sync.RWMutex // guards the fields below, which readers use
	tree    record.Tree
	note    []byte
	leaves  table
	failure error
}

var _ record.Storage = (*Log)(nil)

// mark is a point up to which the derived files are durable.
type mark struct {
	leaves uint64
	end    int64
}

// The file header: magic, uint32 version, 16 random bytes (the log id), uint16
// length and the origin, zeros, SHA-256 of all that.
const (
	fileMagic   = "\xe7entlog\n"
	fileVersion = 1
	fileHeader  = disk.Sector
	idSize      = 16
	maxOrigin   = 255

	logName  = "log"
	logDraft = "log.new"
	lockName = "lock"
)

// Create makes an empty log in an empty folder. It refuses a folder that holds
// anything (ErrNotEmpty): a log begins once, and data is never adopted.
func Create(d disk.Disk, origin string) error {
	if origin == "" || len(origin) > maxOrigin || strings.ContainsAny(origin, "\r\n\x00") {
		return fmt.Errorf("create log: %w: origin of %d bytes", ErrLimit, len(origin))
	}
	lock, err := d.Lock()
	if err != nil {
		return fmt.Errorf("create log: %w", err)
	}
	defer lock.Close()
	names, err := d.ReadDir()
	if err != nil {
		return fmt.Errorf("create log: %w", err)
	}
	for _, name := range names {
		if name != lockName && name != logDraft { // a Create that was cut short leaves these
			return fmt.Errorf("create log: %w: it has %q", ErrNotEmpty, name)
		}
	}
	if err := writeHeader(d, origin); err != nil {
		return fmt.Errorf("create log: %w", err)
	}
	return nil
}

func writeHeader(d disk.Disk, origin string) error {
	b := make([]byte, 0, fileHeader)
	b = append(b, fileMagic...)
	b = binary.BigEndian.AppendUint32(b, fileVersion)
	b = append(b, make([]byte, idSize)...)
	if _, err := rand.Read(b[len(b)-idSize:]); err != nil {
		return fmt.Errorf("log id: %w", err)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(origin)))
	b = append(b, origin...)
	b = b[:fileHeader-sha256.Size]
	sum := sha256.Sum256(b)
	f, err := disk.Create(d, logDraft)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(append(b, sum[:]...), 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := d.Rename(logDraft, logName); err != nil {
		return err
	}
	return d.SyncDir()
}

// readHeader checks the file header and keeps the log id.
func (l *Log) readHeader() error {
	b := make([]byte, fileHeader)
	if _, err := l.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	body := b[:fileHeader-sha256.Size]
	sum := sha256.Sum256(body)
	if string(b[:len(fileMagic)]) != fileMagic || !bytes.Equal(sum[:], b[len(body):]) {
		return &record.Damage{What: "header of the log file"}
	}
	rest := body[len(fileMagic):]
	if v := binary.BigEndian.Uint32(rest); v != fileVersion {
		return fmt.Errorf("%w: format %d", ErrVersion, v)
	}
	l.id, rest = rest[4:4+idSize], rest[4+idSize:]
	if origin := string(rest[2 : 2+binary.BigEndian.Uint16(rest)]); origin != l.opts.Origin {
		return fmt.Errorf("%w: %q", ErrOrigin, origin)
	}
	return nil
}

// Open opens the log in a folder, recovers it after a crash, and takes the
// folder for itself. Errors: ErrInUse, ErrNoLog, ErrOrigin, ErrVersion, and a
// *record.Damage when stored bytes are not what was written; then nothing was
// changed. The log owns d and closes it.
func Open(d disk.Disk, opts Options) (*Log, error) {
	if opts.deriveEvery == 0 {
		opts.deriveEvery = 4096
	}
	if opts.chunk == 0 {
		opts.chunk = 256 << 10
	}
	lock, err := d.Lock()
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l := &Log{disk: d, opts: opts, lock: lock, failed: make(chan error, 1), turn: make(chan struct{}, 1), side: &sidecar{disk: d}}
	if err := l.open(); err != nil {
		l.release()
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

func (l *Log) open() (err error) {
	l.file, err = l.disk.OpenFile(logName, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoLog
	}
	if err != nil {
		return err
	}
	if err := l.settle(); err != nil {
		return err
	}
	if err := l.readHeader(); err != nil {
		return err
	}
	if err := l.side.open(); err != nil {
		return err
	}
	return l.recover()
}

// Close waits for the batch under way and releases the folder.
func (l *Log) Close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if errors.Is(l.Err(), ErrClosed) {
		return nil
	}
	failed := l.Err() != nil
	l.mu.Lock()
	l.failure = ErrClosed
	l.mu.Unlock()
	l.queue.refuse(ErrClosed)
	if !failed {
		// Give back the room allocated ahead. Not durable, not needed to be.
		_ = l.file.Truncate(l.end)
	}
	return errors.Join(l.release(), l.disk.Close())
}

func (l *Log) release() error {
	errs := []error{l.side.close()}
	if l.file != nil {
		errs = append(errs, l.file.Close())
	}
	return errors.Join(append(errs, l.lock.Close())...)
}

// Failed delivers the error that poisoned the log, once. The node stops then.
func (l *Log) Failed() <-chan error { return l.failed }

// Err returns why the log takes no more calls: nil, ErrClosed, or an error
// that wraps record.ErrPoisoned.
func (l *Log) Err() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.failure
}

// poison ends all writing. The caller holds the turn.
func (l *Log) poison(err error) error {
	err = fmt.Errorf("%w: %w", record.ErrPoisoned, err)
	l.mu.Lock()
	l.failure = err
	l.mu.Unlock()
	l.failed <- err // room for one, and a poisoned log gets here once
	return err
}
