package weblog

import (
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/webfield"
)

// access reads "[vhost[:port] ]client ident user [time] "request" status bytes[ "referrer" "agent"][ …]".
//
// The user may hold spaces and brackets, so the time is what stands before the first quote.
func access(s string, ev *event.Event) bool {
	before, after, ok := strings.Cut(s, `] "`)
	if !ok {
		return false
	}
	open := strings.LastIndexByte(before, '[')
	if open < 1 {
		return false
	}
	if ev.Time, ok = accessTime(before[open+1:]); !ok {
		return false
	}
	host, port, ok := parties(before[:open], ev)
	if !ok {
		return false
	}
	request, rest, ok := quoted(after)
	if !ok {
		return false
	}
	ev.Dataset = "web.access"
	if request != "-" {
		webfield.Request(ev, request, host, port)
	}
	answer(rest, ev)
	return true
}

// parties reads what stands before the time.
func parties(s string, ev *event.Event) (host, port string, ok bool) {
	first, rest, ok := strings.Cut(s, " ")
	if !ok {
		return "", "", false
	}
	if !putClient(first, ev) {
		second, tail, _ := strings.Cut(rest, " ")
		switch {
		case putClient(second, ev):
			host, port = event.CutPort(first)
			ev.Add("url.domain", host)
			ev.Observe("url.domain", host, event.Host)
			rest = tail
		case strings.Count(s, " ") >= 3: // "client ident user ", the client looked up
			ev.Put("source.domain", first, event.Name)
		default:
			return "", "", false
		}
	}
	for putForwarded(&rest, ev) {
	}
	if _, user, ok := strings.Cut(rest, " "); ok {
		if user = strings.TrimSpace(user); strings.Trim(user, "- ") != "" {
			ev.Add("user.name", user)
		}
	}
	return host, port, true
}

// putClient adds the client's address, which a comma follows where a proxy's list was logged.
func putClient(word string, ev *event.Event) bool {
	return ev.PutAddress("source.ip", strings.TrimSuffix(word, ","))
}

// putForwarded takes one more address of such a list off the start of s.
func putForwarded(s *string, ev *event.Event) bool {
	word, rest, _ := strings.Cut(*s, " ")
	if !ev.PutAddress("network.forwarded_ip", strings.TrimSuffix(word, ",")) {
		return false
	}
	*s = rest
	return true
}

// answer reads what follows the request: numbers, then quoted fields. What is not
// of the combined format is a server's own addition, a forwarded address often.
func answer(s string, ev *event.Event) {
	status, s, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	if webfield.IsNumber(status) {
		ev.Add("http.response.status_code", status)
	}
	size, _, _ := strings.Cut(s, " ")
	if webfield.IsNumber(size) {
		ev.Add("http.response.body.bytes", size)
		s = strings.TrimLeft(s[len(size):], " ")
	}
	s = strings.TrimPrefix(s, "- ")
	if strings.HasPrefix(s, `"`) {
		referrer, rest, ok := quoted(s[1:])
		if !ok {
			webfield.Text(ev, "web.extra", s)
			return
		}
		webfield.Referrer(ev, referrer)
		s = strings.TrimLeft(rest, " ")
		if strings.HasPrefix(s, `"`) {
			if agent, rest, ok := quoted(s[1:]); ok {
				webfield.Agent(ev, agent)
				s = strings.TrimLeft(rest, " ")
			}
		}
	}
	webfield.Text(ev, "web.extra", s)
}

// accessTime reads "10/Oct/2000:13:55:36 -0700".
func accessTime(s string) (time.Time, bool) {
	const layout = "02/Jan/2006:15:04:05 -0700"
	if len(s) != len(layout) {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, s)
	return t.UTC(), err == nil
}
