package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"entente/watch/event"
	"entente/watch/format"
)

// Record is one line that was sent to us.
type Record struct {
	Peer string // who sent it
	Raw  []byte
	Size int64 // bytes of the whole line; 0 means len(Raw)
	Long bool  // Raw is only the beginning
}

// Feed is a source that others send to: there is no file to come back to. Its offsets count the bytes that
// ever came in, so they go on where the last process stored them. It is safe for concurrent use.
type Feed struct {
	cfg  Config
	id   string
	sink Sink

	mu     sync.Mutex // one batch at a time, in the order of their offsets
	pos    Position
	parser event.Parser
	lines  []Line
	room   room
}

// NewFeed returns the feed with a name, which goes on at a position.
func NewFeed(cfg Config, id string, at Position, sink Sink) *Feed {
	return &Feed{cfg: cfg.withDefaults(), id: id, sink: sink, pos: at, parser: format.Each(cfg.Formats).New()}
}

// Take parses lines, each by the format that recognises it, and hands them to the sink as one batch with the
// number of lines that were lost before them. When it returns nil they are stored; on an error none of them is.
func (f *Feed) Take(ctx context.Context, records []Record, dropped int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := f.pos
	f.lines = f.lines[:0]
	f.room.begin(len(records), f.cfg.BatchLines)
	for i, rec := range records {
		size := max(rec.Size, int64(len(rec.Raw)))
		next.Line++
		l := Line{Number: next.Line, Offset: next.Offset, Size: size, Raw: rec.Raw, Peer: rec.Peer}
		if rec.Long || size > int64(f.cfg.MaxLine) {
			l.Err, l.Raw = ErrLongLine, rec.Raw[:min(len(rec.Raw), longPrefix)]
		}
		f.room.parse(f.parser, &l, i)
		f.lines = append(f.lines, l)
		next.Offset += size + 1
	}
	f.room.end()
	next.Format, next.Sent = format.EachName, true
	b := Batch{
		Source: f.id, Modified: time.Now(), Format: next.Format, From: f.pos.Offset, To: next.Offset,
		Lines: f.lines, Dropped: dropped, position: next,
	}
	if err := f.sink.Batch(ctx, b); err != nil {
		return fmt.Errorf("store lines of %s: %w", f.id, err)
	}
	f.pos = next
	clear(f.lines)
	return nil
}
