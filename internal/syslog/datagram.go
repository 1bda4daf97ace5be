package syslog

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// overhead is what a waiting message counts for beside its bytes.
const overhead = 128

type waiting struct {
	Message
	from netip.Addr
}

// datagrams is the queue between the socket and the store.
type datagrams struct {
	cfg  Config
	tell *teller

	mu      sync.Mutex
	waiting []waiting
	bytes   int
	byPeer  map[netip.Addr]int // bytes waiting; none for a peer that has none
	dropped int64
	there   chan struct{} // holds one when something waits
}

// Datagram takes datagrams, one message each, until the context ends, then stores what waits, and returns
// nil; it returns the error of take. The socket is closed. Reading never waits for the store: what does not
// fit is dropped and counted.
func Datagram(ctx context.Context, conn *net.UDPConn, cfg Config, take Take) error {
	cfg = cfg.withDefaults()
	d := &datagrams{cfg: cfg, tell: newTeller(cfg.Trouble), byPeer: make(map[netip.Addr]int), there: make(chan struct{}, 1)}
	defer d.tell.rest()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	overflow := countOverflow(conn)
	done := make(chan error, 1)
	go func() {
		err := d.read(ctx, conn, overflow)
		cancel(err)
		done <- err
	}()
	err := d.drain(ctx, take)
	cancel(err)
	conn.Close()
	if readErr := <-done; err == nil && !errors.Is(readErr, net.ErrClosed) {
		err = readErr
	}
	for err == nil { // what came in meanwhile
		b, more := d.next()
		if !more {
			return nil
		}
		err = store(ctx, take, b)
	}
	return err
}

func (d *datagrams) read(ctx context.Context, conn *net.UDPConn, overflow *overflow) error {
	buf, oob := make([]byte, maxDatagram), make([]byte, 128)
	for {
		n, noob, _, from, err := conn.ReadMsgUDPAddrPort(buf, oob)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return net.ErrClosed
			}
			d.tell.add(err, "", 1) // an ICMP answer to something, for example
			if !pause(ctx, time.Millisecond) {
				return net.ErrClosed
			}
			continue
		}
		if lost := overflow.lost(oob[:noob]); lost > 0 {
			d.drop(ErrKernel, "", lost)
		}
		d.put(from.Addr().Unmap(), trimEnd(buf[:n]))
	}
}

// put queues a message, or counts it as dropped. One peer may fill half of the queue.
func (d *datagrams) put(peer netip.Addr, data []byte) {
	if !d.cfg.allows(peer) {
		d.tell.add(ErrNotAllowed, peer.String(), 1)
		return
	}
	if len(data) == 0 {
		return
	}
	cost := len(data) + overhead
	d.mu.Lock()
	if d.bytes+cost > d.cfg.Queue || d.byPeer[peer]+cost > d.cfg.Queue/2 {
		d.mu.Unlock()
		d.drop(ErrDropped, peer.String(), 1)
		return
	}
	d.bytes += cost
	d.byPeer[peer] += cost
	d.waiting = append(d.waiting, waiting{Message{Peer: peer.String(), Data: bytes.Clone(data), Size: int64(len(data))}, peer})
	d.mu.Unlock()
	d.ring()
}

func (d *datagrams) drop(why error, peer string, n int64) {
	d.mu.Lock()
	d.dropped += n
	d.mu.Unlock()
	d.tell.add(why, peer, n)
	d.ring()
}

func (d *datagrams) ring() {
	select {
	case d.there <- struct{}{}:
	default:
	}
}

// next takes the head of the queue.
func (d *datagrams) next() (b Batch, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, held := 0, 0
	for n < len(d.waiting) && n < batchMessage && held < batchBytes {
		held += len(d.waiting[n].Data)
		n++
	}
	b.Dropped, d.dropped = d.dropped, 0
	for _, w := range d.waiting[:n] {
		b.Messages = append(b.Messages, w.Message)
		cost := len(w.Data) + overhead
		d.bytes -= cost
		if d.byPeer[w.from] -= cost; d.byPeer[w.from] == 0 {
			delete(d.byPeer, w.from)
		}
	}
	clear(d.waiting[:n])
	if d.waiting = d.waiting[n:]; len(d.waiting) == 0 {
		d.waiting = nil
	}
	return b, n > 0 || b.Dropped > 0
}

func (d *datagrams) drain(ctx context.Context, take Take) error {
	for {
		select {
		case <-ctx.Done():
			return ended(ctx)
		case <-d.there:
		}
		for {
			b, more := d.next()
			if !more {
				break
			}
			if err := store(ctx, take, b); err != nil {
				return err
			}
		}
	}
}

// ended is the error that ended a listener, nil if it was told to end.
func ended(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
