package bind

import (
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// client reads "[@0x… ]address#port[/key name][ (name)]: [view name: ]what".
func client(ev *event.Event, s string) bool {
	if strings.HasPrefix(s, "@") { // since 9.11
		_, s, _ = strings.Cut(s, " ")
	}
	address, rest, ok := strings.Cut(s, "#")
	if !ok || len(address) > 64 || !ev.PutAddress("source.ip", address) {
		return false
	}
	who, what, _ := strings.Cut(rest, ": ")
	port, asked, _ := strings.Cut(who, " ")
	port, _, _ = strings.Cut(port, "/") // the key that signed the request
	ev.Add("source.port", strings.TrimSuffix(port, ":"))
	if view, found := strings.CutPrefix(what, "view "); found {
		view, rest, _ := strings.Cut(view, ": ")
		ev.Add("bind.view", view)
		what = rest
	}
	if request, found := strings.CutPrefix(what, "query: "); found && query(ev, request) {
		return true
	}
	asked = strings.TrimSuffix(strings.TrimPrefix(asked, "("), ")") // since 9.9
	describe(ev, what, asked)
	freetext.Scan(ev, "message", what)
	return true
}

// maxQuery bounds how much of a query is taken apart.
const maxQuery = 2048

// query reads "name class type [flags ](server)[ [ECS network]]".
func query(ev *event.Event, s string) bool {
	words := strings.Fields(s[:min(len(s), maxQuery)])
	if len(words) < 3 {
		return false
	}
	ev.Add("dns.type", "query")
	question(ev, words[0], words[2], words[1])
	for i, word := range words[3:] {
		switch {
		case i == 0 && (word[0] == '+' || word[0] == '-'):
			ev.Add("bind.flags", word)
		case strings.HasPrefix(word, "("):
			ev.PutAddress("destination.ip", strings.Trim(word, "()"))
		case i > 0 && words[3:][i-1] == "[ECS":
			network, _, _ := strings.Cut(word, "/")
			ev.PutAddress("network.forwarded_ip", network)
		}
	}
	return true
}

func question(ev *event.Event, name, kind, class string) {
	ev.Put("dns.question.name", name, event.Name)
	ev.Add("dns.question.type", kind)
	ev.Add("dns.question.class", class)
}

// describe reads the other messages about a client: what it wanted, and what became of it. The name stands
// quoted as 'name/type/class' or 'name/class', as name/class/type behind "for", or only where the client is named.
func describe(ev *event.Event, what, asked string) {
	action := ""
	switch {
	case strings.HasPrefix(what, "query failed ("):
		code, rest, _ := strings.Cut(strings.TrimPrefix(what, "query failed ("), ")")
		ev.Add("dns.response_code", code)
		ev.Add("event.outcome", "failure")
		if name, ok := strings.CutPrefix(rest, " for "); ok {
			name, _, _ = strings.Cut(name, " ")
			if name, class, kind, ok := three(name); ok {
				ev.Add("event.action", "dns-query")
				question(ev, name, kind, class)
				return
			}
		}
		action = "dns-query"
	case strings.HasPrefix(what, "query"):
		action = "dns-query"
	case strings.HasPrefix(what, "zone transfer"), strings.HasPrefix(what, "bad zone transfer"), strings.HasPrefix(what, "transfer of"):
		action = "dns-transfer"
	case strings.HasPrefix(what, "updat"):
		action = "dns-update"
	}
	ev.Add("event.action", action)
	if strings.HasPrefix(what, "bad ") || strings.Contains(what, " denied") {
		ev.Add("event.outcome", "failure")
	}
	if !quoted(ev, what) && asked != "" {
		question(ev, asked, "", "")
	}
}

// quoted reads 'name/type/class' and 'name/class'.
func quoted(ev *event.Event, s string) bool {
	_, s, ok := strings.Cut(s, "'")
	s, _, closed := strings.Cut(s, "'")
	if !ok || !closed {
		return false
	}
	if name, kind, class, ok := three(s); ok {
		question(ev, name, kind, class)
		return true
	}
	name, class, ok := cutLast(s)
	question(ev, name, "", class)
	return ok
}

// three splits "a/b/c" at its last two slashes: a name may hold some.
func three(s string) (first, second, third string, ok bool) {
	head, third, ok := cutLast(s)
	if !ok {
		return "", "", "", false
	}
	first, second, ok = cutLast(head)
	return first, second, third, ok
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// resolving reads "… resolving 'name/type/class': address#port": what another name server answered.
func resolving(ev *event.Event, text string) bool {
	what, rest, ok := strings.Cut(text, " resolving '")
	if !ok {
		return false
	}
	name, server, ok := strings.Cut(rest, "': ")
	if !ok {
		return false
	}
	name, kind, class, ok := three(name)
	if !ok {
		return false
	}
	question(ev, name, kind, class)
	ev.Add("event.reason", what)
	address, port, _ := strings.Cut(server, "#")
	if ev.PutAddress("destination.ip", address) {
		ev.Add("destination.port", port)
	}
	return true
}
