package peer

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"

	"entente/statement"
)

// conn is a partner's connection after the handshake. It charges every byte
// to the partner's account.
type conn struct {
	*tls.Conn
	server  *Server
	account *account
	visit   *visit
	key     pin
	over    bool        // one connection too many: requests are refused
	active  atomic.Bool // a request has begun
	handled atomic.Bool // and reached ServeHTTP
	closed  atomic.Bool
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.account.received.Add(uint64(n))
	c.account.in.charge(c.server.now(), n)
	c.server.used()
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.account.sent.Add(uint64(n))
	c.account.out.charge(c.server.now(), n)
	c.server.used()
	return n, err
}

// Close cuts the connection at once: tls.Conn.Close would wait for a partner
// that does not read.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	c.account.close(c)
	c.server.gate.exit(c.visit)
	return c.visit.Conn.Close()
}

type connKey struct{}

func withConn(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// watch finds the requests that net/http refuses by itself (malformed, cut,
// too slow), which never reach ServeHTTP.
func (s *Server) watch(nc net.Conn, state http.ConnState) {
	c := nc.(*conn)
	switch state {
	case http.StateActive:
		c.active.Store(true)
	case http.StateIdle:
		c.active.Store(false)
		c.handled.Store(false)
	case http.StateClosed:
		if c.active.Load() && !c.handled.Load() && s.begin() {
			defer s.running.Done()
			s.refused(c.account, statement.CodeRequest, "malformed, unfinished or slow request")
		}
	}
}

// identified is the listener that hands the connections of known partners to
// net/http.
type identified struct {
	ready <-chan net.Conn
	done  <-chan struct{}
	addr  net.Addr
}

func (l identified) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l identified) Close() error   { return nil }
func (l identified) Addr() net.Addr { return l.addr }

// closeWaiting cuts every connection that has no known key yet.
func (g *gate) closeWaiting() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for e := g.waiting.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*visit).Close()
	}
}
