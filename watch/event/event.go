// Package event is one line of a log, read: when, which kind, its fields under ECS names, and the typed values it contains.
//
// A log format turns bytes into an Event and nothing else: it neither reads
// files nor matches. Fields serve people and rules, observables serve the exact
// matcher; both are bounded, and what a bound cuts off is counted.
package event

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"entente/observable"
)

// Bounds of one event. A line at the reader's limit of 1 MiB stays far below any
// use of memory that would matter, and honest lines far below these.
const (
	MaxFields      = 256
	MaxObservables = 4096
	MaxValue       = 8192 // bytes of one field's value
)

// nearby is how many of the last observables are compared to drop repetitions.
const nearby = 64

// Event is one parsed line. The caller owns it and passes it again and again; a
// parser empties it first, and leaves it empty when it returns an error.
type Event struct {
	// Time is when it happened, in UTC. It is zero where the line does not say. The
	// year is 0 where the line has none: see CompleteYear. A line without
	// a zone is read as UTC.
	Time time.Time
	// Dataset names source and kind: "suricata.alert", "zeek.dns", "syslog.sshd", "web.access".
	Dataset string
	// Fields are in the order of the line; one name may come several times (a list).
	Fields []Field
	// Observables are normalised values, each under the name of the field that held it.
	Observables []Observable
	// Left counts fields and observables that were left off or cut at a bound.
	Left int
}

// Field is a value as the line has it, under its name in the Elastic Common
// Schema (ecs 8), or under "<product>.<own name>" where ECS has none. The value is
// valid UTF-8 but hostile: escape it wherever it is shown.
type Field struct{ Name, Value string }

// Observable is a value that an indicator could name. Own and private addresses are observables too.
type Observable struct {
	Field string
	Value observable.Value
}

// ErrNoEvent says that a line holds no event and is none the worse for it: a header, a comment, an empty line.
var ErrNoEvent = errors.New("no event in this line")

// Format is one log format, without state: a value that may be shared.
type Format interface {
	// Name is the folder of the format, and its name in configuration.
	Name() string
	// Sniff says how surely the first lines of a file are of this format: 0 no, 100 certainly.
	Sniff(head [][]byte) int
	// New returns a parser for one source, read from its beginning.
	New() Parser
}

// Parser reads the lines of one source in order. It is not safe for concurrent use.
type Parser interface {
	// Parse reads one line without its line feed (a carriage return at the end is
	// tolerated) into ev. It keeps no reference to line. The error is nil for an event,
	// ErrNoEvent for a line without one, anything else for a line that is not of the format.
	Parse(line []byte, ev *Event) error
	// State returns what Restore needs to go on after the last parsed line; nil for a format whose lines stand alone.
	State() []byte
	// Restore puts a new parser where State was taken. State from elsewhere is an error and changes nothing.
	Restore(state []byte) error
}

// Reset empties the event and keeps its memory, unless an extraordinary line made that large.
func (e *Event) Reset() {
	const keep = 512
	clear(e.Fields)
	clear(e.Observables)
	fields, observables := e.Fields[:0], e.Observables[:0]
	if cap(observables) > keep {
		observables = nil
	}
	*e = Event{Fields: fields, Observables: observables}
}

// Add appends a field; an empty value says nothing and is not kept. Invalid UTF-8
// is replaced and a value over MaxValue is cut.
func (e *Event) Add(name, value string) {
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, "\uFFFD")
	}
	e.AddValid(name, value)
}

// AddValid is Add for a value that is known to be valid UTF-8, as all in JSON is.
func (e *Event) AddValid(name, value string) {
	if value == "" {
		return
	}
	if len(e.Fields) >= MaxFields {
		e.Left++
		return
	}
	if len(value) > MaxValue {
		end := MaxValue
		for !utf8.RuneStart(value[end]) {
			end--
		}
		value = strings.Clone(value[:end])
		e.Left++
	}
	e.Fields = append(e.Fields, Field{name, value})
}

// Get returns the first value of a field, "" if there is none.
func (e *Event) Get(name string) string {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return e.Fields[i].Value
		}
	}
	return ""
}

// As says how the value of a field is observed.
type As uint8

// The ways to observe. What does not fit yields no observable: a log holds all
// sorts of things where an address could stand, and the field keeps them.
const (
	Plain   As = iota // not at all
	Address           // an IP address
	Name              // a domain name; of an odd one, the longest tail that is a name
	Host              // an IP address, else a name
	URL               // a URL, or the path of one behind a host
	Email             // an e-mail address, or several separated by commas
	Hash              // MD5, SHA-1 or SHA-256 by length, with or without colons
)

