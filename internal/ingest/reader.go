package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"entente/watch/event"
	"entente/watch/indicator"
	"entente/watch/sieve"
)

// reader reads one source: the incarnations in its queue, one after the other.
type reader struct {
	cfg    Config
	id     string
	path   string
	sink   Sink
	group  *group
	source io.Reader // instead of path
	anew   bool

	pos   Position // after the last stored batch
	queue []step   // what is to be read; the first is open if st is set
	st    *stream
	fr    *framer
	lost  *Gone // to be told with the next batch

	format string
	parser event.Parser
	sieve  *sieve.Sieve // nil for a format that has none
	lines  []Line
	room   *room // for the events of the batch that is with the sink; the readers of a set share it

	quietSince time.Time // since when the open file has not grown
	trouble    trouble
}

// step is one incarnation to be read. resume goes on at pos, else it is begun anew.
type step struct {
	path   string
	resume bool
	lost   *Gone
}

// stopError marks errors that end the whole reading: the sink's and the context's.
type stopError struct{ error }

func (e stopError) Unwrap() error { return e.error }

// fill reads one batch and stores it. end: there is no more data now. An error that is no stopError is the
// stream's own; the lines before it are stored all the same.
func (r *reader) fill(ctx context.Context) (end bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, stopError{err}
	}
	lines, held, set := 0, 0, r.sift()
	for lines < r.cfg.BatchLines && held < r.cfg.BatchBytes {
		if n, size := r.sweep(set, r.cfg.BatchLines-lines, r.cfg.BatchBytes-held); n > 0 {
			lines, held = lines+n, held+size
			if r.source != nil && r.fr.drained() {
				break
			}
			continue
		}
		if err = r.fr.next(); err != nil {
			break
		}
		lines, held = lines+1, held+r.take(nil)
		if r.parser == nil && r.recognised() {
			set = r.sift()
		}
		if r.source != nil && r.fr.drained() {
			break // more may come at any time, or never
		}
	}
	if len(r.lines) > 0 {
		if err := r.store(ctx, set, false); err != nil {
			return false, err
		}
	}
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

// sweep passes lines for as long as they are clear and of a form that is known, as most are, at most so many and until they have
// so many bytes; and returns how many, and their bytes. One entry of the batch stands for all of them.
func (r *reader) sweep(set *indicator.Set, most, room int) (lines, size int) {
	if set == nil {
		return 0, 0
	}
	if lines, size = r.sieve.Ahead(set, r.fr.ahead(), most, room, r.fr.max); lines > 0 {
		r.lines = append(r.lines, Line{Number: r.fr.lines + 1, Offset: r.fr.offset, Size: int64(size + lines - 1), Clear: true, More: lines - 1})
		r.fr.skip(lines, size+lines)
	}
	return lines, size
}

// take moves the framer's completed line into the batch.
func (r *reader) take(why error) int {
	if r.fr.passed {
		size := r.fr.size
		if r.fr.endsCR() {
			size--
		}
		r.lines = append(r.lines, Line{Number: r.fr.lines, Offset: r.fr.offset, Size: size, Clear: true})
		r.fr.advance()
		return int(size)
	}
	raw, size, long := r.fr.current()
	if long {
		why = ErrLongLine
	}
	r.lines = append(r.lines, Line{Number: r.fr.lines, Offset: r.fr.offset, Size: size, Raw: raw, Err: why, sifted: r.fr.sifted})
	r.fr.advance()
	return len(raw)
}

// sift has the framer's lines sifted from now on, while the processor has them at hand, and returns the set that they are sifted by.
func (r *reader) sift() *indicator.Set {
	set := r.lookedFor()
	if r.fr.sift = nil; set != nil {
		r.fr.sift = func(line []byte) bool { return clearGuarded(r.sieve, set, line) }
	}
	return set
}

// lookedFor is the set for the next batch, nil if its lines are not sifted.
func (r *reader) lookedFor() *indicator.Set {
	if r.sieve == nil {
		return nil
	}
	return r.cfg.Sieve()
}

// conclude ends the open incarnation: a last line without a terminator counts, whole if the stream ended
// well, cut if it did not.
func (r *reader) conclude(ctx context.Context, cause error) error {
	var why error
	if cause != nil {
		why = ErrCutLine
	}
	r.fr.sift = nil
	for r.fr.finish() {
		r.take(why)
	}
	if err := r.store(ctx, r.lookedFor(), true); err != nil {
		return err
	}
	r.st.close()
	r.st, r.fr, r.queue = nil, nil, r.queue[1:]
	return nil
}

