package syslog

import (
	"strings"

	"entente/watch/event"
)

// header5424 reads what follows "<PRI>1 ": RFC 5424, section 6.
func header5424(s string, ev *event.Event) (message, bool) {
	var words [5]string // TIMESTAMP HOSTNAME APP-NAME PROCID MSGID
	limits := [5]int{64, 255, 48, 128, 32}
	for i := range words {
		var ok bool
		words[i], s, ok = strings.Cut(s, " ")
		if !ok || words[i] == "" || len(words[i]) > limits[i] {
			return message{}, false
		}
		if words[i] == "-" {
			words[i] = ""
		}
	}
	if words[0] != "" {
		var ok bool
		if ev.Time, ok = event.ParseTime(words[0]); !ok {
			return message{}, false
		}
	}
	ev.Add("host.hostname", words[1])
	ev.Add("log.syslog.msgid", words[4])
	text, ok := structuredData(s, ev)
	if !ok {
		return message{}, false
	}
	const byteOrderMark = "\uFEFF" // section 6.4: the message is UTF-8
	return message{program: words[2], pid: words[3], text: strings.TrimPrefix(text, byteOrderMark)}, true
}

// structuredData reads "-" or "[id name="value" …]…" and returns the message behind it. Each parameter is
// a field; a value that is an address is observed.
func structuredData(s string, ev *event.Event) (text string, ok bool) {
	if rest, none := strings.CutPrefix(s, "-"); none {
		return afterSpace(rest)
	}
	if !strings.HasPrefix(s, "[") {
		return "", false
	}
	for strings.HasPrefix(s, "[") {
		if s, ok = element(s[1:], ev); !ok {
			return "", false
		}
	}
	return afterSpace(s)
}

func afterSpace(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	return strings.CutPrefix(s, " ")
}

// element reads one element behind its opening bracket and returns what follows the closing one.
func element(s string, ev *event.Event) (rest string, ok bool) {
	id, s, ok := sdName(s)
	for ok && strings.HasPrefix(s, " ") {
		var name, value string
		if name, s, ok = sdName(s[1:]); !ok || !strings.HasPrefix(s, `="`) {
			return "", false
		}
		if value, s, ok = sdValue(s[2:]); ok {
			ev.Put("syslog."+id+"."+name, value, event.Address)
		}
	}
	if !ok {
		return "", false
	}
	return strings.CutPrefix(s, "]")
}

// sdName reads SD-NAME: up to 32 printable ASCII characters without = ] " and space.
func sdName(s string) (name, rest string, ok bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '=' || r == ']' || r == '"' })
	if end < 1 || end > 32 {
		return "", s, false
	}
	return s[:end], s[end:], true
}

// sdValue reads a value behind its opening quote, section 6.3.3: a backslash escapes " \ and ].
func sdValue(s string) (value, rest string, ok bool) {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			b.WriteString(s[done:i])
			return b.String(), s[i+1:], true
		case ']':
			return "", s, false
		case '\\':
			if i+1 < len(s) && strings.IndexByte(`"\]`, s[i+1]) >= 0 {
				b.WriteString(s[done:i])
				i++
				done = i
			}
		}
	}
	return "", s, false
}
