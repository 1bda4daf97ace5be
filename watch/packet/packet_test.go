package packet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"golang.org/x/net/dns/dnsmessage"

	"entente/watch/event"
	"entente/watch/packet"
)

func question(t testing.TB, response bool, answers ...dnsmessage.Resource) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, Response: response},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("login.e1ections.example."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		Answers:   answers,
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func answer(body dnsmessage.ResourceBody) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("login.e1ections.example."), Class: dnsmessage.ClassINET}, Body: body}
}

func want(t *testing.T, ev event.Event, fields ...string) {
	t.Helper()
	for i := 0; i < len(fields); i += 2 {
		if got := ev.Get(fields[i]); got != fields[i+1] {
			t.Errorf("%s %s: %q, want %q (%v)", ev.Dataset, fields[i], got, fields[i+1], ev.Fields)
		}
	}
}

func TestDNS(t *testing.T) {
	w := newWire(t)
	query := question(t, false)
	response := question(t, true, answer(&dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("host.example.")}), answer(&dnsmessage.AResource{A: [4]byte{203, 0, 113, 7}}))
	w.udp(5000, 53, query)
	w.udp(53, 5000, response)
	w.udp(5000, 53, []byte("junk"))
	w.udp(53, 5000, response[:len(response)-3])
	w.udp(5000, 443, query) // not DNS
	c := &conn{w: w, src: 5001, dst: 53, seq: 1<<32 - 5}
	c.open()
	two := append(prefixed(2, query), prefixed(2, query)...)
	c.send(string(two[:9]))
	c.send(string(two[9:]))
	events, notes := w.events()
	if len(events) != 5 || len(notes) != 2 || notes[0] != "packet 3: not a readable DNS message" || !strings.Contains(notes[1], "cut off") {
		t.Fatalf("%d events, notes %q", len(events), notes)
	}
	for _, ev := range events {
		want(t, ev, "dns.question.name", "login.e1ections.example", "dns.question.type", "A", "dns.question.class", "C_INTERNET", "dns.id", "7", "destination.port", "53")
	}
	want(t, events[0], "source.ip", "192.0.2.1", "destination.ip", "198.51.100.2", "dns.response_code", "", "zeek.dns.packet", "1")
	want(t, events[1], "source.ip", "198.51.100.2", "dns.answers.data", "host.example")
	want(t, events[4], "source.ip", "2001:db8::1", "network.transport", "tcp")
	if !events[0].Time.Equal(time.Unix(1_700_000_000, 5000)) {
		t.Error(events[0].Time)
	}
	named := false
	for _, o := range events[1].Observables {
		named = named || o.Value.Canonical == "203.0.113.7"
	}
	if !named {
		t.Errorf("%v", events[1].Observables)
	}
}

func TestHTTP(t *testing.T) {
	w := newWire(t)
	c := &conn{w: w, src: 5000, dst: 80, seq: 1<<32 - 20} // numbers wrap
	c.open()
	text := "POST /a?b=1 HTTP/1.1\r\nHost: Bad.Example:8080\r\nUser-Agent: \"x\"\xff\r\nReferer: http://r.example/\r\nContent-Length: 9\r\n\r\nGET fake " +
		"GET http://p.example/ HTTP/1.0\r\nHost: [2001:db8::9]:80\r\n\r\n" + "CONNECT t.example:443 HTTP/1.1\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n"
	for len(text) > 0 { // out of order, and each again
		n := min(len(text), 50)
		a, b := text[:n/2], text[n/2:n]
		c.segment(c.seq+uint32(len(a)), b, nil)
		c.segment(c.seq, a, nil)
		c.segment(c.seq, a+b, nil)
		c.seq += uint32(n)
		text = text[n:]
	}
	reply := &conn{w: w, src: 80, dst: 5000}
	reply.send("HTTP/1.1 200 OK\r\nHost: no.example\r\n\r\n")
	events, notes := w.events()
	if len(events) != 3 || len(notes) != 0 {
		t.Fatalf("%d events, notes %q", len(events), notes)
	}
	want(t, events[0], "http.request.method", "POST", "url.domain", "Bad.Example", "url.original", "/a?b=1", "user_agent.original", "\"x\"\uFFFD",
		"http.request.referrer", "http://r.example/", "http.version", "1.1")
	want(t, events[1], "url.domain", "2001:db8::9", "url.original", "http://p.example/")
	want(t, events[2], "http.request.method", "CONNECT", "url.original", "t.example:443")
}

