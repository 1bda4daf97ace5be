package weblog

import (
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/freetext"
	"entente/watch/format/webfield"
)

// apacheError reads "[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] text" and its form since 2.4,
// "[… 04:47:44.203277 2005] [core:error] [pid 7:tid 8] [client 192.0.2.1:4022] text".
func apacheError(s string, ev *event.Event) bool {
	stamp, rest, ok := cutGroup(s)
	if !ok {
		return false
	}
	t, err := time.Parse("Mon Jan 2 15:04:05 2006", stamp) // accepts a fraction
	if err != nil {
		return false
	}
	ev.Time, ev.Dataset = t.UTC(), "web.error"
	for {
		group, after, ok := cutGroup(rest)
		if !ok || !errorGroup(group, ev) {
			break
		}
		rest = after
	}
	if ev.Get("log.level") == "" {
		return false
	}
	webfield.Text(ev, "message", rest)
	return true
}

// cutGroup takes "[group]" and the spaces behind it off the start of s.
func cutGroup(s string) (group, rest string, ok bool) {
	if !strings.HasPrefix(s, "[") {
		return "", s, false
	}
	group, rest, ok = strings.Cut(s[1:], "]")
	return group, strings.TrimLeft(rest, " "), ok
}

func errorGroup(group string, ev *event.Event) bool {
	if client, ok := strings.CutPrefix(group, "client "); ok {
		return errorClient(client, ev)
	}
	if pid, ok := strings.CutPrefix(group, "pid "); ok {
		pid, _, _ = strings.Cut(pid, ":")
		ev.Add("process.pid", pid)
		return true
	}
	level := group[strings.LastIndexByte(group, ':')+1:]
	if ev.Get("log.level") != "" || !isLevel(level) {
		return false
	}
	ev.Add("log.level", level)
	return true
}

// errorClient reads "192.0.2.1", and since 2.4 "192.0.2.1:4022", where an IPv6 address
// has no brackets: "::1:4022" is ::1 in a line that has a process group.
func errorClient(client string, ev *event.Event) bool {
	host, port := event.CutPort(client)
	if i := strings.LastIndexByte(client, ':'); i > 0 && ev.Get("process.pid") != "" && webfield.IsNumber(client[i+1:]) {
		host, port = client[:i], client[i+1:]
	}
	if ev.PutAddress("source.ip", strings.Trim(host, "[]")) {
		ev.Add("source.port", port)
		return true
	}
	return ev.PutAddress("source.ip", client)
}

func isLevel(s string) bool {
	switch strings.TrimRight(s, "12345678") {
	case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug", "trace":
		return true
	default:
		return false
	}
}

// nginxError reads "2021/09/30 09:23:53 [error] 19#19: *17 text, client: 192.0.2.1, server: _, request: "GET / HTTP/1.1", host: "h"".
func nginxError(s string, ev *event.Event) bool {
	const layout = "2006/01/02 15:04:05"
	if len(s) < len(layout)+2 || s[len(layout)] != ' ' {
		return false
	}
	t, err := time.Parse(layout, s[:len(layout)])
	level, rest, ok := cutGroup(s[len(layout)+1:])
	if err != nil || !ok || !isLevel(level) {
		return false
	}
	ev.Time, ev.Dataset = t.UTC(), "web.error"
	ev.Add("log.level", level)
	if process, text, ok := strings.Cut(rest, ": "); ok {
		pid, _, hasThread := strings.Cut(process, "#")
		if hasThread && webfield.IsNumber(pid) {
			ev.Add("process.pid", pid)
			rest = text
		}
	}
	putErrorClient(rest, ev)
	ev.Add("message", rest)
	freetext.Scan(ev, "message", rest)
	host, _ := attribute(rest, `, host: "`)
	host, port := event.CutPort(host)
	if host != "" {
		ev.Put("url.domain", host, event.Host)
	}
	if request, ok := attribute(rest, `, request: "`); ok {
		webfield.Request(ev, request, host, port)
	}
	return true
}

// putErrorClient adds who the line is about: "*17 client 192.0.2.1:4022 connected to …" or "…, client: 192.0.2.1, …".
func putErrorClient(text string, ev *event.Event) {
	connection, rest, _ := strings.Cut(text, " ")
	if rest, ok := strings.CutPrefix(rest, "client "); ok && strings.HasPrefix(connection, "*") {
		peer, rest, _ := strings.Cut(rest, " ")
		host, port := event.CutPort(peer)
		if server, ok := strings.CutPrefix(rest, "connected to "); ok && ev.PutAddress("source.ip", host) {
			ev.Add("source.port", port)
			host, port = event.CutPort(server)
			ev.PutAddress("destination.ip", host)
			ev.Add("destination.port", port)
			return
		}
	}
	if client, ok := onlyClient(text); ok {
		ev.PutAddress("source.ip", client)
	}
}

// onlyClient returns the address behind ", client: " if the line names but one. nginx does not
// escape what it quotes here, so a request can hold the words; where two addresses contradict, none is the client, and
// the search of the text observes both.
func onlyClient(s string) (client string, ok bool) {
	for {
		_, rest, found := strings.Cut(s, ", client: ")
		if !found {
			return client, client != ""
		}
		end := strings.IndexAny(rest, `, "`)
		if end < 0 {
			end = len(rest)
		}
		if client != "" && client != rest[:end] {
			return "", false
		}
		client, s = rest[:end], rest[end:]
	}
}

// attribute returns the quoted value behind the last name.
func attribute(s, name string) (string, bool) {
	i := strings.LastIndex(s, name)
	if i < 0 {
		return "", false
	}
	value, _, ok := quoted(s[i+len(name):])
	return value, ok
}
