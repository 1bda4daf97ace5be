package ingest

import (
	"errors"
	"io"
	"time"

	"entente/statement"
	"entente/watch/event"
	"entente/watch/indicator"
)

// Limits that hold where Config leaves a field at zero. A batch costs a sync and a transaction, and its events should
// still be in the processor's memory when they are stored; a live source fills none, since it ends where there is no more data.
const (
	DefaultMaxLine    = 1 << 20  // bytes of one line without its terminator
	DefaultBatchLines = 2048     // lines in one batch
	DefaultBatchBytes = 1 << 20  // bytes of lines in one batch
	DefaultMaxBytes   = 64 << 30 // bytes that one compressed stream may decompress to
	DefaultPoll       = time.Second
	DefaultLinger     = 3 * time.Second
)

const (
	maxDirFiles  = 4096      // files in one directory source
	maxPast      = 16        // earlier incarnations remembered in a Position
	maxPastState = 8 << 10   // bytes of parser state remembered with each
	longPrefix   = 4 << 10   // bytes kept of a line that is too long
	readSize     = 256 << 10 // bytes asked from the file at a time
	headKeep     = 1 << 10   // first bytes of a file that make it known again
	tailKeep     = 256       // bytes before an offset that make the offset known again
	sniffLines   = 64        // lines shown to Format.Sniff
	turnBatches  = 4         // batches one source may read before the next has its turn
	minSweep     = 20 * time.Millisecond
	arenaRetain  = 2 * DefaultBatchBytes // room that is kept for the next batch's lines
	arenaInitial = 64 << 10
)

// Config is what all sources of one node have in common. The zero value of each field means its default.
type Config struct {
	Formats    []event.Format // asked in this order; the highest score wins
	MaxLine    int            // bytes; a longer line is counted unparsed and passed over
	BatchLines int
	BatchBytes int
	MaxBytes   int64         // cap on what one compressed stream decompresses to
	Poll       time.Duration // Follow looks at every file at least this often
	Linger     time.Duration // a rotated file that stayed unchanged for this long is finished
	PollOnly   bool          // do without file system notifications

	// Translate, if set, is asked about the first bytes of every stream, decompressed, and returns the lines
	// that stand for a stream which is no text (a packet capture), nil for one that is. It must give the same
	// lines for the same bytes: a position in such a file is one in its lines.
	Translate func(magic []byte, r io.Reader) io.Reader

	// Sieve, if set, is asked before each batch for a set of indicators. A line that surely holds none of them, in a
	// format that can tell, is not parsed: it is Clear, and counts as an event that meets nothing. The sink must match with that set.
	Sieve func() *indicator.Set

	// Trouble, if set, is told what went wrong with one source while the others go on (Follow only).
	Trouble func(source string, err error)
	// Quiet, if set, is called by Follow after each sweep that found nothing left to read.
	Quiet func()
}

func (c Config) withDefaults() Config {
	if c.MaxLine <= 0 {
		c.MaxLine = DefaultMaxLine
	}
	if c.BatchLines <= 0 {
		c.BatchLines = DefaultBatchLines
	}
	if c.BatchBytes <= 0 {
		c.BatchBytes = DefaultBatchBytes
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.Poll <= 0 {
		c.Poll = DefaultPoll
	}
	if c.Linger <= 0 {
		c.Linger = DefaultLinger
	}
	return c
}

// Source is one thing to read: a path, or a Reader that is read from its first byte (Once only).
type Source struct {
	ID     string // names the source for ever; the files of a directory are ID/name. Empty means Path
	Path   string
	Reader io.Reader
	Anew   bool // the Reader gives what was never read before, whatever the position says: the standard input of a new process
}

func (s Source) id() string {
	if s.ID == "" {
		return s.Path
	}
	return s.ID
}

// Errors of a source as a whole.
var (
	ErrMissing  = errors.New("no such log file or directory")
	ErrNotAFile = errors.New("neither a regular file nor a directory")
	ErrTooMany  = errors.New("too many files in the directory")
	ErrTooLarge = errors.New("decompresses to more than the cap")
	ErrDamaged  = errors.New("damaged or incomplete compressed stream")
	ErrTwice    = errors.New("two sources have the same name")
)

// Reasons why one line is unparsed, beside what the format's parser says itself.
var (
	ErrLongLine  error = statement.Refuse("E_LINE_LONG", "the line is longer than the limit")
	ErrBinary    error = statement.Refuse("E_LINE_BINARY", "the line holds NUL bytes")
	ErrNoFormat  error = statement.Refuse("E_LINE_FORMAT", "no known log format recognises this file")
	ErrCutLine   error = statement.Refuse("E_LINE_CUT", "the line is cut off where reading its compressed stream ended")
	ErrBadParser error = statement.Refuse("E_LINE_PARSER", "the parser gave up on this line")
)

// Gone says that something which was there before can no longer be read: a file rotated out of reach,
// truncated, or replaced. It is an error of Replay, and Batch.Lost of a live reader.
type Gone struct {
	Source     string
	Generation int   // the incarnation of the source that is gone
	Offset     int64 // how far it had been read
	Reason     string
}

func (g *Gone) Error() string { return "gone: " + g.Source + ": " + g.Reason }
