// Package segment keeps the archive of events in files: a spool that grows with what is read, and the segments that complete spools become.
//
// A batch of records is appended to the spool and synced before the
// transaction that moves the source's position; that transaction carries the
// spool's length (Note). At the start the spool is cut back to the length that
// was stored, so after a crash at any moment each event is in the archive
// exactly once. A full spool becomes a segment under the same number: rows for
// other engines (Table), the records in packed blocks (NUMBER.lines, which can
// be the spool itself with an index behind it), the index (NUMBER.keys) and,
// last and in one step, the manifest (NUMBER.json) that names them with their
// digests. A spool whose manifest is there is spent.
//
// The archive may stop, for want of room or by a failing disk, and go on later:
// that is a state to be told, never a reason not to match. What it covers is
// said by Coverage; all else has to be read again from its source.
package segment

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"entente/internal/disk"
	"entente/watch/archive"
)

// Table writes the rows of one segment for other engines.
type Table interface {
	Write(*archive.Record) error
	Close() error
}

// Config is what a store needs. Sizes are in bytes.
type Config struct {
	Disk  disk.Disk
	Table func(io.Writer) Table
	Now   func() time.Time

	SegmentBytes int64         // a spool of this size, before packing, becomes a segment
	SegmentAge   time.Duration // and one whose first event came so long ago
	MaxBytes     int64         // the oldest segments go beyond this
	MaxAge       time.Duration // and when their newest event was archived so long ago; 0: never

	Reserve int64                 // archiving stops while less room than this is left for all else
	Free    func() (int64, error) // room left where the files are; nil: not asked

	fine int // a block of fewer bytes, before packing, is small; 0: half of what a block may have
}

func (c Config) small() int { return cmp.Or(c.fine, blockBytes/2) }

// Why the archive may stop.
var (
	ErrRoom   = errors.New("less room is left on the disk than is reserved for everything else")
	ErrPaused = errors.New("archiving has stopped and will be tried again")
)

// retryPause is how long a store that could not write leaves the disk alone.
const retryPause = 10 * time.Second

// Store is the archive of one node. It is safe for concurrent use.
type Store struct {
	cfg  Config
	lock io.Closer

	files sync.RWMutex // held for reading while files are read, for writing while they go
	seal  sync.Mutex   // one spool is made a segment at a time

	mu       sync.Mutex // guards what follows
	segments []*segment // by number
	closed   []*spool   // complete, not yet segments
	current  *spool
	stopped  error
	retry    time.Time
	framer   framer
}

// Noted is what the transaction that stores a batch's results keeps for Open.
type Noted struct {
	Current uint64       `json:"current"`
	Spools  []NotedSpool `json:"spools"`
}

// NotedSpool is a spool and how much of it counts.
type NotedSpool struct {
	Number uint64 `json:"number"`
	Length int64  `json:"length"`
}

// Open opens the archive as the note says: nil for one that no transaction
// knows yet, whatever lies in the folder. Files that the note contradicts
// belong to another past (a watch.db of another day): they are set aside under
// the name "aside-…" and count for nothing. It returns what is worth telling.
func Open(cfg Config, note []byte) (*Store, []error, error) {
	s := &Store{cfg: cfg}
	var err error
	if s.lock, err = cfg.Disk.Lock(); err != nil {
		return nil, nil, fmt.Errorf("the archive: %w", err)
	}
	told, err := s.load(note)
	if err != nil {
		return nil, nil, errors.Join(err, s.lock.Close())
	}
	return s, told, nil
}

func (s *Store) load(note []byte) (told []error, err error) {
	var n Noted
	if note != nil {
		if err := json.Unmarshal(note, &n); err != nil {
			return nil, fmt.Errorf("what watch.db says of the archive: %w", err)
		}
	}
	// A kill may have come between a rename and its sync: what is seen here must not be undone by a power cut once others rely on it.
	if err := s.cfg.Disk.SyncDir(); err != nil {
		return nil, fmt.Errorf("the archive: %w", err)
	}
	names, err := s.cfg.Disk.ReadDir()
	if err != nil {
		return nil, err
	}
	lengths := make(map[uint64]int64)
	for _, sp := range n.Spools {
		lengths[sp.Number] = sp.Length
	}
	sealed := make(map[uint64]bool)
	for _, name := range names {
		number, ok := numberOf(name, ".json")
		if !ok {
			continue
		}
		seg, err := s.openSegment(number)
		length, listed := lengths[number]
		switch {
		case err != nil:
			told = append(told, fmt.Errorf("segment %d: %w", number, err))
		case note == nil || number > n.Current || listed && length != seg.manifest.Spool:
			told = append(told, fmt.Errorf("segment %d is of another watch.db and set aside", number))
			if err := s.setAside(number, names); err != nil {
				return told, err
			}
		default:
			s.segments = append(s.segments, seg)
			sealed[number] = true
		}
	}
	slices.SortFunc(s.segments, func(a, b *segment) int { return int(int64(a.manifest.Number) - int64(b.manifest.Number)) })
	more, err := s.loadSpools(n, sealed, names)
	return append(told, more...), err
}

