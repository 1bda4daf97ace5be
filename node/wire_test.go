package node

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// wire is a network of net.Pipe connections between the parties of a unit, so
// that a whole unit runs in a synctest bubble. Links can be cut: a dial then
// hears nothing, as of a machine that is off.
type wire struct {
	mu    sync.Mutex
	doors map[string]*door
	cut   map[string]bool // parties that nobody reaches, and lines "from to" that are refused
	away  map[string]bool // parties whose every line is refused
	lines []link
	dials map[string]int // by "from to"
}

type link struct {
	from, to  string
	near, far net.Conn
}

func newWire() *wire {
	return &wire{doors: make(map[string]*door), cut: make(map[string]bool), away: make(map[string]bool), dials: make(map[string]int)}
}

// listen is Options.Listen: every address is a name on the wire. A unix socket
// leaves an empty file where it would stand.
func (w *wire) listen(network, address string) (net.Listener, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if network == "unix" {
		if err := os.WriteFile(address, nil, 0o600); err != nil {
			return nil, err
		}
		return newDoor(w, address), nil
	}
	if w.doors[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: syscall.EADDRINUSE}
	}
	d := newDoor(w, address)
	w.doors[address] = d
	return d, nil
}

// from is Options.Dial of one party.
func (w *wire) from(name string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		to, _, _ := strings.Cut(address, ".")
		w.mu.Lock()
		w.dials[name+" "+to]++
		d, silent := w.doors[address], w.cut[to] || w.cut[name]
		if w.cut[name+" "+to] || w.away[to] || w.away[name] {
			d = nil
		}
		w.mu.Unlock()
		if silent {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if d == nil {
			return nil, syscall.ECONNREFUSED
		}
		near, far := net.Pipe()
		select {
		case d.conns <- far:
			w.mu.Lock()
			w.lines = append(w.lines, link{name, to, near, far})
			w.mu.Unlock()
			return near, nil
		case <-d.closed:
			return nil, syscall.ECONNREFUSED
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// silence makes a party unreachable and ends its connections; hear undoes it.
func (w *wire) silence(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[name] = true
	w.lines = slices.DeleteFunc(w.lines, func(l link) bool {
		if l.from != name && l.to != name {
			return false
		}
		_ = errors.Join(l.near.Close(), l.far.Close()) // a pipe's Close cannot fail
		return true
	})
}

// refuse refuses every line of a party, or ends that.
func (w *wire) refuse(name string, yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away[name] = yes
}

// part cuts the line between two parties for ever; both are reached by others.
func (w *wire) part(a, b string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[a+" "+b], w.cut[b+" "+a] = true, true
}

// oneWay keeps a party from reaching another, which still reaches it.
func (w *wire) oneWay(from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[from+" "+to] = true
	w.lines = slices.DeleteFunc(w.lines, func(l link) bool {
		if l.from != from || l.to != to {
			return false
		}
		_ = errors.Join(l.near.Close(), l.far.Close())
		return true
	})
}

func (w *wire) hear(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.cut, name)
}

type door struct {
	wire   *wire
	name   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newDoor(w *wire, name string) *door {
	return &door{wire: w, name: name, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *door) Close() error {
	d.once.Do(func() {
		close(d.closed)
		d.wire.mu.Lock()
		defer d.wire.mu.Unlock()
		if d.wire.doors[d.name] == d {
			delete(d.wire.doors, d.name)
		}
	})
	return nil
}

func (d *door) Addr() net.Addr { return &net.UnixAddr{Name: d.name, Net: "wire"} }
