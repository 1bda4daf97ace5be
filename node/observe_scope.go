package node

import (
	"net/netip"
	"strings"

	"entente/accord"
	"entente/observable"
	"entente/watch/event"
)

// selector is the part of a clause's scope that a line of a log can show:
// networks and named assets, and what is excepted. Sectors and actors stand in
// no log.
type selector struct {
	all        bool // of a corrective action, which has no scope
	take, skip things
	blind      bool // sectors or actors stand in it too
}

// things are assets by what names them.
type things struct {
	nets  []netip.Prefix
	names map[string]bool // canonical names: what is below one belongs to it; and names of hosts
}

func (t things) none() bool { return len(t.nets)+len(t.names) == 0 }

func newSelector(w accord.Watched) selector {
	s := selector{all: w.Clause == 0, blind: len(w.Scope.Sectors)+len(w.Scope.Actors) > 0}
	s.take = newThings(append(append([]string{}, w.Scope.Nets...), w.Scope.Assets...))
	s.skip = newThings(w.Scope.Except)
	return s
}

func newThings(words []string) things {
	t := things{names: make(map[string]bool)}
	for _, word := range words {
		if p, err := netip.ParsePrefix(word); err == nil {
			t.nets = append(t.nets, p.Masked())
		} else if v, err := observable.Detect(word); err != nil {
			t.names[strings.ToLower(word)] = true // of a host, perhaps
		} else if p, ok := v.Prefix(); ok {
			t.nets = append(t.nets, p)
		} else {
			t.names[v.Canonical] = true
		}
	}
	return t
}

// sees reports whether the selector selects anything that a log could show.
func (s selector) sees() bool { return s.all || !s.take.none() }

// has reports whether an event concerns something selected and nothing excepted.
func (s selector) has(ev *event.Event) bool {
	return (s.all || s.take.in(ev)) && (s.skip.none() || !s.skip.in(ev))
}

func (t things) in(ev *event.Event) bool {
	for i := range ev.Observables {
		v := ev.Observables[i].Value
		if host, ok := v.Host(); t.holds(v) || ok && t.holds(host) {
			return true
		}
	}
	for _, name := range []string{"host.name", "host.hostname", "observer.hostname"} {
		if h := ev.Get(name); h != "" && t.named(strings.ToLower(h)) {
			return true
		}
	}
	return false
}

func (t things) holds(v observable.Value) bool {
	switch v.Type {
	case observable.IPv4, observable.IPv6, observable.Net4, observable.Net6:
		p, ok := v.Prefix()
		for _, n := range t.nets {
			if ok && n.Bits() <= p.Bits() && n.Contains(p.Addr()) {
				return true
			}
		}
		return false
	case observable.Domain:
		return t.named(v.Canonical)
	}
	return t.names[v.Canonical]
}

func (t things) named(name string) bool {
	for n := range observable.Parents(name) {
		if t.names[n] {
			return true
		}
	}
	return false
}
