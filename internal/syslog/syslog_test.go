package syslog

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// shelf stores what comes in; hold keeps it from storing.
type shelf struct {
	mu      sync.Mutex
	texts   []string
	dropped int64
	err     error
	hold    chan struct{} // if set, each batch takes one from it
	came    chan struct{} // told after each batch
}

func newShelf() *shelf { return &shelf{came: make(chan struct{}, 1<<16)} }

func (s *shelf) take(ctx context.Context, b Batch) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range b.Messages {
		s.texts = append(s.texts, string(m.Data))
		if m.Peer != "127.0.0.1" {
			s.texts = append(s.texts, "FROM "+m.Peer)
		}
	}
	s.dropped += b.Dropped
	s.came <- struct{}{}
	return s.err
}

func (s *shelf) counts() (messages int, dropped int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.texts), s.dropped
}

// until waits for a state of the shelf.
func (s *shelf) until(t *testing.T, ok func(messages int, dropped int64) bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !ok(s.counts()) {
		select {
		case <-s.came:
		case <-limit:
			n, d := s.counts()
			t.Fatalf("have %d messages, %d dropped", n, d)
		}
	}
}

// listening starts a TCP or TLS listener; stop ends it and gives its error.
func listening(t *testing.T, cfg Config, s *shelf) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Stream(ctx, l, cfg, s.take) }()
	return l.Addr().String(), sync.OnceValue(func() error { cancel(); return <-done })
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// notes collects what Trouble is told.
type notes struct {
	mu   sync.Mutex
	errs []error
	came chan struct{}
}

func newNotes() *notes { return &notes{came: make(chan struct{}, 1<<16)} }

func (n *notes) add(err error) {
	n.mu.Lock()
	n.errs = append(n.errs, err)
	n.mu.Unlock()
	n.came <- struct{}{}
}

func (n *notes) has(t *testing.T, want error) {
	t.Helper()
	for {
		n.mu.Lock()
		all := errors.Join(n.errs...)
		n.mu.Unlock()
		if errors.Is(all, want) {
			return
		}
		select {
		case <-n.came:
		case <-time.After(20 * time.Second):
			t.Fatalf("told %v, want %v", all, want)
		}
	}
}

func TestStream(t *testing.T) {
	s := newShelf()
	addr, stop := listening(t, Config{}, s)
	a, b := dial(t, addr), dial(t, addr)
	say(t, a, "<1>a\n<2>b")
	s.until(t, func(n int, _ int64) bool { return n == 1 }) // the second is not kept waiting for, nor taken in part
	say(t, b, "4 <3>c9 <4>")
	s.until(t, func(n int, _ int64) bool { return n == 2 })
	say(t, a, "b\n")
	s.until(t, func(n int, _ int64) bool { return n == 3 })
	b.Close()
	s.until(t, func(_ int, d int64) bool { return d == 1 }) // sent, and nobody has it
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := strings.Join(s.texts, " "); got != "<1>a <3>c <2>bb" {
		t.Error(got)
	}
}

// A sender is slowed down by a store that is slow, and no more is held meanwhile than a batch and the kernel's buffers.
func TestStreamBackPressure(t *testing.T) {
	s := newShelf()
	s.hold = make(chan struct{})
	addr, stop := listening(t, Config{}, s)
	c := dial(t, addr)
	line := []byte("<1>" + strings.Repeat("x", 1020) + "\n")
	sent, blocked := 0, false
	for !blocked && sent < 256<<20 {
		_ = c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := c.Write(line)
		sent += n
		blocked = err != nil
	}
	if !blocked {
		t.Fatal("256 MiB went into a listener that stores nothing")
	}
	close(s.hold)
	_ = c.SetWriteDeadline(time.Time{})
	say(t, c, string(line[sent%len(line):]))
	want := sent/len(line) + 1
	s.until(t, func(n int, _ int64) bool { return n == want })
	if err := stop(); err != nil || s.dropped != 0 {
		t.Error(err, s.dropped)
	}
}

