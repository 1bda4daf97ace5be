package peer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestHandshake tries what mallory may try before a connection exists. Nothing
// of a request is read and no application byte is sent.
func TestHandshake(t *testing.T) {
	m := newMemory()
	s, address := loopback(t, m, nil)
	for _, c := range []struct {
		name, self, want string
		edit             func(*tls.Config)
	}{
		{"unknown key", "mallory", " E_KEY", nil},
		{"TLS 1.2", "south", " E_REQUEST", func(c *tls.Config) {
			c.MinVersion, c.MaxVersion, c.CurvePreferences = tls.VersionTLS12, tls.VersionTLS12, nil
		}},
		{"classical group only", "south", " E_REQUEST", func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} }},
		{"no protocol", "south", " E_REQUEST", func(c *tls.Config) { c.NextProtos = nil }},
		{"another protocol", "south", " E_REQUEST", func(c *tls.Config) { c.NextProtos = []string{"h2"} }},
		{"no certificate", "south", " E_REQUEST", func(c *tls.Config) { c.Certificates = nil }},
		{"another's certificate", "mallory", " E_REQUEST", func(c *tls.Config) {
			stolen := identity(t, "south").cert.Certificate
			c.Certificates = []tls.Certificate{{Certificate: stolen, PrivateKey: c.Certificates[0].PrivateKey}}
		}},
		{"two certificates", "south", " E_KEY", func(c *tls.Config) {
			chain := append(slices.Clone(c.Certificates[0].Certificate), identity(t, "mallory").cert.Certificate...)
			c.Certificates = []tls.Certificate{{Certificate: chain, PrivateKey: c.Certificates[0].PrivateKey}}
		}},
		{"an ECDSA key", "south", " E_KEY", func(c *tls.Config) { c.Certificates = []tls.Certificate{ecdsaCert(t)} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := m.refusals(c.want)
			conn, err := raw(t, c.self, address, func(cfg *tls.Config) {
				cfg.VerifyConnection = nil
				if c.edit != nil {
					c.edit(cfg)
				}
			})
			if err == nil {
				// TLS 1.3: the client's handshake ends before the server's.
				defer conn.Close()
				_, _ = conn.Write([]byte("GET /" + LogName(origin) + "/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n"))
				got, err := io.ReadAll(conn)
				if len(got) != 0 || err == nil {
					t.Fatalf("read %q, %v", got, err)
				}
			}
			eventually(t, "refusal recorded", func() bool { return m.refusals(c.want) == before+1 })
		})
	}
	n := s.Counters()
	if n["south"].Requests != 0 || n["south"].BytesOut != 0 || n[""].Refused != 9 {
		t.Errorf("counters %+v", n)
	}
	if c, err := raw(t, "south", address, nil); err != nil {
		t.Errorf("south itself: %v", err)
	} else {
		c.Close()
	}
}

func ecdsaCert(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestClientIdentity: the client says clearly whose key was refused, and sends
// nothing to a server that does not hold the pinned one.
func TestClientIdentity(t *testing.T) {
	m := newMemory()
	s, address := loopback(t, m, nil)
	t.Run("server does not know us", func(t *testing.T) {
		c := client(t, "mallory", address, tcp)
		defer c.Close()
		_, err := c.Checkpoint(t.Context(), origin)
		if !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "bad certificate") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("server has another key", func(t *testing.T) {
		c, err := NewClient(ClientConfig{
			Party: "north", Address: address, Keys: []ed25519.PublicKey{identity(t, "observer").Public()},
			Self: identity(t, "south"), Dial: tcp, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.Checkpoint(t.Context(), origin)
		if !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "not with the partner's") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("not TLS at all", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			if c, err := l.Accept(); err == nil {
				_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		}()
		c := client(t, "south", l.Addr().String(), tcp)
		defer c.Close()
		if _, err := c.Checkpoint(t.Context(), origin); !errors.Is(err, ErrIdentity) {
			t.Errorf("got %v", err)
		}
	})
	if n := s.Counters()["south"]; n.BytesIn != 0 {
		t.Errorf("%d bytes of a request reached a server with the wrong key", n.BytesIn)
	}
}

// tape records what a client writes.
type tape struct {
	net.Conn
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *tape) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.buf.Write(p)
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// TestReplayedSession replays the bytes of a whole session on a new
// connection: the server's fresh key share makes them worthless.
func TestReplayedSession(t *testing.T) {
	m := newMemory()
	m.grow(t, origin, 1)
	s, address := loopback(t, m, nil)
	var line *tape
	c := client(t, "south", address, func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := tcp(ctx, network, address)
		line = &tape{Conn: conn}
		return line, err
	})
	if _, err := c.AddCheckpoint(t.Context(), []byte("old 0\n")); err != nil {
		t.Fatal(err)
	}
	c.Close()
	before := s.Counters()["south"].Requests
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	line.mu.Lock()
	session := bytes.Clone(line.buf.Bytes())
	line.mu.Unlock()
	if _, err := conn.Write(session); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn)
	eventually(t, "refusal recorded", func() bool { return m.refusals(" E_REQUEST") == 1 })
	if got := s.Counters()["south"].Requests; got != before || len(m.added) != 1 {
		t.Errorf("%d requests after the replay, %d before; %d checkpoints", got, before, len(m.added))
	}
}

// TestKeyChange: a key that leaves the charter loses its connections at once.
func TestKeyChange(t *testing.T) {
	m := newMemory()
	m.grow(t, origin, 1)
	s, address := loopback(t, m, nil)
	c := client(t, "south", address, tcp)
	defer c.Close()
	if _, err := c.Checkpoint(t.Context(), origin); err != nil {
		t.Fatal(err)
	}
	next := Partner{Party: "south", Keys: []ed25519.PublicKey{identity(t, "south next").Public()}}
	if err := s.SetPartners([]Partner{next, partner(t, "observer", Budget{})}); err != nil {
		t.Fatal(err)
	}
	if n := s.Counters()["south"]; n.Open != 0 || n.Requests != 1 {
		t.Errorf("after the change: %+v", n)
	}
	if _, err := c.Checkpoint(t.Context(), origin); !errors.Is(err, ErrIdentity) {
		t.Errorf("old key: %v", err)
	}
	renewed := client(t, "south next", address, tcp)
	defer renewed.Close()
	if _, err := renewed.Checkpoint(t.Context(), origin); err != nil {
		t.Errorf("new key: %v", err)
	}
	if err := s.SetPartners([]Partner{next, next}); err == nil {
		t.Error("a partner named twice was accepted")
	}
}
