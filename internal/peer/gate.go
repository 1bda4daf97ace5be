package peer

import (
	"container/list"
	"net"
	"sync"
)

// gate bounds the connections whose key is not known yet. It never turns a
// newcomer away for strangers' sake: when its room is full, the connection
// that has waited longest is cut, so that a flood must complete more
// handshakes than the room holds in the time that an honest one takes.
type gate struct {
	total, room, perSource int

	mu      sync.Mutex
	open    int        // every connection, guarded by mu
	waiting *list.List // of *visit, oldest first, guarded by mu
	sources map[string]int
}

// visit is one accepted connection.
type visit struct {
	net.Conn
	source  string
	waiting *list.Element // nil once its key is known; guarded by gate.mu
	gone    bool          // guarded by gate.mu
}

func newGate(l Limits) *gate {
	return &gate{total: l.Total, room: l.Waiting, perSource: l.PerSource, waiting: list.New(), sources: map[string]int{}}
}

// enter admits a connection, or returns nil when nothing can be cut for it.
// evicted is one that the caller must close.
func (g *gate) enter(c net.Conn) (v, evicted *visit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	source := sourceOf(c)
	switch {
	case g.sources[source] >= g.perSource:
		evicted = g.evict(func(v *visit) bool { return v.source == source })
	case g.waiting.Len() >= g.room, g.open >= g.total:
		evicted = g.evict(func(*visit) bool { return true })
	}
	if g.open >= g.total {
		return nil, evicted
	}
	v = &visit{Conn: c, source: source}
	v.waiting = g.waiting.PushBack(v)
	g.sources[source]++
	g.open++
	return v, evicted
}

// evict removes the oldest waiting visit that match accepts.
func (g *gate) evict(match func(*visit) bool) *visit {
	for e := g.waiting.Front(); e != nil; e = e.Next() {
		if v := e.Value.(*visit); match(v) {
			g.leave(v)
			return v
		}
	}
	return nil
}

// known takes a visit out of the waiting room. False: it was cut meanwhile.
func (g *gate) known(v *visit) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settle(v)
	return !v.gone
}

// exit forgets a closed connection.
func (g *gate) exit(v *visit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(v)
}

func (g *gate) leave(v *visit) {
	g.settle(v)
	if !v.gone {
		v.gone = true
		g.open--
	}
}

func (g *gate) settle(v *visit) {
	if v.waiting == nil {
		return
	}
	g.waiting.Remove(v.waiting)
	v.waiting = nil
	if g.sources[v.source]--; g.sources[v.source] == 0 {
		delete(g.sources, v.source)
	}
}

// sourceOf is the host of a connection; of an IPv6 address the /64, which is
// what one customer holds.
func sourceOf(c net.Conn) string {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		if a.IP.To4() == nil {
			return a.IP.Mask(net.CIDRMask(64, 128)).String()
		}
		return a.IP.String()
	}
	return c.RemoteAddr().String()
}
