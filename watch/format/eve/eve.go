// Package eve reads Suricata's EVE JSON: every event type, the dns forms of versions 1 to 3, alerts with their metadata.
//
// Source: Suricata's etc/schema.json and userguide chapter "EVE JSON Format".
package eve

import (
	"bytes"
	"errors"
	"strings"

	"entente/watch/event"
	"entente/watch/format/jsonline"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "eve" }

func (format) New() event.Parser {
	p := &parser{columns: make(map[string]column)}
	for _, c := range columns() {
		p.columns[c.path] = c
	}
	return p
}

// Sniff counts the lines that have what every EVE line has.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 98, func(line []byte) bool {
		return line[0] == '{' && bytes.Contains(line, []byte(`"event_type"`)) && bytes.Contains(line, []byte(`"timestamp"`))
	})
}

// maxRequests bounds how many hosts and targets of one line are combined: more than one is a duplicate key.
const maxRequests = 4

// maxTime is the room for a timestamp that is kept from line to line.
const maxTime = 1 << 10

var (
	errType = errors.New("an EVE line needs an event_type of lower-case letters, digits and underscores")
	errTime = errors.New("an EVE line needs a timestamp")
)

type parser struct {
	event.Stateless
	walker jsonline.Walker
	ev     *event.Event
	clock  event.Clock

	texts   event.Texts
	columns map[string]column // by path
	readers []reader          // by the walker's place, the zero reader for one not met yet

	timestamp      []byte
	eventType      string
	hosts, targets []string // http.hostname and http.url
	port           string   // http.http_port
	recordType     string   // rrtype of the dns record being read
}

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	p.ev, p.eventType, p.timestamp, p.port, p.recordType = ev, "", p.timestamp[:0], "", ""
	p.hosts, p.targets = p.hosts[:0], p.targets[:0]
	err := p.walker.Walk(line, p)
	if err == nil {
		err = p.finish()
	}
	if p.ev = nil; cap(p.timestamp) > maxTime {
		p.timestamp = nil
	}
	if err != nil {
		ev.Reset()
	}
	return err
}

func (p *parser) finish() error {
	var ok bool
	if p.ev.Time, ok = p.clock.Parse(string(p.timestamp)); !ok {
		return errTime
	}
	if p.ev.Dataset, ok = dataset(p.eventType); !ok {
		return errType
	}
	for _, target := range p.targets {
		if len(p.hosts) == 0 {
			p.ev.AddRequest("", "", target)
		}
		for _, host := range p.hosts {
			p.ev.AddRequest(host, p.port, target)
		}
	}
	return nil
}

// dataset avoids building the names of the common types anew for every line.
func dataset(eventType string) (string, bool) {
	switch eventType {
	case "flow":
		return "suricata.flow", true
	case "alert":
		return "suricata.alert", true
	case "dns":
		return "suricata.dns", true
	case "http":
		return "suricata.http", true
	case "tls":
		return "suricata.tls", true
	case "fileinfo":
		return "suricata.fileinfo", true
	}
	if !validType([]byte(eventType)) {
		return "", false
	}
	return "suricata." + eventType, true
}

