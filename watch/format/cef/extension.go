package cef

import (
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// extension reads "key=value key=value …". A value may hold spaces, and products leave equals signs in it as they
// are: a key is what stands between a space and an equals sign and consists of letters and digits.
func extension(ev *event.Event, s string) {
	s = strings.TrimLeft(s, " ")
	key, at, ok := nextKey(s, 0)
	if !ok || at != 0 {
		if s != "" {
			ev.Add("cef.extension", s)
			freetext.Scan(ev, "cef.extension", s)
		}
		return
	}
	var t times
	for ok {
		start := at + len(key) + 1
		next, nextAt, more := nextKey(s, start)
		end := len(s)
		if more {
			end = nextAt - 1
		}
		raw := strings.TrimRight(s[start:max(start, end)], " ")
		put(ev, &t, key, unescape(raw, strings.IndexByte(raw, '\\') >= 0))
		key, at, ok = next, nextAt, more
	}
	t.set(ev)
}

// nextKey finds the next key from at on: it starts at the beginning of s or behind a space.
func nextKey(s string, at int) (key string, start int, ok bool) {
	for i := at; i < len(s); i++ {
		if s[i] != '=' {
			continue
		}
		start = i
		for start > at && isKeyByte(s[start-1]) && i-start <= maxKey {
			start--
		}
		if start < i && i-start <= maxKey && (start == 0 || s[start-1] == ' ') {
			return s[start:i], start, true
		}
	}
	return "", 0, false
}

const maxKey = 64

func isKeyByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '[' || c == ']' || c == '-'
}

// put adds one pair, under its ECS name if it has one and as "cef.<key>" if it has none.
func put(ev *event.Event, t *times, key, value string) {
	if value == "" || t.take(key, value) {
		return
	}
	c := columns(key)
	if c.name == "" {
		c = column{"cef." + key, event.Address, true}
		if strings.HasPrefix(key, "c6a") && !strings.HasSuffix(key, "Label") {
			c.text = false
		}
	}
	if key == "proto" {
		value = strings.ToLower(value)
	}
	ev.Put(c.name, value, c.as)
	if c.text {
		freetext.Scan(ev, c.name, value)
	}
}

// times are those of the extension: of the event, else of its receipt, its start, its end.
type times struct{ receipt, start, end time.Time }

func (t *times) take(key, value string) bool {
	var to *time.Time
	switch key {
	case "rt":
		to = &t.receipt
	case "start":
		to = &t.start
	case "end":
		to = &t.end
	default:
		return false
	}
	parsed, ok := parseTime(value)
	if ok {
		*to = parsed
	}
	return ok
}

func (t *times) set(ev *event.Event) {
	for _, one := range []time.Time{t.receipt, t.start, t.end} {
		if !one.IsZero() {
			ev.Time = one
			return
		}
	}
}

// parseTime reads milliseconds since 1970, and "Nov 03 2026 08:00:01[.000][ UTC]". Other zones have no offset that would be
// certain; such a time is read as UTC like one without a zone. One without a year is left to the carrier.
func parseTime(s string) (time.Time, bool) {
	if t, ok := event.ParseEpoch(s); ok {
		return t, true
	}
	if t, ok := event.ParseTime(s); ok {
		return t, true
	}
	const layout = "Jan 2 2006 15:04:05" // takes a fraction
	if len(s) < len("Nov 3 2026 08:00:01") || len(s) > 40 {
		return time.Time{}, false
	}
	if i := strings.LastIndexByte(s, ' '); i > len("Nov 3 2026 ") && strings.IndexByte(s[i:], ':') < 0 {
		s = s[:i]
	}
	t, err := time.Parse(layout, s)
	return t.UTC(), err == nil
}
