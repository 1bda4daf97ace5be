package weblog

import (
	"strings"

	"entente/watch/event"
	"entente/watch/format/webfield"
)

// proxyManager reads the lines that start with their time: Nginx Proxy Manager's
// `[time] [cache status ]status - METHOD scheme host "target" [Client a] [Length n] [Gzip g] [Sent-to s] "agent" "referrer"`,
// and `[time] host client seconds "request" status …`.
func proxyManager(s string, ev *event.Event) bool {
	stamp, rest, ok := cutGroup(s)
	if !ok {
		return false
	}
	if ev.Time, ok = accessTime(stamp); !ok {
		return false
	}
	before, after, ok := strings.Cut(rest, `"`)
	if !ok || len(before) > 1024 {
		return false
	}
	target, rest, ok := quoted(after)
	if !ok {
		return false
	}
	ev.Dataset = "web.access"
	words := strings.Fields(before)
	if n := len(words); n >= 5 && words[n-4] == "-" && webfield.IsMethod(words[n-3]) {
		return proxied(words[n-5:], target, rest, ev)
	}
	if len(words) < 2 || !ev.PutAddress("source.ip", words[1]) {
		return false
	}
	host, port := event.CutPort(words[0])
	ev.Put("url.domain", host, event.Host)
	webfield.Request(ev, target, host, port)
	answer(rest, ev)
	return true
}

// proxied reads words, "status - METHOD scheme host", and what follows the target.
func proxied(words []string, target, rest string, ev *event.Event) bool {
	_, client, ok := strings.Cut(rest, "[Client ")
	client, tail, ok2 := strings.Cut(client, "]")
	if !ok || !ok2 || !ev.PutAddress("source.ip", client) {
		return false
	}
	if webfield.IsNumber(words[0]) {
		ev.Add("http.response.status_code", words[0])
	}
	host, port := event.CutPort(words[4])
	ev.Put("url.domain", host, event.Host)
	webfield.Request(ev, words[2]+" "+target, host, port)
	for {
		var group string
		if group, tail, ok = cutGroup(strings.TrimLeft(tail, " ")); !ok {
			break
		}
		if server, ok := strings.CutPrefix(group, "Sent-to "); ok {
			ev.Put("destination.address", server, event.Host)
		}
		if size, ok := strings.CutPrefix(group, "Length "); ok && webfield.IsNumber(size) {
			ev.Add("http.response.body.bytes", size)
		}
	}
	if strings.HasPrefix(tail, `"`) {
		var agent string
		if agent, tail, ok = quoted(tail[1:]); ok {
			webfield.Agent(ev, agent)
		}
	}
	if tail = strings.TrimLeft(tail, " "); strings.HasPrefix(tail, `"`) {
		if referrer, _, ok := quoted(tail[1:]); ok {
			webfield.Referrer(ev, referrer)
		}
	}
	return true
}
