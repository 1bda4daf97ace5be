package auditd

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// record reads one record into an event.
type record struct {
	ev      *event.Event
	kind    string
	own     process
	command strings.Builder // of an EXECVE record
	args    int
	arg     string          // the name of the argument being read, without the number of its part
	parts   strings.Builder // of a long argument
	name    string          // SYSCALL as the log has it
}

// maxArguments bounds how many arguments are fields of their own; the command line holds them all.
const maxArguments = 100

func (r *record) read(ev *event.Event, h header, rest string, seen *recent) {
	*r = record{ev: ev, kind: h.kind}
	ev.Time, ev.Dataset = h.time, dataset(h.kind)
	ev.Add("host.hostname", h.node)
	ev.Add("auditd.data.type", h.kind)
	ev.Add("auditd.sequence", h.serial[strings.IndexByte(h.serial, ':')+1:])
	r.pairs(rest, 0)
	r.endArgument("")
	if r.kind == "SYSCALL" && r.name == "" {
		if r.own.syscall = syscallName(ev.Get("auditd.data.arch"), ev.Get("auditd.data.syscall")); r.own.syscall != "" {
			ev.Add("auditd.data.SYSCALL", r.own.syscall)
		}
	}
	if r.command.Len() > 0 {
		line := r.command.String()
		ev.Add("process.command_line", line)
		freetext.Scan(ev, "process.command_line", line)
	}
	switch event := clean(h.node + " " + h.serial); r.kind {
	case "SYSCALL":
		seen.keep(event, r.own)
	case "EOE":
		seen.forget(event)
	default:
		if p, ok := seen.find(event); ok {
			r.own = p.with(r.own)
		}
	}
	r.own.put(ev)
	r.ev = nil
}

// pairs reads all fields; a message of a program holds more of them in one that is called msg.
func (r *record) pairs(s string, depth int) {
	for {
		name, raw, quoted, rest, ok := cutPair(s)
		if !ok {
			return
		}
		if s = rest; quoted && (name == "msg" || name == "SADDR") && depth == 0 {
			r.pairs(raw, depth+1)
			continue
		}
		value := raw
		if !quoted && isText(r.kind, name) {
			value = decoded(raw)
		}
		r.field(name, value, quoted)
	}
}

// field takes one field. "?", "(null)" and "(none)" say that there is none; auditd.data keeps the words.
func (r *record) field(name, value string, quoted bool) {
	if r.kind == "EXECVE" && r.argument(name, value) {
		return
	}
	switch name {
	case "proctitle":
		value = strings.TrimRight(strings.ReplaceAll(value, "\x00", " "), " ")
		r.ev.Add("process.title", value)
		freetext.Scan(r.ev, "process.title", value)
	case "key":
		r.keys(value)
		return
	case "saddr":
		r.socket(value)
	case "cmd":
		freetext.Scan(r.ev, "auditd.data.cmd", value)
	}
	r.add(name, value)
	if value == "" || !quoted && (value == "?" || value == "(null)" || value == "(none)") {
		return
	}
	if !r.own.take(name, value) {
		r.meaning(name, value)
	}
}

// meaning adds the ECS fields that are not the process's.
func (r *record) meaning(name, value string) {
	switch name {
	case "addr", "hostname":
		if event.LooksLikeAddress(value) {
			r.once("source.ip", value, event.Address)
		} else if value != "?" {
			r.once("source.domain", value, event.Name)
		}
	case "acct", "UID":
		r.once("user.name", value, event.Plain)
	case "AUID":
		r.ev.Add("user.audit.name", value)
	case "auid":
		r.ev.Add("user.audit.id", value)
	case "euid":
		r.ev.Add("user.effective.id", value)
	case "cwd":
		r.ev.Add("process.working_directory", value)
	case "name":
		if r.kind == "PATH" {
			r.ev.Add("file.path", value)
		}
	case "success", "res", "result":
		r.once("event.outcome", outcome(value), event.Plain)
	case "SYSCALL":
		r.name = value
		r.own.syscall = value
	case "op":
		r.ev.Add("event.action", value)
	}
}

func outcome(value string) string {
	switch value {
	case "yes", "success", "1":
		return "success"
	case "no", "failed", "fail", "0":
		return "failure"
	default:
		return ""
	}
}

// keys adds the keys of the rules that asked for the record; several are separated by a control character.
func (r *record) keys(value string) {
	for key := range strings.SplitSeq(value, "\x01") {
		r.ev.Add("auditd.data.key", key)
	}
}

// argument takes "a1" and "a1[0]", a part of one; "argc" and "a1_len" are plain fields.
func (r *record) argument(name, value string) bool {
	if argument(name) < 0 {
		return false
	}
	whole, _, isPart := strings.Cut(name, "[")
	if !isPart || whole != r.arg {
		r.endArgument(whole)
		if r.args++; r.args > 1 {
			r.command.WriteByte(' ')
		}
	}
	r.command.WriteString(value)
	if isPart {
		r.parts.WriteString(value)
	} else {
		r.addArgument(value)
	}
	return true
}

// endArgument adds the argument whose parts have all been read, and begins the next.
func (r *record) endArgument(next string) {
	if r.parts.Len() > 0 {
		r.addArgument(r.parts.String())
		r.parts.Reset()
	}
	r.arg = next
}

func (r *record) addArgument(value string) {
	if r.args > maxArguments {
		r.ev.Left++
		return
	}
	r.add(r.arg, value)
	r.ev.Add("process.args", value)
}

// add adds a field under its own name.
func (r *record) add(name, value string) {
	if field := fieldName(name); field != "" {
		r.ev.Add(field, value)
	} else {
		r.ev.Left++
	}
}

// once adds a field that several fields of a record say.
func (r *record) once(name, value string, as event.As) {
	if r.ev.Get(name) == "" {
		r.ev.Put(name, value, as)
	}
}

// socket reads a sockaddr in hexadecimal: the family in the order of the host, little-endian nearly everywhere, then
// port and address in network order.
func (r *record) socket(value string) {
	if len(value) > 256 {
		return
	}
	b, err := hex.DecodeString(value)
	if err != nil || len(b) < 8 {
		return
	}
	const inet, inet6 = 2, 10
	var address netip.Addr
	switch family := int(b[0]) | int(b[1])<<8; {
	case family == inet:
		address = netip.AddrFrom4([4]byte(b[4:8]))
	case family == inet6 && len(b) >= 24:
		address = netip.AddrFrom16([16]byte(b[8:24])).Unmap()
	default:
		return
	}
	r.ev.PutAddress("destination.ip", address.String())
	r.ev.Add("destination.port", strconv.Itoa(int(b[2])<<8|int(b[3])))
}
