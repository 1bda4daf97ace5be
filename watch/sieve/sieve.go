// Package sieve tells at the speed of memory which JSON log lines surely hold no indicator of a set, so that only the others are parsed.
//
// A sieve walks the line from quote to quote, builds nothing, and asks the set about the bytes where they lie.
// It answers one question: would the format's parser accept this line, and would none of its observables meet the
// set? Yes must be right, for the line is then counted as clean and never looked at again: the grammar is checked as strictly as
// package jsonline does, and every value by a reading that takes in all that the parser could see in it. No may be
// wrong; it costs the time of parsing and matching, which then decide. Whatever is rare, odd or hard is a no.
//
// From the lines that it walked it learns their forms (form.go, learn.go). A line of a known form is not walked: what stands in the
// form's holes is judged as the walk would, and that is all.
package sieve

import (
	"sort"
	"unicode/utf8"

	"entente/watch/event"
	"entente/watch/indicator"
	"entente/watch/quote"
)

// Class says as what a parser may observe the values below a key, wherever in the line the key stands: it is the union of all
// that it does there. Numbers are never observed but as what a string with their digits would be.
type Class uint16

// The bits of a class. The zero class is never observed.
const (
	Address Class = 1 << iota // an IP address
	Name                      // a domain name, or an address if that is what it is
	Port                      // a host that may have a port, and may be the host of a request
	Target                    // what was requested: a path, or more
	URL
	Email
	Hash
	Text   // all that package freetext finds
	Always // not judged here: a line with this key is parsed
)

// Observed is the class of what event.Event.Observe reads.
func Observed(as event.As) Class {
	switch as {
	case event.Plain:
		return 0
	case event.Address:
		return Address
	case event.Name:
		return Name
	case event.Host:
		return Address | Name
	case event.URL:
		return URL
	case event.Email:
		return Email
	case event.Hash:
		return Hash
	default:
		return Always
	}
}

// Layout is what a format of JSON objects has to say for its lines to be sieved.
type Layout struct {
	Time  string // key in the outermost object that holds the time, as event.ParseTime reads it
	Epoch bool   // or as seconds since 1970, a number
	Kind  string // key in the outermost object that names the kind of event
	// KindNeeded says that a line without a kind is none of the format's.
	KindNeeded bool
	KindValid  func(kind []byte) bool
	// Flat says that an inner object is not judged here.
	Flat bool
	// Class is asked once for each key.
	Class func(key string) Class
}

// Format is a log format whose lines can be sieved. Its lines stand alone: a parser need not have seen those before.
type Format interface {
	event.Format
	Layout() Layout
}

// What lines are judged here, by their bytes.
const (
	shortest = 16
	longest  = 64 << 10
)

// Sieve judges one line after another. It is not safe for concurrent use.
type Sieve struct {
	layout Layout
	keys   keys
	at     []uint32
	plain  []byte // a value without its escapes
	day    day
	forms  forms
	waits  []wait
	ends   []int // of the lines that wait with them
	set    *indicator.Set
	nets   bool                    // it has networks of IPv4
	urls   bool                    // it has URLs
	lately [1 << latelyBits]uint32 // IPv4 addresses that do not meet the set, by hash; zero is none

	timed, kinded bool
	// outer has, for each container that is open, what holds for it again once an inner one is closed.
	outer [depth]container
}

const latelyBits = 11

// depth is jsonline.MaxDepth: a test compares them.
const depth = 32

type container struct {
	object bool
	class  Class
}

// New returns a sieve for lines of one layout.
func New(l Layout) *Sieve { return &Sieve{layout: l, keys: newKeys(l)} }

// Clear reports that the parser of the format surely reads the line as an event without an observable that meets an indicator of set.
func (s *Sieve) Clear(set *indicator.Set, line []byte) bool {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if set == nil || len(line) < shortest || len(line) > longest || line[0] != '{' || line[len(line)-1] != '}' {
		return false
	}
	s.use(set)
	if s.waits = s.waits[:0]; s.follows(line, 0) == len(line) && s.met(line) < 0 {
		return true
	}
	at, ascii := quote.Index(s.at, line)
	s.at = at
	if !ascii && !utf8.Valid(line) {
		return false
	}
	s.timed, s.kinded = false, false
	if !s.walk(line, append(at, uint32(len(line)), uint32(len(line)))) || !s.timed || !s.kinded && s.layout.KindNeeded {
		return false
	}
	if s.forms.teaches() {
		s.forms.learn(&s.keys, line)
	}
	return true
}

// Ahead passes lines at the begin of data of which Clear would be true, without anybody having looked for their ends: as many as
// that is known of at once, but at most so many, none longer than long, and until they have room bytes. It returns how many, and
// their bytes without the line feeds. Clear may be true of the next one all the same. The last line in data has its line feed too.
// A line over which the sieve makes a mistake is not passed.
func (s *Sieve) Ahead(set *indicator.Set, data []byte, most, room, long int) (lines, size int) {
	if len(data) == 0 || data[len(data)-1] != '\n' {
		return 0, 0
	}
	s.use(set)
	defer func() { _ = recover() }()
	long = min(long, longest)
	for more, at := true, 0; more && lines < most && size < room && at < len(data); {
		s.waits, s.ends = s.waits[:0], s.ends[:0]
		for left := room - size; more && len(s.ends) < most-lines && left > 0 && at < len(data) && len(s.waits) < together; {
			before := len(s.waits)
			n := s.follows(data, at)
			if more = shortest <= n && n <= long && at+n < len(data) && data[at+n] == '\n'; !more {
				s.waits = s.waits[:before]
				break
			}
			at, left = at+n+1, left-n
			s.ends = append(s.ends, at)
		}
		n := len(s.ends)
		if met := s.met(data); met >= 0 {
			n, more = sort.SearchInts(s.ends, met), false
		}
		if lines += n; n > 0 {
			size = s.ends[n-1] - lines
		}
	}
	return lines, size
}

// together is how many looks are taken together, or some more.
const together = 128

// wait is a hole that was judged but for a look into the set.
type wait struct {
	look indicator.Look
	at   int32 // where the text in it begins
	step int32
}

// met takes the looks that wait, and returns where the first text begins that may meet the set, -1 if none does.
func (s *Sieve) met(data []byte) int {
	for _, w := range s.waits {
		if s.set.May(w.look) && s.textHole(&s.forms.steps[w.step], data, int(w.at)) < 0 {
			return int(w.at)
		}
	}
	return -1
}

// use forgets what was judged by another set.
func (s *Sieve) use(set *indicator.Set) {
	if s.set == set {
		return
	}
	s.set, s.nets, s.urls = set, set.Nets4(), set.URLs()
	clear(s.lately[:])
	s.forms = forms{}
}
