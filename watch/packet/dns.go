package packet

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// isDNS goes by the ports of DNS, multicast DNS and LLMNR, like Zeek.
func isDNS(f flow) bool {
	for _, p := range []uint16{f.src.Port(), f.dst.Port()} {
		if p == 53 || p == 5353 || p == 5355 {
			return true
		}
	}
	return false
}

// dnsStream reads DNS over TCP: RFC 7766 section 8, each message behind its length.
type dnsStream struct{}

func (dnsStream) read(m moment, f flow, data []byte) ([]byte, int, bool) {
	if len(data) < 2 {
		return nil, 0, false
	}
	n := int(binary.BigEndian.Uint16(data)) + 2
	if len(data) < n {
		return nil, 0, false
	}
	return dns(m, f, data[2:n]), n, false
}

// dns is the line of one message, query or response, with the asking side as its origin.
func dns(m moment, f flow, data []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(data)
	if err != nil {
		return note(m, "not a readable DNS message")
	}
	if h.Response {
		f.src, f.dst = f.dst, f.src
	}
	l := begin("dns", m, f)
	l.number("trans_id", int64(h.ID))
	questions, err := p.AllQuestions()
	if err != nil {
		return note(m, "not a readable DNS message")
	}
	if len(questions) > 0 {
		q := questions[0]
		l.text("query", host(q.Name))
		l.text("qclass_name", "C_"+class(q.Class))
		l.text("qtype_name", strings.TrimPrefix(q.Type.String(), "Type"))
	}
	if !h.Response {
		return l.end()
	}
	l.text("rcode_name", strings.ToUpper(strings.TrimPrefix(h.RCode.String(), "RCode")))
	answers, whole := answersOf(&p)
	l.list("answers", answers)
	if !whole {
		return append(l.end(), note(m, "a DNS answer is cut off")...)
	}
	return l.end()
}

func class(c dnsmessage.Class) string {
	if c == dnsmessage.ClassINET {
		return "INTERNET"
	}
	return strings.TrimPrefix(c.String(), "Class")
}

func host(n dnsmessage.Name) string { return strings.TrimSuffix(n.String(), ".") }

// answersOf are the data of the answers that hold an address or a name, or text.
func answersOf(p *dnsmessage.Parser) (out []string, whole bool) {
	for len(out) < maxList {
		r, err := p.Answer()
		if err == dnsmessage.ErrSectionDone {
			return out, true
		}
		if err != nil {
			return out, false
		}
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, netip.AddrFrom4(b.A).String())
		case *dnsmessage.AAAAResource:
			out = append(out, netip.AddrFrom16(b.AAAA).String())
		case *dnsmessage.CNAMEResource:
			out = append(out, host(b.CNAME))
		case *dnsmessage.NSResource:
			out = append(out, host(b.NS))
		case *dnsmessage.PTRResource:
			out = append(out, host(b.PTR))
		case *dnsmessage.MXResource:
			out = append(out, host(b.MX))
		case *dnsmessage.SRVResource:
			out = append(out, host(b.Target))
		case *dnsmessage.TXTResource:
			out = append(out, "TXT "+strings.Join(b.TXT, ""))
		}
	}
	return out, true
}
