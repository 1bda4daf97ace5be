package syslog

import (
	"strings"
	"time"

	"entente/watch/event"
)

// header3164 reads "TIMESTAMP HOST TAG: text" with all that is left out in practice:
// the host, the tag, the colon; and "TIMESTAMP" in ISO 8601, as rsyslog, syslog-ng and journald
// write it, where a tag is required, because many other logs start with such a time.
func header3164(s string, ev *event.Event) (message, bool) {
	t, rest, iso, ok := cutTime(s)
	if !ok {
		return message{}, false
	}
	ev.Time = t
	rest = strings.TrimLeft(rest, " ")
	if m, ok := cutTag(rest); ok { // no host
		return m, true
	}
	host, rest, _ := strings.Cut(rest, " ")
	m, tagged := cutTag(strings.TrimLeft(rest, " "))
	if host == "" || iso && !tagged && !strings.HasPrefix(m.text, "CEF:") {
		return message{}, false
	}
	ev.Add("host.hostname", host)
	return m, true
}

// cutTag reads "program[pid]: text", "program: text" and "program(module)[pid]: text". Without one, all is text.
func cutTag(s string) (message, bool) {
	whole := message{text: s}
	end := strings.IndexAny(s, ":[ ")
	if end <= 0 || end > 128 || s[end] == ' ' {
		return whole, false
	}
	m := message{program: s[:end]}
	if open := strings.IndexByte(m.program, '('); open > 0 {
		m.program = m.program[:open]
	}
	if s[end] == '[' {
		length := strings.IndexByte(s[end:], ']')
		if length < 0 || length > 64 {
			return whole, false
		}
		m.pid = s[end+1 : end+length]
		end += length + 1
	}
	rest := s[end:]
	if m.pid == "" && !strings.HasPrefix(rest, ": ") && rest != ":" {
		return whole, false // "12:30", "fe80::1"
	}
	m.text = strings.TrimLeft(strings.TrimPrefix(rest, ":"), " ")
	return m, true
}

// cutTime reads "Jun 14 15:16:01", with a fraction of a second or a year behind the day if there is one, or ISO 8601.
func cutTime(s string) (t time.Time, rest string, iso, ok bool) {
	if s != "" && '0' <= s[0] && s[0] <= '9' {
		word, rest, _ := strings.Cut(s, " ")
		t, ok = event.ParseTime(word)
		return t, rest, true, ok
	}
	s = strings.TrimLeft(s, "*") // Cisco: the clock is not synchronised
	if len(s) < len("Jun 14 15:16:01") || s[3] != ' ' {
		return t, s, false, false
	}
	month := monthOf(s[:3])
	day, rest, ok := cutNumber(strings.TrimLeft(s[4:], " "), ' ')
	if month == 0 || !ok {
		return t, s, false, false
	}
	year := 0
	if len(rest) > 5 && rest[4] == ' ' {
		if year, rest, ok = cutNumber(rest, ' '); !ok {
			return t, s, false, false
		}
	}
	clock, rest, _ := strings.Cut(rest, " ")
	t, ok = clockOn(year, month, day, strings.TrimSuffix(clock, ":"))
	return t, rest, false, ok
}

// clockOn reads "15:16:01" with an optional fraction.
func clockOn(year int, month time.Month, day int, clock string) (time.Time, bool) {
	const layout = "15:16:01"
	if len(clock) < len(layout) || len(clock) > len(layout)+10 {
		return time.Time{}, false
	}
	hour, rest, ok1 := cutNumber(clock, ':')
	minute, rest, ok2 := cutNumber(rest, ':')
	whole, fraction, _ := strings.Cut(rest, ".")
	second, _, ok3 := cutNumber(whole, 0)
	nanos, _, ok4 := cutNumber((fraction + "000000000")[:9], 0)
	if !(ok1 && ok2 && ok3 && ok4) {
		return time.Time{}, false
	}
	return event.Date(year, month, day, hour, minute, second, nanos)
}

// cutNumber reads decimal digits up to end; end 0 stands for the end of s.
func cutNumber(s string, end byte) (n int, rest string, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c == end && i > 0 {
			return n, s[i+1:], true
		}
		if c < '0' || c > '9' || i >= 9 {
			return 0, s, false
		}
		n = n*10 + int(c-'0')
	}
	return n, "", end == 0 && s != ""
}

func monthOf(s string) time.Month {
	switch s {
	case "Jan":
		return time.January
	case "Feb":
		return time.February
	case "Mar":
		return time.March
	case "Apr":
		return time.April
	case "May":
		return time.May
	case "Jun":
		return time.June
	case "Jul":
		return time.July
	case "Aug":
		return time.August
	case "Sep":
		return time.September
	case "Oct":
		return time.October
	case "Nov":
		return time.November
	case "Dec":
		return time.December
	default:
		return 0
	}
}
