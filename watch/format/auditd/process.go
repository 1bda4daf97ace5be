package auditd

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"entente/watch/event"
)

// process is what a SYSCALL record says of the process that called.
type process struct {
	Executable string `json:"exe,omitempty"`
	Name       string `json:"comm,omitempty"`
	ID         string `json:"pid,omitempty"`
	Parent     string `json:"ppid,omitempty"`
	User       string `json:"uid,omitempty"`

	syscall string
}

// take keeps a field of the process and reports whether it is one.
func (p *process) take(name, value string) bool {
	switch name {
	case "exe":
		p.Executable = value
	case "comm":
		p.Name = value
	case "pid":
		p.ID = value
	case "ppid":
		p.Parent = value
	case "uid":
		p.User = value
	default:
		return false
	}
	return true
}

// with returns p with the fields of own where own has them.
func (p process) with(own process) process {
	for _, f := range []struct{ to, from *string }{
		{&p.Executable, &own.Executable},
		{&p.Name, &own.Name},
		{&p.ID, &own.ID},
		{&p.Parent, &own.Parent},
		{&p.User, &own.User},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	return p
}

func (p process) put(ev *event.Event) {
	ev.Add("process.executable", p.Executable)
	ev.Add("process.name", p.Name)
	ev.Add("process.pid", p.ID)
	ev.Add("process.parent.pid", p.Parent)
	ev.Add("user.id", p.User)
	ev.Add("event.action", p.syscall)
}

// Bounds of what a parser keeps of earlier records: the kernel writes the records of one event together, and those of
// as many processors as a machine has may stand between them.
const (
	maxRecent = 32
	maxKept   = 4096 // bytes of an event's name and process: a path is no longer
)

// called is the process of one event.
type called struct {
	Event   string  `json:"event"`
	Process process `json:"process"`
}

func (c called) valid() bool {
	p := c.Process
	return c.Event != "" && len(c.Event)+len(p.Executable)+len(p.Name)+len(p.ID)+len(p.Parent)+len(p.User) <= maxKept
}

// recent holds the last events that a SYSCALL record opened, the newest last.
type recent struct{ events []called }

func (r *recent) keep(event string, p process) {
	r.forget(event)
	c := called{event, process{clean(p.Executable), clean(p.Name), clean(p.ID), clean(p.Parent), clean(p.User), ""}}
	if !c.valid() {
		return
	}
	if len(r.events) == maxRecent {
		r.events = slices.Delete(r.events, 0, 1)
	}
	r.events = append(r.events, c)
}

// clean lets go of the line that s is a part of, and makes s what JSON keeps as it is.
func clean(s string) string { return strings.Clone(strings.ToValidUTF8(s, "\uFFFD")) }

func (r *recent) find(event string) (process, bool) {
	for i := len(r.events) - 1; i >= 0; i-- {
		if r.events[i].Event == event {
			return r.events[i].Process, true
		}
	}
	return process{}, false
}

func (r *recent) forget(event string) {
	r.events = slices.DeleteFunc(r.events, func(c called) bool { return c.Event == event })
}

var errState = errors.New("not the state of an audit log")

// state writes what restore reads, nil for nothing.
func (r *recent) state() []byte {
	if len(r.events) == 0 {
		return nil
	}
	state, err := json.Marshal(r.events)
	if err != nil {
		return nil // strings always marshal
	}
	return state
}

// restore takes what state wrote, and nothing else: marshalled again it is the same.
func (r *recent) restore(state []byte) error {
	if len(state) == 0 {
		return nil
	}
	if len(state) > 8*maxRecent*maxKept {
		return errState
	}
	var other recent
	if json.Unmarshal(state, &other.events) != nil || len(other.events) == 0 || len(other.events) > maxRecent {
		return errState
	}
	for _, c := range other.events {
		if !c.valid() {
			return errState
		}
	}
	if !bytes.Equal(other.state(), state) {
		return errState
	}
	*r = other
	return nil
}
