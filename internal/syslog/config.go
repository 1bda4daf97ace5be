package syslog

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of one listener.
const (
	MaxMessage   = 256 << 10 // bytes of one message; RFC 5425 section 4.3.1 asks for 8192
	longPrefix   = 4 << 10   // bytes kept of a longer one
	maxSkip      = 1 << 30   // bytes that a longer one may claim
	maxDatagram  = 64 << 10  // bytes of one datagram
	batchMessage = 512       // messages in one batch
	batchBytes   = 256 << 10 // bytes of messages in one batch

	DefaultQueue       = 16 << 20 // bytes of datagrams that wait
	DefaultConnections = 256
	DefaultPerPeer     = 16 // connections of one address
)

// The clocks of a connection.
const (
	handshakeTime = 10 * time.Second
	messageTime   = time.Minute // for the rest of a message that has begun
	idleTime      = time.Hour
	storeTime     = 10 * time.Second // for what was read when the listener ends
	tellEvery     = 10 * time.Second
)

// Config is one listener. The zero value of a field means its default.
type Config struct {
	Allow       []netip.Prefix // who may send; empty means everybody
	Queue       int            // bytes of datagrams that wait; half of it for one address
	Connections int            // at a time
	PerPeer     int            // connections of one address at a time
	TLS         *tls.Config    // for Stream; nil means none

	// Trouble, if set, is told what was refused or dropped and how often, at most every ten seconds for each reason.
	Trouble func(err error)
}

func (c Config) withDefaults() Config {
	if c.Queue <= 0 {
		c.Queue = DefaultQueue
	}
	if c.Connections <= 0 {
		c.Connections = DefaultConnections
	}
	if c.PerPeer <= 0 {
		c.PerPeer = DefaultPerPeer
	}
	return c
}

func (c Config) allows(peer netip.Addr) bool {
	return len(c.Allow) == 0 || slices.ContainsFunc(c.Allow, func(p netip.Prefix) bool { return p.Contains(peer.Unmap()) })
}

// Message is one message as it was framed, without the frame.
type Message struct {
	Peer string // address of the sender
	Data []byte // at most MaxMessage bytes; only the first 4 KiB of a longer one
	Size int64  // bytes of the whole message
	Long bool
}

// Batch is what came in since the last one.
type Batch struct {
	Messages []Message
	Dropped  int64 // messages lost before these, beyond what was ever read
}

// Take stores a batch, durably; the listener may forget it when Take returns nil. An error ends the listener.
// It may be called from several goroutines at a time.
type Take func(ctx context.Context, b Batch) error

// Errors told to Trouble.
var (
	ErrNotAllowed = errors.New("sender is not on the list of those allowed")
	ErrFull       = errors.New("too many connections")
	ErrFrame      = errors.New("neither an octet count nor a line")
	ErrHandshake  = errors.New("TLS handshake failed")
	ErrDropped    = errors.New("messages dropped: they came faster than they could be stored")
	ErrKernel     = errors.New("messages dropped by the kernel before they could be read")
)

// ServerTLS is the configuration of RFC 5425 with TLS 1.2 or later. pins are SHA-256 fingerprints of client
// certificates in hex, with or without colons and the "sha-256:" of its section 4.2.2; with none, any client may send.
func ServerTLS(cert tls.Certificate, pins []string) (*tls.Config, error) {
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if len(pins) == 0 {
		return c, nil
	}
	known := make(map[[sha256.Size]byte]bool)
	for _, p := range pins {
		text := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(p), "sha-256:"), ":", "")
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("pin %.80q: want a SHA-256 fingerprint in hex", p)
		}
		known[[sha256.Size]byte(raw)] = true
	}
	c.ClientAuth = tls.RequireAnyClientCert
	c.SessionTicketsDisabled = true // a resumed session shows no certificate
	c.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		if len(raw) == 0 || !known[sha256.Sum256(raw[0])] {
			return errors.New("the client's certificate is not pinned")
		}
		return nil
	}
	return c, nil
}

// teller tells each reason at most every tellEvery, with a count.
type teller struct {
	tell func(error)
	now  func() time.Time

	mu     sync.Mutex
	counts map[string]*told // by reason and, for the first few, peer
}

type told struct {
	err  error
	n    int64
	next time.Time
}

const maxTold = 256

func newTeller(tell func(error)) *teller {
	return &teller{tell: tell, now: time.Now, counts: make(map[string]*told)}
}

// add counts n times err by a peer.
func (t *teller) add(err error, peer string, n int64) {
	if t.tell == nil || n == 0 {
		return
	}
	t.mu.Lock()
	key := err.Error() + " " + peer
	e := t.counts[key]
	if e == nil && len(t.counts) >= maxTold {
		key, peer = err.Error(), ""
		e = t.counts[key]
	}
	if e == nil {
		e = &told{}
		t.counts[key] = e
	}
	e.n += n
	e.err = fmt.Errorf("%w (%d)", err, e.n)
	if peer != "" {
		e.err = fmt.Errorf("%s: %w", peer, e.err)
	}
	now, say := t.now(), error(nil)
	if !now.Before(e.next) {
		say, e.n, e.next = e.err, 0, now.Add(tellEvery)
	}
	t.mu.Unlock()
	if say != nil {
		t.tell(say)
	}
}

// rest tells what has not been told when the listener ends.
func (t *teller) rest() {
	t.mu.Lock()
	var left []error
	for _, e := range t.counts {
		if e.n > 0 {
			left = append(left, e.err)
		}
	}
	t.counts = make(map[string]*told)
	t.mu.Unlock()
	for _, err := range left {
		t.tell(err)
	}
}