// validType takes up to 32 lower-case letters, digits and underscores.
func validType(eventType []byte) bool {
	for _, c := range eventType {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(eventType) > 0 && len(eventType) <= 32
}

// reader is how the values at one path are read.
type reader struct {
	way    way
	as     event.As
	name   string // of the field
	values event.Recurring
}

type way uint8

// Ways to read a value. Those from timestamp on are of one path each, or of one key in dns, see method special.
const (
	unmet  way = iota
	own        // as name and as say
	other      // not at all, unless it is an address
	passed     // not at all
	timestamp
	answeredName
	askedType
	answeredType
	rdata
	recordData // of the type that name says
	eventType
	proto
	signature
	hostname
	target
	port
	protocol
	userAgent
	headers
	received
)

// Visit takes one value of the line.
func (p *parser) Visit(n *jsonline.Node) {
	if n.Kind == jsonline.End {
		p.recordType = ""
		return
	}
	if n.Kind == jsonline.Null || len(n.Value) == 0 {
		return
	}
	var r *reader
	if n.Place < len(p.readers) {
		r = &p.readers[n.Place]
	}
	if r == nil || r.way == unmet {
		r = p.meet(n)
	}
	switch r.way {
	case own:
		p.ev.PutValid(r.name, r.values.Of(n.Value, &p.texts), r.as)
	case other:
		// What a later Suricata adds may hold an address; any string that is one is observed.
		if n.Kind == jsonline.String && len(n.Path) < 128 && maybeAddress(n.Value) {
			p.ev.Observe("suricata."+string(n.Path), p.texts.Of(n.Value), event.Address)
		}
	case timestamp:
		p.timestamp = append(p.timestamp[:0], n.Value...)
	case passed:
	default:
		p.special(r, r.values.Of(n.Value, &p.texts))
	}
}

func maybeAddress(value []byte) bool { return len(value) < 64 && event.LooksLikeAddress(value) }

// meet finds out how the values at a place are read, and remembers it for those that the walker remembers.
func (p *parser) meet(n *jsonline.Node) *reader {
	for n.Place >= len(p.readers) {
		p.readers = append(p.readers, reader{})
	}
	r := &p.readers[n.Place]
	switch *r = p.read(n.Path, n.Key); r.way {
	case other:
		p.walker.Quiet(n.Place, maybeAddress)
	case passed:
		p.walker.Quiet(n.Place, func([]byte) bool { return false })
	}
	if n.Place == 0 { // any path that is not remembered
		unkept := *r
		r.way = unmet
		return &unkept
	}
	return r
}

func (p *parser) read(path, key []byte) reader {
	if bytes.HasPrefix(path, []byte("dns.")) || bytes.HasPrefix(path, []byte("mdns.")) {
		return dns(path, key)
	}
	if w := wayOf(path); w != other {
		return reader{way: w}
	}
	if c, ok := p.columns[string(path)]; ok {
		return reader{way: own, as: c.as, name: c.name}
	}
	return reader{way: other}
}

// wayOf is the way of a path that is read in a way of its own, else other.
func wayOf(path []byte) way {
	switch string(path) {
	case "timestamp":
		return timestamp
	case "event_type":
		return eventType
	case "proto":
		return proto
	case "alert.signature":
		return signature
	case "http.hostname":
		return hostname
	case "http.url":
		return target
	case "http.http_port":
		return port
	case "http.protocol":
		return protocol
	case "http.http_user_agent":
		return userAgent
	case "http.request_headers.value", "http.response_headers.value":
		return headers
	case "email.received":
		return received
	}
	return other
}

// special takes the values that are kept for the end of the line, or are read in a way of their own.
func (p *parser) special(r *reader, value string) {
	switch r.way {
	case answeredName:
		p.ev.Observe("dns.answers.name", value, event.Name)
	case askedType:
		p.recordType = value
		p.ev.AddValid("dns.question.type", value)
	case answeredType:
		p.recordType = value
	case rdata:
		p.answer(p.recordType, value)
	case recordData:
		p.answer(r.name, value)
	case eventType:
		p.eventType = value
	case proto:
		p.ev.AddValid("network.transport", transport(value))
	case signature:
		p.ev.AddValid("rule.name", value)
		p.ev.AddValid("event.action", value)
	case hostname:
		p.ev.PutHost("url.domain", value)
		if len(p.hosts) < maxRequests {
			p.hosts = append(p.hosts, value)
		}
	case target:
		p.prose("url.original", value)
		if len(p.targets) < maxRequests {
			p.targets = append(p.targets, value)
		}
	case port:
		p.port = value
	case protocol:
		p.ev.AddValid("http.version", strings.TrimPrefix(value, "HTTP/"))
	case userAgent:
		p.prose("user_agent.original", value)
	case headers:
		p.prose("http.headers", value)
	case received:
		p.prose("email.received", value)
	}
}

// transport avoids building the names of the common ones anew for every line.
func transport(proto string) string {
	switch proto {
	case "TCP":
		return "tcp"
	case "UDP":
		return "udp"
	case "ICMP":
		return "icmp"
	}
	return strings.ToLower(proto)
}
