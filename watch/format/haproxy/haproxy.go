// Package haproxy reads the log lines of HAProxy: HTTP, TCP and connection errors, alone or carried by syslog.
//
// Source: HAProxy's configuration manual, chapter 8 (8.2.2 TCP, 8.2.3 HTTP, 8.2.4 HTTPS, 8.2.5 errors).
// What a client sent is written with every quote and control character as "#XX", so a quote ends the request.
package haproxy

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/freetext"
	"entente/watch/format/webfield"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "haproxy" }

func (format) New() event.Parser { return parser{} }

// Sniff counts the lines that read as one of the forms.
func (format) Sniff(head [][]byte) int {
	var ev event.Event
	return event.Share(head, 93, func(line []byte) bool { return (parser{}).Parse(line, &ev) == nil })
}

var errForm = errors.New("not a line of HAProxy's HTTP, TCP or error log")

type parser struct{ event.Stateless }

// Parse implements event.Parser. The log has no zone: its times are read as UTC.
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
	return errForm
}

// Message reads "client:port [date] frontend[~] rest" and reports whether it is that; if not, it added nothing. The
// date of the line, which has a year, becomes the event's time where the carrier's time has none.
func Message(ev *event.Event, text string) bool {
	client, rest, ok := strings.Cut(text, " [")
	if !ok || len(client) > 64 {
		return false
	}
	stamp, rest, ok := strings.Cut(rest, "] ")
	if !ok {
		return false
	}
	t, ok := acceptTime(stamp)
	if !ok {
		return false
	}
	frontend, rest, ok := strings.Cut(rest, " ")
	colon := strings.LastIndexByte(client, ':') // an IPv6 address has no brackets
	if !ok || colon < 0 || !ev.PutAddress("source.ip", strings.Trim(client[:colon], "[]")) {
		return false
	}
	if ev.Time.IsZero() || ev.Time.Year() == 0 {
		ev.Time = t
	}
	ev.Add("source.port", client[colon+1:])
	if bind, isError := strings.CutSuffix(frontend, ":"); isError {
		bind, _, _ = strings.Cut(bind, "/")
		ev.Dataset = "haproxy.error"
		ev.Add("haproxy.frontend_name", strings.TrimSuffix(bind, "~"))
		ev.Add("error.message", rest)
		freetext.Scan(ev, "error.message", rest)
		return true
	}
	ev.Add("haproxy.frontend_name", strings.TrimSuffix(frontend, "~"))
	session(ev, rest)
	return true
}

// acceptTime reads "04/Apr/2024:14:30:18.885".
func acceptTime(s string) (time.Time, bool) {
	const layout = "02/Jan/2006:15:04:05"
	if len(s) < len(layout) || len(s) > len(layout)+len(".123456") {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, s) // takes a fraction
	return t.UTC(), err == nil
}

// session reads what follows the frontend: "backend/server timers [status ]bytes …". The timers tell
// HTTP (five) from TCP (three).
func session(ev *event.Event, s string) {
	ev.Dataset = "haproxy"
	target, rest, _ := strings.Cut(s, " ")
	timers, rest, ok := strings.Cut(rest, " ")
	if ok {
		backend, server, _ := strings.Cut(target, "/")
		ev.Add("haproxy.backend_name", backend)
		if !strings.HasPrefix(server, "<") { // <NOSRV>, <STATS>
			ev.Add("haproxy.server_name", server)
		}
	}
	switch {
	case ok && strings.Count(timers, "/") == 2:
		ev.Dataset = "haproxy.tcp"
		size, rest, _ := strings.Cut(rest, " ")
		state, rest, _ := strings.Cut(rest, " ")
		ev.Add("network.transport", "tcp")
		ev.Add("destination.bytes", strings.TrimPrefix(size, "+"))
		ev.Add("haproxy.termination_state", state)
		extra(ev, rest)
	case ok && strings.Count(timers, "/") == 4:
		ev.Dataset = "web.access"
		http(ev, rest)
	default:
		extra(ev, s)
	}
}

// http reads "status bytes cookie cookie state connections queues [{…}] [{…}] "request"[ …]".
func http(ev *event.Event, s string) {
	var words [7]string
	for i := range words {
		words[i], s, _ = strings.Cut(s, " ")
	}
	if webfield.IsNumber(words[0]) {
		ev.Add("http.response.status_code", words[0])
	}
	ev.Add("http.response.bytes", strings.TrimPrefix(words[1], "+"))
	ev.Add("haproxy.termination_state", words[4])
	for strings.HasPrefix(s, "{") {
		headers, rest, ok := strings.Cut(s[1:], "} ")
		if !ok {
			break
		}
		captured(ev, headers)
		s = rest
	}
	rest, ok := strings.CutPrefix(s, `"`)
	if !ok {
		extra(ev, s)
		return
	}
	request, rest, _ := strings.Cut(rest, `"`)
	if request != "<BADREQ>" {
		webfield.Request(ev, request, "", "")
	}
	extra(ev, strings.TrimLeft(rest, " "))
}

// captured adds header fields that the configuration captures. Their names are not logged: a value that looks like one
// is observed as host name or address, in others the search is for what has a form of its own.
func captured(ev *event.Event, headers string) {
	for value := range strings.SplitSeq(headers, "|") {
		ev.Add("haproxy.captured_headers", value)
		if strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]") == "" && strings.IndexByte(value, '.') > 0 {
			host, _ := event.CutPort(value)
			ev.Observe("haproxy.captured_headers", host, event.Host)
			continue
		}
		freetext.Scan(ev, "haproxy.captured_headers", value)
	}
}

// extra adds what a configuration appends.
func extra(ev *event.Event, s string) { webfield.Text(ev, "haproxy.extra", s) }
