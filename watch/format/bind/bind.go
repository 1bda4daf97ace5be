// Package bind reads the logs of the name server BIND: its queries in the form of every version since 9, denials, failures, and what else its categories say.
//
// Source: BIND 9 administrator reference, the logging statement and categories, and ns_client_log, ns_query and xfrout in its source.
package bind

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "bind" }

func (format) New() event.Parser { return parser{} }

// Sniff counts the lines that read as BIND's.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 94, func(line []byte) bool {
		_, _, ok := cutLine(string(line))
		return ok
	})
}

var errLine = errors.New("a line of BIND's log has a time, and a category or a client")

type parser struct{ event.Stateless }

// Parse implements event.Parser. Times without a zone are read as UTC.
func (parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	line = bytes.TrimRight(line, "\r")
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	t, text, ok := cutLine(string(line))
	if !ok {
		return errLine
	}
	ev.Time, ev.Dataset = t, "bind"
	ev.Add("message", text)
	if !message(ev, text) {
		freetext.Scan(ev, "message", text)
	}
	return nil
}

// cutLine reads the time of a line and asks for what else BIND always has: a category or severity before a
// colon, or a client.
func cutLine(s string) (t time.Time, text string, ok bool) {
	t, text, ok = cutTime(s)
	if !ok {
		return t, "", false
	}
	word, _, _ := strings.Cut(text, " ")
	return t, text, word == "client" || isLabel(word)
}

// isLabel reports whether a word is a category or severity: "queries:", "lame-servers:", "info:".
func isLabel(word string) bool {
	name, ok := strings.CutSuffix(word, ":")
	return ok && name != "" && len(name) < 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-_") == ""
}

// cutTime reads "19-Oct-2022 05:34:02.425 " and the ISO 8601 forms of print-time.
func cutTime(s string) (time.Time, string, bool) {
	const layout = "02-Jan-2006 15:04:05.000"
	if len(s) > len(layout) && s[2] == '-' && s[len(layout)] == ' ' {
		t, err := time.Parse(layout, s[:len(layout)])
		return t.UTC(), s[len(layout)+1:], err == nil
	}
	stamp, rest, ok := strings.Cut(s, " ")
	if !ok || len(stamp) > 40 {
		return time.Time{}, "", false
	}
	t, ok := event.ParseTime(stamp)
	return t, rest, ok
}

// Message reads what named says through another log and reports whether it understood all of it. A time
// that the message brings replaces the carrier's if that has no year.
func Message(ev *event.Event, text string) bool {
	if t, rest, ok := cutTime(text); ok {
		if ev.Time.IsZero() || ev.Time.Year() == 0 {
			ev.Time = t
		}
		text = rest
	}
	return message(ev, text)
}

// message reads "[category: ][severity: ]text".
func message(ev *event.Event, text string) bool {
	for range 2 {
		word, rest, _ := strings.Cut(text, " ")
		if !isLabel(word) {
			break
		}
		switch label := word[:len(word)-1]; label {
		case "critical", "error", "warning", "notice", "info", "debug", "dynamic":
			ev.Add("log.level", label)
		default:
			ev.Add("bind.category", label)
		}
		text = rest
	}
	if rest, ok := strings.CutPrefix(text, "client "); ok {
		return client(ev, rest)
	}
	return resolving(ev, text)
}
