package ingest

import "entente/watch/event"

// room is the memory of the events of one batch. Their fields lie one behind the other, and so do their observables, as they are
// read later: memory of its own for each event would be some times as much, and mostly not at hand.
type room struct {
	events      []event.Event
	fields      shelf[event.Field]
	observables shelf[event.Observable]
}

const (
	shelfPiece = 4096 // fields or observables
	shelfMost  = 64   // pieces that are kept for the next batch
	lentSeen   = 64   // observables of one event; more of them have memory of their own
)

// begin makes room for a batch of so many lines, at most so many of them usually.
func (r *room) begin(lines, usual int) {
	if len(r.events) < lines {
		r.events = make([]event.Event, max(lines, min(2*len(r.events), usual)))
	}
	r.fields.begin()
	r.observables.begin()
}

// parse is parse for the i-th line.
func (r *room) parse(p event.Parser, l *Line, i int) {
	ev := &r.events[i]
	*ev = event.Event{Fields: r.fields.lend(event.MaxFields), Observables: r.observables.lend(lentSeen)}
	parse(p, l, ev)
	ev.Fields, ev.Observables = r.fields.keep(ev.Fields), r.observables.keep(ev.Observables)
}

// end lets go of what an earlier, larger batch held beyond this one.
func (r *room) end() {
	r.fields.end()
	r.observables.end()
}

// shelf is memory that is lent in parts, one behind the other.
type shelf[T any] struct {
	pieces [][]T
	piece  int // the one that is lent from
	at     int // behind what was kept of it
	used   int // how far they hold something, counted over all pieces
}

func (s *shelf[T]) begin() { s.piece, s.at = 0, 0 }

// lend returns an empty slice with room for n, at most shelfPiece. keep must follow.
func (s *shelf[T]) lend(n int) []T {
	if s.at+n > shelfPiece && s.piece < len(s.pieces) {
		clear(s.pieces[s.piece][s.at:])
		s.piece, s.at = s.piece+1, 0
	}
	if s.piece == len(s.pieces) {
		s.pieces = append(s.pieces, make([]T, shelfPiece))
	}
	return s.pieces[s.piece][s.at : s.at : s.at+n]
}

// keep takes what was lent last, now with something in it or moved to memory of its own, and returns it without room behind it.
func (s *shelf[T]) keep(lent []T) []T {
	n := len(lent)
	if n > 0 && &lent[0] == &s.pieces[s.piece][s.at] {
		s.at += n
	}
	return lent[:n:n]
}

func (s *shelf[T]) end() {
	now := s.piece*shelfPiece + s.at
	for from := now; from < s.used; {
		piece := s.pieces[from/shelfPiece]
		clear(piece[from%shelfPiece : min(shelfPiece, from%shelfPiece+s.used-from)])
		from += shelfPiece - from%shelfPiece
	}
	s.used = now
	if len(s.pieces) > shelfMost {
		clear(s.pieces[shelfMost:])
		s.pieces, s.used = s.pieces[:shelfMost], min(s.used, shelfMost*shelfPiece)
	}
}