// loadSpools takes up the spools of the note and removes all others.
func (s *Store) loadSpools(n Noted, sealed map[uint64]bool, names []string) (told []error, err error) {
	known := make(map[string]bool)
	for _, sp := range n.Spools {
		if sealed[sp.Number] || sp.Length == 0 {
			continue
		}
		one, err := s.openSpool(sp.Number, sp.Length)
		known[spoolName(sp.Number)] = true
		if err != nil {
			told = append(told, fmt.Errorf("spool %d: %w", sp.Number, err))
		}
		if one != nil {
			s.closed = append(s.closed, one)
		}
	}
	for _, name := range names {
		if path.Ext(name) == ".tmp" || !known[name] && left(name, names) {
			if err := s.cfg.Disk.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				return told, err
			}
		}
	}
	// What was being written goes on, if it is whole.
	next := n.Current + 1
	if i := len(s.closed) - 1; i >= 0 && s.closed[i].number == n.Current && !s.closed[i].broken {
		s.current, s.closed = s.closed[i], s.closed[:i]
		return told, nil
	}
	for _, name := range names {
		for _, ext := range []string{".json", ".spool", ".keys"} {
			if number, ok := numberOf(name, ext); ok {
				next = max(next, number+1)
			}
		}
	}
	s.current = &spool{number: next}
	return told, nil
}

// left says that a file is a spool, or of a segment that has no manifest: it
// was not finished, or is being removed.
func left(name string, names []string) bool {
	if _, ok := numberOf(name, ".spool"); ok {
		return true
	}
	for _, ext := range extensions() {
		if n, ok := numberOf(name, ext); ok {
			return !slices.Contains(names, fileName(n, ".json"))
		}
	}
	return false
}

// Note is what the database should say when no batch is under way.
func (s *Store) Note() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note(s.current.length)
}

// setAside renames the files of a segment that belongs to another past.
func (s *Store) setAside(number uint64, names []string) error {
	for _, ext := range extensions() {
		name := fileName(number, ext)
		if !slices.Contains(names, name) {
			continue
		}
		if ext == ".lines" && slices.Contains(names, spoolName(number)) {
			if err := s.part(name); err != nil {
				return err
			}
		}
		if err := s.cfg.Disk.Rename(name, "aside-"+name); err != nil {
			return fmt.Errorf("set %s aside: %w", name, err)
		}
	}
	return s.cfg.Disk.SyncDir()
}

// note is what Open needs to find the present state again, with the current
// spool at a length. mu is held.
func (s *Store) note(length int64) ([]byte, error) {
	n := Noted{Current: s.current.number, Spools: []NotedSpool{}}
	for _, sp := range s.closed {
		n.Spools = append(n.Spools, NotedSpool{sp.number, sp.length})
	}
	n.Spools = append(n.Spools, NotedSpool{s.current.number, length})
	return json.Marshal(n)
}

// State says how the archive stands.
type State struct {
	Segments int
	Rows     int64 // events in segments and spools
	Bytes    int64 // of all files
	Since    int64 // time of the earliest event in a segment, Unix milliseconds; 0: none
	Stopped  error // why nothing is archived at present, nil while it is
}

// State says how the archive stands.
func (s *Store) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Segments: len(s.segments), Stopped: s.stopped}
	for _, seg := range s.segments {
		st.Rows += seg.manifest.Rows
		st.Bytes += seg.manifest.Size()
		if f := seg.manifest.First; f != 0 && (st.Since == 0 || f < st.Since) {
			st.Since = f
		}
	}
	for _, sp := range append(slices.Clone(s.closed), s.current) {
		st.Rows += sp.rows
		st.Bytes += sp.length
	}
	return st
}

// Coverage says of which bytes of which sources every event is here.
func (s *Store) Coverage() archive.Coverage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []archive.Span
	for _, seg := range s.segments {
		if !seg.damaged {
			all = append(all, seg.manifest.Spans...)
		}
	}
	for _, sp := range append(slices.Clone(s.closed), s.current) {
		if !sp.broken {
			all = append(all, sp.spans...)
		}
	}
	return archive.Cover(all)
}

// Segments returns the manifests, oldest first.
func (s *Store) Segments() []archive.Manifest {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]archive.Manifest, 0, len(s.segments))
	for _, seg := range s.segments {
		out = append(out, seg.manifest)
	}
	return out
}

// Close waits for readers and closes the files.
func (s *Store) Close() error {
	s.seal.Lock()
	defer s.seal.Unlock()
	s.files.Lock()
	defer s.files.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, sp := range append(s.closed, s.current) {
		errs = append(errs, sp.close())
	}
	for _, seg := range s.segments {
		errs = append(errs, seg.close())
	}
	return errors.Join(append(errs, s.lock.Close(), s.cfg.Disk.Close())...)
}

func extensions() []string { return []string{".json", ".keys", ".lines", ".parquet"} }

func fileName(number uint64, ext string) string { return fmt.Sprintf("%08d%s", number, ext) }
func spoolName(number uint64) string            { return fileName(number, ".spool") }

func numberOf(name, ext string) (uint64, bool) {
	var n uint64
	if _, err := fmt.Sscanf(name, "%d", &n); err != nil || name != fileName(n, ext) {
		return 0, false
	}
	return n, true
}

// ended says that ctx has ended, as an error.
func ended(ctx context.Context) error { return context.Cause(ctx) }
