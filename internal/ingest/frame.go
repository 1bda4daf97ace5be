package ingest

import (
	"bytes"
	"errors"
	"io"
)

// framer cuts a stream into lines without ever holding more than one read, the lines of the current batch,
// and a bounded part of the current line. Reading may stop at the end of the data and go on later: what is
// there of an unfinished line is kept, and is not consumed.
type framer struct {
	r   io.Reader
	max int // bytes of a line

	// buf holds tailKeep bytes of history and then data; [pos,end) is not yet scanned, [low,end) is valid.
	buf           []byte
	low, pos, end int
	whole         int // behind the last LF of what was read, as far as that is in buf

	arena  []byte // the batch's lines one after the other, then the current line so far
	start  int    // where the current line starts in arena
	size   int64  // bytes of the current line so far, arena may hold fewer
	offset int64  // stream offset of the current line's first byte
	term   int64  // bytes of its terminator, once completed
	lines  int64  // lines completed

	decided bool // which bytes end a line: LF, or CR as well
	cr      bool

	// sift, if set, is asked about lines where they lie, if they lie there whole. One of which it is true is not kept, only counted.
	sift           func(line []byte) bool
	sifted, passed bool // the line that is complete: it was asked, it said so

	head []byte // first bytes of the stream
	kept []byte // the history, while buf is let go of
	mark int    // index in buf just after the last completed line, 0 if that has left buf
	tail []byte // then: the bytes before it
}

func newFramer(r io.Reader, maxLine int) *framer {
	return &framer{
		r: r, max: maxLine, low: tailKeep, pos: tailKeep, end: tailKeep, mark: tailKeep,
		buf: make([]byte, tailKeep+readSize), arena: make([]byte, 0, arenaInitial),
	}
}

// resume puts the framer behind m: head and history are the stream's first bytes and those before m.Offset.
func (f *framer) resume(m Mark, head, history []byte) {
	f.offset, f.lines, f.cr, f.decided = m.Offset, m.Line, m.CR, m.Offset > 0
	f.head = bytes.Clone(head)
	f.low = tailKeep - copy(f.buf[tailKeep-len(history):tailKeep], history)
}

