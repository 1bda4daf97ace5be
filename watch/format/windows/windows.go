// Package windows reads Windows events as JSON: Winlogbeat's, NXLog's flat ones, and exports that keep the shape of the XML.
//
// Whatever the shape, the data of an event is "winlog.event_data.<Name>" and its header winlog.channel,
// winlog.event_id, winlog.provider_name, winlog.computer_name. Events of Sysmon and of the Security channel
// also have the ECS fields of processes, users, files and connections.
//
// Source: the event schema of Windows (System, EventData, UserData), Winlogbeat's exported fields, NXLog's im_msvistalog.
package windows

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/format/freetext"
	"entente/watch/format/jsonline"
)

// Format returns the format.
func Format() event.Format { return format{} }

type format struct{}

func (format) Name() string { return "windows" }

func (format) New() event.Parser {
	return &parser{names: map[string]string{}}
}

// Sniff counts the lines that have an event's number and its channel.
func (format) Sniff(head [][]byte) int {
	return event.Share(head, 95, func(line []byte) bool {
		return line[0] == '{' && contains(line, `"EventID"`, `"event_id"`) && contains(line, `"Channel"`, `"channel"`, `"log_name"`)
	})
}

func contains(line []byte, keys ...string) bool {
	for _, key := range keys {
		if bytes.Contains(line, []byte(key)) {
			return true
		}
	}
	return false
}

var (
	errEvent = errors.New("a Windows event needs a number and a channel or provider")
	errTime  = errors.New("a Windows event needs the time of its creation")
)

// Bounds of what is kept of one line, and of the names that a parser remembers.
const (
	maxData  = event.MaxFields
	maxName  = 128
	maxNames = 4096
)

// datum is one value of EventData or UserData, under its whole field name.
type datum struct{ name, field, value string }

type parser struct {
	event.Stateless
	walker jsonline.Walker
	texts  event.Texts
	names  map[string]string // field names seen, so that each is built once

	head head
	data []datum
	flat []datum // top-level values that are data if the line is a flat one
	left int

	itemName, itemValue string // the element of a list of Data being read
	path, built         []byte // buffers: a path made plain, a field's name
}

// head is what the header of an event says.
type head struct {
	channel, code, provider, computer, record, level, message string
	created, eventTime, stamp                                 string // in order of preference
	user                                                      string // the SID of Security/UserID
}

// Parse implements event.Parser.
func (p *parser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if len(bytes.TrimSpace(line)) == 0 {
		return event.ErrNoEvent
	}
	p.head, p.left, p.itemName, p.itemValue = head{}, 0, "", ""
	err := p.walker.Walk(line, p)
	if err == nil {
		p.item()
		err = p.finish(ev)
	}
	p.data, p.flat = emptied(p.data), emptied(p.flat)
	if err != nil {
		ev.Reset()
	}
	return err
}

func emptied(data []datum) []datum {
	clear(data)
	return data[:0]
}

func (p *parser) finish(ev *event.Event) error {
	h := &p.head
	if !isCode(h.code) || h.channel == "" && h.provider == "" {
		return errEvent
	}
	var ok bool
	if ev.Time, ok = h.time(); !ok {
		return errTime
	}
	if len(p.data) == 0 {
		p.data, p.flat = p.flat, p.data
	}
	s := sourceOf(h)
	ev.Dataset = s.dataset()
	ev.Add("event.code", h.code)
	ev.Add("winlog.event_id", h.code)
	ev.Add("winlog.channel", h.channel)
	ev.Add("winlog.provider_name", h.provider)
	ev.Add("winlog.computer_name", h.computer)
	ev.Add("host.hostname", h.computer)
	ev.Add("winlog.record_id", h.record)
	ev.Add("winlog.level", h.level)
	ev.Add("winlog.user.identifier", h.user)
	action, outcome := s.action(h.code)
	ev.Add("event.action", action)
	ev.Add("event.outcome", outcome)
	for i := range p.data {
		d := &p.data[i]
		ev.Add(d.field, d.value)
		if !s.put(ev, h.code, d.name, d.value) && !isVersion(d.name) {
			freetext.Scan(ev, d.field, d.value)
		}
	}
	ev.Add("message", h.message)
	if len(p.data) == 0 { // else the message is its text with the same values
		freetext.Scan(ev, "message", h.message)
	}
	ev.Left += p.left
	return nil
}

// isVersion reports whether a value is one of Windows' versions, which look like addresses.
func isVersion(name string) bool {
	return strings.HasSuffix(name, "Version") || name == "EngineVersion" || name == "Description" || name == "Product"
}

func isCode(s string) bool { return s != "" && len(s) <= 10 && strings.Trim(s, "0123456789") == "" }

// time takes the first time that reads: the system's, the collector's name for it, the collector's stamp.
func (h *head) time() (time.Time, bool) {
	for _, s := range [...]string{h.created, h.eventTime, h.stamp} {
		if s == "" {
			continue
		}
		if i := strings.LastIndexByte(s, ' '); i > len("2006-01-02") {
			s = s[:i] + s[i+1:] // a space before the zone
		}
		if t, ok := event.ParseTime(s); ok {
			return t, true
		}
		if t, ok := event.ParseEpoch(s); ok {
			return t, true
		}
	}
	return time.Time{}, false
}