// store parses the lines of the batch and hands it to the sink.
func (r *reader) store(ctx context.Context, set *indicator.Set, final bool) error {
	if r.parser == nil {
		r.detect(1)
		set = r.lookedFor()
	}
	r.room.begin(len(r.lines), r.cfg.BatchLines)
	for i := range r.lines {
		r.parse(i, set)
	}
	r.room.end()
	next := r.pos
	next.Mark = Mark{
		Identity: r.identity(), Generation: r.pos.Generation, Begin: r.pos.Begin,
		Offset: r.fr.offset, Line: r.fr.lines, Format: r.format, CR: r.fr.cr,
	}
	if r.parser != nil {
		next.State = bytes.Clone(r.parser.State())
	}
	size, modified := r.st.onDisk()
	if final {
		next.Done, next.Size = true, size
	}
	b := Batch{
		Source: r.id, Path: r.st.path, Generation: next.Generation, Modified: modified, Format: r.format,
		From: r.pos.Offset, To: next.Offset, Lines: r.lines, State: next.State, Before: r.pos.State,
		Final: final, Lost: r.lost, position: next,
	}
	if err := r.sink.Batch(ctx, b); err != nil {
		return stopError{fmt.Errorf("store lines of %s: %w", r.id, err)}
	}
	r.pos, r.lost = next, nil
	clear(r.lines)
	r.lines = r.lines[:0]
	r.fr.reset()
	return nil
}

func (r *reader) identity() Identity {
	head := r.fr.head[:min(int64(len(r.fr.head)), r.fr.offset)]
	tail := r.fr.lastBytes()
	return Identity{
		Device: r.st.device, Inode: r.st.inode,
		HeadLen: len(head), Head: sum(head), TailLen: len(tail), Tail: sum(tail),
	}
}

// recognised looks for the format as soon as there are as many lines as that takes.
func (r *reader) recognised() bool {
	if len(r.lines) == sniffLines {
		r.detect(sniffLines)
	}
	return r.parser != nil
}

// detect asks every format about the first lines of the batch, of which at least so many must be readable.
func (r *reader) detect(least int) {
	var head [][]byte
	for _, l := range r.lines {
		if l.Err == nil && len(head) < sniffLines {
			head = append(head, content(l))
		}
	}
	if len(head) < least {
		return
	}
	best, found := 0, event.Format(nil)
	for _, f := range r.cfg.Formats {
		if score := f.Sniff(head); score > best {
			best, found = score, f
		}
	}
	if found != nil {
		r.use(found)
	}
}

// content is what a parser sees of a line: not the byte order mark that some editors put first.
func content(l Line) []byte {
	if l.Offset == 0 {
		return bytes.TrimPrefix(l.Raw, []byte("\ufeff"))
	}
	return l.Raw
}

// parse parses a line of the batch, unless it is clear.
func (r *reader) parse(i int, set *indicator.Set) {
	l := &r.lines[i]
	if l.Clear {
		return
	}
	if set != nil && !l.sifted && l.Err == nil && len(l.Raw) > 0 && clearGuarded(r.sieve, set, content(*l)) {
		l.Clear = true
		return
	}
	r.room.parse(r.parser, l, i)
}

// parse gives a line its event, or the reason why it has none. A nil parser stands for an unknown format.
func parse(p event.Parser, l *Line, ev *event.Event) {
	switch {
	case l.Err != nil:
	case len(l.Raw) == 0:
		l.Err = event.ErrNoEvent
	case bytes.IndexByte(l.Raw, 0) >= 0:
		l.Err = ErrBinary
	case p == nil:
		l.Err = ErrNoFormat
	default:
		if l.Err = parseGuarded(p, content(*l), ev); l.Err == nil {
			l.Event = ev
		}
	}
}

// clearGuarded has a line parsed over which the sieve makes a mistake.
func clearGuarded(s *sieve.Sieve, set *indicator.Set, line []byte) (clear bool) {
	defer func() {
		if recover() != nil {
			clear = false
		}
	}()
	return s.Clear(set, line)
}

// parseGuarded keeps a parser's mistake over a hostile line from ending the node.
func parseGuarded(p event.Parser, line []byte, ev *event.Event) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrBadParser
		}
	}()
	return p.Parse(line, ev)
}

// ends reports whether an error of the stream is its end for good; other errors may pass.
func ends(err error) bool { return errors.Is(err, ErrDamaged) || errors.Is(err, ErrTooLarge) }

// isStop reports whether an error ends the whole reading, and gives its cause.
func isStop(err error) (error, bool) {
	var stop stopError
	if errors.As(err, &stop) {
		return stop.error, true
	}
	return err, false
}
