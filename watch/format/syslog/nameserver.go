package syslog

import (
	"strings"

	"entente/watch/event"
)

// maxQuery bounds how much of a message is taken apart into words.
const maxQuery = 2048

// bind reads "client @0x… 192.0.2.1#53 (name): query: name IN A …" and the denials, whose name
// stands as 'name/type/class'.
func bind(ev *event.Event, text string) {
	_, rest, ok := strings.Cut(text, "client ")
	if !ok {
		return
	}
	if strings.HasPrefix(rest, "@") {
		_, rest, _ = strings.Cut(rest, " ")
	}
	address, rest, _ := strings.Cut(rest, "#")
	if !ev.PutAddress("source.ip", address) {
		return
	}
	port, rest, _ := strings.Cut(rest, " ")
	ev.Add("source.port", strings.TrimSuffix(port, ":"))
	if _, query, ok := strings.Cut(rest, "query: "); ok {
		if words := words(query); len(words) >= 3 {
			question(ev, words[0], words[2])
			return
		}
	}
	if _, query, ok := strings.Cut(rest, "'"); ok {
		query, _, _ = strings.Cut(query, "'")
		name, kind, _ := strings.Cut(query, "/")
		kind, _, _ = strings.Cut(kind, "/")
		question(ev, name, kind)
		return
	}
	if name, _, ok := strings.Cut(strings.TrimPrefix(rest, "("), ")"); ok {
		question(ev, name, "")
	}
}

// dnsmasq reads "query[A] name from address", "reply name is answer", "cached name is answer" and
// "forwarded name to address", behind a serial number and the asker if it is told to log them.
func dnsmasq(ev *event.Event, text string) {
	words := words(text)
	if len(words) >= 6 && strings.Contains(words[1], "/") {
		words = words[2:]
	}
	if len(words) < 4 {
		return
	}
	verb, name, object := words[0], words[1], words[3]
	kind, isQuery := strings.CutPrefix(verb, "query[")
	switch {
	case isQuery:
		question(ev, name, strings.TrimSuffix(kind, "]"))
		ev.PutAddress("source.ip", object)
	case verb == "reply" || verb == "cached" || verb == "config":
		question(ev, name, "")
		if !strings.HasPrefix(object, "<") { // <CNAME>, <NODATA>
			ev.Put("dns.answers.data", object, event.Host)
		}
	case verb == "forwarded":
		question(ev, name, "")
	}
}

// unbound reads "info: address name. type class".
func unbound(ev *event.Event, text string) {
	rest, ok := strings.CutPrefix(text, "info: ")
	words := words(rest)
	if !ok || len(words) < 4 || words[3] != "IN" || !ev.PutAddress("source.ip", words[0]) {
		return
	}
	question(ev, words[1], words[2])
}

func words(text string) []string { return strings.Fields(text[:min(len(text), maxQuery)]) }

func question(ev *event.Event, name, kind string) {
	ev.Put("dns.question.name", name, event.Name)
	ev.Add("dns.question.type", kind)
}
