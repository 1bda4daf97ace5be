// Package webfield puts what a client of a web server sent into events: requests, referrers and user agents, the same for every server's log.
package webfield

import (
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// Request adds a request line, "METHOD target HTTP/1.1", or whatever else a client sent in its place.
func Request(ev *event.Event, line, host, port string) {
	method, rest, ok := strings.Cut(line, " ")
	if !ok || !IsMethod(method) {
		Text(ev, "web.request", line)
		return
	}
	target := rest
	if i := strings.LastIndex(rest, " HTTP/"); i >= 0 {
		target = rest[:i]
		ev.Add("http.version", rest[i+len(" HTTP/"):])
	}
	ev.Add("http.request.method", method)
	Text(ev, "url.original", target)
	ev.AddRequest(host, port, target)
}

// IsMethod reports whether s can be the method of a request.
func IsMethod(s string) bool {
	return s != "" && len(s) <= 24 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// Text adds a field that a client wrote and looks for values within; "-" stands for nothing.
func Text(ev *event.Event, name, text string) {
	if text == "-" {
		return
	}
	ev.Add(name, text)
	freetext.Scan(ev, name, text)
}

// Agent adds a user agent. The versions of its products (RFC 9110 section
// 10.1.5, "Chrome/141.0.0.0") look like addresses and are none; what else a
// client wrote there is looked at.
func Agent(ev *event.Event, agent string) {
	if agent == "-" {
		return
	}
	ev.Add("user_agent.original", agent)
	var rest strings.Builder
	for agent != "" {
		slash := strings.IndexByte(agent, '/')
		if slash < 1 || agent[slash-1] < 'A' {
			slash = strings.IndexByte(agent, ' ')
			if slash < 0 {
				break
			}
			rest.WriteString(agent[:slash+1])
			agent = agent[slash+1:]
			continue
		}
		rest.WriteString(agent[:slash] + " ")
		agent = strings.TrimLeft(agent[slash+1:], "0123456789.")
	}
	freetext.Scan(ev, "user_agent.original", rest.String()+agent)
}

// Referrer adds a referrer; "-" stands for none.
func Referrer(ev *event.Event, referrer string) {
	if referrer != "-" {
		ev.Put("http.request.referrer", referrer, event.URL)
	}
}

// IsNumber reports whether s is decimal digits, few enough for an int64.
func IsNumber(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