// next completes one line: f.current is then valid. io.EOF says that there is no more data now.
func (f *framer) next() error {
	if f.buf == nil {
		f.regain()
	}
	for {
		if f.decided || f.decide(false) {
			if f.scan() {
				return nil
			}
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
}

// drained reports whether the next line needs more to be read.
func (f *framer) drained() bool {
	data := f.buf[f.pos:f.end]
	return bytes.IndexByte(data, '\n') < 0 && (!f.cr || bytes.IndexByte(data, '\r') < 0)
}

// finish completes what is left at the end of a finished stream, and reports whether there was a line. A
// stream can end before it is decided what ends its lines, so there may be several: call it until false.
func (f *framer) finish() bool {
	if f.buf == nil {
		return false
	}
	f.decide(true)
	if f.scan() {
		return true
	}
	if f.size == 0 {
		return false
	}
	f.complete(0)
	return true
}

// decide looks at the first bytes: CR ends lines only in a file whose head has CR and no LF.
func (f *framer) decide(final bool) bool {
	if f.decided {
		return true
	}
	data := f.buf[f.pos:f.end]
	if i := bytes.IndexByte(data, '\r'); i >= 0 && bytes.IndexByte(data, '\n') < 0 {
		// A CR as the last byte may yet be followed by an LF.
		f.cr = i < len(data)-1 || final
		f.decided = f.cr
	} else {
		f.decided = i >= 0 || bytes.IndexByte(data, '\n') >= 0
	}
	f.decided = f.decided || final || f.end == len(f.buf)
	return f.decided
}

// ahead are the whole lines that are read and not yet scanned; none where a line has begun already or another byte than LF may
// end one.
func (f *framer) ahead() []byte {
	if f.buf == nil || !f.decided || f.cr || f.size > 0 || f.offset == 0 {
		return nil
	}
	return f.buf[f.pos:max(f.pos, f.whole)]
}

// skip passes lines that are ahead, of so many bytes with their LFs.
func (f *framer) skip(lines, size int) {
	f.pos += size
	f.complete(1)
	f.lines += int64(lines - 1)
	f.offset += int64(size)
}

// scan takes bytes from buf into the current line up to its terminator, if that is there.
func (f *framer) scan() bool {
	if f.cr {
		for f.size == 0 && f.pos < f.end && f.buf[f.pos] == '\n' {
			f.pos++ // the LF of a CR LF, which cannot be told apart from a line of its own
			f.offset++
			f.mark = f.pos
		}
	}
	data := f.buf[f.pos:f.end]
	i := bytes.IndexByte(data, '\n')
	if f.cr {
		i = bytes.IndexAny(data, "\r\n")
	}
	if i < 0 {
		f.take(data)
		f.pos = f.end
		return false
	}
	if f.sifted = f.sift != nil && f.size == 0 && f.offset > 0 && 0 < i && i <= f.max && !f.cr; f.sifted {
		f.passed = f.sift(data[:i])
	}
	if f.passed {
		f.size = int64(i)
	} else {
		f.take(data[:i])
	}
	f.pos += i + 1
	f.complete(1)
	return true
}

// take appends to the current line, or only counts where the line is already too long.
func (f *framer) take(p []byte) {
	f.size += int64(len(p))
	if f.size > int64(f.max)+1 { // one more for the CR of a CR LF
		if keep := f.start + longPrefix; len(f.arena) > keep {
			f.arena = f.arena[:keep]
		} else {
			f.arena = append(f.arena, p[:min(len(p), keep-len(f.arena))]...)
		}
		return
	}
	if need := len(f.arena) + len(p); need > cap(f.arena) {
		size := 2 * cap(f.arena)
		if size < need || size > arenaRetain {
			size = need + f.max + readSize // once for the longest line, not step by step
		}
		grown := make([]byte, len(f.arena), size)
		copy(grown, f.arena)
		f.arena = grown
	}
	f.arena = append(f.arena, p...)
}

// complete ends the current line at pos, with a terminator of so many bytes.
func (f *framer) complete(term int64) { f.mark, f.term = f.pos, term; f.lines++ }

// current is the completed line; advance must follow before the next call of next.
func (f *framer) current() (raw []byte, size int64, long bool) {
	raw, size = f.arena[f.start:len(f.arena):len(f.arena)], f.size
	if !f.cr && size == int64(len(raw)) && len(raw) > 0 && raw[len(raw)-1] == '\r' {
		raw, size = raw[:len(raw)-1], size-1
	}
	if size > int64(f.max) {
		return raw[:min(len(raw), longPrefix)], size, true
	}
	return raw, size, false
}

// endsCR says that the line that was just passed ends in a CR.
func (f *framer) endsCR() bool { return f.size > 0 && f.buf[f.pos-2] == '\r' }

// advance leaves the completed line in the arena and begins the next.
func (f *framer) advance() {
	f.offset += f.size + f.term
	f.start, f.size, f.sifted, f.passed = len(f.arena), 0, false, false
}

// reset empties the arena once a batch is stored, but for the current line.
func (f *framer) reset() {
	n := copy(f.arena, f.arena[f.start:])
	f.arena, f.start = f.arena[:n], 0
	if cap(f.arena) > arenaRetain && n < arenaInitial {
		f.arena = append(make([]byte, 0, arenaInitial), f.arena...)
	}
}

// release lets go of the buffers of a file that does not grow. It must be at its end.
func (f *framer) release() {
	if f.buf == nil || f.pos != f.end || len(f.arena) > 0 {
		return
	}
	f.keepTail()
	f.kept = bytes.Clone(f.buf[f.end-min(tailKeep, f.end-f.low) : f.end])
	f.buf, f.arena = nil, nil
}

// regain takes buffers again after release.
func (f *framer) regain() {
	f.buf, f.arena = make([]byte, tailKeep+readSize), make([]byte, 0, arenaInitial)
	f.low, f.pos, f.end, f.whole = tailKeep-len(f.kept), tailKeep, tailKeep, 0
	copy(f.buf[f.low:], f.kept)
	f.kept = nil
}

func (f *framer) released() bool { return f.buf == nil }

// fill reads once. It keeps tailKeep bytes of history before the data.
func (f *framer) fill() error {
	if f.pos == f.end {
		f.keepTail()
		n := min(tailKeep, f.end-f.low)
		copy(f.buf[tailKeep-n:tailKeep], f.buf[f.end-n:f.end])
		f.low, f.pos, f.end, f.whole = tailKeep-n, tailKeep, tailKeep, 0
	}
	for range 100 {
		n, err := f.r.Read(f.buf[f.end:])
		if room := headKeep - len(f.head); room > 0 && n > 0 {
			f.head = append(f.head, f.buf[f.end:f.end+min(n, room)]...)
		}
		if i := bytes.LastIndexByte(f.buf[f.end:f.end+n], '\n'); i >= 0 { // once a read: who writes a log may end it in half a long line
			f.whole = f.end + i + 1
		}
		f.end += n
		switch {
		case n > 0:
			return nil
		case err != nil:
			return err
		}
	}
	return errors.New("reader returns no data and no error")
}

func (f *framer) keepTail() {
	if f.mark > 0 {
		f.tail = append(f.tail[:0], f.lastBytes()...)
		f.mark = 0
	}
}

// lastBytes are up to tailKeep bytes before the end of the last completed line.
func (f *framer) lastBytes() []byte {
	if f.mark == 0 {
		return f.tail
	}
	return f.buf[max(f.low, f.mark-tailKeep):f.mark]
}
