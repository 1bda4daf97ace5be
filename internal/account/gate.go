package account

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// gate counts connections and requests. A connection waits until a request on
// it showed an account, and belongs to that account from then on.
type gate struct {
	limits Limits

	mu      sync.Mutex // guards what follows
	closed  bool
	running sync.WaitGroup // requests under way; Add under mu
	conns   map[net.Conn]*seat
	waiting int
	seated  uint64 // connections so far
	of      map[string]*use
}

// seat is one connection.
type seat struct {
	account string // empty until one was shown
	from    netip.Addr
	number  uint64
}

// use is what one account has of the door.
type use struct{ conns, requests int }

// evicted stands where no account's name can: its connection counts no more.
const evicted = "-"

type seatKey struct{}

func newGate(l Limits) *gate {
	return &gate{limits: l, conns: make(map[net.Conn]*seat), of: make(map[string]*use)}
}

// gated closes connections for which there is no room. Where too many wait, the
// oldest of the address with the most of them makes room.
type gated struct {
	net.Listener
	g *gate
}

func (l gated) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.g.room() {
			return c, err
		}
		_ = c.Close()
	}
}

func (g *gate) room() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.conns) >= g.limits.Total {
		return false
	}
	if g.waiting >= g.limits.Waiting {
		if c := g.evict(); c != nil {
			go c.Close() // with TLS it may wait for a write
		}
	}
	return true
}

// evict takes the seat of a waiting connection. Callers hold mu.
func (g *gate) evict() (out net.Conn) {
	from := make(map[netip.Addr]int)
	for _, s := range g.conns {
		if s.account == "" {
			from[s.from]++
		}
	}
	var worst *seat
	for c, s := range g.conns {
		if s.account != "" {
			continue
		}
		if worst == nil || from[s.from] > from[worst.from] || from[s.from] == from[worst.from] && s.number < worst.number {
			out, worst = c, s
		}
	}
	if out != nil {
		delete(g.conns, out)
		g.waiting--
		worst.account = evicted
	}
	return out
}

// enter is http.Server's ConnContext: the seat is the connection's own.
func (g *gate) enter(ctx context.Context, c net.Conn) context.Context {
	s := &seat{}
	if at, err := netip.ParseAddrPort(c.RemoteAddr().String()); err == nil {
		s.from = at.Addr().Unmap()
	}
	g.mu.Lock()
	g.seated++
	s.number = g.seated
	g.conns[c] = s
	g.waiting++
	g.mu.Unlock()
	return context.WithValue(ctx, seatKey{}, s)
}

// watch is http.Server's ConnState.
func (g *gate) watch(c net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.conns[c]
	if !ok {
		return
	}
	delete(g.conns, c)
	if s.account == "" {
		g.waiting--
		return
	}
	g.of[s.account].conns--
	g.tidy(s.account)
}

// take gives a request of an account its place; leave gives it back. Where the
// account has too many, a connection that it does not have yet stays waiting.
func (g *gate) take(ctx context.Context, account string) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, _ := ctx.Value(seatKey{}).(*seat)
	if s == nil || s.account == evicted {
		return nil, false
	}
	u := g.of[account]
	if u == nil {
		u = &use{}
		g.of[account] = u
	}
	moves := s.account != account
	if u.requests >= g.limits.PerAccount || moves && u.conns >= g.limits.PerAccount {
		g.tidy(account)
		return nil, false
	}
	if moves {
		if s.account == "" {
			g.waiting--
		} else {
			g.of[s.account].conns--
			g.tidy(s.account)
		}
		s.account = account
		u.conns++
	}
	u.requests++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		u.requests--
		g.tidy(account)
	}, true
}

// tidy forgets an account that has nothing open. Callers hold mu.
func (g *gate) tidy(account string) {
	if u := g.of[account]; u != nil && *u == (use{}) {
		delete(g.of, account)
	}
}

// begin and end stand around every request; none begins after close, which
// waits for those under way.
func (g *gate) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.running.Add(1)
	return true
}

func (g *gate) end() { g.running.Done() }

func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.running.Wait()
}
