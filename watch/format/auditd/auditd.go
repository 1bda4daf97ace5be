// Package auditd reads the log of Linux's audit daemon: every record an event of its own, with the process of its event.
//
// Every field of a record is "auditd.data.<name>" as the record spells it, with hexadecimal values decoded,
// and the record's type is auditd.data.type. A record also gets the ECS fields of the process: those
// it has itself, else those of the SYSCALL record with the same serial number before it.
// So an EXECVE record says which program a command line belongs to, and no record waits for another.
//
// Source: linux-audit's audit-userspace (auparse), the field dictionary and record types of audit-documentation.
package auditd

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"entente/watch/event"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "auditd" }

func (format) New() event.Parser { return new(parser) }

// Sniff counts the lines that start like records.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 97, func(line []byte) bool {
		_, _, ok := cutHeader(string(line[:min(len(line), maxHeader)]))
		return ok
	})
}

var errRecord = errors.New("an audit record starts with its type and msg=audit(SECONDS:SERIAL)")

type parser struct {
	recent recent
	record record // its memory is used again
}

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	line = bytes.TrimRight(line, "\r")
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	h, rest, ok := cutHeader(string(line))
	if !ok {
		return errRecord
	}
	p.record.read(ev, h, rest, &p.recent)
	return nil
}

// State implements event.Parser.
func (p *parser) State() []byte { return p.recent.state() }

// Restore implements event.Parser.
func (p *parser) Restore(state []byte) error { return p.recent.restore(state) }

// Message reads a record that another log carries, with or without "msg=", and reports whether it is one. Records
// stand alone there: none gets the process of another.
func Message(ev *event.Event, text string) bool {
	h, rest, ok := cutHeader(strings.TrimPrefix(text, "audit: "))
	if !ok {
		return false
	}
	new(record).read(ev, h, rest, new(recent))
	return true
}

// header is what every record starts with.
type header struct {
	node, kind string
	serial     string // "1684329817.579:2995", with the node the name of the event
	time       time.Time
}

// maxHeader is far longer than any header.
const maxHeader = 512

// cutHeader reads "[node=NODE ]type=TYPE [msg=]audit(SECONDS.MILLISECONDS:SERIAL):".
func cutHeader(s string) (h header, rest string, ok bool) {
	if after, found := strings.CutPrefix(s, "node="); found {
		if h.node, s, ok = strings.Cut(after, " "); !ok || len(h.node) > maxHeader/2 {
			return header{}, "", false
		}
	}
	s, ok = strings.CutPrefix(s, "type=")
	if !ok {
		return header{}, "", false
	}
	h.kind, s, ok = strings.Cut(s, " ")
	if h.kind = typeName(h.kind); !ok || h.kind == "" {
		return header{}, "", false
	}
	if s, ok = strings.CutPrefix(strings.TrimPrefix(s, "msg="), "audit("); !ok {
		return header{}, "", false
	}
	h.serial, _, ok = strings.Cut(s[:min(len(s), maxHeader)], "):")
	if !ok || len(h.serial) > 64 {
		return header{}, "", false
	}
	stamp, number, ok := strings.Cut(h.serial, ":")
	if !ok || number == "" || strings.Trim(number, "0123456789") != "" || strings.IndexByte(stamp, '.') < 0 {
		return header{}, "", false
	}
	h.time, ok = event.ParseEpoch(stamp)
	return h, s[len(h.serial)+len("):"):], ok
}

// typeName returns the name of a type, which the kernel's own log has as a number; "" for what is neither.
func typeName(kind string) string {
	if kind == "" || len(kind) > 32 || strings.Trim(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_[]") != "" {
		return ""
	}
	switch kind {
	case "1006":
		return "LOGIN"
	case "1300":
		return "SYSCALL"
	case "1302":
		return "PATH"
	case "1305":
		return "CONFIG_CHANGE"
	case "1306":
		return "SOCKADDR"
	case "1307":
		return "CWD"
	case "1309":
		return "EXECVE"
	case "1325":
		return "NETFILTER_CFG"
	case "1326":
		return "SECCOMP"
	case "1327":
		return "PROCTITLE"
	case "1334":
		return "BPF"
	case "1400":
		return "AVC"
	case "1701":
		return "ANOM_ABEND"
	}
	return kind
}

// dataset avoids building the names of the common types anew for every line.
func dataset(kind string) string {
	switch kind {
	case "SYSCALL":
		return "auditd.syscall"
	case "EXECVE":
		return "auditd.execve"
	case "PATH":
		return "auditd.path"
	case "CWD":
		return "auditd.cwd"
	case "PROCTITLE":
		return "auditd.proctitle"
	case "SOCKADDR":
		return "auditd.sockaddr"
	}
	if kind[0] < 'A' || strings.ContainsAny(kind, "[]") { // UNKNOWN[1420]
		return "auditd"
	}
	return "auditd." + strings.ToLower(kind)
}
