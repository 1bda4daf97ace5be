// Package weblog reads the logs of web servers: common, combined and virtual-host access lines, Nginx Proxy Manager's, and the error logs of Apache and nginx.
//
// Source: Apache mod_log_config and core ErrorLogFormat, nginx ngx_http_log_module
// and ngx_log.c. Servers escape quotes in what a client sent, brackets they do not: quotes are what lines are taken apart by.
package weblog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"

	"entente/watch/event"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "weblog" }

func (format) New() event.Parser { return parser{} }

// Sniff counts the lines that read as one of the forms.
func (format) Sniff(head [][]byte) int {
	var ev event.Event
	return event.Share(head, 92, func(line []byte) bool { return (parser{}).Parse(line, &ev) == nil })
}

var errForm = errors.New("not a line of a web server's access or error log")

type parser struct{ event.Stateless }

// Parse implements event.Parser. Error logs have no zone: their times are read as UTC.
func (parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	line = bytes.TrimRight(line, "\r")
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	s := string(line)
	for _, form := range []func(string, *event.Event) bool{access, apacheError, nginxError, proxyManager} {
		if form(s, ev) {
			return nil
		}
		ev.Reset()
	}
	return errForm
}

// quoted reads a value behind its opening quote, with the escapes of Apache and nginx undone: \" \\ \n \r \t \b \v \xHH.
func quoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			if done == 0 {
				return s[:i], s[i+1:], true
			}
			b.WriteString(s[done:i])
			return b.String(), s[i+1:], true
		case '\\':
			c, length := escape(s[i:])
			if length == 0 {
				continue
			}
			b.WriteString(s[done:i])
			b.WriteByte(c)
			i += length - 1
			done = i + 1
		}
	}
	return "", s, false
}

// escape decodes the escape at the start of s; the length is 0 if it is none, and the backslash stands for itself.
func escape(s string) (c byte, length int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\':
		return s[1], 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'v':
		return '\v', 2
	case 'x':
		if len(s) >= 4 {
			if b, err := hex.DecodeString(s[2:4]); err == nil {
				return b[0], 4
			}
		}
	}
	return 0, 0
}