func TestSMTP(t *testing.T) {
	w := newWire(t)
	c := &conn{w: w, src: 5000, dst: 25}
	c.send("EHLO host.example\r\nMAIL FROM:<a@e1ections.example> SIZE=9\r\nRCPT TO:<b@north.example>\r\nRCPT TO:c@north.example\r\nDATA\r\n")
	c.send("Subject: x\r\nMAIL FROM:<not@command.example>\r\nDATA\r\n" + strings.Repeat("y", 100_000) + "\r\n..\r\n.\r\n")
	c.send("MAIL FROM:<d@e1ections.example>\r\nRCPT TO:<e@north.example>\r\nBDAT 12 LAST\r\nMAIL FROM:<x")
	c.send("MAIL FROM:<f@e1ections.example>\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<g@north.example>\r\nDATA\r\n.\r\nSTARTTLS\r\nMAIL FROM:<sealed@x.example>\r\nDATA\r\n")
	events, notes := w.events()
	if len(events) != 3 || len(notes) != 0 {
		t.Fatalf("%d events, notes %q", len(events), notes)
	}
	want(t, events[0], "zeek.smtp.helo", "host.example", "email.sender.address", "a@e1ections.example", "email.to.address", "b@north.example")
	want(t, events[1], "email.sender.address", "d@e1ections.example", "email.to.address", "e@north.example")
	want(t, events[2], "email.sender.address", "", "email.to.address", "g@north.example")
}

