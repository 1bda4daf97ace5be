package packet

import (
	"bytes"
	"container/list"

	"github.com/gopacket/gopacket/layers"
)

// streams puts the directions of TCP connections in order, each for itself, within bounds. The one that has
// been silent for longest makes room for a new one.
type streams struct {
	by    map[flow]*list.Element // of *stream
	order *list.List             // most recently seen first
	held  int
}

// stream is one direction of a connection.
type stream struct {
	flow   flow
	next   uint32 // sequence number of the byte after data
	data   []byte // in order and not yet consumed
	ahead  []piece
	size   int // bytes in ahead
	reader reader
	done   bool // nothing more is to be found in it
}

type piece struct {
	seq  uint32
	data []byte
}

// reader takes messages out of a stream. It returns the lines found, how many bytes it is through with, and whether
// the rest of the stream is of no interest.
type reader interface {
	read(m moment, f flow, data []byte) (lines []byte, n int, done bool)
}

func newStreams() *streams { return &streams{by: make(map[flow]*list.Element), order: list.New()} }

// segment takes one TCP segment and appends the lines that it completes.
func (s *streams) segment(out []byte, m moment, f flow, t *layers.TCP) []byte {
	seq := t.Seq
	if t.SYN {
		s.drop(f) // a new connection between the same ports
		seq++
	}
	if t.RST {
		s.drop(f)
		return out
	}
	e := s.by[f]
	switch {
	case e == nil && len(t.Payload) == 0 && !t.SYN:
		return out
	case e == nil:
		e = s.add(&stream{flow: f, next: seq})
	default:
		s.order.MoveToFront(e)
	}
	st := e.Value.(*stream)
	if !st.done && len(t.Payload) > 0 {
		before := st.weight()
		out = st.take(out, m, seq, t.Payload)
		s.held += st.weight() - before
	}
	if t.FIN && (st.done || len(st.ahead) == 0) {
		s.drop(f)
	}
	for s.held > maxHeld {
		oldest := s.order.Back().Value.(*stream)
		out = append(out, note(m, "a stream was let go of: too much is waiting")...)
		s.drop(oldest.flow)
	}
	return out
}

func (s *streams) add(st *stream) *list.Element {
	if len(s.by) >= maxStreams {
		s.drop(s.order.Back().Value.(*stream).flow)
	}
	e := s.order.PushFront(st)
	s.by[st.flow] = e
	return e
}

func (s *streams) drop(f flow) {
	if e := s.by[f]; e != nil {
		s.held -= e.Value.(*stream).weight()
		s.order.Remove(e)
		delete(s.by, f)
	}
}

func (st *stream) weight() int { return cap(st.data) + st.size }

// take puts a payload in its place: RFC 9293 section 3.4, sequence numbers wrap. What came already is cut off.
func (st *stream) take(out []byte, m moment, seq uint32, data []byte) []byte {
	if ahead := int32(seq - st.next); ahead > 0 {
		if len(st.ahead) >= maxPieces || st.size+len(data) > maxAhead {
			return append(out, st.giveUp(m, "a gap in a stream")...)
		}
		st.ahead = append(st.ahead, piece{seq, bytes.Clone(data)})
		st.size += len(data)
		return out
	}
	st.append(seq, data)
	for st.fill() {
	}
	return st.consume(out, m)
}

func (st *stream) append(seq uint32, data []byte) {
	old := int(st.next - seq)
	if old >= len(data) {
		return
	}
	st.data = append(st.data, data[old:]...)
	st.next += uint32(len(data) - old)
}

// fill moves one piece that has its turn now.
func (st *stream) fill() bool {
	for i, p := range st.ahead {
		if int32(p.seq-st.next) <= 0 {
			st.append(p.seq, p.data)
			st.size -= len(p.data)
			st.ahead = append(st.ahead[:i], st.ahead[i+1:]...)
			return true
		}
	}
	return false
}

func (st *stream) consume(out []byte, m moment) []byte {
	if st.reader == nil {
		r, sure := readerOf(st.flow, st.data)
		if r == nil {
			if sure {
				st.finish()
			}
			return out
		}
		st.reader = r
	}
	for len(st.data) > 0 {
		lines, n, done := st.reader.read(m, st.flow, st.data)
		out = append(out, lines...)
		st.data = st.data[:copy(st.data, st.data[n:])]
		switch {
		case done:
			st.finish()
			return out
		case n == 0 && len(st.data) > maxStream:
			return append(out, st.giveUp(m, "a message is longer than the limit")...)
		case n == 0:
			return out
		}
	}
	return out
}

// giveUp ends the stream; it is worth a line only if something was to be expected of it.
func (st *stream) giveUp(m moment, why string) []byte {
	known := st.reader != nil
	st.finish()
	if !known {
		return nil
	}
	return note(m, why)
}

func (st *stream) finish() { st.done, st.data, st.ahead, st.size, st.reader = true, nil, nil, 0, nil }

// readerOf tells by the first bytes what a stream holds; sure is false while there are too few.
func readerOf(f flow, data []byte) (r reader, sure bool) {
	switch {
	case isDNS(f):
		return dnsStream{}, true
	case len(data) < len("OPTIONS "):
		return nil, false
	case data[0] == recordHandshake && data[1] == 3:
		return hello{}, true
	case isRequest(data):
		return &requests{}, true
	case isGreeting(data):
		return &envelopes{}, true
	}
	return nil, true
}
