package syslog

import (
	"strings"

	"entente/watch/event"
)

// maxQuery bounds how much of a message is taken apart into words.
const maxQuery = 2048

// unbound reads "info: address name. type class", and reports whether a message is that.
func unbound(ev *event.Event, text string) bool {
	rest, ok := strings.CutPrefix(text, "info: ")
	words := words(rest)
	if !ok || len(words) < 4 || words[3] != "IN" || !ev.PutAddress("source.ip", words[0]) {
		return false
	}
	question(ev, words[1], words[2])
	return true
}

func words(text string) []string { return strings.Fields(text[:min(len(text), maxQuery)]) }

func question(ev *event.Event, name, kind string) {
	ev.Put("dns.question.name", name, event.Name)
	ev.Add("dns.question.type", kind)
}