func TestStreamLimits(t *testing.T) {
	s, told := newShelf(), newNotes()
	addr, stop := listening(t, Config{PerPeer: 2, Trouble: told.add}, s)
	for range 2 {
		c := dial(t, addr)
		say(t, c, "<1>a\n")
	}
	s.until(t, func(n int, _ int64) bool { return n == 2 })
	third := dial(t, addr)
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was served")
	}
	told.has(t, ErrFull)
	if err := stop(); err != nil {
		t.Error(err)
	}
	addr, stop = listening(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Trouble: told.add}, s)
	stranger := dial(t, addr)
	if _, err := stranger.Read(make([]byte, 1)); err == nil {
		t.Error("a stranger was served")
	}
	told.has(t, ErrNotAllowed)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// An error of the store ends the listener and is its error: nothing more is read that nobody keeps.
func TestStoreFails(t *testing.T) {
	full := errors.New("disk full")
	s := newShelf()
	s.err = full
	addr, stop := listening(t, Config{}, s)
	say(t, dial(t, addr), "<1>a\n")
	<-s.came
	if err := stop(); !errors.Is(err, full) {
		t.Error(err)
	}
	s = newShelf()
	s.err = full
	conn, stop := sending(t, Config{}, s)
	say(t, conn, "<1>a")
	<-s.came
	if err := stop(); !errors.Is(err, full) {
		t.Error(err)
	}
}

// An error of the store counts even if the listener was told to end while it stored.
func TestStoreFailsAtEnd(t *testing.T) {
	full := errors.New("disk full")
	took, told := make(chan struct{}), make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Stream(ctx, l, Config{}, func(context.Context, Batch) error {
			close(took)
			<-told
			return full
		})
	}()
	say(t, dial(t, l.Addr().String()), "<1>a\n")
	<-took
	cancel()
	close(told)
	if err := <-done; !errors.Is(err, full) {
		t.Error(err)
	}
}

// What was read before the end is stored before the end.
func TestEndStores(t *testing.T) {
	s := newShelf()
	s.hold = make(chan struct{})
	addr, stop := listening(t, Config{}, s)
	say(t, dial(t, addr), "<1>a\n")
	ended := make(chan error, 1)
	s.hold <- struct{}{} // it is in take
	go func() { ended <- stop() }()
	if err := <-ended; err != nil || len(s.texts) != 1 {
		t.Error(err, s.texts)
	}
}

func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLS(t *testing.T) {
	own, known, other := certificate(t, "collector.example"), certificate(t, "sender"), certificate(t, "mallory")
	sum := sha256.Sum256(known.Certificate[0])
	pin := "sha-256:" + strings.ToUpper(hex.EncodeToString(sum[:1])) + ":" + hex.EncodeToString(sum[1:])
	pinned, err := ServerTLS(own, []string{pin})
	if err != nil {
		t.Fatal(err)
	}
	open, err := ServerTLS(own, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		server *tls.Config
		certs  []tls.Certificate
		max    uint16
		served bool
	}{
		{"anybody", open, nil, 0, true},
		{"TLS 1.2", open, nil, tls.VersionTLS12, true},
		{"TLS 1.1", open, nil, tls.VersionTLS11, false},
		{"pinned", pinned, []tls.Certificate{known}, 0, true},
		{"pinned, TLS 1.2", pinned, []tls.Certificate{known}, tls.VersionTLS12, true},
		{"another certificate", pinned, []tls.Certificate{other}, 0, false},
		{"no certificate", pinned, nil, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, told := newShelf(), newNotes()
			addr, stop := listening(t, Config{TLS: tt.server, Trouble: told.add}, s)
			c := tls.Client(dial(t, addr), &tls.Config{InsecureSkipVerify: true, Certificates: tt.certs, MaxVersion: tt.max, MinVersion: tls.VersionTLS10})
			_, _ = c.Write([]byte("4 <1>a"))
			if tt.served {
				s.until(t, func(n int, _ int64) bool { return n == 1 })
			} else {
				told.has(t, ErrHandshake)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			if len(s.texts) > 0 && !tt.served {
				t.Error("a message was taken")
			}
		})
	}
	for _, bad := range []string{"", "ab", strings.Repeat("z", 64), strings.Repeat("a", 66)} {
		if _, err := ServerTLS(own, []string{bad}); err == nil {
			t.Errorf("pin %q was accepted", bad)
		}
	}
	plain, told := newShelf(), newNotes()
	addr, stop := listening(t, Config{TLS: open, Trouble: told.add}, plain)
	say(t, dial(t, addr), "<1>no TLS at all\n")
	told.has(t, ErrHandshake)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// sending starts a UDP listener and a socket that sends to it.
func sending(t *testing.T, cfg Config, s *shelf) (net.Conn, func() error) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Datagram(ctx, conn, cfg, s.take) }()
	c, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, sync.OnceValue(func() error { cancel(); return <-done })
}

