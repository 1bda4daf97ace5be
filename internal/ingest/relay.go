package ingest

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/statement"
)

// Relay stores the lines of one source that another process reads and a stream carries here: each once, however
// often it is carried. There is nothing here to read again. It is not safe for concurrent use.
type Relay struct {
	cfg  Config
	id   string
	sink Sink
	pos  Position
}

// Relayed is what a position says more of a Relay.
type Relayed struct {
	Made     int64  `json:"made"`     // which stream it was
	Sequence uint64 `json:"sequence"` // of the message stored last
	Base     int    `json:"base"`     // added to the reading process's generations
}

// Carried is one batch as it came.
type Carried struct {
	Batch             // without events; State and the line's Event are worked out here
	Theirs   Position // where the process that reads goes on behind it
	Made     int64
	Sequence uint64
	Lost     string // what that process could not read, if anything
}

// maxName is the longest name of a source or of its path that another process may give, in bytes.
const maxName = 1024

// CheckName refuses a name that a stream carries and no screen should show.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return statement.Refuse(statement.CodeValue, "a source's name has 1 to %d bytes and no control characters", maxName)
	}
	return nil
}

// NewRelay returns the relay with a name, which goes on at a position.
func NewRelay(cfg Config, id string, at Position, sink Sink) *Relay {
	return &Relay{cfg: cfg, id: id, sink: sink, pos: at}
}

// Take parses the lines and hands to the sink those that it has not had. When it returns nil they are stored.
func (r *Relay) Take(ctx context.Context, c Carried) error {
	b := c.Batch
	b.Source, b.Final = r.id, false
	next, fresh := r.place(&b, c)
	if !fresh {
		return nil
	}
	if err := Parse(r.cfg, &b); err != nil { // of another version, or junk: counted, and no reason to stop
		if r.cfg.Trouble != nil {
			r.cfg.Trouble(r.id, err)
		}
		for i := range b.Lines {
			b.Lines[i].Err = ErrNoFormat
		}
	}
	for len(b.Lines) > 0 && b.Lines[0].Offset < next.Offset { // had before, in another cut
		b.Lines = b.Lines[1:]
	}
	b.From = next.Offset
	if c.Lost != "" && b.Lost == nil {
		b.Lost = &Gone{Source: r.id, Generation: next.Generation, Offset: b.From, Reason: c.Lost}
	}
	next.Identity, next.Offset, next.Format, next.Sent = c.Theirs.Identity, b.To, b.Format, true
	if n := len(b.Lines); n > 0 {
		next.Line = b.Lines[n-1].Number
	}
	next.Relayed.Made, next.Relayed.Sequence = c.Made, c.Sequence
	b.Generation, b.position = next.Generation, next
	if err := r.sink.Batch(ctx, b); err != nil {
		return fmt.Errorf("store lines of %s: %w", r.id, err)
	}
	r.pos = next
	return nil
}

// place says where a batch goes on: next.Offset is its first byte that the sink has not had. What is missing
// before it goes into b.Lost, and then begins an incarnation, for each is one piece.
func (r *Relay) place(b *Batch, c Carried) (next Position, fresh bool) {
	next = r.pos
	began := r.pos.Sent
	if began && r.pos.Relayed.Made != c.Made { // the numbers of a stream made anew are others
		next.Relayed.Base = r.pos.Generation - b.Generation
		if !sameFile(r.pos.Identity, c.Theirs.Identity) {
			next.Relayed.Base++
		}
	}
	generation := b.Generation + next.Relayed.Base
	switch {
	case began && generation == r.pos.Generation && b.From <= r.pos.Offset:
		return next, b.To > r.pos.Offset
	case began && generation < r.pos.Generation:
		return next, false
	}
	lost := b.From > c.Theirs.Begin || began && generation > r.pos.Generation && missed(r.pos, c.Theirs.Past, next.Relayed.Base)
	if began {
		next = next.push()
		next.Generation = max(generation, next.Generation)
	} else {
		next.Generation = generation
	}
	next.Relayed.Base = next.Generation - b.Generation
	next.Begin, next.Offset = b.From, b.From
	if lost {
		b.Lost = &Gone{Source: r.id, Generation: next.Generation, Offset: b.From, Reason: "lines before this are no longer in the stream"}
	}
	return next, true
}

// missed reports whether earlier incarnations hold more than was had.
func missed(had Position, past []Mark, base int) bool {
	for _, m := range past {
		switch g := m.Generation + base; {
		case g == had.Generation && m.Offset > had.Offset, g > had.Generation && m.Offset > m.Begin:
			return true
		}
	}
	return false
}

// sameFile says that two identities are surely of one file.
func sameFile(a, b Identity) bool {
	return a.HeadLen > 0 && a.HeadLen == b.HeadLen && a.Head == b.Head && a.Device == b.Device && a.Inode == b.Inode
}
