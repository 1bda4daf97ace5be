package scenario

import (
	"fmt"
	"time"
)

// conn is one connection as Suricata sees it.
type conn struct {
	at       time.Time
	id       uint64
	src, dst string
	sp, dp   int
	proto    string
}

func (g *generator) conn(at time.Time, src, dst string, dp int, proto string) conn {
	return conn{at: at, id: g.rng.Uint64N(1 << 51), src: src, dst: dst, sp: g.port(), dp: dp, proto: proto}
}

// event writes one EVE record; body is the part that belongs to its type.
func (l *log) event(at time.Time, c conn, kind, body string, facts ...fact) {
	l.add(at, fmt.Sprintf(`{"timestamp":"%s","flow_id":%d,"in_iface":"ens3","event_type":"%s","src_ip":"%s","src_port":%d,`+
		`"dest_ip":"%s","dest_port":%d,"proto":"%s",%s}`,
		at.Format("2006-01-02T15:04:05.000000-0700"), c.id, kind, c.src, c.sp, c.dst, c.dp, c.proto, body),
		append(facts, addr(c.src), addr(c.dst))...)
}

// flow closes a connection.
func (g *generator) flow(l *log, c conn, app string) {
	end := g.soon(c.at, 40*time.Second)
	out, back := g.between(3, 40), g.between(2, 60)
	state := "closed"
	if c.proto == "UDP" {
		out, back, state = 1, 1, "established"
	}
	l.event(end, c, "flow", fmt.Sprintf(`"app_proto":"%s","flow":{"pkts_toserver":%d,"pkts_toclient":%d,"bytes_toserver":%d,`+
		`"bytes_toclient":%d,"start":"%s","end":"%s","age":%d,"state":"%s","reason":"timeout","alerted":false}`,
		app, out, back, out*g.between(60, 400), back*g.between(60, 1200), c.at.Format("2006-01-02T15:04:05.000000-0700"),
		end.Format("2006-01-02T15:04:05.000000-0700"), int(end.Sub(c.at).Seconds()), state))
}

// resolve asks a resolver for a name: query, answer and flow.
func (g *generator) resolve(l *log, at time.Time, host, resolver, asked, answer string) {
	c, id := g.conn(at, host, resolver, 53, "UDP"), g.rng.IntN(1<<16)
	l.event(at, c, "dns", fmt.Sprintf(`"dns":{"type":"query","id":%d,"rrname":"%s","rrtype":"A","tx_id":0,"opcode":0}`, id, asked), name(asked))
	body, facts := fmt.Sprintf(`"dns":{"version":2,"type":"answer","id":%d,"flags":"8183","qr":true,"rd":true,"ra":true,`+
		`"rrname":"%s","rrtype":"A","rcode":"NXDOMAIN"}`, id, asked), []fact{name(asked)}
	if answer != "" {
		body = fmt.Sprintf(`"dns":{"version":2,"type":"answer","id":%d,"flags":"8180","qr":true,"rd":true,"ra":true,"rrname":"%s","rrtype":"A",`+
			`"rcode":"NOERROR","answers":[{"rrname":"%s","rrtype":"A","ttl":%d,"rdata":"%s"}],"grouped":{"A":["%s"]}}`,
			id, asked, asked, g.between(30, 3600), answer, answer)
		facts = append(facts, addr(answer))
	}
	l.event(g.soon(at, 40*time.Millisecond), c, "dns", body, facts...)
	g.flow(l, c, "dns")
}

// tls opens an encrypted connection to a named server.
func (g *generator) tls(l *log, at time.Time, host, server, sni string) {
	c := g.conn(at, host, server, 443, "TCP")
	l.event(g.soon(at, 80*time.Millisecond), c, "tls", fmt.Sprintf(`"tls":{"sni":"%s","version":"TLS 1.3","ja3":{"hash":"%s",`+
		`"string":"771,4865-4866-4867,0-23-65281-10-11,29-23-24,0"}}`, sni, g.text(32, hexes)), name(sni))
	g.flow(l, c, "tls")
}

// fetch is a plain HTTP request; the URL is booked without its scheme.
func (g *generator) fetch(l *log, at time.Time, c conn, host, path string, status int) {
	l.event(at, c, "http", fmt.Sprintf(`"tx_id":0,"http":{"hostname":"%s","url":"%s","http_user_agent":"%s","http_content_type":"text/html",`+
		`"http_method":"GET","protocol":"HTTP/1.1","status":%d,"length":%d}`, host, path, g.agent(), status, g.between(200, 9000)),
		name(host), link(host+path))
}

// alert is a rule of the sensor that fired.
func (g *generator) alert(l *log, at time.Time, c conn, id int, signature, category string) {
	l.event(at, c, "alert", fmt.Sprintf(`"alert":{"action":"allowed","gid":1,"signature_id":%d,"rev":2,"signature":"%s","category":"%s",`+
		`"severity":%d,"metadata":{"created_at":["2026_01_12"],"updated_at":["2026_08_30"]}}`, id, signature, category, g.between(1, 3)))
}
