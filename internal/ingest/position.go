package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"time"

	"entente/watch/event"
)

// Identity makes a file known again after a rename, a copy or a restart. Head and Tail are over the
// content, decompressed if need be, so a rotated file is the same file after gzip.
type Identity struct {
	Device  uint64 `json:"device"`
	Inode   uint64 `json:"inode"`
	HeadLen int    `json:"head_len"`
	Head    string `json:"head"` // hex SHA-256 of the first HeadLen bytes
	TailLen int    `json:"tail_len"`
	Tail    string `json:"tail"` // hex SHA-256 of the TailLen bytes before the offset
}

// Mark is a place in one incarnation of a source, and all that a reader needs to go on from there.
type Mark struct {
	Identity   Identity `json:"identity"`
	Generation int      `json:"generation"`     // counts the incarnations of the source from 0
	Begin      int64    `json:"begin"`          // offset where this source began with this incarnation
	Offset     int64    `json:"offset"`         // first byte not yet consumed, in the decompressed stream
	Line       int64    `json:"line"`           // lines consumed before Offset
	Format     string   `json:"format"`         // name of the format, empty while unknown
	State      []byte   `json:"state"`          // the parser's state
	CR         bool     `json:"cr"`             // lines end in CR alone
	Done       bool     `json:"done"`           // read to its end
	Size       int64    `json:"size"`           // bytes on disk when Done
	Sent       bool     `json:"sent,omitempty"` // of a Feed or a Relay: there is nothing to read again
}

// Position is what a sink stores with each batch: the current mark, and the ends of earlier incarnations,
// oldest first. Its zero value is the start of a source never read. It is stored as JSON.
type Position struct {
	Mark
	Past      []Mark  `json:"past"`
	Forgotten int     `json:"forgotten"`        // incarnations that Past no longer holds
	Relayed   Relayed `json:"relayed,omitzero"` // of a Relay
}

// IsZero reports whether nothing was ever read.
func (p Position) IsZero() bool {
	return p.Offset == 0 && p.Generation == 0 && p.Identity == Identity{} && !p.Done
}

// push closes the current incarnation and makes room for the next.
func (p Position) push() Position {
	past := slices.Clone(p.Past)
	if m := p.Mark; m.Offset > m.Begin {
		if len(m.State) > maxPastState {
			m.Format, m.State = "", nil // found anew if ever needed
		}
		past = append(past, m)
	}
	forgotten := p.Forgotten
	if drop := len(past) - maxPast; drop > 0 {
		past, forgotten = past[drop:], forgotten+drop
	}
	return Position{Mark: Mark{Generation: p.Generation + 1}, Past: past, Forgotten: forgotten, Relayed: p.Relayed}
}

// Line is one line of a log. Raw and Event are valid only until Sink.Batch returns.
type Line struct {
	Number int64  // from 1, within the incarnation
	Offset int64  // of its first byte in the decompressed stream
	Size   int64  // bytes without the terminator
	Raw    []byte // without the terminator; only the first 4 KiB of a line that is too long
	Event  *event.Event
	More   int    // as many lines behind a clear one are clear as well; this entry stands for them too, and Size is that of all, with what ends a line between them
	Clear  bool   // an event that meets no indicator of Config.Sieve; it was not parsed, and has no Event and no Err, and mostly no Raw
	Err    error  // nil with an Event; event.ErrNoEvent for a line that is none; else why it is unparsed
	Peer   string // who sent it, for a Feed; else the batch's Path says where it was
	sifted bool   // the sieve was asked
}

// Batch is a run of whole lines of one incarnation of one source: the bytes [From, To).
type Batch struct {
	Source     string
	Path       string // the file read, which after a rotation is not the source's own path
	Generation int
	Modified   time.Time // when the file was last written, zero for a reader: the year of times without one
	Format     string
	From, To   int64
	Lines      []Line // may be empty where only the position moves
	State      []byte // the parser's state after the last line
	Before     []byte // and before the first
	Final      bool   // this incarnation has been read to its end
	Lost       *Gone  // what came before this batch and could not be read, if anything
	Dropped    int64  // lines that were sent before these and lost, for a Feed
	position   Position
}

// Position is where reading goes on once this batch has been stored.
func (b Batch) Position() Position { return b.position }

// Events yields the event of each line, nil of one that has none.
func (b Batch) Events() iter.Seq[*event.Event] {
	return func(yield func(*event.Event) bool) {
		for i := range b.Lines {
			if !yield(b.Lines[i].Event) {
				return
			}
		}
	}
}

// Sink takes batches, one at a time. It stores the results and Batch.Position in one transaction; an error
// stops the reader, which has then consumed nothing of that batch.
type Sink interface {
	Batch(ctx context.Context, b Batch) error
}

// Positions tells where reading of a source had come to, the zero Position if it is new.
type Positions func(source string) Position

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
