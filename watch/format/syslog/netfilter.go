package syslog

import (
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// netfilter reads what iptables, nftables and ufw let the kernel log, "[time] prefix IN=… OUT=… SRC=… DST=… …", and
// reports whether a message is that. The prefix is the administrator's; the rest is made from one packet. In brackets stands
// the packet that an ICMP error quotes, whose addresses a stranger chose: they are observed as a part of the message.
//
// Source: the kernel's nf_log_syslog.c.
func netfilter(ev *event.Event, text string) bool {
	in := strings.Index(text, "IN=")
	if in < 0 || in > maxPrefix || in > 0 && text[in-1] != ' ' && text[in-1] != ':' && text[in-1] != ']' {
		return false
	}
	packet, quoted, _ := strings.Cut(text[in:], "[")
	if !strings.Contains(packet, " SRC=") || !strings.Contains(packet, " DST=") {
		return false
	}
	ev.Dataset = "netfilter"
	filterRule(ev, text[:in])
	for range maxPairs {
		pair, rest, more := strings.Cut(packet, " ")
		if name, value, ok := strings.Cut(pair, "="); ok && value != "" {
			packetField(ev, name, value)
		} else if pair == "SYN" || pair == "ACK" || pair == "RST" || pair == "FIN" {
			ev.Add("netfilter.flags", pair)
		}
		if packet = rest; !more {
			break
		}
	}
	freetext.Scan(ev, "message", quoted)
	return true
}

// Bounds: a prefix has at most 128 characters (nf_tables), a packet some thirty fields.
const (
	maxPrefix = 256
	maxPairs  = 64
)

// filterRule reads "[12345.678] [UFW BLOCK] " or whatever else stands before a packet, and what it says was done.
func filterRule(ev *event.Event, prefix string) {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(prefix, " "), "["); ok {
		if uptime, after, ok := strings.Cut(rest, "]"); ok && strings.Trim(uptime, " .0123456789") == "" {
			prefix = after
		}
	}
	prefix = strings.Trim(prefix, " :[]")
	ev.Add("rule.name", prefix)
	upper := strings.ToUpper(prefix)
	for _, word := range [...]string{"BLOCK", "DROP", "REJECT", "DENY", "DENIED"} {
		if strings.Contains(upper, word) {
			ev.Add("event.action", "denied")
			return
		}
	}
	for _, word := range [...]string{"ALLOW", "ACCEPT", "PASS"} {
		if strings.Contains(upper, word) {
			ev.Add("event.action", "allowed")
			return
		}
	}
}

func packetField(ev *event.Event, name, value string) {
	switch name {
	case "SRC":
		ev.PutAddress("source.ip", value)
	case "DST":
		ev.PutAddress("destination.ip", value)
	case "SPT":
		ev.Add("source.port", value)
	case "DPT":
		ev.Add("destination.port", value)
	case "PROTO":
		ev.Add("network.transport", strings.ToLower(value))
	case "IN":
		ev.Add("observer.ingress.interface.name", value)
	case "OUT":
		ev.Add("observer.egress.interface.name", value)
	case "MAC": // destination, source, type of an Ethernet frame
		const mac = len("00:00:00:00:00:00")
		if len(value) >= 2*mac+1 {
			ev.Add("destination.mac", value[:mac])
			ev.Add("source.mac", value[mac+1:2*mac+1])
		}
	case "LEN":
		if ev.Get("network.bytes") == "" { // UDP has a second one
			ev.Add("network.bytes", value)
		}
	case "TYPE":
		ev.Add("netfilter.icmp.type", value)
	case "CODE":
		ev.Add("netfilter.icmp.code", value)
	case "UID":
		ev.Add("user.id", value)
	}
}
