package format

import (
	"bytes"
	"errors"

	"entente/watch/event"
)

// EachName is the name of the format that Each returns.
const EachName = "each"

var (
	errNone  = errors.New("no known log format recognises this line")
	errState = errors.New("lines of several formats stand alone: there is no state to restore")
)

// Each returns the format of a source to which many programs write, such as a syslog port: every line is
// read by the one of formats that recognises it best alone. The text behind a syslog header may be of a format of
// its own (JSON, CEF): then that reads the text. Formats that need a header line never come into play.
func Each(formats []event.Format) event.Format { return each{formats} }

type each struct{ formats []event.Format }

func (each) Name() string { return EachName }

// Sniff says 0: a file is of one format.
func (each) Sniff([][]byte) int { return 0 }

func (e each) New() event.Parser {
	p := &eachParser{formats: e.formats, parsers: make([]event.Parser, len(e.formats))}
	for i, f := range e.formats {
		p.parsers[i] = f.New()
	}
	return p
}

type eachParser struct {
	formats []event.Format
	parsers []event.Parser
	inner   event.Event
}

// Parse implements event.Parser.
func (p *eachParser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	best := p.best(line)
	if best < 0 {
		return errNone
	}
	if err := p.parsers[best].Parse(line, ev); err != nil {
		return err
	}
	p.unwrap(line, ev)
	return nil
}

// State implements event.Parser.
func (*eachParser) State() []byte { return nil }

// Restore implements event.Parser.
func (*eachParser) Restore(state []byte) error {
	if len(state) > 0 {
		return errState
	}
	return nil
}

// best is the index of the format that recognises text, -1 for none.
func (p *eachParser) best(text []byte) int {
	at, highest := -1, Enough-1
	head := [][]byte{text}
	for i, f := range p.formats {
		if score := f.Sniff(head); score > highest {
			at, highest = i, score
		}
	}
	return at
}

// unwrap reads what stands behind a syslog header, if it is of a format with a syntax of its own. The event is
// then the inner one, with the header's host, and its time where the text has none.
func (p *eachParser) unwrap(line []byte, ev *event.Event) {
	i := bytes.IndexByte(line, '{')
	if j := bytes.Index(line, []byte("CEF:")); j >= 0 && (i < 0 || j < i) {
		i = j
	}
	if i <= 0 || ev.Get("message") == "" {
		return
	}
	text := bytes.TrimSpace(line[i:])
	if text[0] == '{' && text[len(text)-1] != '}' {
		return
	}
	best := p.best(text)
	if best < 0 || p.parsers[best].Parse(text, &p.inner) != nil {
		return
	}
	at, host := ev.Time, ev.Get("host.hostname")
	*ev, p.inner = p.inner, *ev
	if ev.Time.IsZero() {
		ev.Time = at
	}
	if ev.Get("host.hostname") == "" {
		ev.Add("host.hostname", host)
	}
}
