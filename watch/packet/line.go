package packet

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// flow is where a message went.
type flow struct {
	src, dst netip.AddrPort
	proto    string // "tcp" or "udp"
}

// moment is where a message stands in the capture: the packet that completed it.
type moment struct {
	at     time.Time
	packet int64 // from 1
}

// line is one JSON object under construction. Keys are our own; values are foreign.
type line struct{ b []byte }

// begin starts a line of Zeek's log path.
func begin(path string, m moment, f flow) *line {
	l := &line{b: make([]byte, 0, 512)}
	l.b = append(l.b, `{"_path":`...)
	l.b = strconv.AppendQuote(l.b, path)
	l.b = fmt.Appendf(l.b, `,"ts":%d.%06d`, m.at.Unix(), m.at.Nanosecond()/1000)
	l.text("id.orig_h", f.src.Addr().String())
	l.number("id.orig_p", int64(f.src.Port()))
	l.text("id.resp_h", f.dst.Addr().String())
	l.number("id.resp_p", int64(f.dst.Port()))
	l.text("proto", f.proto)
	l.number("packet", m.packet)
	return l
}

func (l *line) key(name string) {
	l.b = append(l.b, ',')
	l.b = strconv.AppendQuote(l.b, name)
	l.b = append(l.b, ':')
}

func (l *line) number(name string, n int64) {
	l.key(name)
	l.b = strconv.AppendInt(l.b, n, 10)
}

// text adds a value if it is not empty.
func (l *line) text(name, value string) {
	if value == "" {
		return
	}
	l.key(name)
	l.quote(value)
}

func (l *line) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	l.key(name)
	for i, v := range values[:min(len(values), maxList)] {
		if i == 0 {
			l.b = append(l.b, '[')
		} else {
			l.b = append(l.b, ',')
		}
		l.quote(v)
	}
	l.b = append(l.b, ']')
}

// quote writes any bytes as a JSON string: what is not UTF-8 is replaced, what is too long is cut.
func (l *line) quote(v string) {
	if len(v) > maxValue {
		v = v[:maxValue]
	}
	b, err := json.Marshal(strings.ToValidUTF8(v, "\uFFFD"))
	if err != nil {
		b = []byte(`""`)
	}
	l.b = append(l.b, b...)
}

func (l *line) end() []byte { return append(l.b, "}\n"...) }

// note is a line about something that could not be read. why is our own text.
func note(m moment, why string) []byte { return fmt.Appendf(nil, "packet %d: %s\n", m.packet, why) }
