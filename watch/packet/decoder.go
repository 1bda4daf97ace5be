package packet

import (
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Decoder reads the packets of one capture in order. Its zero value is not ready: see NewDecoder.
type Decoder struct {
	streams *streams
	out     []byte
	packets int64
}

// NewDecoder returns a decoder that has seen nothing.
func NewDecoder() *Decoder { return &Decoder{streams: newStreams()} }

// Packet reads one captured packet of a link type and returns the lines that it completes, none for most. They
// are valid until the next call; data is not kept.
func (d *Decoder) Packet(at time.Time, link layers.LinkType, data []byte) (lines []byte) {
	d.packets++
	d.out = d.out[:0]
	m := moment{at.UTC(), d.packets}
	defer func() {
		if recover() != nil { // a mistake of a decoder must not end the capture
			lines = note(m, "the decoder gave up")
		}
	}()
	d.decode(m, link, data)
	return d.out
}

func (d *Decoder) decode(m moment, link layers.LinkType, data []byte) {
	p := gopacket.NewPacket(data, link, gopacket.DecodeOptions{NoCopy: true, Lazy: true})
	network := p.NetworkLayer()
	if network == nil {
		if p.ErrorLayer() != nil {
			d.out = append(d.out, note(m, "not a readable frame")...)
		}
		return // ARP and its like
	}
	// A layer that could not be decoded is there, and empty.
	transport := p.TransportLayer()
	if len(network.LayerContents()) == 0 || transport != nil && len(transport.LayerContents()) == 0 {
		d.out = append(d.out, note(m, "not a readable packet")...)
		return
	}
	src, dst, whole := addresses(network)
	if !whole {
		return // fragments are seen by Zeek put together; here they are left alone
	}
	switch t := transport.(type) {
	case *layers.UDP:
		f := flow{netip.AddrPortFrom(src, uint16(t.SrcPort)), netip.AddrPortFrom(dst, uint16(t.DstPort)), "udp"}
		if isDNS(f) {
			d.out = append(d.out, dns(m, f, t.Payload)...)
		}
	case *layers.TCP:
		f := flow{netip.AddrPortFrom(src, uint16(t.SrcPort)), netip.AddrPortFrom(dst, uint16(t.DstPort)), "tcp"}
		d.out = d.streams.segment(d.out, m, f, t)
	}
}

// addresses are those of an IP packet; whole is false for a fragment.
func addresses(l gopacket.NetworkLayer) (src, dst netip.Addr, whole bool) {
	switch ip := l.(type) {
	case *layers.IPv4:
		src, _ = netip.AddrFromSlice(ip.SrcIP)
		dst, _ = netip.AddrFromSlice(ip.DstIP)
		return src.Unmap(), dst.Unmap(), ip.FragOffset == 0 && ip.Flags&layers.IPv4MoreFragments == 0
	case *layers.IPv6:
		src, _ = netip.AddrFromSlice(ip.SrcIP)
		dst, _ = netip.AddrFromSlice(ip.DstIP)
		return src, dst, ip.NextHeader != layers.IPProtocolIPv6Fragment
	}
	return src, dst, false
}