func TestDatagram(t *testing.T) {
	s := newShelf()
	c, stop := sending(t, Config{}, s)
	for _, text := range []string{"<1>a\n", "<2>b\nc", "\n", "5 <3>d"} { // RFC 5426 section 3.1: no framing
		say(t, c, text)
	}
	s.until(t, func(n int, _ int64) bool { return n == 3 })
	if err := stop(); err != nil || strings.Join(s.texts, "|") != "<1>a|<2>b\nc|5 <3>d" || s.dropped != 0 {
		t.Errorf("%v %q %d", err, s.texts, s.dropped)
	}
}

// Under a flood that is not stored, what was sent is what was stored and what was dropped.
func TestDatagramDrops(t *testing.T) {
	s, told := newShelf(), newNotes()
	s.hold = make(chan struct{})
	c, stop := sending(t, Config{Queue: 64 << 10, Trouble: told.add}, s)
	sent := int64(3000)
	for i := range sent {
		say(t, c, fmt.Sprintf("<1>%04d %s", i, strings.Repeat("x", 1000)))
	}
	told.has(t, ErrDropped)
	close(s.hold)
	sum := func() int64 { n, d := s.counts(); return int64(n) + d }
	for limit := time.Now().Add(20 * time.Second); sum() != sent && time.Now().Before(limit); {
		say(t, c, "<1>one more") // with it comes what the kernel has dropped
		sent++
		for settled := time.After(100 * time.Millisecond); sum() != sent && settled != nil; {
			select {
			case <-s.came:
			case <-settled:
				settled = nil
			}
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	n, d := s.counts()
	if int64(n)+d != sent || d == 0 || n < 30 {
		t.Errorf("%d stored + %d dropped, %d sent", n, d, sent)
	}
}

// One address fills half of the queue and leaves the rest to the others.
func TestDatagramFairness(t *testing.T) {
	d := &datagrams{cfg: Config{Queue: 10_000}.withDefaults(), tell: newTeller(nil), byPeer: make(map[netip.Addr]int), there: make(chan struct{}, 1)}
	flood, quiet := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range 1000 {
		d.put(flood, make([]byte, 100))
	}
	d.put(quiet, []byte("x"))
	b, _ := d.next()
	if n := len(b.Messages); n != 5000/(100+overhead)+1 || b.Messages[n-1].Peer != quiet.String() || b.Dropped != int64(1000-n+1) {
		t.Errorf("%d messages, %d dropped", n, b.Dropped)
	}
	if d.bytes != 0 || len(d.byPeer) != 0 {
		t.Errorf("%d bytes of %v remain", d.bytes, d.byPeer)
	}
}

func TestTeller(t *testing.T) {
	var got []string
	now := time.Unix(0, 0)
	tell := newTeller(func(err error) { got = append(got, err.Error()) })
	tell.now = func() time.Time { return now }
	for range 5 {
		tell.add(ErrFull, "192.0.2.1", 1)
	}
	now = now.Add(tellEvery)
	tell.add(ErrFull, "192.0.2.1", 1)
	tell.add(ErrFull, "192.0.2.1", 2)
	tell.rest()
	if want := "192.0.2.1: too many connections (1)|192.0.2.1: too many connections (5)|192.0.2.1: too many connections (2)"; strings.Join(got, "|") != want {
		t.Error(strings.Join(got, "|"))
	}
	for i := range 10_000 {
		tell.add(ErrFull, fmt.Sprint(i), 1)
	}
	if len(tell.counts) > maxTold+1 {
		t.Errorf("%d reasons kept", len(tell.counts))
	}
}
