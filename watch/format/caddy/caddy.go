// Package caddy reads the JSON logs of the Caddy web server: its access and error logs, and what its modules say.
//
// Source: Caddy's modules/caddyhttp (logging.go, marshalers.go) and zap's JSON encoder. The client is
// client_ip, which Caddy works out from trusted proxies since 2.7, else the peer of the connection.
package caddy

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/freetext"
	"entente/watch/format/jsonline"
	"entente/watch/format/webfield"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "caddy" }

func (format) New() event.Parser {
	return new(parser)
}

// Sniff counts the lines that name a logger of Caddy's and have what every line of it has.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 94, func(line []byte) bool {
		return line[0] == '{' && bytes.Contains(line, []byte(`"ts":`)) && bytes.Contains(line, []byte(`"msg":"`)) && namesLogger(line)
	})
}

func namesLogger(line []byte) bool {
	_, rest, ok := bytes.Cut(line, []byte(`"logger":"`))
	if !ok {
		return false
	}
	name, _, _ := bytes.Cut(rest[:min(len(rest), 64)], []byte(`"`))
	root, _, _ := bytes.Cut(name, []byte("."))
	switch string(root) {
	case "http", "tls", "admin", "pki", "docker-proxy", "caddy", "events", "layer4":
		return true
	}
	return false
}

var errLine = errors.New("a line of Caddy's log needs ts, level and msg")

type parser struct {
	event.Stateless
	walker jsonline.Walker
	texts  event.Texts
	ev     *event.Event
	said
}

// said are the values of a line that mean something only together.
type said struct {
	time, level, logger, message    string
	client, peer, port, host, proto string
	method, target                  string
	hasTarget                       bool
}

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	p.ev, p.said = ev, said{}
	err := p.walker.Walk(line, p)
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
	if p.ev.Time, ok = parseTime(p.time); !ok || p.level == "" || p.message == "" {
		return errLine
	}
	p.ev.Dataset = "caddy"
	p.ev.Add("log.level", p.level)
	p.ev.Add("log.logger", p.logger)
	if strings.HasPrefix(p.logger, "http.log.access") || p.logger == "" && p.hasTarget {
		p.ev.Dataset = "web.access"
	} else {
		if strings.HasPrefix(p.logger, "http.log.error") {
			p.ev.Dataset = "web.error"
		}
		p.ev.Add("message", p.message)
		p.prose("message", p.message)
	}
	p.parties()
	if p.hasTarget {
		host, port := event.CutPort(p.host)
		p.ev.Add("http.request.method", p.method)
		p.ev.Add("http.version", strings.TrimPrefix(p.proto, "HTTP/"))
		webfield.Text(p.ev, "url.original", p.target)
		p.ev.AddRequest(host, port, p.target)
	}
	return nil
}

// parties adds who asked and whom.
func (p *parser) parties() {
	client := p.client
	if client == "" {
		client = p.peer
	} else if p.peer != p.client {
		p.ev.Put("network.forwarded_ip", p.peer, event.Address)
	}
	if p.ev.PutAddress("source.ip", client) && client == p.peer {
		p.ev.Add("source.port", p.port)
	}
	host, _ := event.CutPort(p.host)
	p.ev.Put("url.domain", host, event.Host)
}

// prose looks for values in what a module says; its filters name their client as Apache's do.
func (p *parser) prose(name, text string) {
	if rest, ok := strings.CutPrefix(text, `[client "`); ok && p.peer == "" {
		p.peer, _, _ = strings.Cut(rest, `"`)
	}
	freetext.Scan(p.ev, name, text)
}

// parseTime reads ts in the encodings of time_format: seconds or milliseconds since 1970, ISO 8601, "wall".
func parseTime(s string) (time.Time, bool) {
	const wall = len("2006/01/02")
	switch {
	case strings.IndexByte(s, '-') > 0:
		return event.ParseTime(s)
	case len(s) > wall && s[4] == '/' && s[7] == '/':
		return event.ParseTime(s[:4] + "-" + s[5:7] + "-" + s[8:])
	case strings.IndexByte(s, '.') >= len("1234567890123"): // milliseconds with a fraction
		s, _, _ = strings.Cut(s, ".")
	}
	return event.ParseEpoch(s)
}

// Visit takes one value of the line.
func (p *parser) Visit(n *jsonline.Node) {
	if n.Kind == jsonline.End || n.Kind == jsonline.Null || len(n.Value) == 0 {
		return
	}
	if !p.kept(n) {
		p.field(n)
	}
}

// kept takes the values that mean something only together.
func (p *parser) kept(n *jsonline.Node) bool {
	var to *string
	switch string(n.Path) {
	case "ts":
		to = &p.time
	case "level":
		to = &p.level
	case "logger":
		to = &p.logger
	case "msg":
		to = &p.message
	case "request.client_ip":
		to = &p.client
	case "request.remote_ip":
		to = &p.peer
	case "request.remote_port":
		to = &p.port
	case "request.remote_addr": // before 2.5
		p.peer, p.port = event.CutPort(p.texts.Of(n.Value))
		return true
	case "request.host":
		to = &p.host
	case "request.proto":
		to = &p.proto
	case "request.method":
		to = &p.method
	case "request.uri":
		to, p.hasTarget = &p.target, true
	default:
		return false
	}
	*to = p.texts.Of(n.Value)
	return true
}

// field takes the values that stand for themselves. Of header fields, those that say who asks are fields, and the
// others are looked at.
func (p *parser) field(n *jsonline.Node) {
	switch string(n.Path) {
	case "status":
		p.ev.Add("http.response.status_code", p.texts.Of(n.Value))
	case "size":
		p.ev.Add("http.response.body.bytes", p.texts.Of(n.Value))
	case "bytes_read":
		p.ev.Add("http.request.body.bytes", p.texts.Of(n.Value))
	case "user_id":
		p.ev.Add("user.name", p.texts.Of(n.Value))
	case "request.tls.server_name":
		p.ev.Put("tls.client.server_name", p.texts.Of(n.Value), event.Host)
	case "request.headers.User-Agent":
		webfield.Agent(p.ev, p.texts.Of(n.Value))
	case "request.headers.Referer":
		webfield.Referrer(p.ev, p.texts.Of(n.Value))
	case "request.headers.X-Forwarded-For", "request.headers.X-Real-Ip":
		webfield.Text(p.ev, "network.forwarded_ip", p.texts.Of(n.Value))
	case "error", "err_trace":
		text := p.texts.Of(n.Value)
		p.ev.Add("error.message", text)
		p.prose("error.message", text)
	default:
		if n.Kind == jsonline.String && len(n.Path) < 128 {
			p.other(n)
		}
	}
}

func (p *parser) other(n *jsonline.Node) {
	if bytes.HasPrefix(n.Path, []byte("request.headers.")) {
		freetext.Scan(p.ev, "http.headers", p.texts.Of(n.Value))
		return
	}
	if event.LooksLikeAddress(n.Value) {
		host, _ := event.CutPort(p.texts.Of(n.Value))
		p.ev.Observe("caddy."+string(n.Path), host, event.Address)
	}
}
