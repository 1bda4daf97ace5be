// Package zeekjson reads Zeek's JSON logs, with the same fields and observables as its tab-separated ones.
//
// Source: Zeek's JSON formatter (LogAscii::use_json) and the json-streaming-logs package, which adds _path.
package zeekjson

import (
	"bytes"
	"errors"
	"strings"

	"entente/watch/event"
	"entente/watch/format/jsonline"
	"entente/watch/format/zeekfield"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "zeekjson" }

func (format) New() event.Parser {
	return &parser{names: map[string]string{}, columns: map[columnKey]zeekfield.Column{}}
}

// Sniff counts the lines that have a time and what else only Zeek writes.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 96, func(line []byte) bool {
		return line[0] == '{' && bytes.Contains(line, []byte(`"ts"`)) &&
			(bytes.Contains(line, []byte(`"_path"`)) || bytes.Contains(line, []byte(`"id.orig_h"`)) || bytes.Contains(line, []byte(`"uid"`)))
	})
}

// Bounds of what a parser remembers of names, and of the values of one line.
const (
	maxNames  = 4096
	maxValues = 2 * event.MaxObservables
)

var (
	errTime = errors.New("a Zeek line needs ts, a time")
	errPath = errors.New("a Zeek _path is the name of a log")
)

type columnKey struct{ path, name string }

// value is one value of the line, kept until the log's name is known.
type value struct{ name, text string }

type parser struct {
	event.Stateless
	walker  jsonline.Walker
	texts   event.Texts
	names   map[string]string // names seen, so that each is allocated once
	columns map[columnKey]zeekfield.Column

	values            []value
	left              int
	path, guess, time string
}

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	p.left, p.path, p.guess, p.time = 0, "", "", ""
	err := p.walker.Walk(line, p)
	if err == nil {
		err = p.finish(ev)
	}
	clear(p.values)
	if p.values = p.values[:0]; cap(p.values) > event.MaxFields {
		p.values = nil
	}
	if err != nil {
		ev.Reset()
	}
	return err
}

// Visit takes one value of the line.
func (p *parser) Visit(n *jsonline.Node) {
	switch n.Kind {
	case jsonline.End, jsonline.Null:
		return
	case jsonline.Number:
		// Doubles and intervals; the tab-separated form writes them differently, and nothing is matched on them.
		if bytes.ContainsAny(n.Value, ".eE") && string(n.Path) != "ts" {
			return
		}
	}
	switch string(n.Path) {
	case "ts":
		p.time = p.texts.Of(n.Value)
		return
	case "_path":
		p.path = p.texts.Of(n.Value)
		return
	}
	if len(p.values) >= maxValues {
		p.left++
		return
	}
	name := p.name(n.Path)
	if p.guess == "" {
		p.guess = zeekfield.Guess(name)
	}
	p.values = append(p.values, value{name, p.texts.Of(n.Value)})
}

// name returns path as a string that is allocated once for all lines.
func (p *parser) name(path []byte) string {
	if name, ok := p.names[string(path)]; ok {
		return name
	}
	name := string(path)
	if len(p.names) < maxNames && len(name) <= zeekfield.MaxName {
		p.names[name] = name
	}
	return name
}

func (p *parser) finish(ev *event.Event) error {
	var ok bool
	if strings.IndexByte(p.time, '-') >= 0 {
		ev.Time, ok = event.ParseTime(p.time)
	} else {
		ev.Time, ok = event.ParseEpoch(p.time)
	}
	if !ok {
		return errTime
	}
	path := p.path
	if path == "" {
		path = p.guess
	} else if !zeekfield.ValidPath(path) {
		return errPath
	}
	ev.Dataset = zeekfield.Dataset(path)
	for _, v := range p.values {
		p.column(path, v.name).Put(ev, v.text)
	}
	ev.Left += p.left
	zeekfield.Finish(path, ev)
	return nil
}

func (p *parser) column(path, name string) zeekfield.Column {
	key := columnKey{path, name}
	c, ok := p.columns[key]
	if !ok {
		c = zeekfield.Of(path, name)
		if len(p.columns) < maxNames && len(name) <= zeekfield.MaxName {
			p.columns[columnKey{strings.Clone(path), name}] = c
		}
	}
	return c
}
