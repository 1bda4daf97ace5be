package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// stream serves one TCP listener.
type stream struct {
	cfg  Config
	take Take
	tell *teller

	mu     sync.Mutex
	peers  map[netip.Addr]int // connections open by address
	conns  map[net.Conn]bool
	failed error // the first error of take
}

// Stream takes connections until the context ends, then stores what it has read, and returns nil; it
// returns the error of take. The listener is closed.
func Stream(ctx context.Context, l net.Listener, cfg Config, take Take) error {
	s := &stream{cfg: cfg.withDefaults(), take: take, tell: newTeller(cfg.Trouble), peers: make(map[netip.Addr]int), conns: make(map[net.Conn]bool)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		l.Close()
		s.interrupt()
	})
	defer stop()
	var wg sync.WaitGroup
	defer s.tell.rest()
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				wg.Wait()
				return s.failed
			}
			s.tell.add(fmt.Errorf("accept: %w", err), "", 1)
			if !errors.Is(err, net.ErrClosed) && pause(ctx, 50*time.Millisecond) {
				continue // out of file descriptors, most likely
			}
			return err
		}
		peer, err := s.admit(conn)
		if err != nil {
			s.tell.add(err, peer.String(), 1)
			conn.Close()
			continue
		}
		wg.Go(func() {
			defer s.leave(conn, peer)
			if err := s.serve(ctx, conn, peer.String()); err != nil {
				s.fail(err)
				cancel()
			}
		})
	}
}

// fail keeps an error of take: it counts even where the listener was told to end while take ran.
func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (s *stream) admit(conn net.Conn) (netip.Addr, error) {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	peer := at.Addr().Unmap()
	if err != nil || !s.cfg.allows(peer) {
		return peer, ErrNotAllowed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.cfg.Connections || s.peers[peer] >= s.cfg.PerPeer {
		return peer, ErrFull
	}
	s.peers[peer]++
	s.conns[conn] = true
	return peer, nil
}

func (s *stream) leave(conn net.Conn, peer netip.Addr) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	if s.peers[peer]--; s.peers[peer] == 0 {
		delete(s.peers, peer)
	}
}

// interrupt ends every read that waits.
func (s *stream) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// serve reads one connection. Only an error of take is returned: it ends all.
func (s *stream) serve(ctx context.Context, conn net.Conn, peer string) error {
	if s.cfg.TLS != nil {
		secure := tls.Server(conn, s.cfg.TLS)
		shake, cancel := context.WithTimeout(ctx, handshakeTime)
		err := secure.HandshakeContext(shake)
		cancel()
		if err != nil {
			s.tell.add(fmt.Errorf("%w: %w", ErrHandshake, err), peer, 1)
			return nil
		}
		conn = secure
	}
	f := newFrames(conn)
	for ctx.Err() == nil {
		b, err := s.gather(ctx, conn, f, peer)
		if len(b.Messages) > 0 || b.Dropped > 0 {
			if err := store(ctx, s.take, b); err != nil {
				return err
			}
		}
		if err == nil {
			continue
		}
		if ctx.Err() == nil && err != io.EOF {
			s.tell.add(err, peer, 1)
		}
		return nil
	}
	return nil
}

// store is given its time even when the listener is ending: what was read exists nowhere else.
func store(ctx context.Context, take Take, b Batch) error {
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(storeTime, cancel)
		context.AfterFunc(free, func() { timer.Stop() })
	})
	defer stop()
	return take(free, b)
}

// gather waits for one message and takes with it what is there already. The message that the end of the
// connection cuts off counts as dropped: it was sent, and nobody has it.
func (s *stream) gather(ctx context.Context, conn net.Conn, f *frames, peer string) (b Batch, err error) {
	held := 0
	for {
		if !f.whole() { // it may take its time: what is here is not kept waiting
			if len(b.Messages) > 0 {
				return b, nil
			}
			if err := s.begun(ctx, conn, f); err != nil {
				return b, err
			}
		}
		m, ok, err := f.next()
		if err != nil {
			if err != io.EOF {
				b.Dropped++
			}
			return b, err
		}
		if !ok {
			continue
		}
		m.Peer = peer
		b.Messages = append(b.Messages, m)
		if held += len(m.Data); len(b.Messages) >= batchMessage || held >= batchBytes {
			return b, nil
		}
	}
}

// begun waits for the first byte of a message, for long, and gives the rest a short time.
func (s *stream) begun(ctx context.Context, conn net.Conn, f *frames) error {
	if err := s.deadline(ctx, conn, idleTime); err != nil {
		return err
	}
	if err := f.begun(); err != nil {
		return err
	}
	return s.deadline(ctx, conn, messageTime)
}

// deadline sets the time for the next read, unless the listener is ending.
func (s *stream) deadline(ctx context.Context, conn net.Conn, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return conn.SetReadDeadline(time.Now().Add(d))
}