// Put adds a field and observes its value.
func (e *Event) Put(name, value string, as As) {
	e.Add(name, value)
	e.Observe(name, value, as)
}

// PutValid is Put for a value as in AddValid.
func (e *Event) PutValid(name, value string, as As) {
	if value != "" && len(value) <= MaxValue && len(e.Fields) < MaxFields {
		e.Fields = append(e.Fields, Field{name, value})
	} else {
		e.AddValid(name, value)
	}
	if as != Plain {
		e.Observe(name, value, as)
	}
}

// PutAddress adds a field and its observable if value is an IP address, and reports whether it is.
func (e *Event) PutAddress(name, value string) bool {
	if !e.observeAddress(name, value) {
		return false
	}
	e.Add(name, value)
	return true
}

// Observe adds the observable that value holds under a field's name, if it holds one.
func (e *Event) Observe(name, value string, as As) {
	if value == "" {
		return
	}
	switch as {
	case Address:
		e.observeAddress(name, value)
	case Name:
		e.observeName(name, value)
	case Host:
		if !e.observeAddress(name, value) {
			e.observeName(name, value)
		}
	case URL:
		e.normalise(name, observable.URL, value)
	case Email:
		e.observeEmails(name, value)
	case Hash:
		e.observeHash(name, value)
	}
}

// ObserveValue adds a normalised value under a field's name, unless it was just added.
func (e *Event) ObserveValue(name string, v observable.Value) {
	for i := len(e.Observables) - 1; i >= 0 && i >= len(e.Observables)-nearby; i-- {
		if o := &e.Observables[i]; o.Value == v && o.Field == name {
			return
		}
	}
	if len(e.Observables) >= MaxObservables {
		e.Left++
		return
	}
	e.Observables = append(e.Observables, Observable{name, v})
}

func (e *Event) normalise(name string, t observable.Type, value string) bool {
	v, err := observable.Normalise(t, value)
	if err == nil {
		e.ObserveValue(name, v)
	}
	return err == nil
}

func (e *Event) observeAddress(name, value string) bool {
	if v, ok := observable.PlainIPv4(value); ok { // nearly all addresses are
		e.ObserveValue(name, v)
		return true
	}
	if !LooksLikeAddress(value) {
		return false
	}
	v, err := observable.Address(value)
	if err == nil {
		e.ObserveValue(name, v)
	}
	return err == nil
}

// LooksLikeAddress is a cheap test that every IP address passes.
func LooksLikeAddress[T string | []byte](s T) bool {
	if len(s) < len("::") || len(s) > 64 {
		return false
	}
	colon, dot := false, false
	for i := range len(s) {
		c := s[i]
		if !inAddress[c] { // as in "2026-11-08T10:00:00.5", which is in many a line
			return false
		}
		colon, dot = colon || c == ':', dot || c == '.' && i > 0
	}
	return colon || dot && s[0] <= '9' && s[len(s)-1] <= '9'
}

// inAddress holds the bytes that an IP address can have, with what is taken off before it is read: white space, brackets, a length.
var inAddress = func() (t [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF:./[] \t\n\v\f\r") {
		t[c] = true
	}
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = true
	}
	return t
}()

// observeName takes the longest tail of at least two labels that is a name, because tunnels put
// any octet into the labels before it, and the tail is what an indicator names. Text with spaces is prose.
func (e *Event) observeName(name, value string) {
	if v, ok := observable.PlainName(value); ok { // nearly all are
		e.ObserveValue(name, v)
		return
	}
	if strings.ContainsAny(value, " \t") {
		return
	}
	const longest = 1024 // four times what a name can have
	if cut := len(value) - longest; cut > 0 {
		_, value, _ = strings.Cut(value[cut:], ".")
	}
	for tail := value; !e.normalise(name, observable.Domain, tail); {
		dot := strings.IndexByte(tail, '.')
		if dot < 0 || strings.IndexByte(strings.TrimSuffix(tail[dot+1:], "."), '.') < 0 {
			return
		}
		tail = tail[dot+1:]
	}
}

func (e *Event) observeEmails(name, value string) {
	if e.normalise(name, observable.Email, value) || strings.IndexByte(value, ',') < 0 {
		return
	}
	for one := range strings.SplitSeq(value, ",") {
		e.normalise(name, observable.Email, one)
	}
}

func (e *Event) observeHash(name, value string) {
	if strings.IndexByte(value, ':') >= 0 {
		value = strings.ReplaceAll(value, ":", "")
	}
	switch len(value) {
	case 32:
		e.normalise(name, observable.MD5, value)
	case 40:
		e.normalise(name, observable.SHA1, value)
	case 64:
		e.normalise(name, observable.SHA256, value)
	}
}
