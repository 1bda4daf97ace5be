// Package zeektsv reads Zeek's tab-separated logs: any log, by its own header, with any separators.
//
// Source: Zeek's ASCII writer (src/logging/writers/ascii) and "Zeek Log Formats and Inspection".
package zeektsv

import (
	"bytes"
	"errors"

	"entente/watch/event"
	"entente/watch/format/zeekfield"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "zeektsv" }

func (format) New() event.Parser { return new(parser) }

// Sniff looks for the header that every file starts with.
func (format) Sniff(head [][]byte) int {
	for _, line := range head {
		if bytes.HasPrefix(line, []byte("#separator ")) {
			return 100
		}
	}
	return 0
}

var (
	errHeader  = errors.New("a line without a Zeek header before it")
	errColumns = errors.New("not as many columns as the Zeek header says")
	errTime    = errors.New("a Zeek time is seconds since 1970")
	errState   = errors.New("not the state of a Zeek log")
)

type parser struct{ header header }

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		return event.ErrNoEvent
	}
	if line[0] == '#' {
		if err := p.header.take(line); err != nil {
			return err
		}
		return event.ErrNoEvent
	}
	err := p.record(line, ev)
	if err != nil {
		ev.Reset()
	}
	return err
}

// State implements event.Parser: the header in Zeek's own form.
func (p *parser) State() []byte { return p.header.text() }

// Restore implements event.Parser.
func (p *parser) Restore(state []byte) error {
	var restored header
	if len(state) > maxState {
		return errState
	}
	for line := range bytes.Lines(state) {
		if err := restored.take(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return errState
		}
	}
	if !bytes.Equal(restored.text(), state) {
		return errState
	}
	p.header = restored
	return nil
}

func (p *parser) record(line []byte, ev *event.Event) error {
	h := &p.header
	if !h.complete() {
		return errHeader
	}
	if bytes.Count(line, h.separator)+1 != len(h.columns) {
		return errColumns
	}
	ev.Dataset = zeekfield.Dataset(h.path)
	for i := range h.columns {
		var value []byte
		value, line, _ = bytes.Cut(line, h.separator)
		if bytes.Equal(value, h.unset) || bytes.Equal(value, h.empty) {
			continue
		}
		c := &h.columns[i]
		switch {
		case c.isTime:
			var ok bool
			if ev.Time, ok = event.ParseEpoch(string(value)); !ok {
				return errTime
			}
		case c.isList:
			for element := range bytes.SplitSeq(value, h.setSeparator) {
				if !bytes.Equal(element, h.unset) {
					c.Put(ev, c.text(element))
				}
			}
		default:
			c.Put(ev, c.text(value))
		}
	}
	zeekfield.Finish(h.path, ev)
	return nil
}
