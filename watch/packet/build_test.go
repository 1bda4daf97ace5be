package packet_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"entente/watch/event"
	"entente/watch/format/zeekjson"
	"entente/watch/packet"
)

// wire builds Ethernet frames and reads them as a decoder does, one second apart.
type wire struct {
	t   testing.TB
	d   *packet.Decoder
	out strings.Builder
	at  time.Time
	all [][]byte
}

func newWire(t testing.TB) *wire {
	return &wire{t: t, d: packet.NewDecoder(), at: time.Unix(1_700_000_000, 5000)}
}

func (w *wire) frame(parts ...gopacket.SerializableLayer) {
	w.t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, parts...); err != nil {
		w.t.Fatal(err)
	}
	w.raw(bytes.Clone(b.Bytes()))
}

func (w *wire) raw(data []byte) {
	w.all = append(w.all, data)
	w.out.Write(w.d.Packet(w.at, layers.LinkTypeEthernet, data))
	w.at = w.at.Add(time.Second)
}

func ethernet(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: make(net.HardwareAddr, 6), DstMAC: make(net.HardwareAddr, 6), EthernetType: kind}
}

func (w *wire) udp(src, dst uint16, data []byte) {
	ip := &layers.IPv4{Version: 4, TTL: 9, Protocol: layers.IPProtocolUDP, SrcIP: net.IP{192, 0, 2, 1}, DstIP: net.IP{198, 51, 100, 2}}
	w.frame(ethernet(layers.EthernetTypeIPv4), ip, &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}, gopacket.Payload(data))
}

// conn is one direction of a TCP connection over IPv6, behind a VLAN tag.
type conn struct {
	w        *wire
	src, dst uint16
	seq      uint32
}

func (c *conn) segment(seq uint32, data string, flags func(*layers.TCP)) {
	ip := &layers.IPv6{Version: 6, HopLimit: 9, NextHeader: layers.IPProtocolTCP, SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2")}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(c.src), DstPort: layers.TCPPort(c.dst), Seq: seq, ACK: true, Window: 1000}
	if flags != nil {
		flags(tcp)
	}
	tag := &layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeIPv6}
	c.w.frame(ethernet(layers.EthernetTypeDot1Q), tag, ip, tcp, gopacket.Payload(data))
}

func (c *conn) open() {
	c.segment(c.seq, "", func(t *layers.TCP) { t.SYN = true })
	c.seq++
}

func (c *conn) send(data string) {
	c.segment(c.seq, data, nil)
	c.seq += uint32(len(data))
}

// lines are what came out.
func (w *wire) lines() []string {
	return strings.Split(strings.TrimSuffix(w.out.String(), "\n"), "\n")
}

// events reads the lines as a node does; a line that is no event is given as it is.
func (w *wire) events() (events []event.Event, notes []string) {
	w.t.Helper()
	p := zeekjson.Format().New()
	for _, l := range w.lines() {
		if l == "" {
			continue
		}
		var ev event.Event
		if err := p.Parse([]byte(l), &ev); err != nil {
			if strings.HasPrefix(l, "{") {
				w.t.Errorf("%s: %v", l, err)
			}
			notes = append(notes, l)
			continue
		}
		events = append(events, ev)
	}
	return events, notes
}

// list16 are numbers behind their length in bytes, which has size bytes itself.
func list16(size int, values ...uint16) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return prefixed(size, b)
}

func prefixed(size int, b []byte) []byte {
	n := []byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}
	return append(n[3-size:], b...)
}

// extension is one extension of a client hello.
type extension struct {
	kind uint16
	body []byte
}

// helloOf builds the record of a client hello: RFC 8446 section 4.1.2.
func helloOf(version uint16, ciphers []uint16, extensions []extension) []byte {
	b := binary.BigEndian.AppendUint16(nil, version)
	b = append(b, make([]byte, 32)...)
	b = append(b, 0)
	b = append(b, list16(2, ciphers...)...)
	b = append(b, 1, 0)
	var all []byte
	for _, e := range extensions {
		all = binary.BigEndian.AppendUint16(all, e.kind)
		all = append(all, prefixed(2, e.body)...)
	}
	if extensions != nil {
		b = append(b, prefixed(2, all)...)
	}
	message := append([]byte{1}, prefixed(3, b)...)
	return append([]byte{22, 3, 1}, prefixed(2, message)...)
}

func serverName(name string) extension {
	return extension{0, prefixed(2, append([]byte{0}, prefixed(2, []byte(name))...))}
}
