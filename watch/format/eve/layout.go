package eve

import (
	"strings"

	"entente/watch/sieve"
)

// Layout implements sieve.Format.
func (format) Layout() sieve.Layout {
	classes := make(map[string]sieve.Class) // by last key
	for _, c := range columns() {
		classes[c.path[strings.LastIndexByte(c.path, '.')+1:]] |= sieve.Observed(c.as)
	}
	for key, class := range special() {
		classes[key] |= class
	}
	return sieve.Layout{
		Time: "timestamp", Kind: "event_type", KindNeeded: true, KindValid: validType,
		// A string that is an address is observed wherever it stands.
		Class: func(key string) sieve.Class { return classes[key] | sieve.Address },
	}
}

// special is, by last key, what the parser observes in ways of its own: methods special, dns and answer. TestSieve
// compares them.
func special() map[string]sieve.Class {
	const host = sieve.Address | sieve.Name
	return map[string]sieve.Class{
		"hostname":        host | sieve.Port,
		"url":             sieve.Target | sieve.Text,
		"http_user_agent": sieve.Text,
		"value":           sieve.Text, // of a header
		"received":        sieve.Text,

		"rrname": sieve.Name, "mname": sieve.Name, "target": sieve.Name, "name": sieve.Name,
		"rdata": host | sieve.Text, "TXT": sieve.Text,
		"A": host, "AAAA": host, "CNAME": host, "NS": host, "PTR": host, "MX": host, "DNAME": host,
	}
}
