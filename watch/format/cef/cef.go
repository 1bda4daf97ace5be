// Package cef reads ArcSight's Common Event Format, alone or carried by syslog.
//
// Source: Micro Focus, Implementing ArcSight Common Event Format, version 26. In the header a backslash escapes
// the pipe and itself, in values of the extension the equals sign and itself, and "\n" and "\r" stand for line ends.
package cef

import (
	"bytes"
	"errors"
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "cef" }

func (format) New() event.Parser { return parser{} }

// Sniff counts the lines whose header is complete.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 98, func(line []byte) bool {
		_, _, ok := cutHeader(string(line))
		return ok
	})
}

var errHeader = errors.New("a CEF line starts with CEF:version and seven fields between pipes")

type parser struct{ event.Stateless }

// Parse implements event.Parser.
func (parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	line = bytes.TrimRight(line, "\r")
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	if Message(ev, string(line)) {
		return nil
	}
	ev.Reset()
	return errHeader
}

// header is what stands between the pipes.
type header struct{ vendor, product, version, class, name, severity string }

// Message reads a line and reports whether it is CEF; if not, it added nothing. The time that the extension says
// replaces the carrier's.
func Message(ev *event.Event, text string) bool {
	h, rest, ok := cutHeader(text)
	if !ok {
		return false
	}
	ev.Dataset = "cef"
	ev.Add("observer.vendor", h.vendor)
	ev.Add("observer.product", h.product)
	ev.Add("observer.version", h.version)
	ev.Add("event.code", h.class)
	ev.Add("cef.name", h.name)
	freetext.Scan(ev, "cef.name", h.name)
	ev.Add("event.severity", h.severity)
	extension(ev, rest)
	return true
}

// cutHeader reads "CEF:0|vendor|product|version|class|name|severity|".
func cutHeader(s string) (h header, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "CEF:")
	if !ok {
		return header{}, "", false
	}
	version, s, ok := strings.Cut(s, "|")
	if version = strings.TrimSpace(version); !ok || version == "" || len(version) > 4 || strings.Trim(version, "0123456789.") != "" {
		return header{}, "", false
	}
	for _, to := range []*string{&h.vendor, &h.product, &h.version, &h.class, &h.name} {
		if *to, s, ok = cutPipe(s); !ok {
			return header{}, "", false
		}
	}
	h.severity, rest, _ = cutPipe(s) // the last pipe may be missing where there is no extension
	return h, rest, true
}

// cutPipe cuts s at the first pipe that no backslash escapes.
func cutPipe(s string) (value, rest string, ok bool) {
	escaped := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '|':
			return unescape(s[:i], escaped), s[i+1:], true
		}
	}
	return unescape(s, escaped), "", false
}

// unescape undoes the escapes of header and extension; a backslash before anything else stands for itself, as in paths of
// Windows that a product forgot to escape.
func unescape(s string, escaped bool) string {
	if !escaped {
		return s
	}
	var b strings.Builder
	done := 0
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		c := s[i+1]
		switch c {
		case '\\', '|', '=':
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		default:
			continue
		}
		b.WriteString(s[done:i])
		b.WriteByte(c)
		i++
		done = i + 1
	}
	b.WriteString(s[done:])
	return b.String()
}
