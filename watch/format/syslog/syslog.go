// Package syslog reads system logs as they lie in files: RFC 3164 in its many dialects, RFC 5424, and the messages of sshd, Postfix, Dovecot, name servers, packet filters and more.
//
// Messages whose form is a log format of its own, such as HAProxy's or CEF, are read as that format reads them.
// Other messages are searched for addresses, e-mail addresses, hashes and URLs.
// RFC 5424 is read here and not by a library because its structured data may repeat a
// parameter, and every value of it counts.
package syslog

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"entente/watch/event"
	"entente/watch/format/auditd"
	"entente/watch/format/bind"
	"entente/watch/format/cef"
	"entente/watch/format/freetext"
	"entente/watch/format/haproxy"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "syslog" }

func (format) New() event.Parser { return new(parser) }

// Sniff counts the lines whose header reads as one.
func (format) Sniff(head [][]byte) int {
	var p parser
	var ev event.Event
	return event.Share(head, 85, func(line []byte) bool { return p.Parse(line, &ev) == nil })
}

var errHeader = errors.New("a syslog line needs a time and a host or program")

// message is one line taken apart.
type message struct {
	program, pid, text string
}

type parser struct{ event.Stateless }

// Parse implements event.Parser. Times of RFC 3164 have the year 0: see event.CompleteYear.
func (*parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	m, ok := lineHeader(string(line), ev)
	if !ok {
		ev.Reset()
		return errHeader
	}
	ev.Add("process.name", m.program)
	ev.Add("process.pid", m.pid)
	ev.Add("message", m.text)
	read(ev, m)
	return nil
}

// lineHeader reads whichever header the line has.
func lineHeader(s string, ev *event.Event) (message, bool) {
	rest, priority, hasPriority := cutPriority(s)
	if hasPriority {
		ev.Add("log.syslog.priority", strconv.Itoa(priority))
		if rest, ok := strings.CutPrefix(rest, "1 "); ok {
			return header5424(rest, ev)
		}
		if strings.HasPrefix(rest, "CEF:") { // devices that leave the time to the extension
			return message{text: rest}, true
		}
	}
	return header3164(rest, ev)
}

// cutPriority reads "<13>", RFC 3164, 4.1.1 and RFC 5424, 6.2.1.
func cutPriority(s string) (rest string, priority int, ok bool) {
	const largest = 191
	if s[0] != '<' {
		return s, 0, false
	}
	end := strings.IndexByte(s[:min(len(s), len("<191>"))], '>')
	if end < 2 {
		return s, 0, false
	}
	for _, c := range []byte(s[1:end]) {
		if c < '0' || c > '9' {
			return s, 0, false
		}
		priority = priority*10 + int(c-'0')
	}
	if priority > largest {
		return s, 0, false
	}
	return s[end+1:], priority, true
}

// read takes what a message says, by the program that wrote it.
func read(ev *event.Event, m message) {
	ev.Dataset = "syslog"
	text := unrepeated(m.text)
	if known(ev, m.program, text) {
		return
	}
	if _, host, ok := strings.Cut(text, " rhost="); ok {
		host, _, _ = strings.Cut(host, " ")
		putHost(ev, host)
	}
	freetext.Scan(ev, "message", m.text)
}

// known reads the messages whose form is known, and reports whether nothing is left to look for.
func known(ev *event.Event, program, text string) bool {
	switch program {
	case "sshd", "sshd-session", "sshd-auth":
		ev.Dataset = "syslog.sshd"
		return sshd(ev, text)
	case "named":
		ev.Dataset = "syslog.dns"
		return bind.Message(ev, text)
	case "dnsmasq":
		ev.Dataset = "syslog.dns"
		return dnsmasq(ev, text)
	case "dnsmasq-dhcp":
		ev.Dataset = "syslog.dhcp"
		return dhcp(ev, text)
	case "unbound":
		ev.Dataset = "syslog.dns"
		return unbound(ev, text)
	case "haproxy":
		return haproxy.Message(ev, text)
	case "dovecot":
		return dovecot(ev, text)
	case "kernel", "ulogd":
		return netfilter(ev, text) || auditd.Message(ev, withoutUptime(text))
	case "audispd", "audisp-syslog", "audit", "auditd":
		return auditd.Message(ev, text)
	}
	if isPostfix(program) {
		postfix(ev, text)
		return true
	}
	return strings.HasPrefix(text, "CEF:") && cef.Message(ev, text)
}

// withoutUptime drops the "[12345.678] " before a message of the kernel.
func withoutUptime(text string) string {
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if uptime, rest, ok := strings.Cut(rest, "] "); ok && strings.Trim(uptime, " .0123456789") == "" {
			return rest
		}
	}
	return text
}

// putHost adds who asked, known by address or by name.
func putHost(ev *event.Event, host string) {
	if !ev.PutAddress("source.ip", host) {
		ev.Put("source.domain", host, event.Name)
	}
}

// unrepeated returns what rsyslog folds: "message repeated 3 times: [ text]".
func unrepeated(text string) string {
	if rest, ok := strings.CutPrefix(text, "message repeated "); ok {
		if _, inner, ok := strings.Cut(rest, " times: ["); ok {
			return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(inner), "]"))
		}
	}
	return text
}
