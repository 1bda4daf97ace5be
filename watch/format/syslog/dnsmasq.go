package syslog

import (
	"strings"

	"entente/watch/event"
)

// dnsmasq reads "query[A] name from address", "forwarded name to server", and "reply name is answer" with the
// sources of other answers in the place of "reply": cached, config, DHCP, a hosts file, Pi-hole's lists. With log-queries=extra
// a serial number and the asker stand before. It reports whether it understood the message.
func dnsmasq(ev *event.Event, text string) bool {
	words := words(text)
	if len(words) >= 6 && isDigits(words[0]) && strings.Contains(words[1], "/") {
		address, port, _ := strings.Cut(words[1], "/")
		ev.PutAddress("source.ip", address)
		ev.Add("source.port", port)
		words = words[2:]
	}
	for n := 1; n+2 < len(words) && n <= maxVerb; n++ {
		switch words[n+1] {
		case "from", "to", "is":
			return asked(ev, strings.Join(words[:n], " "), words[n], words[n+1], words[n+2])
		}
	}
	return false
}

// maxVerb is how many words say what was done: "exactly blacklisted", "special domain".
const maxVerb = 3

func asked(ev *event.Event, verb, name, preposition, object string) bool {
	if name == "result" { // "validation result is SECURE"
		return true
	}
	kind, isQuery := strings.CutPrefix(verb, "query[")
	switch preposition {
	case "from":
		if !isQuery {
			return false
		}
		question(ev, name, strings.TrimSuffix(kind, "]"))
		ev.Add("dns.type", "query")
		if ev.Get("source.ip") == "" {
			ev.PutAddress("source.ip", object)
		}
	case "to":
		kind, isQuery = strings.CutPrefix(verb, "dnssec-query[")
		if !isQuery && verb != "forwarded" {
			return false
		}
		question(ev, name, strings.TrimSuffix(kind, "]"))
		server, port, _ := strings.Cut(object, "#")
		ev.PutAddress("destination.ip", server)
		ev.Add("destination.port", port)
	case "is":
		question(ev, name, "")
		ev.Add("dns.type", "answer")
		ev.Add("event.provider", verb)
		answered(ev, object)
	}
	return true
}

// answered reads an answer: an address or a name, <CNAME> before the names that follow, or that there is none.
func answered(ev *event.Event, object string) {
	code, _, _ := strings.Cut(object, "-") // NODATA-IPv4
	switch code {
	case "NXDOMAIN", "SERVFAIL", "REFUSED":
		ev.Add("dns.response_code", code)
	case "NODATA":
		ev.Add("dns.response_code", "NOERROR")
	default:
		if !strings.HasPrefix(object, "<") {
			ev.Put("dns.answers.data", object, event.Host)
		}
	}
}

// dhcp reads "[transaction ]DHCPACK(interface) [address ]hardware [name]" of dnsmasq-dhcp, in which DHCPv6 has an identifier
// in the place of the hardware address. A client chooses its name.
func dhcp(ev *event.Event, text string) bool {
	words := words(text)
	if len(words) > 1 && isDigits(words[0]) {
		words = words[1:]
	}
	if len(words) < 2 || !strings.HasPrefix(words[0], "DHCP") {
		return false
	}
	verb, wire, ok := strings.Cut(words[0], "(")
	if !ok || len(verb) > 24 {
		return false
	}
	ev.Dataset = "syslog.dhcp"
	ev.Add("event.action", strings.ToLower(verb))
	ev.Add("observer.ingress.interface.name", strings.TrimSuffix(wire, ")"))
	words = words[1:]
	if ev.PutAddress("client.ip", words[0]) {
		words = words[1:]
	}
	if len(words) > 0 && strings.IndexByte(words[0], ':') > 0 {
		ev.Add("client.mac", words[0])
		words = words[1:]
	}
	if len(words) == 1 && verb != "DHCPNAK" {
		ev.Put("client.domain", words[0], event.Name)
	}
	return true
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
