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
	p.visit = p.node
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

var (
	errType = errors.New("an EVE line needs an event_type of lower-case letters, digits and underscores")
	errTime = errors.New("an EVE line needs a timestamp")
)

type parser struct {
	event.Stateless
	walker jsonline.Walker
	visit  func(jsonline.Node) // p.node, bound once
	ev     *event.Event

	columns map[string]column // by path

	eventType, timestamp string
	hosts, targets       []string // http.hostname and http.url
	port                 string   // http.http_port
	recordType           string   // rrtype of the dns record being read
}

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	p.ev, p.eventType, p.timestamp, p.port, p.recordType = ev, "", "", "", ""
	p.hosts, p.targets = p.hosts[:0], p.targets[:0]
	err := p.walker.Walk(line, p.visit)
	if err == nil {
		err = p.finish()
	}
	p.ev = nil
	if err != nil {
		ev.Reset()
	}
	return err
}

func (p *parser) finish() error {
	var ok bool
	if p.ev.Time, ok = event.ParseTime(p.timestamp); !ok {
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

// node takes one value of the line.
func (p *parser) node(n jsonline.Node) {
	if n.Kind == jsonline.End {
		p.recordType = ""
		return
	}
	if n.Kind == jsonline.Null || len(n.Value) == 0 {
		return
	}
	if bytes.HasPrefix(n.Path, []byte("dns.")) || bytes.HasPrefix(n.Path, []byte("mdns.")) {
		p.dns(n)
		return
	}
	if p.special(n) {
		return
	}
	if c, ok := p.columns[string(n.Path)]; ok {
		p.ev.Put(c.name, string(n.Value), c.as)
		return
	}
	// What a later Suricata adds may hold an address; any string that is one is observed.
	if n.Kind == jsonline.String && len(n.Path) < 128 && len(n.Value) < 64 && event.LooksLikeAddress(string(n.Value)) {
		p.ev.Observe("suricata."+string(n.Path), string(n.Value), event.Address)
	}
}

// special takes the values that are kept for the end of the line, or are read in a way of their own.
func (p *parser) special(n jsonline.Node) bool {
	switch string(n.Path) {
	case "timestamp":
		p.timestamp = string(n.Value)
	case "event_type":
		p.eventType = string(n.Value)
	case "proto":
		p.ev.Add("network.transport", strings.ToLower(string(n.Value)))
	case "alert.signature":
		signature := string(n.Value)
		p.ev.Add("rule.name", signature)
		p.ev.Add("event.action", signature)
	case "http.hostname":
		host := string(n.Value)
		p.ev.PutHost("url.domain", host)
		if len(p.hosts) < maxRequests {
			p.hosts = append(p.hosts, host)
		}
	case "http.url":
		target := string(n.Value)
		p.ev.Add("url.original", target)
		p.scan("url.original", target)
		if len(p.targets) < maxRequests {
			p.targets = append(p.targets, target)
		}
	case "http.http_port":
		p.port = string(n.Value)
	case "http.protocol":
		p.ev.Add("http.version", strings.TrimPrefix(string(n.Value), "HTTP/"))
	case "http.http_user_agent":
		p.text("user_agent.original", n.Value)
	case "http.request_headers.value", "http.response_headers.value":
		p.text("http.headers", n.Value)
	case "email.received":
		p.text("email.received", n.Value)
	default:
		return false
	}
	return true
}