// What is broken, cut or out of bounds gives at most one line that is no event.
func TestNotes(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, tt := range []struct {
		name string
		give func(w *wire)
		want string // "" for no line at all
	}{
		{"half an Ethernet frame", func(w *wire) { w.raw([]byte{1, 2, 3}) }, "packet 1: not a readable frame"},
		{"half an IP packet", func(w *wire) {
			w.udp(1, 53, question(t, false))
			w.out.Reset()
			w.raw(w.all[0][:20])
		}, "packet 2: not a readable packet"},
		{"half a UDP packet", func(w *wire) {
			w.udp(1, 53, question(t, false))
			w.out.Reset()
			w.raw(w.all[0][:37])
		}, "packet 2: not a readable packet"},
		{"ARP", func(w *wire) {
			w.frame(ethernet(layers.EthernetTypeARP), &layers.ARP{HwAddressSize: 6, ProtAddressSize: 4, SourceHwAddress: make([]byte, 6), SourceProtAddress: make([]byte, 4), DstHwAddress: make([]byte, 6), DstProtAddress: make([]byte, 4)})
		}, ""},
		{"endless header", func(w *wire) {
			c := &conn{w: w, src: 1, dst: 80}
			c.send("GET / HTTP/1.1\r\n")
			for range 70 {
				c.send("A: " + long)
			}
		}, "a message is longer than the limit"},
		{"gap", func(w *wire) {
			c := &conn{w: w, src: 1, dst: 80}
			c.send("GET / HTTP/1.1\r\n")
			c.seq++
			for range 70 {
				c.send("x")
			}
		}, "a gap in a stream"},
		{"nothing that is read", func(w *wire) {
			c := &conn{w: w, src: 1, dst: 22}
			c.send("SSH-2.0-x\r\n")
			c.seq++
			for range 70 {
				c.send(long)
			}
		}, ""},
		{"no HTTP version", func(w *wire) { (&conn{w: w, src: 1, dst: 80}).send("GET / and more\r\n\r\n") }, "not a readable HTTP request"},
		{"endless command", func(w *wire) { (&conn{w: w, src: 1, dst: 25}).send("EHLO " + strings.Repeat("x", 5000)) }, "not a readable SMTP command"},
		{"bad record", func(w *wire) { (&conn{w: w, src: 1, dst: 443}).send("\x16\x03\x01\xff\xff\x01\x00\x00") }, "not a readable TLS record"},
		{"bad hello", func(w *wire) {
			(&conn{w: w, src: 1, dst: 443}).send("\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\x00\x00")
		}, "not a readable TLS client hello"},
		{"server hello", func(w *wire) {
			(&conn{w: w, src: 443, dst: 1}).send("\x16\x03\x03\x00\x08\x02\x00\x00\x04\x03\x03\x00\x00")
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t)
			tt.give(w)
			got := w.out.String()
			if tt.want == "" && got != "" || strings.Count(got, "\n") > 1 || !strings.Contains(got, tt.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

// The same packets give the same lines, and more packets only more lines.
func TestPrefix(t *testing.T) {
	w := newWire(t)
	for i := range 20 {
		c := &conn{w: w, src: uint16(1000 + i), dst: 80}
		c.open()
		c.send(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: h.example\r\n\r\n", i))
		w.udp(53, 9, question(t, true))
		c.segment(c.seq, "", func(t *layers.TCP) { t.FIN = true })
	}
	for n := range w.all {
		again := newWire(t)
		for _, p := range w.all[:n] {
			again.raw(p)
		}
		if !strings.HasPrefix(w.out.String(), again.out.String()) {
			t.Fatalf("%d packets give other lines", n)
		}
	}
	if got := len(w.lines()); got != 40 {
		t.Errorf("%d lines", got)
	}
}

// A flood of connections, each with a little that waits, stays within bounds.
func TestFlood(t *testing.T) {
	w := newWire(t)
	(&conn{w: w, dst: 80}).send("GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 1300))
	const sourcePort, frames = 14 + 4 + 40, 60_000 // behind Ethernet, the tag and IPv6
	data := w.all[0]
	for i := range uint16(frames) {
		binary.BigEndian.PutUint16(data[sourcePort:], i)
		w.out.Write(w.d.Packet(w.at, layers.LinkTypeEthernet, data))
	}
	if notes := strings.Count(w.out.String(), "let go of"); notes == 0 || notes > frames {
		t.Errorf("%d streams were let go of", notes)
	}
}

func FuzzPacket(f *testing.F) {
	w := newWire(f)
	w.udp(5000, 53, question(f, false))
	(&conn{w: w, src: 1, dst: 80}).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	(&conn{w: w, src: 1, dst: 25}).send("EHLO a\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n")
	(&conn{w: w, src: 1, dst: 443}).send(string(helloOf(0x303, []uint16{1}, []extension{serverName("a.example")})))
	for _, p := range w.all {
		f.Add(p, uint8(1))
	}
	f.Add([]byte{0x45, 0, 0, 20}, uint8(101))
	f.Fuzz(func(t *testing.T, data []byte, link uint8) {
		d := packet.NewDecoder()
		for range 2 {
			out := d.Packet(time.Unix(0, 0), layers.LinkType(link), data)
			if bytes.Contains(out, []byte("gave up")) {
				t.Fatal("a decoder panics")
			}
			if len(out) > 0 && out[len(out)-1] != '\n' {
				t.Fatalf("%q", out)
			}
		}
	})
}

// FuzzStream gives the bytes as the content of a TCP stream, in pieces.
func FuzzStream(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.0\r\n\r\n"), uint8(5))
	f.Add([]byte("EHLO a\r\nMAIL FROM:<a@b.example>\r\nBDAT 3\r\nabcRCPT TO:<b>\r\nDATA\r\nx\r\n.\r\n"), uint8(7))
	f.Add(helloOf(0x303, []uint16{1}, []extension{serverName("a.example"), {16, list16(2, 1)}}), uint8(9))
	f.Add(binary.BigEndian.AppendUint16(nil, 9), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		whole, pieces := newWire(t), newWire(t)
		for port := range uint16(2) {
			a, b := &conn{w: whole, src: 9, dst: 53 + 27*port}, &conn{w: pieces, src: 9, dst: 53 + 27*port}
			data := data[:min(len(data), 60_000)]
			a.send(string(data))
			for len(data) > 0 {
				n := min(int(size)+1, len(data))
				b.send(string(data[:n]))
				data = data[n:]
			}
		}
		if strings.Contains(whole.out.String()+pieces.out.String(), "gave up") {
			t.Fatal("a decoder panics")
		}
		if x, y := number(whole), number(pieces); x != y {
			t.Fatalf("%d events whole, %d in pieces:\n%s\n%s", x, y, whole.out.String(), pieces.out.String())
		}
	})
}

func number(w *wire) int { return strings.Count(w.out.String(), `{"_path"`) }

func TestTLS(t *testing.T) {
	w := newWire(t)
	c := &conn{w: w, src: 5000, dst: 8443}
	record := string(helloOf(0x0303, []uint16{0x0a0a, 0x1301, 0xc02f}, []extension{
		serverName("login.e1ections.example"),
		{10, list16(2, 0x0a0a, 29, 23)},
		{11, []byte{1, 0}},
		{13, list16(2, 0x0403)},
		{16, prefixed(2, append(prefixed(1, []byte("h2")), prefixed(1, []byte("http/1.1"))...))},
		{43, list16(1, 0x0304, 0x0303)},
	}))
	c.send(record[:40])
	c.send(record[40:] + "anything")
	events, notes := w.events()
	if len(events) != 1 || len(notes) > 0 {
		t.Fatalf("%v %q", events, notes)
	}
	want(t, events[0], "tls.client.server_name", "login.e1ections.example", "tls.version", "TLSv13", "tls.next_protocol", "h2",
		// MD5 of 771,4865-49199,0-10-11-13-16-43,29-23,0; SHA-256 of 1301,c02f and of 000a,000b,000d,002b_0403
		"tls.client.ja3", "97737df38853b88c4324af06e211c4a1", "tls.client.ja4", "t13d0206h2_c1929292aa6b_5e519ef2b8a0", "network.transport", "tcp")
}
